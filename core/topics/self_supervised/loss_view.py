"""The contrastive loss taken apart on twelve views of six pictures."""

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from core.data.clothes import CLASSES, sheet
from core.figures.curves import bands
from core.figures.galleries import gallery
from core.figures.marks import SILENT, hover, trace, upright, vertical
from core.figures.picture import BLUE, GREY, INK, ORANGE, Picture, layout
from core.figures.rasters import outline, short, signed
from core.lessons import Goal, Question, Scale
from core.lessons.controls import Control, scale, slider
from core.lessons.view import Shown, View
from core.probes import luck
from core.programs import Program
from core.topics.self_supervised.augmentations import view_of
from core.topics.self_supervised.learning import COLDNESS, SIMCLR
from core.topics.self_supervised.losses import nt_xent
from core.topics.self_supervised.programs import on_the_sheet
from core.topics.self_supervised.records import RECORD, TEMPERATURES, USUAL, WARMED, ends, network

COUNT = 6  # pictures; each is seen twice
TEMPERATURE = scale("Temperature", COLDNESS, 0.2, help="What cosines are divided by.")
CHOSEN = slider("Row", 1, 2 * COUNT, 1, help="Which view is taken apart; click a row of the table.")
MOST = 0.9  # share of the push that the challenge gives to one stranger


@dataclass(frozen=True)
class Batch:
    """Six pictures, two views of each (12, 1, 28, 28), and the cosines (12, 12) of their embeddings. Views k and k + 6
    show the same picture."""

    places: tuple[int, ...]
    seed: int
    views: Tensor = field(repr=False)
    embeddings: Tensor = field(repr=False)

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return f"Shipped SimCLR network, trained {RECORD.text['date']} · views and loss computed live, seed {self.seed}"

    @property
    def cosines(self) -> np.ndarray:
        """How alike the embeddings point, (12, 12)."""
        rows = functional.normalize(self.embeddings, dim=1)
        return (rows @ rows.T).numpy()

    @property
    def names(self) -> list[str]:
        """The views' names: 1a … 6a, 1b … 6b."""
        return [f"{place + 1}{side}" for side in "ab" for place in range(COUNT)]

    def loss(self, temperature: float) -> float:
        """SimCLR's loss of this batch."""
        return float(nt_xent(*self.embeddings.chunk(2), temperature))

    def shares(self, temperature: float) -> np.ndarray:
        """The softmax over each row, (12, 12): how probable every other view is as the partner; 0 for itself."""
        logits = self.cosines / temperature
        np.fill_diagonal(logits, -np.inf)
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    def partner(self, view: int) -> int:
        """The other view of the same picture; both count from 0."""
        return (view + COUNT) % (2 * COUNT)

    def push(self, view: int, temperature: float) -> np.ndarray:
        """How what pushes a view away from strangers is divided among them, (12,): their softmax, the partner left out.
        These are the weights of the loss's gradient with respect to the cosines."""
        row = self.shares(temperature)[view].copy()
        row[self.partner(view)] = 0
        return row / max(row.sum(), 1e-300)


def measure(seed: int) -> Batch:
    """Six pictures of as many classes and two views of each, by the seed."""
    chance = torch.Generator().manual_seed(seed)
    places = 30 * torch.randperm(10, generator=chance)[:COUNT] + torch.randint(30, (COUNT,), generator=chance)
    x = sheet()[0][places]
    views = torch.cat([view_of(x, USUAL, chance) for _ in range(2)])
    with torch.no_grad():
        return Batch(tuple(places.tolist()), seed, views, network(SIMCLR).embedded(views))


