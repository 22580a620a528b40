"""Values in, pictures out: Plotly traces with a text alternative and, where there is a history, frames.

Here is what several topics need; what shows one subject of them is imported from its module (``core.figures.network``).
"""

from core.figures.curves import bands, bars, line, losses
from core.figures.picture import BLUE, COLORS, GREY, INK, ORANGE, PAPER, Picture, encoded, layout, square
from core.figures.planes import boundary, heat, points

__all__ = [
    "BLUE", "COLORS", "GREY", "INK", "ORANGE", "PAPER", "Picture", "bands", "bars", "boundary", "encoded", "heat",
    "layout", "line", "losses", "points", "square",
]  # fmt: skip
