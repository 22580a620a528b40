"""Boxes and how much two of them overlap."""

import math

import numpy as np

EPSILON = 1e-7


def area(boxes: np.ndarray) -> np.ndarray:
    """Areas (n,) of boxes (n, 4) given as x1, y1, x2, y2."""
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def intersection(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Areas (n, m) that boxes (n, 4) share with boxes (m, 4)."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    sides = np.clip(high - low, 0, None)
    return sides[..., 0] * sides[..., 1]


def iou(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Intersection over union (n, m) of boxes (n, 4) with boxes (m, 4); 0 where both have no area.

    As ``torchvision.ops.box_iou`` (Jaccard 1912; Everingham et al. 2010, section 4.2).
    """
    shared = intersection(first, second)
    union = area(first)[:, None] + area(second)[None] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def hull(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Width and height (n, m, 2) of the smallest box around each pair."""
    low = np.minimum(first[:, None, :2], second[None, :, :2])
    high = np.maximum(first[:, None, 2:], second[None, :, 2:])
    return high - low


def giou(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """IoU less the share of the hull that neither box covers, (n, m), −1 to 1 (Rezatofighi et al. 2019).

    Unlike IoU it still falls when two boxes that do not touch move further apart.
    """
    union = area(first)[:, None] + area(second)[None] - intersection(first, second)
    around = hull(first, second).prod(axis=-1)
    return iou(first, second) - (around - union) / (around + EPSILON)


def diou(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """IoU less the squared distance of the centres over that of the hull's diagonal, (n, m) (Zheng et al. 2020)."""
    one, other = ((boxes[:, :2] + boxes[:, 2:]) / 2 for boxes in (first, second))
    away = ((one[:, None] - other[None]) ** 2).sum(axis=-1)
    diagonal = (hull(first, second) ** 2).sum(axis=-1)
    return iou(first, second) - away / (diagonal + EPSILON)


def ciou(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """DIoU less a penalty for the wrong aspect ratio, (n, m) (Zheng et al. 2020); YOLO's box loss is 1 − CIoU."""
    ratios = [
        np.arctan((boxes[:, 2] - boxes[:, 0]) / (boxes[:, 3] - boxes[:, 1] + EPSILON)) for boxes in (first, second)
    ]
    unlike = 4 / math.pi**2 * (ratios[0][:, None] - ratios[1][None]) ** 2
    weight = unlike / (unlike - iou(first, second) + 1 + EPSILON)
    return diou(first, second) - weight * unlike


def centred(boxes: np.ndarray) -> np.ndarray:
    """Boxes x1, y1, x2, y2 as centre x, centre y, width, height."""
    return np.concatenate([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], axis=1)


def cornered(boxes: np.ndarray) -> np.ndarray:
    """Boxes centre x, centre y, width, height as x1, y1, x2, y2."""
    return np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], axis=1)