def seen(batch: Batch) -> Picture:
    """The twelve views."""
    classes = [CLASSES[place // 30] for place in batch.places]
    told = f"Two views each of six pictures: {', '.join(classes)}."
    return gallery(batch.views[:, 0], batch.names, told, COUNT, 230)


def cosine_table(batch: Batch, view: int) -> Picture:
    """All cosines; partners framed, the chosen row framed."""
    values, size = batch.cosines, 2 * COUNT
    frames = [outline(place, batch.partner(place), 1, 1, INK, width=2) for place in range(size)]
    frames.append(outline(view, 0, 1, size, ORANGE, width=3))
    axis = {"tickvals": list(range(size)), "ticktext": batch.names, "showgrid": False, "fixedrange": True,
            "constrain": "domain", "tickangle": 0}  # fmt: skip
    plan = layout(
        "", "", 420, shapes=frames, showlegend=False, xaxis={**axis, "range": [-0.5, size - 0.5], "side": "top"},
        yaxis={**axis, "range": [size - 0.5, -0.5], "scaleanchor": "x"},
    )  # fmt: skip
    own = [float(values[place, batch.partner(place)]) for place in range(size)]
    told = (
        f"Cosines of {size} embeddings: of two views of one picture {min(own):.2f} to {max(own):.2f}; row "
        f"{batch.names[view]} is framed."
    )
    said = [
        [f"{one} and {other}: {short(value)}" for other, value in zip(batch.names, line, strict=True)]
        for one, line in zip(batch.names, values.tolist(), strict=True)
    ]
    cells = signed(values, 1.0, text=said) | {"hoverinfo": "text"} | hover("%{text}")
    return Picture([cells, written(own, batch)], plan, told)


def written(own: list[float], batch: Batch) -> dict:
    """The cosines of partners (12,) in their cells; the others are said under the mouse, for there is little room."""
    places = list(range(len(own)))
    partners = [batch.partner(place) for place in places]
    return trace("text", partners, places, text=[short(value) for value in own], textfont={"size": 10, "color": INK},
                 **SILENT)  # fmt: skip


def row_bars(batch: Batch, view: int, temperature: float) -> Picture:
    """The softmax of one row: the partner in blue with a pattern, strangers in orange."""
    row, partner = batch.shares(temperature)[view], batch.partner(view)
    others = [place for place in range(2 * COUNT) if place != view]
    colors = [BLUE if place == partner else ORANGE for place in others]
    bar = upright([batch.names[place] for place in others], row[others], "", **hover("%{x}: %{y:.1%}"))
    bar["marker"] = {"color": colors, "pattern": {"shape": ["/" if place == partner else "" for place in others]}}
    bar |= {"text": [f"{row[place]:.0%}" for place in others], "textposition": "outside", "cliponaxis": False}
    plan = layout(
        f"the partner of {batch.names[view]}?", "probability", 300, showlegend=False,
        xaxis={"type": "category", "showgrid": False}, yaxis={"tickformat": ".0%", "range": [0, 1.08]},
    )  # fmt: skip
    told = (
        f"How probable each view is as the partner of {batch.names[view]} at temperature {temperature:g}: "
        f"{row[partner]:.0%} for {batch.names[partner]}, which it is."
    )
    return Picture([bar], plan, told)


def by_temperature(temperature: float) -> Picture:
    """What features were worth that were trained at each temperature."""
    rows = {SIMCLR: np.stack([ends(name, "nearest") for name in WARMED], axis=1)}
    picture = bands(TEMPERATURES, rows, ("temperature in training", "nearest of 100 right"), 300, log="x")
    picture.layout["xaxis"] |= {"tickvals": list(TEMPERATURES), "ticktext": [f"{each:g}" for each in TEMPERATURES]}
    picture.layout["yaxis"] |= {"tickformat": ".0%"}
    picture.layout["shapes"] = [vertical(temperature, GREY, 1.5, "dot")]
    return picture


def draw(batch: Batch, temperature: float, row: int) -> Shown:
    """The batch, its cosines, one row of the softmax, and what temperature does to training."""
    place = row - 1
    chances, partner = batch.shares(temperature)[place], batch.partner(place)
    push = batch.push(place, temperature)
    nearest = int(push.argmax())
    trained = {f"{value:g}": ends(name, "nearest") for value, name in zip(TEMPERATURES, WARMED, strict=True)}
    best = max(trained, key=lambda value: trained[value].mean())
    note = (
        f"View {batch.names[place]} finds its partner {batch.names[partner]} with **{chances[partner]:.1%}**: its "
        f"loss is −ln {chances[partner]:.3f} = **{-np.log(chances[partner]):z.3f}**, the mean of all twelve "
        f"**{batch.loss(temperature):.3f}** (guessing: ln 11 = {np.log(11):.3f}). Of the push away from strangers "
        f"{batch.names[nearest]} gets {push[nearest]:.0%}: the lower the temperature, the more the nearest stranger "
        f"counts alone. Trained at each temperature (below, three seeds) {best} was best here, with "
        f"{trained[best].mean():.1%}. {luck.sentence(trained, best, 'That is more than seed noise.')}"
    )
    pictures = seen(batch), cosine_table(batch, place), row_bars(batch, place, temperature), by_temperature(temperature)
    return Shown(tuple((picture,) for picture in pictures), note, clicked=clicked)


def clicked(spot: dict) -> tuple[tuple[Control, object], ...]:
    """A click in the table chooses its row."""
    inside = spot["row"] == 1 and spot["panel"] == 0 and -0.5 <= spot["y"] < 2 * COUNT - 0.5
    return ((CHOSEN, round(spot["y"]) + 1),) if inside else ()


def before(batch: Batch, temperature: float, row: int) -> Shown:
    """Views and cosines: what is seen before the guess."""
    note = (
        "Two views of each of six pictures, and the cosines of their embeddings in the shipped SimCLR network. Framed "
        "in black: two views of one picture."
    )
    return Shown(((seen(batch),), (cosine_table(batch, row - 1),)), note)


def question(batch: Batch, temperature: float, row: int) -> Question:
    """From cosines to a probability."""
    place = row - 1
    partner = batch.partner(place)
    words = (
        f"The cosine of {batch.names[place]} and its partner {batch.names[partner]} is "
        f"{batch.cosines[place, partner]:.2f}. All eleven cosines of the row are divided by the temperature "
        f"{temperature:g} and go through a softmax. How probable is the partner?"
    )
    because = (
        "A softmax sees differences: divided by a temperature of 1 or more, cosines between −1 and 1 lie too close "
        "together to be sure of anything."
    )
    truth = round(100 * float(batch.shares(temperature)[place, partner]))
    return Question(words, Scale(0, 100, 5, "%", 10), truth, because)


def goal(batch: Batch, temperature: float, row: int) -> Goal:
    """Only the nearest stranger counts."""
    push = batch.push(row - 1, temperature)
    words = (
        f"Find a temperature and a view of which **one stranger alone gets {MOST:.0%} of the push**: the most alike "
        "one."
    )
    return Goal(words, bool(push.max() >= MOST), f"Now: {push.max():.0%} for {batch.names[int(push.argmax())]}.")


LAST = """chance = torch.Generator().manual_seed({seed})
torch.randperm(10, generator=chance), torch.randint(30, ({count},), generator=chance)  # these chose the pictures
pictures = x[{places}]
views = [view_of(pictures, {kinds!r}, chance) for _ in range(2)]
with torch.no_grad():
    first, second = projector(encoder(torch.cat(views))).chunk(2)
own = functional.cosine_similarity(first, second)
result = {{"loss": nt_xent(first, second, {temperature!r}).item(), "cosines of partners": own.tolist()}}"""


def program(batch: Batch, temperature: float, row: int) -> Program:
    """The same batch and loss."""
    settings = {"seed": batch.seed, "count": COUNT, "places": list(batch.places), "kinds": USUAL}
    own = [float(batch.cosines[place, batch.partner(place)]) for place in range(COUNT)]
    shown = {"loss": batch.loss(temperature), "cosines of partners": own}
    last = LAST.format(**settings, temperature=temperature)
    return on_the_sheet("SimCLR's loss of six pictures", SIMCLR, last, shown, (view_of, nt_xent))


VIEW = View((), measure, draw, (TEMPERATURE, CHOSEN), before, question, goal, program)
