"""Non-maximum suppression: of boxes that overlap too much, only the surest stays; and who put out whom."""

from dataclasses import dataclass

import numpy as np

from core.projects.detection.boxes import iou


@dataclass(frozen=True)
class Suppressed:
    """What suppression decided about n boxes.

    ``order``: the boxes that were sure enough, surest first; ``by`` (n,): which box put this one out, −1 for those
    that stay, −2 for those that were not sure enough; ``overlap`` (n,): its IoU with that box, 0 for the others.
    """

    order: np.ndarray
    by: np.ndarray
    overlap: np.ndarray

    @property
    def kept(self) -> np.ndarray:
        """The boxes that stay, surest first."""
        return self.order[self.by[self.order] == -1]


def suppressed(
    boxes: np.ndarray, scores: np.ndarray, classes: np.ndarray, confidence: float = 0.25, most: float = 0.45,
    across: bool = False,
) -> Suppressed:  # fmt: skip
    """Greedy suppression of boxes (n, 4) with scores (n,) and class numbers (n,).

    Boxes no surer than ``confidence`` are left out. In order of their scores, each box that is still there puts out
    all later ones of its class whose IoU with it is larger than ``most`` (Felzenszwalb et al. 2010, section 5.2);
    ``across`` lets boxes of different classes put each other out too. Equal scores keep their order.
    """
    sure = np.flatnonzero(scores > confidence)
    order = sure[np.argsort(-scores[sure], kind="stable")]
    by = np.full(len(boxes), -2)
    by[order] = -1
    overlap = np.zeros(len(boxes))
    for place, box in enumerate(order):
        if by[box] != -1:
            continue
        later = order[place + 1 :]
        later = later[(by[later] == -1) & (across | (classes[later] == classes[box]))]
        shared = iou(boxes[[box]], boxes[later])[0]
        out = shared > most
        by[later[out]], overlap[later[out]] = box, shared[out]
    return Suppressed(order, by, overlap)


def nms(boxes: np.ndarray, scores: np.ndarray, most: float) -> np.ndarray:
    """The boxes that stay, surest first, all taken for one class: ``torchvision.ops.nms``."""
    return suppressed(boxes, scores, np.zeros(len(boxes), int), -np.inf, most).kept
