"""The learner's picture and its nearest neighbours: in the learned space, and by pixels."""

import io
from dataclasses import dataclass, field
from functools import lru_cache

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from core.data.clothes import CLASSES, NAMES, sheet, shipped
from core.data.drawings import Own
from core.figures.galleries import gallery
from core.figures.picture import Picture
from core.lessons import Goal, Question, Scale
from core.lessons.controls import pick
from core.lessons.view import Shown, View
from core.programs import Program
from core.topics.self_supervised.judged import features_of
from core.topics.self_supervised.learning import SIMCLR, SUPERVISED
from core.topics.self_supervised.programs import on_the_sheet
from core.topics.self_supervised.records import PIXELS, RECORD, SHIPPED, UNTRAINED, described, network

SPACE = pick("Space", (*SHIPPED, UNTRAINED), help="Whose features say what is near.")
COUNT = 5
SHORTER = {"T-shirt/top": "T-shirt", "Ankle boot": "boot"}


def nearest(rows: Tensor, own: Tensor, count: int) -> Tensor:
    """The places of the rows (count, width) that are nearest to one's own (1, width) by cosine, nearest first."""
    return functional.cosine_similarity(rows, own).topk(count).indices


@dataclass(frozen=True)
class Near:
    """A picture (1, 1, 28, 28) and its nearest shipped pictures in a space and by pixels, itself left out."""

    own: Own
    space: str
    x: Tensor = field(repr=False)
    learned: tuple[int, ...]
    pixels: tuple[int, ...]

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return f"Shipped networks, trained {RECORD.text['date']} on other pictures · computed live"

    @property
    def shared(self) -> int:
        """How many pictures are near in both."""
        return len({*self.learned} & {*self.pixels})


@lru_cache(maxsize=64)
def near(own: Own, space: str) -> Near:
    """The nearest of the shipped pictures; an empty sheet stands for the first shipped one."""
    own = own if own.pixels else shipped(NAMES[0])
    x, pictures = own.values(28).reshape(1, 1, 28, 28), sheet()[0]
    others = (pictures - x).flatten(1).abs().amax(dim=1) > 1e-3
    places = torch.arange(len(pictures))[others]
    found = [
        tuple(places[nearest(described(name)[others], row, COUNT)].tolist())
        for name, row in ((space, features_of(network(space), x)), (PIXELS, x.flatten(1)))
    ]
    return Near(own, space, x, *found)


def measure(own: Own, space: str, seed: int) -> Near:
    """What is near: nothing is drawn by chance."""
    return near(own, space)


@lru_cache(maxsize=8)
def same_class(name: str) -> float:
    """Of the nearest of each shipped picture, the share of its own class."""
    rows, y = functional.normalize(described(name), dim=1), sheet()[1]
    places = (rows @ rows.T).fill_diagonal_(-2).topk(COUNT, dim=1).indices
    return float((y[places] == y[:, None]).float().mean())


def neighbours(found: Near, spaces: tuple[str, ...]) -> Picture:
    """A row for each space, the picture first; below each neighbour its class, which no method has seen."""
    x, y = sheet()
    pictures, captions, told = [], [], []
    for space in spaces:
        places = list(found.learned if space == "features" else found.pixels)
        names = [CLASSES[int(y[place])] for place in places]
        pictures += [found.x, x[places]]
        captions += [f"<b>{space}</b>", *(SHORTER.get(name, name).lower() for name in names)]
        told.append(f"by {space} {', '.join(names)}")
    alt = f"{found.own.name} and the {COUNT} nearest pictures: {'; '.join(told)}."
    return gallery(torch.cat(pictures)[:, 0], captions, alt, COUNT + 1, 30 + 130 * len(spaces))


def draw(found: Near) -> Shown:
    """Both rows."""
    shares = {name: same_class(name) for name in (found.space, PIXELS)}
    both = f"**{found.shared}** {'is' if found.shared == 1 else 'are'} in both"
    note = (
        f"Above the {COUNT} nearest of 300 pictures in the features of **{found.space}**, below by **pixels**; {both}. "
        f"Over all 300, {shares[found.space]:.1%} of the {COUNT} nearest are of the same class in these features, "
        f"{shares[PIXELS]:.1%} by pixels. No neighbour was learned from."
    )
    return Shown(((neighbours(found, ("features", "pixels")),),), note)


def before(found: Near) -> Shown:
    """Neighbours by pixels alone."""
    note = f"A picture and the {COUNT} of 300 others whose pixels are most alike (cosine). Choose, draw or send one."
    return Shown(((neighbours(found, ("pixels",)),),), note)


def question(found: Near) -> Question:
    """How different is the space?"""
    words = f"In the features of {found.space}: how many of these {COUNT} are again among the {COUNT} nearest?"
    asked = {
        SUPERVISED: "one trained with labels was asked to tell classes apart.",
        UNTRAINED: "random weights mix the pixels, and nobody asked them for anything.",
    }
    views = "a network trained on views was asked to overlook shifts, mirrors and brightness."
    because = f"Pixels agree where bright lies on bright; {asked.get(found.space, views)}"
    return Question(words, Scale(0, COUNT, 1, "", 1), found.shared, because)


def goal(found: Near) -> Goal:
    """Two opinions."""
    words = (
        "Choose, draw or send a picture, and a space, so that features and pixels **agree on none** of the five "
        "nearest."
    )
    return Goal(words, found.shared == 0, f"Now: {found.shared} in both.")


LAST = """pixels = torch.from_numpy(np.asarray(Image.open("picture.png"), dtype=np.float32) / 255)
own = pixels.reshape(1, 1, 28, 28)
others = (x - own).flatten(1).abs().amax(dim=1) > 1e-3
places = torch.arange(len(x))[others]
with torch.no_grad():
    spaces = {"features": (encoder(x), encoder(own)), "pixels": (x.flatten(1), own.flatten(1))}
result = {name: places[nearest(rows[others], row, 5)].tolist() for name, (rows, row) in spaces.items()}"""


def png(x: Tensor) -> bytes:
    """A picture (1, 1, 28, 28) as a file."""
    stream = io.BytesIO()
    Image.fromarray((x[0, 0] * 255).round().byte().numpy()).save(stream, "PNG")
    return stream.getvalue()


def program(found: Near) -> Program:
    """The same neighbours; of the untrained network those of SimCLR's."""
    name = SIMCLR if found.space == UNTRAINED else found.space
    again = near(found.own, name)
    shown = {"features": list(again.learned), "pixels": list(again.pixels)}
    return on_the_sheet(f"Neighbours in {name}'s features", name, LAST, shown, (nearest,), picture=png(found.x))


VIEW = View((SPACE,), measure, draw, (), before, question, goal, program)
