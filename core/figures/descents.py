"""Ways down a surface: several optimizers over one height map, step by step, and how high each of them still is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.figures.curves import line, number
from core.figures.marks import SILENT, heatmap, powers, stroke
from core.figures.picture import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PAPER,
    PINK,
    YELLOW,
    Picture,
    Replay,
    encoded,
    layout,
    sampled,
    square,
    transparent,
)
from core.probes.landscapes import Surface, heights
from core.probes.loss_planes import Landscape

STYLES = {  # colour, dash, symbol: the same for an optimizer, or a schedule, on every figure
    "SGD": (GREY, "solid", "circle"),
    "Momentum": (BLUE, "solid", "diamond"),
    "Nesterov": (GREEN, "dash", "square"),
    "RMSProp": (YELLOW, "dot", "triangle-up"),
    "Adam": (ORANGE, "solid", "cross"),
    "AdamW": ("#8a5a2b", "dashdot", "x"),
    "Nadam": (PINK, "longdash", "star"),
    "AMSGrad": (GREEN, "dash", "square"),
    "yours": (ORANGE, "solid", "circle"),
    "constant": (GREY, "solid", "x"),
    "step": (BLUE, "solid", "diamond"),
    "exponential": (YELLOW, "dot", "triangle-up"),
    "cosine": (GREEN, "dash", "square"),
    "one-cycle": (PINK, "longdash", "star"),
    "warm-up + linear": ("#8a5a2b", "dashdot", "cross"),
    "plateau": ("#5b3fa0", "longdashdot", "hexagon"),
}
FRAMES, RESOLUTION = 40, 70
DEEP = [[0, transparent(BLUE, 0.55)], [0.5, transparent(BLUE, 0.16)], [1, transparent(BLUE, 0.0)]]


@dataclass(frozen=True)
class Field:
    """A height map to walk on: coordinates ``across`` and ``up`` (points,), ``values`` (up, across) on a logarithmic
    scale, and the layout it is drawn in."""

    across: np.ndarray
    up: np.ndarray
    values: np.ndarray
    layout: dict

    def traces(self) -> list[dict]:
        """The map as a shade that lets both themes through, and its contour lines."""
        shade = sampled(self.values, self.values.min(), self.values.max())
        plane = {"x": encoded(self.across), "y": encoded(self.up), "z": encoded(shade), "showscale": False}
        lines = {"ncontours": 16, "contours": {"coloring": "none"}, "line": stroke(transparent(BLUE, 0.45), 0.8)}
        return [
            heatmap(self.across, self.up, shade, DEEP, zsmooth="best", showscale=False),
            {"type": "contour", **plane, **lines, **SILENT},
        ]


def surface_field(surface: Surface, height: int = 430) -> Field:
    """A closed-form surface over its own extent."""
    along = np.linspace(-surface.extent, surface.extent, RESOLUTION)
    gaps = heights(surface, RESOLUTION).numpy()
    gaps = gaps - gaps.min()
    plan = square(surface.extent, height)
    for axis, name in (("xaxis", "x"), ("yaxis", "y")):
        plan[axis] |= {"showticklabels": True, "title": {"text": name, "standoff": 4}}
    return Field(along, along, np.log10(gaps + 0.01 * gaps.max()), plan)


def network_field(measured: Landscape, height: int = 430) -> Field:
    """A network's true training loss over a plane of its weights."""
    loss = measured.loss.nan_to_num(1e6, 1e6, 1e6).clamp(1e-4, 1e6).log10().numpy()
    loss = np.minimum(loss, np.quantile(loss, 0.98))
    ends = [[float(one[0]), float(one[-1])] for one in (measured.across.numpy(), measured.up.numpy())]
    plan = layout("first direction in the space of weights", "second direction", height)
    plan["xaxis"] |= {"range": ends[0]}
    plan["yaxis"] |= {"range": ends[1]}
    return Field(measured.across.numpy(), measured.up.numpy(), loss, plan)


