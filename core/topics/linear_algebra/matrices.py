"""The plane before and after a matrix: arrows, shapes, and a cloud of points."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from core.figures.marks import SILENT, hover, stroke, trace
from core.figures.picture import BLUE, GREEN, GREY, INK, ORANGE, Picture, encoded, square

EXTENT = 2.4  # half the width of a plane
GRID = {"showgrid": True, "dtick": 1, "zeroline": True, "zerolinecolor": GREY}
COLUMNS = ("first column", "second column")


@lru_cache(maxsize=1)
def cloud() -> tuple[np.ndarray, np.ndarray]:
    """A pinwheel of points (count, 2) and their class, so that turning and mirroring can be told apart."""
    turn = np.linspace(0.15, 1.5, 45)
    arms = [np.stack([turn * np.cos(turn + start), turn * np.sin(turn + start)], 1) for start in (0, np.pi)]
    return np.concatenate(arms), np.repeat([0, 1], 45)


def arrow(end: Sequence[float] | np.ndarray, name: str, color: str, dash: str = "solid") -> dict:
    """A vector from the origin."""
    tip = {"symbol": "arrow", "size": [0, 15], "angleref": "previous", "color": color}
    style = {"line": stroke(color, 3.5, dash), "marker": tip}
    way = np.array([0.0, end[0]]), np.array([0.0, end[1]])
    return trace("lines+markers", *way, name=name, **style, **hover("(%{x:.2f}, %{y:.2f})", name))


def flat(corners: np.ndarray) -> dict:
    """Corners (count, 2) as coordinates of a trace."""
    return {"x": encoded(np.ascontiguousarray(corners[:, 0])), "y": encoded(np.ascontiguousarray(corners[:, 1]))}


SQUARE = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]], dtype=float)
CIRCLE = np.stack([np.cos(np.linspace(0, 2 * np.pi, 73)), np.sin(np.linspace(0, 2 * np.pi, 73))], 1)


def moved(matrix: np.ndarray, shape: np.ndarray) -> list[dict]:
    """What a matrix makes of the cloud, of a closed shape and of the two unit vectors: the changes of six traces."""
    samples, kind = cloud()
    unit = [np.array([[0.0, 0.0], column]) for column in matrix.T]
    return [flat(part @ matrix.T) for part in (shape, samples[kind == 0], samples[kind == 1])] + [*map(flat, unit)]


def stage(matrix: np.ndarray, shape: np.ndarray, alt: str, extent: float = EXTENT, height: int = 420) -> Picture:
    """The plane after a matrix: the cloud, a shape, and the columns as arrows."""
    marks = [{"color": color, "symbol": symbol, "size": 6} for color, symbol in ((ORANGE, "circle"), (BLUE, "diamond"))]
    points = {"type": "scatter", "mode": "markers", "hoverinfo": "skip", "showlegend": False}
    fill = {"fill": "toself", "fillcolor": "rgba(123,132,148,0.18)"}
    drawn = {"type": "scatter", "mode": "lines", "line": stroke(GREY, 1.5), **fill, **SILENT}
    base = [drawn, *({**points, "marker": mark} for mark in marks)]
    base += [arrow((1, 0), COLUMNS[0], GREEN), arrow((0, 1), COLUMNS[1], INK)]
    traces = [trace | change for trace, change in zip(base, moved(matrix, shape), strict=True)]
    plan = square(extent, height)
    plan["xaxis"] |= GRID
    plan["yaxis"] |= GRID
    return Picture(traces, plan, alt)
