"""Take patches away or exchange them, and see which network still knows what the picture shows."""

import functools

import numpy as np
import torch
from torch import Tensor

from core.data.clothes import sheet
from core.lessons import Goal, Question
from core.lessons.controls import Control, pick, slider
from core.lessons.view import Shown, View
from core.metrics import accuracy
from core.probes.certainty import interval
from core.programs import Program
from core.topics.vision_transformer import figures
from core.topics.vision_transformer.programs import both_on_a_picture
from core.topics.vision_transformer.records import (
    BLIND,
    CONVOLUTIONAL,
    COUNT,
    PATCH,
    RECORD,
    SIDE,
    VIT,
    network,
    rearranged,
)
from core.topics.vision_transformer.subjects import SEEN, Looked, answers, measure, place_of, words_of

BLANK, SHUFFLE, ONE = WAYS = ("blank a share", "shuffle a share", "blank one patch")
WAY = pick("Patches", WAYS, help="Blank ones are black, as the ground of all pictures is.")
SHARE = slider("Share", 0, 100, 50, 10, format="%d %%", when=lambda values: values["patches"] != ONE)
PATCH_NUMBER = slider("Patch", 1, COUNT, 25, when=lambda values: values["patches"] == ONE)
SHARES = tuple(range(0, 101, 20))


def chosen(share: int, seed: int) -> list[int]:
    """So many percent of all patches, drawn by chance; a larger share holds the smaller one."""
    order = torch.randperm(COUNT, generator=torch.Generator().manual_seed(seed)).tolist()
    return sorted(order[: round(share / 100 * COUNT)])


