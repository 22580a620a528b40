"""How good a detector is on scenes: mAP as Ultralytics' ``val`` reports it, by class, by size and by paper."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from core.projects.detection.average_precision import Found, Score, Truth, matched, score
from core.projects.detection.detector import Detector, Raw, detect
from core.projects.detection.scenes import Scene
from core.projects.detection.suppression import suppressed

FLOOR, MOST, LARGEST = 0.001, 0.7, 300  # as Ultralytics validates: score, IoU of suppression, detections of a picture
CANDIDATES = 3_000  # pairs of a box and a class that suppression looks at


def every(raw: Raw) -> Found:
    """All a network says of a picture, for measuring: each box once for each class it may be, suppressed by class."""
    boxes, kinds = np.nonzero(raw.scores > FLOOR)
    scores = raw.scores[boxes, kinds]
    best = np.argsort(-scores, kind="stable")[:CANDIDATES]
    boxes, kinds, scores = boxes[best], kinds[best], scores[best]
    kept = suppressed(raw.boxes[boxes], scores, kinds, FLOOR, MOST).kept[:LARGEST]
    return Found(raw.boxes[boxes[kept]], scores[kept], kinds[kept])


def judged(
    detector: Detector, made: Iterable[Scene], side: int | None = None, across: int = 1
) -> tuple[Score, list[Found], list[Truth]]:
    """The score on scenes, with what was found and what is true of each."""
    found, truth = [], []
    for one in made:
        found.append(every(detect(one.picture, detector, side, across)))
        truth.append(Truth(one.boxes.astype(np.float64), one.classes))
    return score(found, truth), found, truth


def recall_by_size(found: Sequence[Found], truth: Sequence[Truth], sides: Sequence[float], confidence: float) -> list:
    """Objects of each size, and the share of them found at IoU 0.5 by a box at least this sure.

    ``sides``: bounds of the square root of a box's area in pixels; a row (bound below, bound above, objects, share).
    """
    counts: list[tuple[float, bool]] = []
    for one, real in zip(found, truth, strict=True):
        sure = one.scores >= confidence
        hits = set(matched(Found(one.boxes[sure], one.scores[sure], one.classes[sure]), real, np.array([0.5]))[:, 0])
        lengths = np.sqrt((real.boxes[:, 2] - real.boxes[:, 0]) * (real.boxes[:, 3] - real.boxes[:, 1]))
        counts += [(float(length), number in hits) for number, length in enumerate(lengths)]
    rows = []
    for low, high in pairwise(sides):
        inside = [hit for length, hit in counts if low <= length < high]
        rows.append((low, high, len(inside), sum(inside) / max(len(inside), 1)))
    return rows
