"""The learning-rate range test: one training with a rising rate, and how good the rates are that it suggests."""

import time
from dataclasses import dataclass, replace

import numpy as np

from core.provenance import Measured, Sourced
from core.topics.lr_schedulers.races import CONSTANT, HIGHEST, LOWEST, Ground, losses_of, trained
from core.training import Run, train

TOP = 10.0  # where the rate ends, a million times where it begins
FINE = tuple(float(f"{10 ** (k / 3):.3g}") for k in range(-9, 4))  # constant rates that are tried, three per decade
SEEDS = 5
AT_LOWEST, TENTH, STEEPEST = "at the lowest loss", "a tenth of it", "at the steepest fall"
RULES = (AT_LOWEST, TENTH, STEEPEST)
WINDOW = 5  # recorded moments that are averaged before anything is read off


@dataclass(frozen=True)
class RangeTest(Sourced):
    """A range test: ``rates`` and training losses ``losses`` after every epoch until it broke, (moments,), and
    ``smooth``, the same averaged. ``ends`` (rates, seeds) are log₁₀ of the held-out losses that trainings at each of
    the constant rates ``FINE`` end with, ``tried`` (seeds,) those of the rate that each rule suggests."""

    ground: Ground
    run: Run
    rates: np.ndarray
    losses: np.ndarray
    smooth: np.ndarray
    suggested: dict[str, float]
    ends: np.ndarray
    tried: dict[str, np.ndarray]
    source: Measured

    @property
    def best(self) -> float:
        """The constant rate of ``FINE`` that ends lowest on average."""
        return FINE[int(self.ends.mean(axis=1).argmin())]

    def off(self, rule: str) -> float:
        """By which factor a rule's rate lies above (or below) the best."""
        return self.suggested[rule] / self.best


def smoothed(values: np.ndarray) -> np.ndarray:
    """Values (moments,) averaged over ``WINDOW`` neighbours, fewer at the ends."""
    half = WINDOW // 2
    return np.array([values[max(0, k - half) : k + half + 1].mean() for k in range(len(values))])


def suggestions(rates: np.ndarray, smooth: np.ndarray) -> dict[str, float]:
    """The rate that each of ``RULES`` reads off a range test's averaged losses, (moments,)."""
    low = int(smooth.argmin())
    falls = np.diff(smooth[: low + 1])
    steepest = int(falls.argmin()) + 1 if len(falls) else low
    lowest = float(rates[low])
    return {AT_LOWEST: lowest, TENTH: lowest / 10, STEEPEST: float(rates[steepest])}


def range_test(
    data: str = "moons", optimizer: str = "Momentum", batch_size: int = 8, epochs_of_the_test: int = 60, seed: int = 0
) -> RangeTest:
    """Train once while the rate grows evenly on a logarithmic axis, and train at the rates in question (24 epochs)."""
    began = time.perf_counter()
    ground = Ground(data, optimizer, batch_size=batch_size)
    run = train(*replace(ground, epochs=epochs_of_the_test).parts(TOP, "range test", seed))
    losses = np.array(run.curve("train_loss")[1][1:])
    kept = np.isfinite(losses)
    rates, losses = np.array(run.curve("learning_rate")[1][1:])[kept], losses[kept].clip(LOWEST, HIGHEST)
    smooth = smoothed(losses)
    suggested, seeds = suggestions(rates, smooth), range(seed, seed + SEEDS)
    runs = trained(ground, CONSTANT, [*FINE, *suggested.values()], seeds)
    ends = np.log10([losses_of(row)[:, -1] for row in runs])
    source = Measured(tuple(seeds), time.perf_counter() - began, f"{1 + ends.size} networks trained live")
    tried = dict(zip(suggested, ends[len(FINE) :], strict=True))
    return RangeTest(ground, run, rates, losses, smooth, suggested, ends[: len(FINE)], tried, source)
