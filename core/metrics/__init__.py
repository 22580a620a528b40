"""How good predictions are: of a network's outputs, of scores and a threshold, of classes, of stated probabilities."""

from core.metrics.outputs import accuracy, r_squared, score

__all__ = ["accuracy", "r_squared", "score"]
