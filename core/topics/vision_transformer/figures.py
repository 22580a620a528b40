"""Pictures of patches: where a network looks, what it answers, and how accurate it is."""

from collections.abc import Mapping, Sequence

import numpy as np

from core.data.clothes import CLASSES
from core.figures.galleries import mosaic
from core.figures.marks import hover, marker, note, stroke, trace, vertical
from core.figures.picture import (
    BLUE,
    COLORS,
    DASHES,
    FAINT,
    GREY,
    INK,
    ORANGE,
    SYMBOLS,
    Picture,
    encoded,
    layout,
    sampled,
    transparent,
)  # fmt: skip
from core.figures.rasters import DEEP, greys, numbered, outline, raster, signed
from core.topics.vision_transformer.records import PATCH, ROW, SIDE
from core.topics.vision_transformer.subjects import words_of

GLOW = [[0, transparent(ORANGE, 0.0)], [1, transparent(ORANGE, 0.85)]]
STEPS = tuple(range(PATCH, SIDE, PATCH))
BLACK = "#000000"


def grid() -> list[dict]:
    """Thin lines between the patches."""
    lines = []
    for at in STEPS:
        ends = {"x0": -0.5, "x1": SIDE - 0.5, "y0": at - 0.5, "y1": at - 0.5, "line": stroke(GREY, 0.6)}
        lines += [{"type": "line", **ends}, {"type": "line", **turned(ends)}]
    return lines


def turned(ends: dict) -> dict:
    """A line with its axes exchanged."""
    return {**ends, "x0": ends["y0"], "x1": ends["y1"], "y0": ends["x0"], "y1": ends["x1"]}


def ring(place: int, color: str = BLUE) -> dict:
    """A frame around a patch, by its number (from 0)."""
    row, column = divmod(place, ROW)
    return outline(row * PATCH, column * PATCH, PATCH, PATCH, color, width=3)


def plain(pixels: np.ndarray, title: str, alt: str, places: Sequence[int] = (), height: int = 300) -> Picture:
    """A picture (28, 28) with the lines between its patches, some of them framed."""
    return raster([greys(pixels)], (SIDE, SIDE), title, alt, height, shapes=[*grid(), *map(ring, places)])


def over(
    pixels: np.ndarray, values: np.ndarray, title: str, told: str, place: int | None = None,
    said: Sequence[str] = ("",) * ROW**2, height: int = 300,
) -> Picture:  # fmt: skip
    """A picture (28, 28) under shares of attention (49,): the more orange, the more; the three largest in numbers.
    What is ``said`` of each patch (49,) follows its own number under the mouse."""
    most = float(values.max())
    each = [f"{words_of(at)}: {values[at]:.1%}<br>{said[at]}" for at in range(ROW**2)]
    words = [each[at : at + ROW] for at in range(0, ROW**2, ROW)]
    middle = (PATCH - 1) / 2
    glow = {
        "type": "heatmap", "z": encoded(sampled(values.reshape(ROW, ROW), 0, most)), "zmin": 0, "zmax": 255,
        "x0": middle, "dx": PATCH, "y0": middle, "dy": PATCH, "colorscale": GLOW, "showscale": False, "text": words,
        **hover("%{text}"),
    }  # fmt: skip
    notes = [
        note(at % ROW * PATCH + middle, at // ROW * PATCH + middle, f"{values[at]:.0%}",
             font={"size": 11, "color": "#ffffff"}, bgcolor=transparent(BLACK, 0.55), borderpad=1)
        for at in map(int, np.argsort(-values, kind="stable")[:3])
    ]  # fmt: skip
    shapes = [] if place is None else [ring(place)]
    picture = raster([greys(pixels), glow], (SIDE, SIDE), title, told, height, shapes=shapes)
    picture.layout["annotations"] = [*picture.layout["annotations"], *notes]
    return picture


def maps(values: np.ndarray, names: tuple[Sequence[str], Sequence[str]], told: str, chosen: tuple[int, int],
         height: int = 330) -> Picture:  # fmt: skip
    """Maps (rows, columns, 7, 7) side by side, each shaded from 0 to its largest value; one of them ringed."""
    rows, columns = values.shape[:2]
    most = values.max(axis=(2, 3), keepdims=True)
    shades = (values / np.where(most > 0, most, 1)).reshape(-1, ROW, ROW)
    whole = mosaic(shades, columns, 0.0)
    step, half = ROW + 1, (ROW - 1) / 2
    cells = {"type": "heatmap", "z": encoded(sampled(whole, 0, 1)), "zmin": 0, "zmax": 255, "colorscale": DEEP,
             "showscale": False, "hoverinfo": "skip"}  # fmt: skip
    edges = [
        outline(row * step, column * step, ROW, ROW, INK if (row, column) == chosen else FAINT,
                width=3 if (row, column) == chosen else 1)
        for row in range(rows) for column in range(columns)
    ]  # fmt: skip
    high, wide = whole.shape
    axis = {"showgrid": False, "fixedrange": True, "constrain": "domain", "tickangle": 0}
    plan = layout(
        "", "", height, shapes=edges, showlegend=False,
        xaxis={**axis, "range": [-1, wide], "tickvals": [at * step + half for at in range(columns)],
               "ticktext": list(names[1])},
        yaxis={**axis, "range": [high, -1], "scaleanchor": "x", "ticktext": list(names[0]),
               "tickvals": [at * step + half for at in range(rows)]},
    )  # fmt: skip
    return Picture([cells], plan, told)


