"""Every unit's own picture of the plane, side by side in one picture."""

import numpy as np
import torch

from core.data.features import in_plane, seen
from core.data.planar import EXTENT
from core.figures.layers import layer_name
from core.figures.marks import note
from core.figures.picture import BLUE, INK, ORANGE, Picture, encoded, layout, transparent
from core.probes.stacked import layers, moments
from core.probes.surfaces import grid
from core.training import Epoch, Run
from core.wording import counted

COLORS = [  # nothing between the pictures, then from orange through nothing to blue
    [0, "rgba(0,0,0,0)"],
    [1 / 255, "rgba(0,0,0,0)"],
    [1.01 / 255, transparent(ORANGE, 0.85)],
    [0.5, transparent(ORANGE, 0.04)],
    [0.505, transparent(BLUE, 0.04)],
    [1, transparent(BLUE, 0.85)],
]
GAP = 2  # empty cells between two units' pictures
HEAD = 9  # and above a row, for the layer's name
PIXELS = 40_000_000  # numbers that all pictures of a replay are computed from
SENT = 450_000  # bytes that the frames may take


def units(run: Run) -> Picture:
    """What each unit answers everywhere in the plane, layer by layer, at recorded moments: blue above 0, orange below,
    stronger further from it; each unit's strongest answer at a moment is its full colour."""
    widths = run.model.widths[1:]
    side = 24 if max(widths) <= 12 else 16 if max(widths) <= 32 else 8
    chosen = moments_shown(
        run, sum(widths) * side * side, (side + GAP) * (side + GAP + HEAD) * max(widths) * len(widths)
    )
    weights, buffers = moments(chosen)
    answered = layers(run.model, weights, seen(run.data, grid(EXTENT, side)), buffers)
    films = [mosaic([answer[index] for answer in answered], side) for index in range(len(chosen))]
    films_end = {"z": encoded(films[-1]), "zmin": 0, "zmax": 255, "colorscale": COLORS}
    trace = {"type": "heatmap", **films_end, "showscale": False, "hoverinfo": "skip"}
    frames = [({"z": encoded(film)},) for film in films]
    rows, columns = films[-1].shape
    alt = (
        f"The answers of {counted(sum(widths[:-1]), 'hidden unit')} and {counted(widths[-1], 'output')} in the plane "
        f"of {len(in_plane(run.data).x)} training points, one row per layer: blue above 0, orange below."
    )
    names = titles(len(widths), side, rows)
    axis = {"visible": False, "fixedrange": True}
    across = {**axis, "range": [-0.5, columns - 0.5], "constrain": "domain"}
    up = {**axis, "range": [-0.5, rows + HEAD - 0.5], "scaleanchor": "x", "constrain": "domain"}
    plan = layout(height=tall(rows, columns), xaxis=across, yaxis=up, showlegend=False, annotations=names)
    return Picture([trace], plan, alt, frames, [f"epoch {epoch.number}" for epoch in chosen])


def tall(rows: int, columns: int) -> int:
    """The height at which the picture fills a stage of some 640 pixels, within reason."""
    return round(min(max(640 * (rows + HEAD) / columns + 40, 220), 900))


def moments_shown(run: Run, computed: int, sent: int) -> list[Epoch]:
    """As many recorded moments as are quick to compute and light to send, spread evenly; at least two if there are."""
    most = max(2, min(len(run.history), PIXELS // max(computed, 1), SENT // max(sent, 1)))
    places = np.unique(np.linspace(0, len(run.history) - 1, most).round().astype(int))
    return [run.history[place] for place in places]


def titles(count: int, side: int, rows: int) -> list[dict]:
    """The layers' names above their rows."""
    style = {"xanchor": "left", "yanchor": "bottom", "font": {"color": INK, "size": 12}}
    heights = [rows - place * (side + GAP + HEAD) + 0.5 for place in range(count)]
    return [note(0, height, layer_name(place, count - 1), **style) for place, height in enumerate(heights, start=1)]


def mosaic(answers: list[torch.Tensor], side: int) -> np.ndarray:
    """The pictures of all units as one of whole numbers: 0 between them, 2…255 inside (128 is an answer of 0).

    ``answers`` per layer (side², units), rows from below; one row per layer, the first layer on top.
    """
    widest = max(answer.shape[1] for answer in answers)
    picture = np.zeros((len(answers) * (side + GAP + HEAD) - GAP - HEAD, widest * (side + GAP) - GAP), np.uint8)
    for row, answer in enumerate(answers):
        values = np.nan_to_num(answer.T.reshape(-1, side, side).numpy(), nan=0.0, posinf=1e30, neginf=-1e30)
        strongest = np.abs(values).max(axis=(1, 2), keepdims=True)
        shades = (128.5 + 126.5 * values / np.maximum(strongest, 1e-30)).round().clip(2, 255).astype(np.uint8)
        below = len(picture) - row * (side + GAP + HEAD) - side
        for unit, shade in enumerate(shades):
            picture[below : below + side, unit * (side + GAP) : unit * (side + GAP) + side] = shade
    return picture
