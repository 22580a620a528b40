"""How often to write a checkpoint: what writing costs against what a failure loses (Young 1974; Daly 2006)."""

import math
from dataclasses import dataclass

import numpy as np

from core.provenance import ClosedForm

REPEATS = 200


def best_interval(cost: float, between: float) -> float:
    """Young's interval between checkpoints, √(2 C M): ``cost`` C of writing one and mean time ``between`` failures M,
    in one unit of time."""
    return math.sqrt(2 * cost * between)


def expected(interval: float, cost: float, between: float, work: float) -> float:
    """The expected time for ``work`` hours with failures that come at random, mean time ``between`` them (Daly 2006,
    equation 20 with no time to restart): M (e^((τ + C) / M) − 1) for each of work / τ intervals."""
    return work / interval * between * math.expm1((interval + cost) / between)


def simulated(interval: float, cost: float, between: float, work: float, generator: np.random.Generator) -> float:
    """The time that one training takes: it loses what it did since the last checkpoint at every failure."""
    time, done = 0.0, 0.0
    failure = generator.exponential(between)
    while done < work:
        stretch = min(interval, work - done) + cost
        if time + stretch <= failure:
            time, done = time + stretch, done + stretch - cost
        else:
            time, failure = failure, failure + generator.exponential(between)
    return time


@dataclass(frozen=True)
class Intervals:
    """Hours that a training takes, by the time between two checkpoints; all times in hours."""

    cost: float
    between: float
    work: float
    intervals: np.ndarray
    formula: np.ndarray
    measured: np.ndarray  # (repeats, intervals)

    @property
    def provenance(self) -> str:
        return ClosedForm(f"Daly 2006 · dots: {len(self.measured)} simulated trainings each").provenance

    @property
    def best(self) -> float:
        """Young's interval."""
        return best_interval(self.cost, self.between)

    def overhead(self, interval: float) -> float:
        """The share of time above the work itself."""
        return expected(interval, self.cost, self.between, self.work) / self.work - 1


def intervals(seconds: float, between: float, work: float, seed: int) -> Intervals:
    """Closed form at 60 intervals from a minute to a day, simulated at twelve; writing takes ``seconds``, failures come
    every ``between`` hours on average, the training needs ``work`` hours."""
    cost = seconds / 3600
    places = np.geomspace(1 / 60, min(24.0, work), 60)
    formula = np.array([expected(place, cost, between, work) for place in places])
    draw = np.random.default_rng(seed)
    tried = [place for place in places[::5] if expected(place, cost, between, work) < 20 * work]
    rows = [[simulated(place, cost, between, work, draw) for place in tried] for _ in range(REPEATS // 4)]
    return Intervals(cost, between, work, places, formula, np.array(rows))
