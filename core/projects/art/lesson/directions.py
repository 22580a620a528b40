"""Directions in the space of styles, each under the name of what it measurably changes."""

import time
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from core.lessons import Goal, Question
from core.lessons.controls import Control, Group, pick, slider
from core.lessons.view import Shown, View
from core.projects.art import ways
from core.projects.art.lesson.nearest import above_nearest
from core.projects.art.lesson.programs import of_pictures
from core.projects.art.near import Nearest, learned, nearest_to
from core.projects.art.painter import TRAITS, painter, traits
from core.projects.art.shipped import GROUPS
from core.provenance import Measured

SHOWN = 6  # pictures of a row
MOST = 3.0  # standard deviations
FRUIT = pick("Fruit", GROUPS)
UNITS = {"redness": "red − green", "warmth": "yellow − blue", "lightness": "grey", "colourfulness": "range of a pixel",
         "size": "share of the sheet", "height": "height of the middle", "tallness": "height : width"}  # fmt: skip


def label_of(place: int, way: ways.Way) -> str:
    """A direction's name on its slider: its number, or what it was learned from, and what more of it does."""
    head = f"Component {place + 1}" if way.origin.startswith("component") else way.origin.capitalize()
    return f"{head}: {ways.words(way)[0]}"


def controls() -> tuple[Control | Group, ...]:
    """A slider for each, in standard deviations; those that were learned from a trait under a fold of their own."""
    found = [
        slider(label_of(place, way), -MOST, MOST, 0.0, 0.1,
               help=f"One standard deviation up: {way.effect.trait} changes by {abs(way.effect.change) / 2:.1f} of its "
               f"own, that way in {way.effect.agreement:.0%} of pictures. {way.share:.0%} of the variance.")
        for place, way in enumerate(ways.shipped())
    ]  # fmt: skip
    return (*found[: ways.COMPONENTS], Group("Steered by what is measured", tuple(found[ways.COMPONENTS :])))


CONTROLS = controls()
NAMES = [control.name for part in CONTROLS for control in (part.controls if isinstance(part, Group) else (part,))]


@dataclass(frozen=True, eq=False)
class Pushed:
    """Pictures of six seeds as they are and pushed along the directions, (6, side, side, 3) each."""

    before: np.ndarray
    after: np.ndarray
    fruit: str
    seed: int
    amounts: tuple[float, ...]
    seconds: float

    @property
    def provenance(self) -> str:
        return Measured((self.seed,), self.seconds, "Painted live").provenance

    @cached_property
    def near(self) -> Nearest:
        """The training pictures nearest to the six as they are, then to the six that were pushed."""
        return nearest_to(learned().along(np.concatenate([self.before, self.after])))

    @property
    def traits(self) -> dict[str, tuple[float, float]]:
        """Each trait's mean before and after."""
        one, other = traits(self.before), traits(self.after)
        return {name: (float(one[name].mean()), float(other[name].mean())) for name in TRAITS}


def pushed(fruit: str, seed: int, **amounts: float) -> Pushed:
    """Six pictures, and the same pushed."""
    start, own = time.perf_counter(), painter()
    values = tuple(float(amounts.get(name, 0.0)) for name in NAMES)
    styles = own.styles([SHOWN * seed + place for place in range(SHOWN)], own.weights({fruit: 1.0}))
    steps = torch.stack([way.step for way in ways.shipped()])
    pixels = own.painted(torch.cat([styles, styles + torch.tensor(values) @ steps]))
    return Pushed(pixels[:SHOWN], pixels[SHOWN:], fruit, seed, values, time.perf_counter() - start)


def draw(found: Pushed) -> Shown:
    """Before, after, and what was measured."""
    seeds = [f"seed {SHOWN * found.seed + place}" for place in range(SHOWN)]
    moved = max(TRAITS, key=lambda name: abs(found.traits[name][1] - found.traits[name][0]))
    before, after = found.traits[moved]
    alt = (
        f"Six pictures of {found.fruit} and below them the same pushed along the directions; {moved} goes from "
        f"{before:.2f} to {after:.2f}."
    )
    sheet = above_nearest([*found.before, *found.after], seeds + ["pushed"] * SHOWN, found.near, alt, SHOWN)
    rows = [
        {"Trait": f"{name} ({UNITS[name]})", "before": f"{one:.3f}", "pushed": f"{other:.3f}",
         "change": f"{other - one:+.3f}"}
        for name, (one, other) in found.traits.items()
    ]  # fmt: skip
    note = (
        f"Each slider is a direction, named by the trait that it moves most **as measured on {ways.TRIED} pictures**. "
        "A component is found without looking at pictures; it may move several traits at once."
    )
    return Shown(((sheet,),), note, (rows,))


def question(found: Pushed) -> Question:
    """What the first component does, before it is named."""
    first = ways.shipped()[0]
    words = ("none that is measured here", "some trait in every picture alike", "some trait, in most pictures")
    size, agreement = abs(first.effect.change) / 2, first.effect.agreement
    truth = words[0] if size < 0.1 else words[1] if agreement == 1 else words[2]
    return Question(
        "The first component is the direction in which styles within a group vary most. Nobody told it of colour or "
        "size. What does it change?",
        words, truth,
        f"It makes pictures {ways.words(first)[0]}: a step moves {first.effect.trait} by {size:.1f} of its own "
        f"standard deviations, that way in {agreement:.0%} of pictures.",
    )  # fmt: skip


def goal(found: Pushed) -> Goal:
    """Push one trait and leave another."""
    (red, redder), (size, larger) = found.traits["redness"], found.traits["size"]
    aim = (
        "Raise the mean **redness** of the six pictures by at least 0.05 while their mean **size** changes by less "
        "than 0.03."
    )
    passed = redder - red >= 0.05 and abs(larger - size) < 0.03
    return Goal(aim, passed, f"Now: redness {redder - red:+.3f}, size {larger - size:+.3f}.")


DIRECTIONS = View(
    (FRUIT, *CONTROLS), pushed, draw,
    before=lambda found: Shown(((above_nearest(
        found.before, [f"seed {SHOWN * found.seed + place}" for place in range(SHOWN)], found.near,
        f"Six pictures of {found.fruit}, as they are before anything is pushed.", SHOWN),),)),
    question=question, goal=goal,
    program=lambda found: of_pictures([SHOWN * found.seed + place for place in range(SHOWN)], {found.fruit: 1.0}),
)  # fmt: skip
