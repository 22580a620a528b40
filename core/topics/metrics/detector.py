"""Scores, a threshold, a share of positives and two costs: what a detector is worth, whoever made the scores."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.metrics.binary import Counts, Curve, confusion, curve, interval, resamples, with_positives

DRAWS = 300  # resamples behind an interval
NUMBERS: dict[str, Callable[[Counts], np.ndarray]] = {
    "Accuracy": lambda counts: counts.accuracy,
    "Precision": lambda counts: counts.precision,
    "Recall": lambda counts: counts.recall,
    "Specificity": lambda counts: counts.specificity,
    "F1": lambda counts: counts.f1,
}


@dataclass(frozen=True)
class Detector:
    """Scores (samples,) and the truth (samples,), 1 where there is a ``positive``, by its name and that of the rest."""

    truth: np.ndarray
    scores: np.ndarray
    positive: str
    negative: str
    provenance: str

    @property
    def prevalence(self) -> float:
        """The share of positives among the samples."""
        return float(self.truth.mean())

    def weights(self, share: float | None) -> np.ndarray:
        """What every sample counts for, if positives were another share of all."""
        return np.ones(len(self.truth)) if share is None else with_positives(self.truth, share)

    def at(self, threshold: float, share: float | None = None) -> Counts:
        """The counts at a threshold."""
        return confusion(self.truth, self.scores, threshold, self.weights(share))

    def curve(self, share: float | None = None) -> Curve:
        """The counts at every threshold."""
        return curve(self.truth, self.scores, self.weights(share))

    @cached_property
    def drawn(self) -> np.ndarray:
        """Resamples of the samples, positives and negatives each among themselves so that both occur."""
        weights = np.zeros((DRAWS, len(self.truth)))
        for side in (0, 1):
            places = np.flatnonzero(self.truth == side)
            weights[:, places] = resamples(len(places), DRAWS, side)
        return weights

    def intervals(self, threshold: float, share: float | None = None) -> dict[str, tuple[float, float]]:
        """The 95% bootstrap interval of every number at a threshold."""
        counts = confusion(self.truth, self.scores, threshold, self.drawn * self.weights(share))
        return {name: interval(number(counts)) for name, number in NUMBERS.items()}

    def curve_intervals(self, share: float | None = None) -> tuple[tuple[float, float], tuple[float, float]]:
        """The 95% bootstrap intervals of the ROC curve's area and of average precision."""
        found = curve(self.truth, self.scores, self.drawn * self.weights(share))
        return interval(found.auc), interval(found.average_precision)

    def cheapest(self, miss: float, share: float | None = None) -> tuple[float, float]:
        """The threshold of the lowest cost, and that cost per sample. Of the thresholds between two scores, which give
        the same counts, it is the middle."""
        found = self.curve(share)
        costs = found.counts.cost(miss)
        place = int(costs.argmin())
        upper = found.thresholds[place] if np.isfinite(found.thresholds[place]) else found.thresholds[1] + 0.02
        lower = found.thresholds[place + 1] if place + 1 < len(found.thresholds) else upper
        return float((upper + lower) / 2), float(costs[place])
