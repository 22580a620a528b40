"""Parallel coordinates: every row of a table is a line over its columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.figures.marks import note, stroke, trace
from core.figures.picture import INK, PAPER, Picture, layout


@dataclass(frozen=True)
class Axis:
    """One column: its name, the rows' heights between 0 and 1 (rows,), and ``ticks`` as (height, words)."""

    name: str
    heights: np.ndarray
    ticks: Sequence[tuple[float, str]]


@dataclass(frozen=True)
class Lines:
    """Rows (their places) that are drawn alike."""

    name: str
    places: Sequence[int]
    color: str
    width: float
    dash: str


def parallel_coordinates(axes: Sequence[Axis], groups: Sequence[Lines], alt: str, height: int = 340) -> Picture:
    """All rows over all columns, group by group; the last group is drawn on top. Axis k stands at x = k."""
    at, traces = np.array([*range(len(axes)), np.nan]), []
    for group in groups:
        rows = np.array([[*(axis.heights[place] for axis in axes), np.nan] for place in group.places]).reshape(-1)
        style = stroke(group.color, group.width, group.dash)
        traces.append(trace("lines", np.tile(at, len(group.places)), rows, name=group.name, line=style,
                            hoverinfo="skip"))  # fmt: skip
    poles = [{"type": "line", "x0": k, "x1": k, "y0": 0, "y1": 1, "line": stroke(INK, 1)} for k in range(len(axes))]
    words = [
        note(k, y, text, font={"size": 12}, bgcolor=PAPER, **beside(y))
        for k, axis in enumerate(axes)
        for y, text in axis.ticks
    ]
    names = {"tickvals": list(range(len(axes))), "ticktext": [axis.name.replace(" ", "<br>") for axis in axes]}
    plain = {"showgrid": False, "range": [-0.3, len(axes) - 0.7], "fixedrange": True, **names}
    unseen = {"showticklabels": False, "showgrid": False, "range": [-0.14, 1.14], "fixedrange": True}
    return Picture(traces, layout("", "", height, xaxis=plain, yaxis=unseen, shapes=poles, annotations=words), alt)


def beside(height: float) -> dict[str, Any]:
    """Where the words of a tick stand: below the foot, above the top, else to the right of the axis."""
    if height <= 0 or height >= 1:
        return {"yanchor": "top" if height <= 0 else "bottom"}
    return {"yanchor": "middle", "xanchor": "left", "xshift": 4}
