"""A network drawn as a graph: units as circles, weights as lines whose width is size and whose colour is sign."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch

from core.data.planar import EXTENT
from core.figures.layers import layer_name
from core.figures.marks import SILENT, UNSEEN, hover, marker, stroke, trace, upright, wrapped
from core.figures.picture import BLUE, COLORS, GREY, INK, ORANGE, PAPER, Picture, Replay, encoded, layout, square
from core.figures.planes import RESOLUTION, heat, points
from core.probes.anatomy import MATTERS, Importance, crippled
from core.probes.surfaces import surface
from core.training.run import Run
from core.wording import counted

WIDTHS = (0.6, 1.4, 2.6, 4.2, 6.5)  # line widths, thinnest first
MOST_NAMES = 5  # layers whose names fit beside each other
SHOWN = 16  # units drawn per layer; a wider layer shows its first ones


def unit_places(widths: tuple[int, ...]) -> list[np.ndarray]:
    """Where the units of each layer stand, one (units, 2) array per layer, centred and evenly spaced."""
    shown = [min(width, SHOWN) for width in widths]
    tallest = max(shown)
    return [
        np.stack(
            [np.full(count, column, float), (np.arange(count)[::-1] - (count - 1) / 2) * tallest / max(count, 2)], 1
        )
        for column, count in enumerate(shown)
    ]


def nearest_unit(
    widths: tuple[int, ...], x: float, y: float, panel: int = 0, outputs: bool = False
) -> tuple[int, int] | None:
    """The hidden unit (layer from 0, unit from 0) nearest to a point of the drawing (panel 0), None if none is near;
    with ``outputs`` the last layer counts too."""
    if panel:
        return None
    places = unit_places(widths)
    column = round(x)
    if not 1 <= column < len(widths) - 1 + outputs or abs(x - column) > 0.3:
        return None
    unit = int(np.abs(places[column][:, 1] - y).argmin())
    return (column - 1, unit) if abs(places[column][unit, 1] - y) <= 0.6 else None


def connections(places: list[np.ndarray]) -> np.ndarray:
    """Where the lines of all weights run, in the matrices' order: (weights, start and end and a gap, 2)."""
    rows = []
    for starts, ends in pairwise(places):
        shape = (len(ends), len(starts), 2)
        start, end = np.broadcast_to(starts[None], shape), np.broadcast_to(ends[:, None], shape)
        rows.append(np.stack([start, end, np.full(shape, np.nan)], axis=2).reshape(-1, 3, 2))
    return np.concatenate(rows).astype(np.float32)


def segments(weights: list[np.ndarray], places: list[np.ndarray], lines: np.ndarray, largest: float) -> list[dict]:
    """Ten sets of lines (five widths, two signs), each as the x and y of one trace with gaps."""
    shown = [
        matrix[: len(ends), : len(starts)].reshape(-1)
        for matrix, (starts, ends) in zip(weights, pairwise(places), strict=True)
    ]
    values = np.concatenate(shown)
    size = np.nan_to_num(np.abs(values) / max(largest, 1e-12), nan=1.0).clip(0, 1)
    kinds = np.minimum((size * len(WIDTHS)).astype(int), len(WIDTHS) - 1) + len(WIDTHS) * (values > 0)
    found = [lines[kinds == kind].reshape(-1, 2) for kind in range(2 * len(WIDTHS))]
    return [{"x": encoded(ends[:, 0]), "y": encoded(ends[:, 1])} for ends in found]


def matrices(vector: torch.Tensor, model: torch.nn.Module) -> list[np.ndarray]:
    """The weight matrices of a perceptron inside a recorded vector of weights."""
    sizes = [parameter.numel() for parameter in model.parameters()]
    pieces = zip(vector.split(sizes), model.parameters(), strict=True)
    return [piece.view_as(parameter).numpy() for piece, parameter in pieces if parameter.dim() == 2]


