"""Whether large batches are worse on held-out samples: Keskar and others (2017) say so; Hoffer, Hubara and Soudry
(2017) answer that they were given fewer steps."""

import time
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np

from core.data import Data, digits, moons
from core.data.outliers import with_flipped_labels
from core.models import MLP
from core.probes.sharpness import sharpness
from core.provenance import Measured, Sourced
from core.training import Recipe, Run, train_many

SMALL, SAMPLES, SEEDS, UNITS, EPOCHS = 4, 200, 8, 16, 40
HELD_OUT = {"moons": 2000, "digits": 800}
RATE = 0.1
FEW, SAME, LINEAR, LONG = "small batch", "large, same epochs", "large, linear rate", "large, same steps"
ARMS = (FEW, SAME, LINEAR, LONG)


@lru_cache(maxsize=64)
def problem(name: str, flipped: float, seed: int) -> Data:
    """``SAMPLES`` samples to learn from, with a share of wrong labels, and many sound ones held out."""
    count = SAMPLES + HELD_OUT[name]
    share = HELD_OUT[name] / count
    if name == "digits":
        plain = digits(samples=count, seed=seed, held_out=share, flat=True)
    else:
        plain = moons(samples=count, noise=0.3, seed=seed, held_out=share)
    return with_flipped_labels(plain, flipped, seed) if flipped else plain


def arms(large: int) -> dict[str, tuple[int, float, int]]:
    """Batch size, learning rate and epochs of every way to train."""
    times = large / SMALL
    return {
        FEW: (SMALL, RATE, EPOCHS),
        SAME: (large, RATE, EPOCHS),
        LINEAR: (large, RATE * times, EPOCHS),
        LONG: (large, RATE, round(EPOCHS * times)),
    }


@dataclass(frozen=True)
class Compared(Sourced):
    """One training per way and seed: ``runs[way]``."""

    large: int
    runs: dict[str, list[Run]] = field(repr=False)
    source: Measured

    @cached_property
    def scores(self) -> dict[str, np.ndarray]:
        """Held-out accuracy, (seeds,) by way."""
        return {name: np.array([run.last.test_score for run in runs]) for name, runs in self.runs.items()}

    @cached_property
    def losses(self) -> dict[str, np.ndarray]:
        """Training loss at the end, (seeds,) by way; what broke counts as 10."""
        rows = {name: np.array([run.last.train_loss for run in runs]) for name, runs in self.runs.items()}
        return {name: np.nan_to_num(row, nan=10.0, posinf=10.0).clip(0, 10.0) for name, row in rows.items()}

    @cached_property
    def sharpness(self) -> dict[str, np.ndarray]:
        """The largest curvature of the training loss at the end, (seeds,) by way."""
        return {
            name: np.array([sharpness(run.at(), run.data.x, run.data.y, run.objective, steps=30) for run in runs])
            for name, runs in self.runs.items()
        }


def compared(data: str, large_batch: int, flipped_labels: float, seed: int) -> Compared:
    """Train small and large batches in every way, on the same samples and from the same weights."""
    began, seeds = time.perf_counter(), range(seed, seed + SEEDS)
    cases = [(way, each) for way in arms(large_batch).values() for each in seeds]
    problems = [problem(data, flipped_labels, each) for _, each in cases]
    models = [
        MLP(known.x.shape[1], UNITS, known.outputs, seed=each) for known, (_, each) in zip(problems, cases, strict=True)
    ]
    recipes = [
        Recipe(epochs=epochs, batch_size=size, optimizer="SGD", learning_rate=rate, seed=each, frames=EPOCHS + 1)
        for (size, rate, epochs), each in cases
    ]
    trained = iter(train_many(models, problems, recipes))
    runs = {name: [next(trained) for _ in seeds] for name in ARMS}
    source = Measured(tuple(seeds), time.perf_counter() - began, f"{len(cases)} networks trained live")
    return Compared(large_batch, runs, source)
