"""Points a learner sets one by one, as a short text that fits into a link: ``o-1.2_0.5b1_1`` is an orange point at
(−1.2, 0.5) and a blue one at (1, 1)."""

import math
import re
from collections.abc import Sequence

from core.data.planar import EXTENT

MOST = 200
LETTERS = "obgpyk"  # orange, blue, green, pink, yellow, black
_POINT = re.compile(rf"([{LETTERS}])(-?\d{{1,2}}(?:\.\d{{1,2}})?)_(-?\d{{1,2}}(?:\.\d{{1,2}})?)", re.ASCII)

Row = tuple[float, float, int]


def as_text(rows: Sequence[Row]) -> str:
    """Rows of (x, y, class) as text, coordinates to two decimals; raises ``ValueError`` for more than ``MOST``."""
    check(len(rows))
    return "".join(f"{LETTERS[colour]}{short(x)}_{short(y)}" for x, y, colour in rows)


def short(value: float) -> str:
    """A coordinate to two decimals, moved into the picture if it lies outside."""
    if not math.isfinite(value):
        raise ValueError("A coordinate must be a number.")
    value = round(min(max(value, -EXTENT), EXTENT), 2)
    return f"{value + 0.0:g}"


def from_text(text: str) -> tuple[Row, ...]:
    """The rows of a text; spaces and line ends between points do not matter.

    Raises ``ValueError``, one sentence, for what is no such text, for a point outside the picture and for too many.
    """
    rows, place, text = [], 0, re.sub(r"\s+", "", text)
    while place < len(text):
        match = _POINT.match(text, place)
        if not match:
            raise ValueError(
                f"Point {len(rows) + 1} cannot be read: write points like o-1.2_0.5 (orange) or b1_1 (blue)."
            )
        x, y = float(match[2]), float(match[3])
        if max(abs(x), abs(y)) > EXTENT:
            raise ValueError(
                f"Point {len(rows) + 1} lies outside the picture: coordinates go from −{EXTENT} to {EXTENT}."
            )
        rows.append((x, y, LETTERS.index(match[1])))
        check(len(rows))
        place = match.end()
    return tuple(rows)


def check(count: int) -> None:
    """Raise ``ValueError`` for more points than are taken."""
    if count > MOST:
        raise ValueError(f"At most {MOST} points are taken.")
