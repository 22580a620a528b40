"""The best of many runs that differ by luck alone: what it scores where it was chosen, and on fresh samples."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from core.data import Data, moons
from core.models import MLP
from core.provenance import Measured, Sourced
from core.training import Recipe, train_many
from core.training.run import Run

TRAINING, FRESH, UNITS = 60, 4000, 6
LOW, HIGH = 0.1, 0.9  # of all choices, where the bands end


def chances(count: int, k: int) -> list[float]:
    """How probably the i-th lowest of ``count`` scores is the best of ``k`` of them, drawn without replacement:
    C(i − 1, k − 1) / C(count, k)."""
    return [math.comb(place, k - 1) / math.comb(count, k) for place in range(count)]


def expected_best(scores: Sequence[float], others: Sequence[float], k: int) -> float:
    """What the best of k runs by ``scores`` has on average in ``others``, over all choices of k runs; runs with equal
    scores are chosen with equal chance."""
    order = sorted(range(len(scores)), key=lambda place: scores[place])
    levels: dict[float, list[int]] = {}
    for place in order:
        levels.setdefault(scores[place], []).append(place)
    total, begun = 0.0, 0
    for places in levels.values():
        end = begun + len(places)
        chance = (math.comb(end, k) - math.comb(begun, k)) / math.comb(len(scores), k)
        total += chance * sum(others[place] for place in places) / len(places)
        begun = end
    return total


def spread_of_best(scores: np.ndarray, others: np.ndarray, k: int) -> tuple[float, float]:
    """Where the middle 80% of the choices lie in ``others`` (runs with equal scores by their order)."""
    order = np.argsort(scores, kind="stable")
    values, weights = others[order], np.array(chances(len(scores), k))
    rising = np.argsort(values, kind="stable")
    total = weights[rising].cumsum()
    low, high = (values[rising][min(int(np.searchsorted(total, share)), len(values) - 1)] for share in (LOW, HIGH))
    return float(low), float(high)


@dataclass(frozen=True)
class Selected(Sourced):
    """Runs of one setting with different seeds: accuracy on the ``validation`` samples that choose and on ``fresh``
    ones, (runs,); the chosen ``run``."""

    validation: np.ndarray
    fresh_scores: np.ndarray
    run: Run
    samples: int
    source: Measured

    @property
    def counts(self) -> list[int]:
        """How many runs there are to choose from: powers of two."""
        return [2**k for k in range(int(math.log2(len(self.validation))) + 1)]

    def curve(self, others: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Low end, mean and high end of what the best of k has in ``others``, (counts,) each."""
        rows = []
        for k in self.counts:
            low, high = spread_of_best(self.validation, others, k)
            mean = expected_best(self.validation.tolist(), others.tolist(), k)
            rows.append((min(low, mean), mean, max(high, mean)))
        low, mean, high = np.array(rows).T
        return low, mean, high

    @cached_property
    def chosen(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """How far the best of k leads the average run on the samples that chose it."""
        return self.curve(self.validation - self.validation.mean())

    @cached_property
    def fresh(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """How far the same runs lead the average run on fresh samples."""
        return self.curve(self.fresh_scores - self.fresh_scores.mean())

    @property
    def lead(self) -> float:
        """By how many percentage points the best of all leads the average run on the samples that chose it."""
        return float(100 * self.chosen[1][-1])

    @property
    def luck(self) -> float:
        """How many of these points it does not have on fresh samples."""
        return float(100 * (self.chosen[1][-1] - self.fresh[1][-1]))


def select(runs: int, validation_samples: int, noise: float, seed: int) -> Selected:
    """Train one setting with many seeds on the same samples, and choose by the same validation samples."""
    began = time.perf_counter()
    data = moons(samples=TRAINING + validation_samples, noise=noise, seed=seed,
                 held_out=validation_samples / (TRAINING + validation_samples))  # fmt: skip
    models = [MLP(2, UNITS, UNITS, 2, activation="tanh", init="Xavier", seed=seed + k) for k in range(runs)]
    recipes = [Recipe(epochs=20, batch_size=10, optimizer="Momentum", learning_rate=0.05, seed=seed + k, frames=11)
               for k in range(runs)]  # fmt: skip
    trained = train_many(models, data, recipes)
    validation = np.array([run.last.test_score for run in trained])
    fresh = moons(samples=FRESH, noise=noise, seed=seed + 100_000)
    scores = np.array([accuracy(run, fresh) for run in trained])
    source = Measured(tuple(range(seed, seed + runs)), time.perf_counter() - began, f"{runs} networks trained live")
    return Selected(validation, scores, trained[int(validation.argmax())], validation_samples, source)


@torch.no_grad()
def accuracy(run: Run, data: Data) -> float:
    """The share of all samples that a run's network gets right."""
    model = run.at()
    right = [(model(x).argmax(dim=1) == y).sum() for x, y in ((data.x, data.y), (data.x_test, data.y_test))]
    return float(sum(right) / (len(data.x) + len(data.x_test)))
