"""Held out once, in k folds, in time: which samples judge, and how far such a score is from the truth."""

import time
from dataclasses import dataclass

import numpy as np

from core.data import moons
from core.provenance import Measured
from core.topics.validation.leaks import series
from core.topics.validation.learning import Samples, Split, runs_of, scores
from core.training import Run

REPEATS, FRESH = 10, 1000


def folds(samples: int, count: int, draw: np.random.Generator) -> list[np.ndarray]:
    """All samples in ``count`` parts of nearly equal size, at random: each is held out once."""
    return np.array_split(draw.permutation(samples), count)


def in_time(samples: int, count: int, gap: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
    """Learn from the past, be judged on what follows: ``count`` pairs of (earlier, next) places, each longer than the
    one before, with a ``gap`` left out between the two (scikit-learn's ``TimeSeriesSplit``)."""
    size = samples // (count + 1)
    starts = range(samples - count * size, samples, size)
    return [(np.arange(start - gap), np.arange(start, start + size)) for start in starts]


def without(held_out: np.ndarray, samples: int) -> np.ndarray:
    """All places but some."""
    return np.setdiff1d(np.arange(samples), held_out)


def split_of(samples: Samples, train: np.ndarray, test: np.ndarray, *more: Samples) -> Split:
    """A split by places."""
    return Split((samples[0][train], samples[1][train]), ((samples[0][test], samples[1][test]), *more))


@dataclass(frozen=True)
class Estimates:
    """Scores of one procedure on ``REPEATS`` small sets, and the truth about the network that learned from all."""

    once: np.ndarray  # one fifth held out, (repeats,)
    folded: np.ndarray  # mean over k folds
    truth: np.ndarray  # on fresh samples, trained on all
    k: int
    samples: int
    noise: float
    run: Run  # the first training
    seed: int
    seconds: float

    @property
    def provenance(self) -> str:
        return Measured(tuple(range(self.seed, self.seed + REPEATS)), self.seconds, "Live runs").provenance

    def off(self, name: str) -> float:
        """The root of the mean squared distance from the truth."""
        return float((((self.once if name == "once" else self.folded) - self.truth) ** 2).mean() ** 0.5)


def estimates(samples: int, k: int, noise: float, seed: int) -> Estimates:
    """Judge networks on half-moons by one held-out fifth and by k folds."""
    began, single, several, whole = time.perf_counter(), [], [], []
    for number in range(seed, seed + REPEATS):
        draw = np.random.default_rng(number)
        data = moons(samples=2 * (samples + FRESH), noise=noise, seed=number)
        known = data.x[:samples].numpy(), data.y[:samples].numpy()
        fresh = data.x[samples : samples + FRESH].numpy(), data.y[samples : samples + FRESH].numpy()
        fifth = folds(samples, 5, draw)[0]
        single.append(split_of(known, without(fifth, samples), fifth))
        several += [split_of(known, without(held, samples), held) for held in folds(samples, k, draw)]
        whole.append(Split(known, (fresh,)))
    splits = [*single, *several, *whole]
    runs = runs_of(splits, seed, 40)
    found = scores(runs, splits)[:, 0]
    once, rest = found[:REPEATS], found[REPEATS:]
    folded, truth = rest[:-REPEATS].reshape(REPEATS, k).mean(axis=1), rest[-REPEATS:]
    return Estimates(once, folded, truth, k, samples, noise, runs[0], seed, time.perf_counter() - began)


@dataclass(frozen=True)
class Timed:
    """A series judged by shuffled folds, by folds in time, and by what really came later."""

    shuffled: np.ndarray  # (repeats,)
    timed: np.ndarray
    later: np.ndarray
    k: int
    days: int
    gap: int
    run: Run  # the first training
    seed: int
    seconds: float

    @property
    def provenance(self) -> str:
        return Measured(tuple(range(self.seed, self.seed + REPEATS)), self.seconds, "Live runs").provenance


def timed(days: int, k: int, gap: int, seed: int) -> Timed:
    """Judge networks on series in both ways."""
    began, mixed, ahead, whole = time.perf_counter(), [], [], []
    for number in range(seed, seed + REPEATS):
        draw = np.random.default_rng(number)
        known, later = series(days, draw)
        mixed += [split_of(known, without(held, days), held) for held in folds(days, k, draw)]
        ahead += [split_of(known, past, coming) for past, coming in in_time(days, k, gap)]
        whole.append(Split(known, (later,)))
    splits = [*mixed, *ahead, *whole]
    runs = runs_of(splits, seed, 40)
    found = scores(runs, splits)[:, 0]
    rows = found[: 2 * REPEATS * k].reshape(2, REPEATS, k).mean(axis=2)
    return Timed(rows[0], rows[1], found[-REPEATS:], k, days, gap, runs[0], seed, time.perf_counter() - began)