def network(
    run: Run, inputs: tuple[str, ...] = ("x", "y"), off: tuple[tuple[int, int], ...] = (), height: int = 420
) -> Picture:
    """The network of a run at every recorded moment; units in ``off`` (layer, unit) are drawn crossed out."""
    widths = run.model.widths
    places, last = unit_places(widths), matrices(run.last.weights, run.model)
    largest = float(np.nanmax([np.abs(matrix).max() for matrix in last]))
    lines_at = connections(places)

    def drawn(weights: list[np.ndarray]) -> list[dict]:
        return segments(weights, places, lines_at, largest)

    lines = weight_traces(drawn(last), 0.75)
    units = [unit_trace(widths, places, inputs, run.data.classes, set(off))]
    frames = Replay(
        len(run.history), lambda: [(*drawn(matrices(epoch.weights, run.model)), None) for epoch in run.history]
    )
    alt = (
        f"A network with layers of {', '.join(map(str, widths))} units drawn as a graph: blue solid lines are positive "
        f"weights, orange dotted lines negative ones, thicker is larger; the largest weight is {largest:.2f}."
    )
    title = {"y": 1.02, "yref": "paper", "showarrow": False, "yanchor": "bottom"}
    names = [layer_name(column, len(widths) - 2) for column in range(len(widths))]
    if len(names) > MOST_NAMES:  # beside each other they would touch
        names = [wrapped(name, 1) for name in names]
    named = [{**title, "x": column, "text": name} for column, name in enumerate(names)]
    plan = layout(
        height=height,
        xaxis={**UNSEEN, "range": [-0.45, len(widths) - 0.55]},
        yaxis=UNSEEN,
        showlegend=False,
        annotations=named,
    )
    if len(names) > MOST_NAMES:
        plan["margin"] |= {"t": 48}
    return Picture([*lines, *units], plan, alt, frames, [f"epoch {epoch.number}" for epoch in run.history])


def weight_traces(paths: Sequence[dict], opacity: float) -> list[dict]:
    """Weights as lines: thicker is larger, blue and solid is positive, orange and dotted negative (``segments``)."""
    styles = [stroke(color, width, dash) for color, dash in ((ORANGE, "dot"), (BLUE, "solid")) for width in WIDTHS]
    return [
        trace("lines", **path, line=style, opacity=opacity, **SILENT) for path, style in zip(paths, styles, strict=True)
    ]


def unit_trace(
    widths: Sequence[int],
    places: list[np.ndarray],
    inputs: Sequence[str],
    classes: Sequence[str],
    off: set[tuple[int, int]],
) -> dict:
    """The units as one trace of circles; a switched-off one is a cross."""
    names, symbols, colors = [], [], []
    for column, where in enumerate(places):
        for unit in range(len(where)):
            gone = (column - 1, unit) in off and 0 < column < len(widths) - 1
            ends = inputs if column == 0 else classes if column == len(widths) - 1 else ()
            names.append(ends[unit] if unit < len(ends) else f"{layer_name(column, len(widths) - 2)} · unit {unit + 1}")
            symbols.append("x" if gone else "circle")
            colors.append(GREY if gone else PAPER)
    spots = np.concatenate(places)
    size = 22 if max(widths) <= 10 else 15
    style = marker(colors, size, symbols, rim=INK)
    return trace("markers", *spots.T, text=names, marker=style, showlegend=False, **hover("%{text}"))


def importances(measured: Importance, height: int = 300) -> Picture:
    """By how much held-out accuracy falls without each hidden unit, one bar per unit, coloured by layer."""
    names, colors = [], []
    for layer, scores in enumerate(measured.alone):
        names += [f"{layer + 1}.{unit + 1}" for unit in range(len(scores))]
        colors += [COLORS[layer % len(COLORS)]] * len(scores)
    falls = measured.falls
    bar = upright(names, falls, colors, **hover("unit %{x}: %{y:.1%}"))
    line = {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": MATTERS,
        "y1": MATTERS,
        "line": {"color": INK, "width": 1, "dash": "dot"},
    }
    matter = sum(fall > MATTERS for fall in falls)
    alt = (
        f"Accuracy lost without each hidden unit, {len(falls)} in all: {matter} of them cost more than 2 points, "
        f"at most {max(falls):.0%}."
    )
    axis = {"tickformat": ".0%"}
    return Picture(
        [bar],
        layout(
            "hidden layer . unit",
            "Accuracy lost without it",
            height,
            yaxis=axis,
            xaxis={"type": "category"},
            shapes=[line],
        ),
        alt,
    )


def silenced_boundary(run: Run, off: tuple[tuple[int, int], ...], height: int = 420) -> Picture:
    """What the network answers everywhere in the plane with some units switched off, at the end of its training."""
    model, data = crippled(run.at(), off), run.data
    answers = surface(model, bool(data.classes), EXTENT, RESOLUTION).unflatten(0, (RESOLUTION, RESOLUTION)).numpy()
    share = f" with {counted(len(off), 'unit')} switched off" if off else ""
    alt = f"The plane coloured by what the trained network answers{share}, with its training and held-out points."
    return Picture([heat(answers, len(data.classes)), *points(data)], square(EXTENT, height), alt)
