"""Pictures of the plane: what a network answers everywhere, and the points it learned from."""

from dataclasses import replace

import numpy as np
import torch

from core.data.data import Data
from core.data.features import in_plane, seen
from core.data.planar import EXTENT
from core.figures.marks import heatmap, trace
from core.figures.picture import (
    BLUE,
    COLORS,
    INK,
    ORANGE,
    PAPER,
    SYMBOLS,
    Picture,
    Replay,
    encoded,
    sampled,
    square,
    transparent,
)
from core.probes.stacked import own
from core.probes.surfaces import grid, probabilities, surfaces
from core.training.run import Run
from core.wording import counted

RESOLUTION = 60


def points(data: Data, held_out: bool = True) -> list[dict]:
    """The samples as traces: filled symbols were trained on, open ones were held out; one symbol per class."""
    data = in_plane(data)
    sides = [(data.x, data.y, "")] + ([(data.x_test, data.y_test, "held out")] if held_out else [])
    return [trace for x, y, note in sides for trace in (side(x, y, note, data) if len(x) else [])]


def side(x: torch.Tensor, y: torch.Tensor, note: str, data: Data) -> list[dict]:
    """Traces of one side of the split."""
    x = x.numpy()
    if not data.classes:
        color = {
            "color": encoded(y[:, 0].numpy()),
            "colorscale": [[0, ORANGE], [0.5, PAPER], [1, BLUE]],
            "cmin": -1,
            "cmax": 1,
        }
        marker = {**color, "size": 7, "symbol": "diamond" if note else "circle", "line": {"width": 1, "color": INK}}
        hover = "%{marker.color:.2f}<extra>" + (note or "training") + "</extra>"
        return [scatter(x, marker, note or "training", hover)]
    traces = []
    for index, name in enumerate(data.classes):
        mine = x[(y == index).numpy()]
        edge = {"width": 1.6, "color": COLORS[index]} if note else {"width": 1, "color": PAPER}
        marker = {"symbol": SYMBOLS[index] + ("-open" if note else ""), "size": 7, "color": COLORS[index], "line": edge}
        label = f"{name}, {note}" if note else name
        traces.append(scatter(mine, marker, label, "(%{x:.2f}, %{y:.2f})<extra>" + label + "</extra>"))
    return traces


def scatter(x: np.ndarray, marker: dict, name: str, hover: str) -> dict:
    """Points (samples, 2) as one trace."""
    return trace("markers", x[:, 0], x[:, 1], marker=marker, name=name, hovertemplate=hover)


def heat(values: np.ndarray, classes: int, extent: float = EXTENT) -> dict:
    """What a network answers on a grid, as one heat map of whole numbers 0…255.

    ``values`` (resolution, resolution, outputs): class probabilities, or one regression output in about [−1, 1].
    """
    centres = np.linspace(-extent, extent, values.shape[0], dtype=np.float32)
    smooth = "best" if classes < 3 else False
    return heatmap(centres, centres, shade(values, classes), scale(classes), showscale=False, zsmooth=smooth)


def shade(values: np.ndarray, classes: int) -> np.ndarray:
    """The answers as whole numbers: for two classes the probability of the second, for more the winner and its lead."""
    if classes == 0:
        return sampled(values[..., 0], -1, 1)
    if classes == 2:
        return sampled(values[..., -1], 0, 1)
    winner, step = values.argmax(axis=-1), 256 // classes
    return (winner * step + np.nan_to_num(values.max(axis=-1)).clip(0, 1) * (step - 1)).astype(np.uint8)


def scale(classes: int) -> list[list]:
    """The colour scale belonging to ``shade``: faint where the network is unsure."""
    if classes < 3:
        faint = [[0.5, transparent(ORANGE, 0.03)], [0.5, transparent(BLUE, 0.03)]]
        return [[0, transparent(ORANGE, 0.5)], *faint, [1, transparent(BLUE, 0.5)]]
    step, stops = 256 // classes, []
    for index in range(classes):
        stops.append([index * step / 255, transparent(COLORS[index], 0.05)])
        stops.append([min((index * step + step - 1) / 255, 1), transparent(COLORS[index], 0.5)])
    return stops if stops[-1][0] == 1 else [*stops, [1, transparent(COLORS[classes - 1], 0.5)]]


def boundary(run: Run, height: int = 420) -> Picture:
    """What the network answers everywhere in the plane, at every recorded moment, with the points it learned from."""
    classes = len(run.data.classes)
    samples = points(run.data)

    def film() -> list[tuple[dict | None, ...]]:
        answers = surfaces(run, extent=EXTENT, resolution=RESOLUTION).unflatten(1, (RESOLUTION, RESOLUTION)).numpy()
        return [({"z": encoded(shade(answer, classes))}, *([None] * len(samples))) for answer in answers]

    kind = "accuracy" if classes else "R²"
    alt = (
        f"The plane coloured by what the network answers, with {len(run.data.x)} training and {len(run.data.x_test)} "
        f"held-out points; after {counted(run.last.number, 'epoch')} held-out {kind} is {run.last.test_score:.2f}."
    )
    labels = [f"epoch {epoch.number}" for epoch in run.history]
    last = answers_of(run.at(), run.data, alt, height)
    return replace(last, frames=Replay(len(run.history), film), labels=labels)


@torch.no_grad()
def answers_of(model: torch.nn.Module, data: Data, alt: str, height: int = 420) -> Picture:
    """What any network answers everywhere in the plane, with the samples of a problem."""
    outputs = own(model)(seen(data, grid(EXTENT, RESOLUTION)))
    values = (probabilities(outputs) if data.classes else outputs).unflatten(0, (RESOLUTION, RESOLUTION)).numpy()
    return Picture([heat(values, len(data.classes)), *points(data)], square(EXTENT, height), alt)


def canvas(rows: tuple[tuple[float, float, int], ...], height: int = 420) -> Picture:
    """Points (x, y, class) that a learner has set so far, on an empty plane."""
    places = np.array([row[:2] for row in rows], dtype=np.float32).reshape(-1, 2)
    colours = np.array([row[2] for row in rows], dtype=int)
    kinds = sorted(set(colours.tolist())) or [0]
    traces = [
        scatter(
            places[colours == kind],
            {"symbol": SYMBOLS[kind], "size": 8, "color": COLORS[kind]},
            f"class {kind + 1}",
            "(%{x:.2f}, %{y:.2f})<extra></extra>",
        )
        for kind in kinds
    ]
    alt = f"An empty plane with {len(rows)} points of your own, of {len(set(colours.tolist()))} classes."
    return Picture(traces, square(EXTENT, height, showlegend=False), alt)
