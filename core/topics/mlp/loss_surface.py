"""The true loss of a network around the way its training took."""

import numpy as np

from core.figures.curves import number
from core.figures.marks import SILENT, heatmap, marker, stroke, trace
from core.figures.picture import BLUE, ORANGE, PAPER, Picture, encoded, layout
from core.probes.loss_planes import Landscape
from core.training.run import Run

SLOPES = [[0, BLUE], [1, PAPER]]  # from the valley up
STEPS = 14  # heights that contour lines are drawn at


def landscape(run: Run, measured: Landscape, height: int = 440) -> Picture:
    """The training loss over the plane that holds most of the path, and the path on it, moment by moment."""
    low = measured.loss[measured.loss.isfinite()]
    floor = max(low.min().item(), 1e-6) if len(low) else 1e-6
    heights = measured.loss.clamp(floor, 1e6).nan_to_num(1e6, 1e6, floor).log10().numpy()
    path = measured.paths[0]
    sound = path.isfinite().all(dim=1)
    way = path[sound].numpy()
    epochs = [epoch for epoch, fine in zip(run.history, sound.tolist(), strict=True) if fine]
    top = np.quantile(heights, 0.98)
    low, high = float(heights.min()), float(top)
    field = {
        **heatmap(measured.across.numpy(), measured.up.numpy(), heights.astype(np.float32), SLOPES),
        "type": "contour",
        "zmin": low,
        "zmax": high,
        "ncontours": STEPS,
        "line": stroke("rgba(255,255,255,0.5)", 0.7),
        "colorbar": {"title": {"text": "loss"}, "thickness": 12, **ticks(heights.min(), top)},
    }
    trail = trace("lines", *way.T, name="path", line=stroke(ORANGE, 2.5), **SILENT)
    here = trace("markers", *way[-1:].T, marker=marker(ORANGE, 13, "diamond", rim=PAPER), **SILENT)
    frames = [(None, until(way, place), until(way[place : place + 1], 0)) for place in range(len(way))]
    first, last = epochs[0].train_loss, epochs[-1].train_loss
    alt = (
        f"The training loss over a plane of weights with the path of the training: from {number(first)} down to "
        f"{number(last)}; the plane holds {measured.plane.explained:.0%} of the path's variance."
    )
    plan = layout("First principal direction of the path", "Second principal direction", height)
    return Picture([field, trail, here], plan, alt, frames, [f"epoch {epoch.number}" for epoch in epochs])


def until(way: np.ndarray, place: int) -> dict:
    """The path up to a moment."""
    return {"x": encoded(way[: place + 1, 0]), "y": encoded(way[: place + 1, 1])}


def ticks(low: float, high: float) -> dict:
    """Losses in plain numbers beside a scale of their logarithms."""
    values = np.linspace(low, high, 5)
    return {"tickvals": values.tolist(), "ticktext": [f"{10**value:.2g}" for value in values]}
