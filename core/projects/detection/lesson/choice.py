"""Which raw boxes of a picture a detector keeps, and by whom each of the others is suppressed."""

from dataclasses import dataclass

import numpy as np

from core.projects.detection.boxes import iou as overlaps
from core.projects.detection.lesson.seen import Seen
from core.projects.detection.suppression import suppressed


@dataclass(frozen=True)
class Choice:
    """``kept`` are places of raw boxes, the highest score first; ``by`` says of every raw box which of them suppressed
    it: −1 for nobody, −2 for one that was never looked at."""

    kept: np.ndarray
    by: np.ndarray

    @property
    def looked(self) -> int:
        """How many boxes were looked at."""
        return int((self.by > -2).sum())

    def victims(self, at: int) -> np.ndarray:
        """The raw boxes that one of the kept ones has suppressed."""
        return np.flatnonzero(self.by == at)


def overlap(one: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union of one box (4,) with others (n, 4), (n,)."""
    return overlaps(one[None], others)[0]


def chosen(
    seen: Seen, confidence: float, iou: float, across: bool = False, hidden: frozenset[str] = frozenset()
) -> Choice:
    """Suppression of the raw boxes that are worth showing, of the best class of each; boxes of ``hidden`` classes are
    as if they were not there."""
    shown = np.array([name not in hidden for name in seen.names])
    order = seen.order[shown[seen.labels[seen.order]]]
    found = suppressed(seen.boxes[order], seen.best[order], seen.labels[order], confidence, iou, across)
    by = np.full(len(seen.boxes), -2)
    by[order] = np.where(found.by >= 0, order[found.by], found.by)
    return Choice(order[found.kept], by)
