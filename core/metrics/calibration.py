"""Whether stated probabilities come true: reliability, calibration error, and one temperature that mends it.

Guo, Pleiss, Sun and Weinberger (2017), *On calibration of modern neural networks*.
"""

from dataclasses import dataclass

import numpy as np

from core.metrics.binary import share

LOWEST, HIGHEST = 0.05, 20.0  # temperatures


@dataclass(frozen=True)
class Reliability:
    """Samples sorted into equal bins of confidence, each (bins,): how many, how sure on average, what share is right;
    ``edges`` (bins + 1,)."""

    edges: np.ndarray
    count: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray

    @property
    def error(self) -> float:
        """Expected calibration error: the mean distance of confidence and accuracy, bins weighted by their samples."""
        return float((self.count * np.abs(self.confidence - self.accuracy)).sum() / self.count.sum())


def reliability(confidence: np.ndarray, right: np.ndarray, bins: int) -> Reliability:
    """Confidence (samples,) in [0, 1] and whether the answer was right (samples,), by bins closed below."""
    edges = np.linspace(0, 1, bins + 1)
    place = np.clip(np.searchsorted(edges, confidence, side="right") - 1, 0, bins - 1)
    count, sure, good = (np.bincount(place, each, bins) for each in (np.ones(len(place)), confidence, right))
    return Reliability(edges, count, share(sure, count), share(good, count))


def log_softmax(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Logarithms of probabilities (samples, classes), from logits divided by a temperature."""
    scaled = logits / temperature
    scaled = scaled - scaled.max(axis=1, keepdims=True)
    return scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))


def negative_log_likelihood(logits: np.ndarray, truth: np.ndarray, temperature: float = 1.0) -> float:
    """Mean cross-entropy, in nats."""
    return float(-log_softmax(logits, temperature)[np.arange(len(truth)), truth].mean())


def best_temperature(logits: np.ndarray, truth: np.ndarray) -> float:
    """The temperature of least cross-entropy. In 1/T the cross-entropy is convex: one minimum, by bounded search."""
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        lambda log: negative_log_likelihood(logits, truth, float(np.exp(log))),
        bounds=(np.log(LOWEST), np.log(HIGHEST)), method="bounded", options={"xatol": 1e-6},
    )  # fmt: skip
    return float(np.exp(found.x))
