"""Detections against what is really there: matching, precision and recall, average precision, step by step."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from core.projects.detection.average_precision import Curve, Found, Score, curve, score
from core.projects.detection.average_precision import Truth as Real
from core.projects.detection.average_precision import matched as hit_by
from core.projects.detection.boxes import iou
from core.projects.detection.lesson.seen import Seen, Truth, seen_in
from core.projects.detection.suppression import suppressed


@dataclass(frozen=True)
class Match:
    """One detection, by its place among the raw boxes: the true object it hits (-1 for none), the IoU with the best
    one that was free, and precision and recall of all detections so far."""

    at: int
    truth: int
    iou: float
    precision: float
    recall: float


def matched(seen: Seen, kept: np.ndarray, truth: Sequence[Truth], least: float = 0.5) -> list[Match]:
    """Detections, the highest score first, each given the free true object of its class that it overlaps most, if by
    at least ``least``."""
    real = real_of(truth)
    own = Found(seen.boxes[kept], seen.best[kept], seen.labels[kept])
    hits = hit_by(own, real, np.array([least]))[:, 0]
    overlaps = iou(own.boxes, real.boxes) * (own.classes[:, None] == real.classes[None])
    matches: list[Match] = []
    for place, (at, hit) in enumerate(zip(kept, hits.tolist(), strict=True), start=1):
        taken = [one.truth for one in matches if one.truth >= 0]
        best = float(np.delete(overlaps[place - 1], taken).max(initial=0.0))
        count = len(taken) + (hit >= 0)
        matches.append(Match(int(at), hit, best, count / place, count / max(len(truth), 1)))
    return matches


def real_of(truth: Sequence[Truth]) -> Real:
    """True objects as arrays."""
    edges = np.array([one.box for one in truth], np.float32).reshape(-1, 4)
    return Real(edges, np.array([one.label for one in truth], int))


def curve_of(matches: Sequence[Match], objects: int) -> Curve:
    """Precision, recall and the area under them of detections that stand in the order of their scores."""
    falling = -np.arange(len(matches), dtype=float)
    return curve(falling, np.array([one.truth >= 0 for one in matches], bool), objects)


def average_precision(matches: Sequence[Match], objects: int) -> float:
    """The area under the falling staircase of precision over recall (``core.projects.detection.average_precision``)."""
    return curve_of(matches, objects).average if matches else 0.0


LEAST, MOST_OVERLAP, MOST = 0.001, 0.7, 300  # score, IoU and number of detections in Ultralytics' evaluation
ROOM = 0.5  # strides of grey that its evaluation leaves around a picture


def found_in(seen: Seen) -> Found:
    """All that counts as found in an evaluation: every class of every raw box that scores at all, suppressed class by
    class, the best 300."""
    places, labels = np.nonzero(seen.scores > LEAST)
    scores, boxes = seen.scores[places, labels], seen.boxes[places]
    kept = suppressed(boxes, scores, labels, LEAST, MOST_OVERLAP).kept[:MOST]
    return Found(boxes[kept], scores[kept], labels[kept])


def evaluated(
    model: Any, names: Sequence[str], side: int, pictures: Iterable[tuple[Image.Image, Sequence[Truth]]]
) -> Score:
    """Average precision of a network on pictures and what is really there, class by class and IoU by IoU: the sums that
    Ultralytics' ``val`` makes, one picture at a time."""
    found, real = [], []
    for picture, truth in pictures:
        found.append(found_in(seen_in(picture, model, names, side, ROOM)))
        real.append(real_of(truth))
    return score(found, real)
