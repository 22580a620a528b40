"""How good detections are: matched with the truth, precision and recall, average precision and mAP, step by step."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.projects.detection.boxes import iou

THRESHOLDS = np.linspace(0.5, 0.95, 10)  # of IoU, as COCO averages over them (Lin et al. 2014)
GRID = np.linspace(0, 1, 101)  # of recall


@dataclass(frozen=True)
class Truth:
    """What a picture shows: boxes (objects, 4) as x1, y1, x2, y2 and class numbers (objects,)."""

    boxes: np.ndarray
    classes: np.ndarray


@dataclass(frozen=True)
class Found:
    """What was found in a picture: boxes (n, 4), scores (n,), class numbers (n,)."""

    boxes: np.ndarray
    scores: np.ndarray
    classes: np.ndarray


def matched(found: Found, truth: Truth, thresholds: np.ndarray = THRESHOLDS) -> np.ndarray:
    """Which object each detection hits, (n, thresholds): its number among the truth, −1 for none.

    The surest detection chooses first: of the objects of its class that nobody has yet, the one with the largest IoU,
    if that reaches the threshold (COCO's rule, and ``match_predictions`` of Ultralytics).
    """
    hit = np.full((len(found.boxes), len(thresholds)), -1)
    overlaps = iou(truth.boxes, found.boxes) * (truth.classes[:, None] == found.classes[None])
    if not len(truth.boxes):
        return hit
    for place, threshold in enumerate(thresholds):
        free = np.ones(len(truth.boxes), dtype=bool)
        for detection in np.argsort(-found.scores, kind="stable"):
            chosen = int(np.argmax(overlaps[:, detection] * free))
            if free[chosen] and overlaps[chosen, detection] >= threshold:
                hit[detection, place], free[chosen] = chosen, False
    return hit


@dataclass(frozen=True)
class Curve:
    """Precision and recall when the surest 1, 2, … n detections count, (n,) each, with their scores.

    ``envelope`` (n + 2,) over ``recalls`` (n + 2,): precision made non-increasing, ends added; ``average`` its area.
    """

    scores: np.ndarray
    hits: np.ndarray
    precision: np.ndarray
    recall: np.ndarray
    recalls: np.ndarray
    envelope: np.ndarray
    average: float


def curve(scores: np.ndarray, hits: np.ndarray, objects: int) -> Curve:
    """The precision–recall curve of one class at one IoU threshold, ``objects`` of which there are in truth.

    Average precision is the area under the envelope, read at 101 recalls and summed by trapezoids, as Ultralytics does
    after COCO. Beyond the last recall reached the envelope falls to 0.
    """
    order = np.argsort(-scores, kind="stable")
    hits = hits[order].astype(bool)
    right = hits.cumsum()
    recall = right / max(objects, 1)
    precision = right / np.arange(1, len(hits) + 1)
    recalls, envelope = enveloped(recall, precision)
    height = np.interp(GRID, recalls, envelope) if len(hits) else np.zeros_like(GRID)
    average = float(((height[1:] + height[:-1]) / 2 * np.diff(GRID)).sum())
    return Curve(scores[order], hits, precision, recall, recalls, envelope, average)


def enveloped(recall: np.ndarray, precision: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Recall with its ends, and the best precision at this recall or a later one."""
    last = recall[-1] if len(recall) else 0.0
    recalls = np.concatenate([[0.0], recall, [last, 1.0]])
    heights = np.concatenate([[1.0], precision, [0.0, 0.0]])
    return recalls, np.maximum.accumulate(heights[::-1])[::-1]


@dataclass(frozen=True)
class Score:
    """Average precision of each class that occurs, (classes, thresholds), and their class numbers."""

    classes: np.ndarray
    averages: np.ndarray

    @property
    def map50(self) -> float:
        """Mean over the classes at IoU 0.5."""
        return float(self.averages[:, 0].mean()) if len(self.classes) else 0.0

    @property
    def map50_95(self) -> float:
        """Mean over the classes and over IoU 0.5, 0.55, … 0.95."""
        return float(self.averages.mean()) if len(self.classes) else 0.0


def score(found: Sequence[Found], truth: Sequence[Truth], thresholds: np.ndarray = THRESHOLDS) -> Score:
    """mAP of detections over pictures: Ultralytics' ``ap_per_class``, class by class and threshold by threshold."""
    hits = np.concatenate([matched(one, real, thresholds) >= 0 for one, real in zip(found, truth, strict=True)])
    scores = np.concatenate([one.scores for one in found])
    classes = np.concatenate([one.classes for one in found])
    present, counts = np.unique(np.concatenate([one.classes for one in truth]), return_counts=True)
    averages = [
        [
            curve(scores[classes == kind], hits[classes == kind, place], count).average
            for place in range(len(thresholds))
        ]
        for kind, count in zip(present, counts, strict=True)
    ]
    return Score(present, np.array(averages).reshape(len(present), len(thresholds)))
