"""A picture cut into overlapping parts, so that small objects are seen larger (Akyon et al. 2022)."""

from dataclasses import dataclass

import numpy as np

OVERLAP = 0.25  # of a part's side
MOST = 8  # parts along the shorter side
EDGE = 1.5  # pixels; a box that comes this near to a part's inner edge is taken for cut off


@dataclass(frozen=True)
class Tile:
    """A part of a picture, as slices of its rows and columns."""

    rows: slice
    columns: slice

    def whole(self, boxes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Which boxes (n, 4) are not cut off by this part's edges, (n,) bool; the picture's own edges cut nothing."""
        low = np.array([self.columns.start, self.rows.start])
        high = np.array([self.columns.stop, self.rows.stop])
        begun = (boxes[:, :2] > low + EDGE) | (low == 0)
        ended = (boxes[:, 2:] < high - EDGE) | (high == np.array(size))
        return (begun & ended).all(axis=1)


def tiled(size: tuple[int, int], across: int) -> tuple[Tile, ...]:
    """The whole picture, and with ``across`` of 2 or more square parts, ``across`` of them along the shorter side."""
    wide, high = size
    whole = Tile(slice(0, high), slice(0, wide))
    if across < 2:
        return (whole,)
    if across > MOST:
        raise ValueError(f"At most {MOST} parts along the shorter side.")
    side = min(size) / (across - (across - 1) * OVERLAP)
    if side < 32:
        return (whole,)
    rows, columns = (spans(length, side) for length in (high, wide))
    return (whole, *(Tile(row, column) for row in rows for column in columns))


def spans(length: int, side: float) -> list[slice]:
    """Equal spans that cover a length with at least the overlap."""
    count = max(1, int(np.ceil((length - OVERLAP * side) / ((1 - OVERLAP) * side) - 1e-6)))
    starts = np.linspace(0, length - min(side, length), count).round().astype(int)
    return [slice(int(start), min(length, int(start + np.ceil(side)))) for start in starts]
