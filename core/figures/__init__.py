"""Values in, pictures out: Plotly traces with a text alternative and, where there is a history, frames."""

from core.figures.curves import bands, bars, line, losses
from core.figures.layers import representation, separability
from core.figures.network import importances, network, silenced_boundary
from core.figures.picture import BLUE, COLORS, GREY, INK, ORANGE, PAPER, Picture, encoded, layout, square
from core.figures.planes import boundary, heat, points
from core.figures.shapes import function_and_slope

__all__ = [
    "BLUE",
    "COLORS",
    "GREY",
    "INK",
    "ORANGE",
    "PAPER",
    "Picture",
    "bands",
    "bars",
    "boundary",
    "encoded",
    "function_and_slope",
    "heat",
    "importances",
    "layout",
    "line",
    "losses",
    "network",
    "points",
    "representation",
    "separability",
    "silenced_boundary",
    "square",
]  # fmt: skip
