"""How much data: the ViT, a CNN of equal size, and a CNN for which the patches were shuffled, by training pictures."""

from dataclasses import dataclass

import numpy as np

from core.figures.curves import bands, bars
from core.figures.marks import vertical
from core.figures.picture import GREY
from core.lessons import Goal, Question
from core.lessons.controls import scale
from core.lessons.view import Shown, View
from core.probes import luck
from core.programs import Program
from core.topics.vision_transformer.programs import on_the_sheet
from core.topics.vision_transformer.records import (
    CONVOLUTIONAL,
    RECORD,
    SHUFFLED,
    SIZES,
    VIT,
    fresh,
    rows,
)

PICTURES = scale("Training pictures", SIZES, SIZES[0])
RACED = (VIT, CONVOLUTIONAL, SHUFFLED)
NOISE = "inside seed noise"


@dataclass(frozen=True)
class Race:
    """Recorded accuracies by network, (seeds, sizes)."""

    accuracy: dict[str, np.ndarray]

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return RECORD.source.provenance


def measure(seed: int) -> Race:
    """What was recorded."""
    return Race({kind: rows(kind) for kind in RACED})


def winner(race: Race, size: int) -> str:
    """ViT or CNN, whichever is ahead at a size by more than seed noise; or that it is noise."""
    place = SIZES.index(size)
    first, second = (race.accuracy[kind][:, place] for kind in (VIT, CONVOLUTIONAL))
    if not luck.differs(first, second, len(SIZES)):
        return NOISE
    return VIT if first.mean() > second.mean() else CONVOLUTIONAL


def gap(race: Race, size: int) -> float:
    """By how much the CNN is ahead of the ViT, mean of seeds."""
    place = SIZES.index(size)
    return float((race.accuracy[CONVOLUTIONAL] - race.accuracy[VIT])[:, place].mean())


def draw(race: Race, training_pictures: int) -> Shown:
    """The curves, and who is ahead where. The ViT has caught up nowhere in this record, and the page says so."""
    at = SIZES.index(training_pictures)
    means = {kind: race.accuracy[kind][:, at].mean() for kind in RACED}
    verdicts = [f"{size:,}: **{winner(race, size)}**" for size in SIZES]
    note = (
        f"With {training_pictures:,} pictures the ViT gets {means[VIT]:.1%} of 10,000 test pictures right, the CNN "
        f"{means[CONVOLUTIONAL]:.1%}. Ahead, by size: {', '.join(verdicts)}. The convolution *knows* that neighbours "
        f"belong together; the ViT has to learn it. **Take that knowledge away**: exchange the patches of all "
        f"pictures, and the pixels of all patches, always in the same way. A ViT learns as before (to it, places are "
        f"only numbers), the CNN gets {means[SHUFFLED]:.1%} (one seed)."
    )
    if any(winner(race, size) == NOISE for size in SIZES):
        note += f" {luck.MEANING}"
    return Shown(((curves(race, training_pictures),),), note)


def curves(race: Race, size: int):
    """Accuracy over the number of pictures, with bands over seeds."""
    picture = bands(SIZES, race.accuracy, ("training pictures", "test pictures right"), 380, log="x")
    picture.layout["xaxis"] |= {"tickvals": list(SIZES), "ticktext": [f"{each:,}" for each in SIZES]}
    picture.layout["yaxis"] |= {"tickformat": ".0%"}
    picture.layout["shapes"] = [vertical(size, GREY, 1.5, "dot")]
    return picture


def weights_of(kind: str) -> int:
    """How many weights a network has."""
    return sum(part.numel() for part in fresh(kind).parameters())


def before(race: Race, training_pictures: int) -> Shown:
    """That the race is fair: what is seen before the guess."""
    counts = {kind: weights_of(kind) / 1000 for kind in (VIT, CONVOLUTIONAL)}
    note = (
        "Two networks with as many weights, the same pictures, the same steps, three seeds each. One is made for "
        "pictures, the other reads them as it would read a text."
    )
    return Shown(((bars(counts, ("", "thousand weights"), 260),),), note)


def question(race: Race, training_pictures: int) -> Question:
    """Who wins?"""
    words = f"Trained on {training_pictures:,} pictures: who gets more of the 10,000 test pictures right?"
    points = 100 * gap(race, training_pictures)
    because = (
        f"The CNN is {abs(points):.1f} points {'ahead' if points >= 0 else 'behind'}. Its 3 × 3 windows and shared "
        "weights are true of pictures, so it need not learn them; a ViT catches up with millions of pictures "
        "(Dosovitskiy et al. 2021)."
    )
    return Question(words, [VIT, CONVOLUTIONAL, NOISE], winner(race, training_pictures), because)


def goal(race: Race, training_pictures: int) -> Goal:
    """Where does the ViT come nearest?"""
    gaps = {size: abs(gap(race, size)) for size in SIZES}
    words = "Find the number of training pictures at which **ViT and CNN lie closest together**."
    now = f"Now: {gaps[training_pictures]:.1%} apart with {training_pictures:,} pictures."
    return Goal(words, gaps[training_pictures] <= min(gaps.values()), now)


LAST = """with torch.no_grad():
    answers = {"ViT": vision(x, weights)[0], "CNN": convolutional(x, filters)}
result = {name: (logits.argmax(dim=1) == y).float().mean().item() for name, logits in answers.items()}"""


def code(race: Race, training_pictures: int) -> Program:
    """The networks of the largest size on the held-out pictures."""
    shown = {kind: RECORD.contents["sheet"][kind] for kind in (VIT, CONVOLUTIONAL)}
    return on_the_sheet("ViT and CNN after 8,000 pictures", (VIT, CONVOLUTIONAL), LAST, shown)


VIEW = View((), measure, draw, (PICTURES,), before, question, goal, code)
