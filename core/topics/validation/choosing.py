"""Choosing by a score and then believing it: search over settings, and a test set that is asked again and again."""

import time
from dataclasses import dataclass

import numpy as np

from core.provenance import Measured
from core.topics.validation.folds import folds, without

REPEATS, FEATURES, TAKEN, K, MOST, FRESH = 12, 40, 4, 4, 64, 500
ENTRIES = 1000  # the most that a test set is asked


def fitted(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The linear networks with the least squared error on classes −1 and 1: inputs (…, samples, features) → weights
    and bias (…, features + 1)."""
    inputs = with_ones(x)
    turned = np.swapaxes(inputs, -1, -2)
    left = turned @ inputs + 1e-3 * np.eye(inputs.shape[-1])
    return np.linalg.solve(left, turned @ y[:, None])[..., 0]


def with_ones(x: np.ndarray) -> np.ndarray:
    """Inputs with a column of ones for the bias."""
    return np.concatenate([x, np.ones((*x.shape[:-1], 1))], axis=-1)


def right(weights: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The share of classes −1 and 1 that each network gets right, (…,)."""
    return (np.sign((with_ones(x) @ weights[..., None])[..., 0]) == y).mean(axis=-1)


def taken(x: np.ndarray, settings: np.ndarray) -> np.ndarray:
    """The features that each setting uses: (settings, samples, features)."""
    return np.moveaxis(x[:, settings], 0, 1)


def cross_validated(x: np.ndarray, y: np.ndarray, settings: np.ndarray, parts: list[np.ndarray]) -> np.ndarray:
    """The mean accuracy over folds of every setting, a row of features to use: (settings,)."""
    scores = []
    for held in parts:
        train = without(held, len(x))
        weights = fitted(taken(x[train], settings), y[train])
        scores.append(right(weights, taken(x[held], settings), y[held]))
    return np.mean(scores, axis=0)


@dataclass(frozen=True)
class Search:
    """``REPEATS`` searches over settings: the winner's own score, the nested score, and the truth, (repeats,) each."""

    best: np.ndarray
    nested: np.ndarray
    truth: np.ndarray
    samples: int
    signal: float
    tried: int
    seed: int
    seconds: float

    @property
    def provenance(self) -> str:
        return Measured(tuple(range(self.seed, self.seed + REPEATS)), self.seconds, "Live runs").provenance


def problem(samples: int, signal: float, draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Inputs (samples, features) of which the first carries ``signal``, and classes −1 and 1."""
    y = draw.choice([-1.0, 1.0], samples)
    x = draw.normal(size=(samples, FEATURES))
    x[:, 0] += signal * y
    return x, y


def search(samples: int, tried: int, signal: float, seed: int) -> Search:
    """Choose among ``tried`` sets of features by cross-validation; judge the choice by its own score, by an outer
    cross-validation around the whole search, and on fresh samples."""
    began, rows = time.perf_counter(), []
    for number in range(seed, seed + REPEATS):
        draw = np.random.default_rng(number)
        x, y = problem(samples, signal, draw)
        fresh, classes = problem(FRESH, signal, draw)
        settings = np.array([draw.choice(FEATURES, TAKEN, replace=False) for _ in range(tried)])
        inner = cross_validated(x, y, settings, folds(samples, K, draw))
        winner = settings[inner.argmax()]
        outer = [nested_fold(x, y, settings, held, draw) for held in folds(samples, K, draw)]
        truth = float(right(fitted(x[:, winner], y), fresh[:, winner], classes))
        rows.append((inner.max(), np.mean(outer), truth))
    best, nested, truth = np.array(rows).T
    return Search(best, nested, truth, samples, signal, tried, seed, time.perf_counter() - began)


def nested_fold(
    x: np.ndarray, y: np.ndarray, settings: np.ndarray, held: np.ndarray, draw: np.random.Generator
) -> float:
    """Search among the other samples, and judge the winner on those that the search has not seen."""
    train = without(held, len(x))
    inner = cross_validated(x[train], y[train], settings, folds(len(train), K, draw))
    winner = settings[inner.argmax()]
    weights = fitted(x[np.ix_(train, winner)], y[train])
    return float(right(weights, x[np.ix_(held, winner)], y[held]))


@dataclass(frozen=True)
class Reuse:
    """The best score so far of entries that all guess, on one test set: (repeats, entries)."""

    best: np.ndarray
    samples: int
    seed: int
    seconds: float

    @property
    def provenance(self) -> str:
        return Measured((self.seed,), self.seconds, "Simulated").provenance


def bound(entries: np.ndarray | float, samples: int) -> np.ndarray:
    """How good the best of several guessing entries seems on a test set, at most on average: 1/2 + √(ln m / 2n), the
    maximal inequality for means of n bounded terms (Hoeffding 1963; Blum and Hardt 2015)."""
    return 0.5 + np.sqrt(np.log(np.asarray(entries, dtype=float)) / (2 * samples))


def reuse(samples: int, seed: int) -> Reuse:
    """Ask a test set ``ENTRIES`` times for the score of a guess."""
    began, draw = time.perf_counter(), np.random.default_rng(seed)
    hits = draw.binomial(samples, 0.5, size=(30, ENTRIES)) / samples
    return Reuse(np.maximum.accumulate(hits, axis=1), samples, seed, time.perf_counter() - began)
