"""Tensors drawn as cells: grids of numbers, and rows of memory."""

from collections.abc import Sequence

from core.figures.marks import SILENT, UNSEEN, marker, trace
from core.figures.picture import INK, layout

SIDE = 27  # pixels of a cell
STEP = 36  # pixels from cell to cell


def boxes(
    spots: Sequence[tuple[float, float]], words: Sequence[str], color: str, symbol: str = "square-open",
    size: int = SIDE, ink: str = INK, **more,
) -> dict:  # fmt: skip
    """Cells with words in them; ``more`` goes to the trace."""
    style = {**marker(color, size, symbol), "line": {"color": color, "width": 1.6}}
    return trace(
        "markers+text", [spot[0] for spot in spots], [spot[1] for spot in spots], text=list(words), marker=style,
        textfont={"color": ink, "size": 12}, **{**SILENT, **more},
    )  # fmt: skip


def grid(rows: int, columns: int, left: float = 0.0, top: float = 0.0) -> list[tuple[float, float]]:
    """Where the cells of a matrix stand, row by row."""
    return [(left + column, top - row) for row in range(rows) for column in range(columns)]


def board(left: float, right: float, low: float, high: float, notes: Sequence[dict] = (), named: bool = False) -> dict:
    """A layout in which a unit is a cell's distance upwards; cells and notes are seen, a legend if ``named``."""
    plan = layout(
        height=int((high - low) * STEP) + 44,
        xaxis={**UNSEEN, "range": [left, right]},
        yaxis={**UNSEEN, "range": [low, high]},
        annotations=list(notes),
        showlegend=named,
        meta={"dense": True},
    )
    plan["margin"] = {"l": 4, "r": 4, "t": 34 if named else 8, "b": 8}
    return plan
