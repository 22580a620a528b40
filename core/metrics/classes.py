"""Several classes: the confusion matrix, and what becomes of its classes' precision, recall and F1 on average.

A matrix (…, classes, classes) has the true class down and the answer across.
"""

import numpy as np

from core.metrics.binary import Counts

AVERAGES = ("micro", "macro", "weighted")


def matrix(truth: np.ndarray, answers: np.ndarray, classes: int, weights: np.ndarray | None = None) -> np.ndarray:
    """The (weighted) number of samples of every class and answer; ``weights`` (…, samples)."""
    weights = np.ones(len(truth)) if weights is None else weights
    cells = np.zeros((len(truth), classes * classes))
    cells[np.arange(len(truth)), truth * classes + answers] = 1
    return (weights @ cells).reshape(*weights.shape[:-1], classes, classes)


def one_against_rest(table: np.ndarray) -> Counts:
    """The counts of every class against all others, each (…, classes)."""
    tp = np.diagonal(table, axis1=-2, axis2=-1)
    fp, fn = table.sum(-2) - tp, table.sum(-1) - tp
    return Counts(tp, fp, fn, table.sum((-2, -1))[..., None] - tp - fp - fn)


def averaged(table: np.ndarray, average: str) -> dict[str, np.ndarray]:
    """Precision, recall and F1 (…) over all classes.

    "micro" counts all samples alike, and is the accuracy; "macro" is the plain mean over classes that occur or are
    answered; "weighted" weighs classes by how many samples they have.
    """
    counts = one_against_rest(table)
    if average == "micro":
        whole = Counts(*(each.sum(-1) for each in (counts.tp, counts.fp, counts.fn, counts.tn)))
        return {"precision": whole.precision, "recall": whole.recall, "F1": whole.f1}
    weights = counts.tp + counts.fn
    if average == "macro":
        weights = ((weights + counts.fp) > 0).astype(float)
    values = {"precision": counts.precision, "recall": counts.recall, "F1": counts.f1}
    return {name: (weights * value).sum(-1) / weights.sum(-1) for name, value in values.items()}