def blanked(x: Tensor, places: list[int]) -> Tensor:
    """Pictures (batch, 1, 28, 28) with some patches black."""
    mask = torch.ones(COUNT)
    mask[places] = 0
    rows = mask.reshape(SIDE // PATCH, SIDE // PATCH)
    return x * rows.repeat_interleave(PATCH, 0).repeat_interleave(PATCH, 1)


def exchanged(places: list[int], seed: int) -> list[int]:
    """Which patch stands at each place after those at some places have changed places by chance, (49,)."""
    order = list(range(COUNT))
    moved = torch.randperm(len(places), generator=torch.Generator().manual_seed(seed + 1)).tolist()
    for place, other in zip(places, moved, strict=True):
        order[place] = places[other]
    return order


def changed(x: Tensor, patches: str, share: int, patch: int, seed: int = 0) -> Tensor:
    """Pictures (batch, 1, 28, 28) as a setting leaves them."""
    if patches == ONE:
        return blanked(x, [patch - 1])
    places = chosen(share, seed)
    return blanked(x, places) if patches == BLANK else rearranged(x, exchanged(places, seed))


@torch.no_grad()
def measured_curves() -> dict[str, dict[str, list[int]]]:
    """How many of the 300 held-out pictures each network gets right, by way and by share: what the record holds."""
    x, y = sheet()
    return {
        way: {
            kind: [round(float(accuracy(network(kind)(changed(x, way, share, 0)), y)) * len(y)) for share in SHARES]
            for kind in SEEN
        }
        for way in (BLANK, SHUFFLE)
    }


def recorded(way: str) -> dict[str, list[tuple[float, float, float]]]:
    """Accuracies with their intervals, by network, over ``SHARES``."""
    count = len(sheet()[1])
    rows = RECORD.contents["patches"][way]
    return {kind: [(right / count, *interval(right, count)) for right in rows[kind]] for kind in SEEN}


@functools.lru_cache(maxsize=64)
def one_by_one(looked: Looked) -> dict[str, np.ndarray]:
    """The probability of the class that was the likeliest, with each patch black alone, by network: (49,)."""
    singles = torch.cat([blanked(looked.x, [place]) for place in range(COUNT)])
    kinds = (VIT, CONVOLUTIONAL)
    with torch.no_grad():
        chances = {kind: network(kind)(singles).softmax(dim=1) for kind in kinds}
    return {kind: chances[kind][:, int(looked.chances[kind].argmax())].numpy() for kind in kinds}


def draw(looked: Looked, patches: str, share: int, patch: int) -> Shown:
    """The picture as it is left, the answers, and the accuracy on the held-out pictures or patch by patch."""
    x = changed(looked.x, patches, share, patch)
    chances = answers(x)
    pixels = x[0, 0].numpy()
    alt = f"The picture ({looked.name}) with {told(patches, share, patch)}."
    left = figures.plain(pixels, "what the networks get", alt, [patch - 1] if patches == ONE else [])
    bars = figures.beside({kind: values.tolist() for kind, values in chances.items()})
    same = [kind for kind in SEEN if chances[kind].argmax() == looked.chances[kind].argmax()]
    note = f"With {told(patches, share, patch)}, the answer stays for: **{', '.join(same) or 'none'}**. "
    return Shown(((left, bars), below(looked, patches, share, patch)), note + why(patches, looked, chances),
                 clicked=clicked)  # fmt: skip


def told(patches: str, share: int, patch: int) -> str:
    """What was done, in words."""
    if patches == ONE:
        return f"the patch in {words_of(patch - 1)} black"
    return f"{share}% of the patches {'black' if patches == BLANK else 'exchanged'}"


def why(patches: str, looked: Looked, chances: dict[str, Tensor]) -> str:
    """What this shows."""
    if patches == SHUFFLE:
        moved = float((chances[BLIND] - looked.chances[BLIND]).abs().max())
        far = f"by {moved:.1g}, which is rounding" if moved else "not at all"
        return (
            f"Without positions, a ViT sees a bag of patches: exchanging them moves its probabilities {far}. The "
            "others learned where things belong."
        )
    if patches == BLANK:
        return "Accuracy below is that of 300 held-out pictures, all with the same patches black."
    return "Below: the probability of the network's first answer with each patch black alone. Click a patch."


def below(looked: Looked, patches: str, share: int, patch: int) -> tuple[figures.Picture, ...]:
    """Accuracy over the share, or the worth of each patch."""
    if patches != ONE:
        axes = ("share of the patches", "held-out pictures right")
        return (figures.curves([each / 100 for each in SHARES], recorded(patches), axes, share / 100),)
    pictures = []
    for kind, values in one_by_one(looked).items():
        lost = np.maximum(float(looked.chances[kind].max()) - values, 0)
        words = f"{kind}: lost without the patch"
        alt = f"{words}: most, {lost.max():.0%}, at {words_of(int(lost.argmax()))}."
        pictures.append(figures.over(looked.picture, lost, words, alt, patch - 1))
    return tuple(pictures)


def clicked(spot: dict) -> tuple[tuple[Control, object], ...]:
    """A click on a patch makes it black alone."""
    if spot["row"] == 0 and spot["panel"]:
        return ()
    place = place_of(spot)
    return () if place is None else ((WAY, ONE), (PATCH_NUMBER, place + 1))


def before(looked: Looked, patches: str, share: int, patch: int) -> Shown:
    """The picture as it is left: what is seen before the guess."""
    x = changed(looked.x, patches, share, patch)
    left = figures.plain(x[0, 0].numpy(), "what the networks get", f"The picture with {told(patches, share, patch)}.")
    whole = figures.beside({kind: looked.chances[kind].tolist() for kind in SEEN})
    return Shown(((left, whole),), "On the right: what the networks say of the **whole** picture.")


def question(looked: Looked, patches: str, share: int, patch: int) -> Question:
    """Who can do without places?"""
    rows = {kind: recorded(SHUFFLE)[kind][-1][0] for kind in SEEN}
    words = "Exchange **all** patches of 300 held-out pictures. Which network gets most of them right?"
    because = (
        f"{', '.join(f'{kind} {value:.0%}' for kind, value in rows.items())}: a network without positions gives "
        "exactly the answers that it gave before, whether they were good or not."
    )
    return Question(words, list(SEEN), max(rows, key=lambda kind: rows[kind]), because)


def goal(looked: Looked, patches: str, share: int, patch: int) -> Goal:
    """Find the patch that decides."""
    x = changed(looked.x, patches, share, patch)
    fallen = {kind: float(looked.chances[kind].max() - answers(x)[kind][looked.chances[kind].argmax()])
              for kind in (VIT, CONVOLUTIONAL)}  # fmt: skip
    flips = [kind for kind in fallen if answers(x)[kind].argmax() != looked.chances[kind].argmax()]
    words = (
        "Find **one patch** whose loss changes the first answer of the ViT or of the CNN. A sure answer hangs on no "
        "single patch: choose or draw a picture that is doubtful."
    )
    most = max(fallen, key=lambda kind: fallen[kind])
    now = f"Now: {', '.join(flips) or 'no answer'} changed; the {most} lost {max(fallen[most], 0):.0%}."
    return Goal(words, patches == ONE and bool(flips), now)


CHANGES = {
    BLANK: "places = {places}\npatches = functional.unfold(x, 4, stride=4)\npatches[..., places] = 0\n",
    SHUFFLE: "order = {order}\npatches = functional.unfold(x, 4, stride=4)[..., order]\n",
}
LAST = """with torch.no_grad():
    result = {
        "ViT": vision(x, weights)[0][0].softmax(dim=0).tolist(),
        "CNN": convolutional(x, filters)[0].softmax(dim=0).tolist(),
    }"""


def code(looked: Looked, patches: str, share: int, patch: int) -> Program:
    """The same probabilities."""
    places = [patch - 1] if patches == ONE else chosen(share, 0)
    change = CHANGES[SHUFFLE if patches == SHUFFLE else BLANK].format(places=places, order=exchanged(places, 0))
    chances = answers(changed(looked.x, patches, share, patch), (VIT, CONVOLUTIONAL))
    shown = {kind: values.tolist() for kind, values in chances.items()}
    change += "x = functional.fold(patches, (28, 28), 4, stride=4)"
    return both_on_a_picture("Patches taken away or exchanged", looked, change, LAST, shown)


VIEW = View((), measure, draw, (WAY, SHARE, PATCH_NUMBER), before, question, goal, code)
