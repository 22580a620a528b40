"""Values in, pictures out: Plotly traces with a text alternative and, where there is a history, frames."""

from core.figures.curves import bands, bars, line, losses
from core.figures.layers import representation, separability
from core.figures.picture import BLUE, COLORS, GREY, INK, ORANGE, PAPER, Picture, encoded, layout, square
from core.figures.planes import boundary, heat, points

__all__ = [
    "BLUE", "COLORS", "GREY", "INK", "ORANGE", "PAPER", "Picture", "bands", "bars", "boundary", "encoded", "heat",
    "layout", "line", "losses", "points", "representation", "separability", "square",
]  # fmt: skip
