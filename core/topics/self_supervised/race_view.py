"""Three methods without labels against training with them and against no training at all."""

from dataclasses import dataclass

import numpy as np

from core.figures.curves import bands
from core.figures.marks import vertical
from core.figures.picture import GREY, Picture
from core.lessons import Goal, Question, Scale
from core.lessons.controls import pick, scale
from core.lessons.view import Shown, View
from core.probes import luck
from core.programs import Program
from core.topics.self_supervised.judged import nearest_labelled
from core.topics.self_supervised.learning import METHODS, SIMCLR, SUPERVISED
from core.topics.self_supervised.programs import on_the_sheet
from core.topics.self_supervised.records import (
    FEW,
    LABELS,
    MOMENTS,
    PICTURES,
    PIXELS,
    RECORD,
    SEEDS,
    UNTRAINED,
    by_labels,
    curve,
    reference,
    said,
)

QUANTITIES = {f"nearest of {FEW}": "nearest", "linear classifier": "linear"}
MEASURE = pick("Measured by", QUANTITIES, help="The nearest of 100 labelled pictures, or a line drawn through 4,000.")
COUNT = scale("Labels", LABELS, LABELS[0], help="How many pictures have a label once training is over.")
ALONE = "labels alone"


@dataclass(frozen=True)
class Race:
    """The record, whatever the seed."""

    provenance: str


def measure(seed: int) -> Race:
    """What was recorded."""
    return Race(f"{RECORD.source.provenance} · {len(SEEDS)} seeds")


def over_steps(what: str, names: tuple[str, ...]) -> Picture:
    """What features are worth during training, with levels for pixels and untrained networks."""
    rows = {name: curve(name, what) for name in names}
    for name in (UNTRAINED, PIXELS):
        rows[name] = np.repeat(reference(name, what)[:, None], len(MOMENTS), axis=1)
    picture = bands(MOMENTS, rows, ("step", "test pictures right"), 380)
    picture.layout["yaxis"] |= {"tickformat": ".0%"}
    return picture


def over_labels(count: int) -> Picture:
    """A linear classifier on features, and a network trained with those labels alone."""
    rows = {SIMCLR: by_labels(SIMCLR), ALONE: said(), PIXELS: by_labels(PIXELS), UNTRAINED: by_labels(UNTRAINED)}
    picture = bands(LABELS, rows, ("labels", "test pictures right"), 380, log="x")
    picture.layout["xaxis"] |= {"tickvals": list(LABELS), "ticktext": [f"{each:,}" for each in LABELS]}
    picture.layout["yaxis"] |= {"tickformat": ".0%"}
    picture.layout["shapes"] = [vertical(count, GREY, 1.5, "dot")]
    return picture


def verdict(count: int) -> str:
    """How a line through SimCLR's features stands to a network trained with those labels alone, in words."""
    place = LABELS.index(count)
    learned, alone = by_labels(SIMCLR)[:, place], said()[:, place]
    if not luck.differs(learned, alone, len(LABELS)):
        return "*inside seed noise* of it"
    return "behind it" if alone.mean() < learned.mean() else "ahead of it"


def draw(race: Race, measured_by: str, labels: int) -> Shown:
    """Both pictures."""
    what = QUANTITIES[measured_by]
    ends = {name: curve(name, what)[:, -1].mean() for name in (*METHODS, SUPERVISED)}
    listed = ", ".join(f"{name} **{value:.1%}**" for name, value in ends.items())
    plain, random = (reference(name, what).mean() for name in (PIXELS, UNTRAINED))
    rows = {name: curve(name, what)[:, -1] for name in METHODS}
    best = max(METHODS, key=lambda name: rows[name].mean())
    place = LABELS.index(labels)
    with_few = {name: by_labels(name)[:, place].mean() for name in (SIMCLR, PIXELS)}
    note = (
        f"{PICTURES:,} pictures of clothing, {MOMENTS[-1]} steps: {listed}, an untrained network {random:.1%}, pixels "
        f"{plain:.1%}. Of the three {best} has most. {luck.sentence(rows, best, 'That is more than seed noise.')} "
        f"Below, a linear classifier with **{labels:,} labels**: {with_few[SIMCLR]:.1%} right on SimCLR’s 64 features, "
        f"{with_few[PIXELS]:.1%} on the 784 pixels. The same network trained with those labels alone, in as many "
        f"steps, gets {said()[:, place].mean():.1%} and is {verdict(labels)}."
    )
    steps = over_steps(what, (*METHODS, SUPERVISED))
    return Shown(((steps,), (over_labels(labels),)), note)


def before(race: Race, measured_by: str, labels: int) -> Shown:
    """What is known before: labels, pixels, no training."""
    note = (
        f"{PICTURES:,} pictures of clothing. One network learned with all their labels, one not at all. Their "
        "features are judged on held-out pictures, by a few labelled ones."
    )
    return Shown(((over_steps(QUANTITIES[measured_by], (SUPERVISED,)),),), note)


def question(race: Race, measured_by: str, labels: int) -> Question:
    """How far does one come without labels?"""
    what = QUANTITIES[measured_by]
    taught, random = curve(SUPERVISED, what)[:, -1].mean(), reference(UNTRAINED, what).mean()
    words = (
        f"The nearest of {FEW} labelled pictures" if what == "nearest" else "A linear classifier with 4,000 labels"
    ) + (
        f" gets {random:.0%} right in an untrained network's features, {taught:.0%} in those of one trained with "
        "labels. And in SimCLR's, which never saw a label?"
    )
    because = (
        "To find its own picture again in another view, a network must see what crop, mirror and brightness leave as "
        "it was: much of that is what the classes differ in."
    )
    return Question(words, Scale(0, 100, 1, "%", 3), round(100 * float(curve(SIMCLR, what)[:, -1].mean())), because)


def goal(race: Race, measured_by: str, labels: int) -> Goal:
    """Where do pixels catch up?"""
    gaps = {count: float((by_labels(PIXELS) - by_labels(SIMCLR))[:, LABELS.index(count)].mean()) for count in LABELS}
    words = (
        "**Where pixels catch up**: set the smallest number of labels with which a linear classifier does as well on "
        "pixels as on SimCLR's features, mean of three seeds."
    )
    first = min((count for count in LABELS if gaps[count] >= 0), default=LABELS[-1])
    ahead = "ahead" if gaps[labels] >= 0 else "behind"
    now = f"Now: with {labels:,} labels pixels are {abs(100 * gaps[labels]):.1f} points {ahead}."
    return Goal(words, labels == first, now)


LAST = """with torch.no_grad():
    features = encoder(x)
learned = torch.arange(len(y)) % 30 < 10  # ten of each class have their label
result = {"SimCLR": nearest_labelled(features[learned], y[learned], features[~learned], y[~learned], 100),
          "pixels": nearest_labelled(x[learned].flatten(1), y[learned], x[~learned].flatten(1), y[~learned], 100)}"""


def program(race: Race, measured_by: str, labels: int) -> Program:
    """The same measure on the pictures that are shipped."""
    shown = {name: RECORD.contents["sheet"][name] for name in (SIMCLR, PIXELS)}
    return on_the_sheet("The nearest of 100 labelled pictures", SIMCLR, LAST, shown, (nearest_labelled,))


VIEW = View((), measure, draw, (MEASURE, COUNT), before, question, goal, program)
