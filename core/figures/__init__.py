"""Values in, pictures out: Plotly traces with a text alternative and, where there is a history, frames.

Here is what several topics need; what shows one subject of them is imported from its module (``core.figures.network``).
Pictures of a network or a run load the engine, and only when they are asked for: a demo without one need not bring it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from core.figures.picture import BLUE, COLORS, GREY, INK, ORANGE, PAPER, Picture, encoded, layout, square

if TYPE_CHECKING:
    from core.figures.curves import bands, bars, line, losses
    from core.figures.planes import boundary, heat, points

__all__ = [
    "BLUE", "COLORS", "GREY", "INK", "ORANGE", "PAPER", "Picture", "bands", "bars", "boundary", "encoded", "heat",
    "layout", "line", "losses", "points", "square",
]  # fmt: skip
PLACES = ("core.figures.curves", "core.figures.planes")  # of the names that are not here yet


def __getattr__(name: str) -> object:
    if name in __all__:
        for place in PLACES:
            if hasattr(module := import_module(place), name):
                return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