def map_at(spot: dict) -> tuple[int, int]:
    """Which of such maps was clicked, (row, column)."""
    return int((spot["y"] + 0.5) // (ROW + 1)), int((spot["x"] + 0.5) // (ROW + 1))


def beside(chances: Mapping[str, Sequence[float]], height: int = 330, count: int = 5) -> Picture:
    """The probabilities that several networks give the likeliest classes, told apart by colour and pattern."""
    rows = {name: np.asarray(values, float) for name, values in chances.items()}
    order = np.argsort(-np.max(list(rows.values()), axis=0), kind="stable")[:count]
    names = [CLASSES[at] for at in order]
    traces = [
        {"type": "bar", "orientation": "h", "y": names, "x": values[order].tolist(), "name": name,
         "marker": {"color": color, "pattern": {"shape": pattern}}, "text": [f"{values[at]:.0%}" for at in order],
         "textposition": "outside", "cliponaxis": False, "constraintext": "none", "textfont": {"size": 11},
         **hover("%{x:.1%}", name)}
        for (name, values), color, pattern in zip(rows.items(), COLORS, ("", "/", "x"), strict=False)
    ]  # fmt: skip
    plan = layout(
        "probability", "", height, bargap=0.25, legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom",
                                                       "traceorder": "normal"},
        xaxis={"range": [0, 1.2], "tickformat": ".0%", "tickvals": [0, 0.5, 1], "fixedrange": True},
        yaxis={"autorange": "reversed", "showgrid": False, "fixedrange": True},
    )  # fmt: skip
    said = "; ".join(f"{name}: {CLASSES[int(values.argmax())]} {values.max():.0%}" for name, values in rows.items())
    return Picture(traces, plan, f"Probabilities of the likeliest {count} classes. {said}.")


def shares(values: Mapping[str, tuple[float, float, float]], axis: str, height: int = 300) -> Picture:
    """Shares with the ends of their 95% intervals, one column each, told apart by colour and symbol."""
    traces = [
        trace("markers", [name.replace(" ", "<br>")], [share], name=name, showlegend=False,
              marker={"color": COLORS[at % 6], "symbol": SYMBOLS[at % 6], "size": 12},
              error_y={"type": "data", "symmetric": False, "array": [high - share], "arrayminus": [share - low],
                       "color": COLORS[at % 6], "thickness": 2},
              **hover("%{y:.1%}", name))
        for at, (name, (share, low, high)) in enumerate(values.items())
    ]  # fmt: skip
    plan = layout("", axis, height, xaxis={"type": "category", "showgrid": False, "tickangle": 0},
                  yaxis={"range": [0, 1.02], "tickformat": ".0%"})  # fmt: skip
    said = ", ".join(f"{name} {share:.0%} ({low:.0%} to {high:.0%})" for name, (share, low, high) in values.items())
    return Picture(traces, plan, f"{axis.capitalize()} with 95% intervals: {said}.")


def curves(
    x: Sequence[float], rows: Mapping[str, Sequence[tuple[float, float, float]]], axes: tuple[str, str], at: float
) -> Picture:
    """Shares with their intervals over some setting, and where it stands now."""
    traces = []
    for place, (name, row) in enumerate(rows.items()):
        share, low, high = np.array(row, float).T
        color, dash = COLORS[place], DASHES[place]
        edge = {"x": encoded(np.r_[x, x[::-1]]), "y": encoded(np.r_[high, low[::-1]])}
        traces.append({"type": "scatter", "mode": "lines", "fill": "toself", "fillcolor": transparent(color, 0.16),
                       "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False, **edge})  # fmt: skip
        style = marker(color, 7, SYMBOLS[place])
        traces.append(trace("lines+markers", np.array(x, float), share, name=name, line=stroke(color, 2.5, dash),
                            marker=style, **hover("%{y:.0%}", name)))  # fmt: skip
    line = vertical(at, INK, 1.5, "dot")
    plan = layout(*axes, 320, shapes=[line], xaxis={"tickformat": ".0%"},
                  yaxis={"tickformat": ".0%", "range": [0, 1]})  # fmt: skip
    said = "; ".join(f"{name} from {row[0][0]:.0%} to {row[-1][0]:.0%}" for name, row in rows.items())
    return Picture(traces, plan, f"{axes[1].capitalize()} against {axes[0]}, bands are 95% intervals: {said}.")


def signed_map(values: np.ndarray, title: str, told: str, place: int, height: int = 330) -> Picture:
    """Numbers from −1 to 1 (7, 7) in their cells, blue above 0 and orange below; one cell ringed."""
    cells = signed(values, 1.0)
    size = len(values)
    row, column = divmod(place, size)
    ringed = [outline(row, column, 1, 1, INK, width=3)]
    return raster([cells, numbered(values, 11)], (size, size), title, told, height, shapes=ringed)
