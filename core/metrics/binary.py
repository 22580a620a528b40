"""Two classes, told apart by a score: counts at a threshold, ROC and precision-recall curves, bootstrap intervals.

``truth`` (samples,) is 1 for a positive and 0 for a negative, ``scores`` (samples,) are higher where a positive is more
likely, and a sample counts as positive from the threshold on. ``weights`` (…, samples) say how often each sample
counts: other shares of positives, or resamples of a bootstrap, all of them at once. What they lead with (…), answers
lead with too. A share of nothing is 0, as scikit-learn's ``zero_division=0``.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np


def share(part, whole) -> np.ndarray:
    """Part over whole, 0 where there is no whole."""
    part, whole = np.broadcast_arrays(np.asarray(part, float), np.asarray(whole, float))
    return np.divide(part, whole, out=np.zeros(part.shape), where=whole > 0)


@dataclass(frozen=True)
class Counts:
    """True and false positives and negatives, each a (weighted) number or an array (…)."""

    tp: np.ndarray
    fp: np.ndarray
    fn: np.ndarray
    tn: np.ndarray

    @property
    def accuracy(self) -> np.ndarray:
        """Share of all answers that are right."""
        return share(self.tp + self.tn, self.tp + self.fp + self.fn + self.tn)

    @property
    def precision(self) -> np.ndarray:
        """Share of the alarms that are right."""
        return share(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> np.ndarray:
        """Share of the positives that are found: sensitivity, the true positive rate."""
        return share(self.tp, self.tp + self.fn)

    @property
    def specificity(self) -> np.ndarray:
        """Share of the negatives that are left alone."""
        return share(self.tn, self.tn + self.fp)

    @property
    def f1(self) -> np.ndarray:
        """Harmonic mean of precision and recall."""
        return share(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    def cost(self, miss: float, alarm: float = 1.0) -> np.ndarray:
        """Mean cost of a sample, if a miss and a false alarm cost so much and right answers nothing."""
        return share(miss * self.fn + alarm * self.fp, self.tp + self.fp + self.fn + self.tn)


@dataclass(frozen=True)
class Curve:
    """What every threshold gives: ``thresholds`` (k,) fall from infinity, ``tp`` and ``fp`` (…, k) rise from 0 to all
    positives and all negatives."""

    thresholds: np.ndarray
    tp: np.ndarray
    fp: np.ndarray

    @cached_property
    def counts(self) -> Counts:
        """The counts at every threshold, (…, k)."""
        return Counts(self.tp, self.fp, self.tp[..., -1:] - self.tp, self.fp[..., -1:] - self.fp)

    @property
    def auc(self) -> np.ndarray:
        """The area under the ROC curve; not a number without positives or without negatives."""
        defined = (self.tp[..., -1] > 0) & (self.fp[..., -1] > 0)
        heights, steps = self.counts.recall, np.diff(1 - self.counts.specificity)
        return np.where(defined, (steps * (heights[..., 1:] + heights[..., :-1]) / 2).sum(-1), np.nan)

    @property
    def average_precision(self) -> np.ndarray:
        """The precision at every threshold, weighted by the recall that it adds."""
        return (np.diff(self.counts.recall) * self.counts.precision[..., 1:]).sum(-1)


def confusion(truth: np.ndarray, scores: np.ndarray, threshold: float, weights: np.ndarray | None = None) -> Counts:
    """The counts at one threshold, each (…)."""
    weights = np.ones(len(truth)) if weights is None else weights
    positive, alarm = truth > 0, scores >= threshold
    cells = (positive & alarm, ~positive & alarm, positive & ~alarm, ~positive & ~alarm)
    return Counts(*(weights @ cell.astype(float) for cell in cells))


def curve(truth: np.ndarray, scores: np.ndarray, weights: np.ndarray | None = None) -> Curve:
    """The counts at every threshold that makes a difference; samples of one score pass it together."""
    weights = np.ones(len(truth)) if weights is None else weights
    order = np.argsort(-scores, kind="stable")
    ordered, positive, weights = scores[order], truth[order] > 0, weights[..., order]
    last = np.r_[np.flatnonzero(np.diff(ordered)), len(ordered) - 1]
    start = np.zeros((*weights.shape[:-1], 1))
    tp, fp = (np.cumsum(weights * side, axis=-1)[..., last] for side in (positive, ~positive))
    return Curve(np.r_[np.inf, ordered[last]], np.concatenate([start, tp], -1), np.concatenate([start, fp], -1))


def pair_share(truth: np.ndarray, scores: np.ndarray, pairs: int, seed: int) -> float:
    """Share of random pairs, a positive and a negative, in which the positive has the higher score; a tie counts half.

    With enough pairs it is the area under the ROC curve (Hanley and McNeil 1982).
    """
    random = np.random.default_rng(seed)
    above = random.choice(scores[truth > 0], pairs) - random.choice(scores[truth == 0], pairs)
    return float(((above > 0) + 0.5 * (above == 0)).mean())


def with_positives(truth: np.ndarray, wanted: float) -> np.ndarray:
    """Weights (samples,), 1 on average, with which positives make up the ``wanted`` share of all."""
    positive = truth > 0
    actual = positive.mean()
    return np.where(positive, wanted / actual, (1 - wanted) / (1 - actual))


def resamples(count: int, draws: int, seed: int) -> np.ndarray:
    """How often each of ``count`` samples is drawn when as many are drawn with replacement: (draws, count)."""
    return np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), draws).astype(float)


def interval(values: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """The percentile interval (Efron 1979) of what a number was on every resample, (draws,)."""
    edge = (1 - level) / 2
    low, high = np.nanquantile(values, [edge, 1 - edge])
    return float(low), float(high)
