"""What flows through a network: gradients by layer, and the plane pushed through each layer."""

import itertools

import numpy as np
import torch
from torch import Tensor

from core.data.data import Data
from core.data.features import in_plane, seen
from core.data.planar import EXTENT
from core.figures.curves import line, number
from core.figures.layers import layer_name, mark
from core.figures.marks import SILENT, powers, stroke
from core.figures.picture import COLORS, DASHES, FAINT, Picture, encoded, layout
from core.figures.planes import scatter
from core.probes.gradients import gradient_norms
from core.probes.layers import activations
from core.probes.linear import in_two_dimensions, steadied
from core.training.run import Run
from core.wording import counted

LINES, DOTS = 17, 33  # lines each way of the grid that is pushed, points along each of them
STEPS = 8  # frames from one layer to the next
SMALLEST = 1e-12  # a gradient of 0 is drawn here, on the logarithmic axis
MEASURED = 25  # moments at which gradients are measured


def gradients(run: Run, height: int = 340) -> Picture:
    """How much gradient reaches each layer's weights, over the epochs."""
    chosen = [run.history[place] for place in np.unique(np.linspace(0, len(run.history) - 1, MEASURED).astype(int))]
    measured = [gradient_norms(run.at(e.number), run.data.x, run.data.y, run.objective).weights for e in chosen]
    rows = np.nan_to_num(np.array(measured, dtype=float), nan=SMALLEST, posinf=1e30).clip(SMALLEST, 1e30)
    numbers, count = [epoch.number for epoch in chosen], rows.shape[1]
    traces = [
        line(numbers, rows[:, place], layer_name(place + 1, count - 1), COLORS[place % len(COLORS)], DASHES[place % 6])
        for place in range(count)
    ]
    sizes = ", ".join(f"{layer_name(place + 1, count - 1)} {number(rows[-1, place])}" for place in range(count))
    alt = f"Size of the loss's gradient by each layer's weights over {run.last.number} epochs; at the end: {sizes}."
    plan = layout("Epoch", "Gradient norm", height, yaxis=powers(rows))
    return Picture(traces, plan, alt)


def grid_lines() -> Tensor:
    """Points along the lines of a square grid, (2 · LINES, DOTS, 2)."""
    along, places = torch.linspace(-EXTENT, EXTENT, DOTS), torch.linspace(-EXTENT, EXTENT, LINES)
    level = torch.stack([along.expand(LINES, -1), places[:, None].expand(-1, DOTS)], dim=-1)
    return torch.cat([level, level.flip(-1)])


def stations(run: Run) -> list[np.ndarray]:
    """Grid points and training points as each layer sees them, in two dimensions, the plane itself first,
    (points, 2), each turned onto the one before it and scaled to the same size."""
    data = in_plane(run.data)
    points = torch.cat([grid_lines().reshape(-1, 2), data.x])
    views = [points, *activations(run.at(), seen(run.data, points))[:-1]]
    flat = [points] + [view if view.shape[1] == 2 else in_two_dimensions(view) for view in views[1:]]
    centred = [frame - frame[-len(data.x) :].mean(dim=0) for frame in flat]
    sizes = [frame[-len(data.x) :].abs().nan_to_num().max().clamp_min(1e-9) for frame in centred]
    turned = steadied([frame / size for frame, size in zip(centred, sizes, strict=True)])
    return [frame.nan_to_num().clamp(-3, 3).numpy() for frame in turned]


def warp(run: Run, height: int = 460) -> Picture:
    """The plane's grid with the training points on it, pushed through one hidden layer after another."""
    places, data, count = stations(run), in_plane(run.data), 2 * LINES * DOTS
    path, labels = [places[0]], ["input"]
    for layer, (before, after) in enumerate(itertools.pairwise(places), start=1):
        for step in range(1, STEPS + 1):
            path.append(before + (after - before) * step / STEPS)
            labels.append(layer_name(layer, len(places)) if step == STEPS else f"into hidden {layer}")
    sides = members(data)
    frames = [frame(place, count, sides) for place in path]
    mesh = {"type": "scatter", "mode": "lines", "line": stroke(FAINT, 1), **SILENT}
    dots = [scatter(path[-1][count:][mine], marker, name, name + "<extra></extra>") for name, mine, marker in sides]
    traces = [{**trace, **change} for trace, change in zip([mesh, *dots], frames[-1], strict=True)]
    axis = {"visible": False, "fixedrange": True, "range": [-1.25, 1.25]}
    plan = layout(
        height=height,
        xaxis={**axis, "constrain": "domain"},
        yaxis={**axis, "scaleanchor": "x", "constrain": "domain"},
    )
    bent = counted(len(places) - 1, "hidden layer")
    alt = f"A square grid with {len(data.x)} training points on it, bent by {bent} in turn."
    return Picture(traces, plan, alt, frames, labels)


def members(data: Data) -> list[tuple[str, np.ndarray, dict]]:
    """Name, training points and marker of each class, or of all points where there are none."""
    if not data.classes:
        shade = {"color": encoded(data.y[:, 0].numpy()), "colorscale": [[0, COLORS[0]], [1, COLORS[1]]]}
        return [("training", np.ones(len(data.x), bool), {"size": 7, **shade})]
    return [(name, (data.y == index).numpy(), mark(index)) for index, name in enumerate(data.classes)]


def frame(place: np.ndarray, count: int, sides: list) -> tuple[dict, ...]:
    """Grid lines, with gaps between them, and the points of each class."""
    lines = np.full((2 * LINES, DOTS + 1, 2), np.nan, np.float32)
    lines[:, :-1] = place[:count].reshape(2 * LINES, DOTS, 2)
    lines, points = lines.reshape(-1, 2), place[count:]
    moved = [{"x": encoded(points[mine, 0]), "y": encoded(points[mine, 1])} for _, mine, _ in sides]
    return ({"x": encoded(lines[:, 0]), "y": encoded(lines[:, 1])}, *moved)
