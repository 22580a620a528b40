"""From a small grey drawing to ink of any size: the middle of its strokes, gone over with a pen of any width."""

import functools
import math

import numpy as np

FINE = 112  # pixels a side at which the middle of the strokes is sought
AROUND = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))  # rows, columns; north first, clockwise
NEIGHBOURS = np.zeros((3, 3), np.float32)  # correlated with ink, it gives each pixel the code of its neighbourhood
for bit, (down, right) in enumerate(AROUND):
    NEIGHBOURS[1 + down, 1 + right] = 1 << bit


@functools.cache
def erodible(turn: int) -> np.ndarray:
    """Which of the 256 neighbourhoods lose their middle pixel in one of the two turns (Zhang and Suen 1984)."""
    ring = np.arange(256)[:, None] >> np.arange(8) & 1
    rises = ((ring == 0) & (np.roll(ring, -1, axis=1) == 1)).sum(axis=1)
    north, east, south, west = ring[:, 0], ring[:, 2], ring[:, 4], ring[:, 6]
    last = (east, south) if turn == 0 else (west, north)
    ends = north * south * last[0] + east * west * last[1]
    filled = ring.sum(axis=1)
    return ((filled >= 2) & (filled <= 6) & (rises == 1) & (ends == 0)).astype(np.uint8)


def skeleton(mask: np.ndarray) -> np.ndarray:
    """The middle of strokes, one pixel wide: ``mask`` and result (height, width), uint8, 1 for ink."""
    import cv2

    ink, before = np.pad(mask, 1), -1
    while before != (before := int(ink.sum())):
        for turn in (0, 1):
            codes = cv2.filter2D(ink, cv2.CV_8U, NEIGHBOURS, borderType=cv2.BORDER_CONSTANT)
            ink &= 1 - cv2.LUT(codes, erodible(turn))
    return ink[1:-1, 1:-1]


def distances(drawing: np.ndarray) -> np.ndarray:
    """How far each place is from the middle of the nearest stroke, in shares of the drawing's longer side.

    ``drawing`` (28, 28) uint8, ink 255. The result is square, with half a side of room on every side of the ink.
    """
    import cv2

    fine = cv2.resize(drawing, (FINE, FINE), interpolation=cv2.INTER_CUBIC)
    ridge = skeleton((fine > 90).astype(np.uint8))
    rows, columns = np.flatnonzero(ridge.any(axis=1)), np.flatnonzero(ridge.any(axis=0))
    ridge = ridge[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    side = max(ridge.shape)
    room = [((2 * side - length) // 2, (2 * side - length + 1) // 2) for length in ridge.shape]
    away = cv2.distanceTransform(1 - np.pad(ridge, room), cv2.DIST_L2, 5)
    return away / side


def penned(away: np.ndarray, side: float, pen: float, turn: float, stretch: float, lean: float) -> np.ndarray:
    """A drawing's ink, cut to where there is any: (height, width) from 0 to 1.

    ``away`` from ``distances``; the longer side becomes ``side`` pixels and strokes ``pen`` pixels wide; ``turn`` in
    degrees, anticlockwise; ``stretch`` multiplies the width and divides the height; ``lean`` shears.
    """
    import cv2

    angle, scale = math.radians(turn), 2 * side / len(away)
    rotation = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    matrix = scale * rotation @ np.array([[stretch, lean], [0, 1 / stretch]])
    reach = math.ceil(1.6 * side * max(stretch, 1 / stretch) + 2 * pen) + 4
    middle = np.array([reach / 2, reach / 2]) - matrix @ np.full(2, (len(away) - 1) / 2)
    moved = cv2.warpAffine(
        away, np.c_[matrix, middle], (reach, reach), flags=cv2.INTER_LINEAR, borderValue=1.0
    )  # fmt: skip
    cover = np.clip(pen / 2 + 0.5 - side * moved, 0, 1)
    rows, columns = np.flatnonzero((cover > 0).any(axis=1)), np.flatnonzero((cover > 0).any(axis=0))
    return cover[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