def walked(
    field: Field,
    ways: Mapping[str, np.ndarray],
    alt: str,
    labels: Callable[[int], str],
    mark: Sequence[float] | None = None,
    styles: Mapping[str, str] | None = None,
) -> Picture:
    """Ways (steps + 1, 2) over a height map, growing step by step; ``mark`` is a place (the minimum) with a ring."""
    count = max(map(len, ways.values()), default=0)
    moments = sorted({round(k) for k in np.linspace(0, count - 1, FRAMES)}) if count else []
    traces = field.traces()
    if mark is not None:
        traces.append(spot(mark, "minimum", {"symbol": "circle-open", "size": 15, "color": INK, "line": {"width": 2}}))
    fixed, drawn = len(traces), {name: drawable(way) for name, way in ways.items()}
    for name, way in drawn.items():
        worn = (styles or {}).get(name, name)
        traces += [trail(name, way, worn), spot(way[-1], name, head(worn))]

    def film() -> list[tuple[dict | None, ...]]:
        ends = [[part for way in drawn.values() for part in (piece(way, at), piece(way, at, True))] for at in moments]
        return [(*[None] * fixed, *parts) for parts in ends]

    return Picture(traces, field.layout, alt, Replay(len(moments), film), [labels(at) for at in moments])


def drawable(way: np.ndarray) -> np.ndarray:
    """The way as long as it can be drawn: up to the first point that is far away or not a number."""
    lost = ~(np.abs(way) < 1e3).all(axis=1)
    return way[: max(1, int(lost.argmax()))] if lost.any() else way


def piece(way: np.ndarray, at: int, end: bool = False) -> dict:
    """The way up to a moment, or only its end."""
    rows = way[: at + 1][-1:] if end else way[: at + 1]
    return {"x": encoded(rows[:, 0]), "y": encoded(rows[:, 1])}


def trail(name: str, way: np.ndarray, style: str) -> dict:
    """One way as a line."""
    color, dash, _ = STYLES.get(style, (INK, "solid", "circle"))
    return line(way[:, 0], way[:, 1], name, color, dash, showlegend=False, hoverinfo="skip", hovertemplate=None)


def head(name: str) -> dict:
    """The marker of who walks."""
    color, _, symbol = STYLES.get(name, (INK, "solid", "circle"))
    return {"symbol": symbol, "size": 11, "color": color, "line": {"width": 1, "color": PAPER}}


def spot(place: Sequence[float], name: str, marker: dict) -> dict:
    """One point."""
    x, y = (encoded(np.array([float(one)])) for one in place)
    hover = name + " (%{x:.3g}, %{y:.3g})<extra></extra>"
    return {
        "type": "scatter",
        "mode": "markers",
        "x": x,
        "y": y,
        "name": name,
        "marker": marker,
        "hovertemplate": hover,
    }


def banded(x: np.ndarray, rows: tuple[np.ndarray, np.ndarray, np.ndarray], name: str, style: str, **more) -> list[dict]:
    """A band between the first and the last of three curves and the middle one as a line, in an optimizer's style."""
    low, middle, high = rows
    color, dash, symbol = STYLES.get(style, (INK, "solid", "circle"))
    edge = {"x": encoded(np.r_[x, x[::-1]].astype(float)), "y": encoded(np.r_[high, low[::-1]])}
    dots = {"mode": "lines+markers", "marker": {"symbol": symbol, "size": 7, "color": color}} if len(x) < 26 else {}
    fill = {
        "mode": "lines",
        "fill": "toself",
        "fillcolor": transparent(color, 0.15),
        "line": {"width": 0},
        "hoverinfo": "skip",
    }
    band = [{"type": "scatter", **edge, **fill, "showlegend": False}] if (high > low).any() else []
    return [*band, line(x.astype(float), middle, name, color, dash, **dots, **more)]


def sinking(
    curves: Mapping[str, np.ndarray],
    axes: tuple[str, str],
    height: int = 430,
    x: Sequence[float] | None = None,
    styles: Mapping[str, str] | None = None,
) -> Picture:
    """Positive values (seeds, moments) of several optimizers on a logarithmic axis: the geometric mean, and a band one
    standard deviation wide (of the logarithm). ``styles`` names the optimizer whose style a curve wears."""
    traces, words = [], []
    for name, rows in curves.items():
        logs = np.log10(np.atleast_2d(rows))
        at, mean, spread = np.arange(logs.shape[1]) if x is None else np.asarray(x), logs.mean(axis=0), logs.std(axis=0)
        three = (10 ** (mean - spread), 10**mean, 10 ** (mean + spread))
        traces += banded(at, three, name, (styles or {}).get(name, name))
        words.append(f"{name} from {number(10 ** mean[0])} to {number(10 ** mean[-1])}")
    axis = powers(*curves.values())
    seeds = max(len(np.atleast_2d(rows)) for rows in curves.values())
    alt = f"{axes[1]} against {axes[0]}: {'; '.join(words)}" + (f"; bands over {seeds} seeds." if seeds > 1 else ".")
    return Picture(traces, layout(*axes, height, yaxis=axis), alt)
