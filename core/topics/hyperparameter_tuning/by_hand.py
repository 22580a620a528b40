"""A search by hand: the cells that a learner asks for, as text, set by clicks."""

import re
from dataclasses import dataclass

import numpy as np

from core.provenance import Recorded, Sourced
from core.topics.hyperparameter_tuning.landscape import DECAYS, RATES, WIDTHS, Cell, recorded
from core.topics.hyperparameter_tuning.searches import Counter, Search

BUDGET = 15  # trainings that a learner may ask for
AXES = (RATES, DECAYS, WIDTHS)
NUMBER = r"(\d{0,3}(?:\.\d{1,6})?(?:e-?\d)?)"
CELL = re.compile(rf"\s*{NUMBER}\s+{NUMBER}\s+{NUMBER}\s*", re.ASCII)
SAID = "Write each training as learning rate, weight decay and hidden units: 0.01 0.001 8, 0.1 0.001 8."


def cells(text: str) -> tuple[Cell, ...]:
    """The cells that a text asks for, none twice, each value moved to the nearest that was trained.

    Raises ``ValueError``, one sentence, for a text that asks for none or for too many.
    """
    found = dict.fromkeys(cell(part) for part in text.split(",")) if text.strip() else {}
    if len(found) > BUDGET:
        raise ValueError(f"There is a budget of {BUDGET} trainings; you ask for {len(found)}.")
    return tuple(found)


def cell(text: str) -> Cell:
    """One cell."""
    match = CELL.fullmatch(text)
    try:
        values = [float(part) for part in match.groups()] if match else []
    except ValueError:
        values = []
    if len(values) < 3 or min(values) <= 0:
        raise ValueError(SAID)
    rate, decay, width = (nearest(axis, value) for axis, value in zip(AXES, values, strict=True))
    return rate, decay, width


def nearest(axis: tuple[float, ...], value: float) -> int:
    """The place of the axis' value that is nearest on a logarithmic scale."""
    return int(np.abs(np.log(axis) - np.log(value)).argmin())


def as_text(asked: tuple[Cell, ...]) -> str:
    """Cells as they are typed."""
    return ", ".join(f"{RATES[rate]:g} {DECAYS[decay]:g} {WIDTHS[width]}" for rate, decay, width in asked)


def with_click(asked: tuple[Cell, ...], x: float, y: float, width: int) -> str:
    """The text after a click at places (x, y) of the rates and decays, at a width; nothing changes beside the picture,
    or where the budget is spent."""
    rate, decay = round(x), round(y)
    inside = 0 <= rate < len(RATES) and 0 <= decay < len(DECAYS)
    more = (*asked, (rate, decay, width)) if inside and len(asked) < BUDGET else asked
    return as_text(tuple(dict.fromkeys(more)))


@dataclass(frozen=True)
class Hand(Sourced):
    """A learner's own search."""

    search: Search
    source: Recorded

    @property
    def asked(self) -> tuple[Cell, ...]:
        """The cells, in order."""
        return tuple(trial.cell for trial in self.search.trials)


def by_hand(trainings: str = "", seed: int = 0) -> Hand:
    """Ask for the cells of a text. Raises ``ValueError`` as ``cells`` does."""
    ground = recorded()
    counter = Counter(ground, BUDGET)
    for each in cells(trainings):
        counter.whole(each)
    return Hand(Search("by hand", tuple(counter.trials), BUDGET), ground.source)
