"""Pictures of a game between generator and discriminator, replayed round by round."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from core.data.data import Data
from core.data.planar import EXTENT
from core.figures.curves import line, number
from core.figures.marks import cloud, marker
from core.figures.picture import BLUE, GREY, INK, ORANGE, PAPER, Picture, Replay, encoded, layout, square, transparent
from core.figures.planes import heat, shade
from core.probes.adversarial import belief, fields, noise_of, pulls, samples, warped
from core.training.adversarial import GanRun

SIDE, POINTS, ARROWS, LONGEST = 40, 250, 40, 0.45
TITLE = {"font": {"size": 14}, "x": 0.5, "y": 0.99, "yanchor": "top"}


def labels_of(run: GanRun) -> list[str]:
    """The names of a run's moments."""
    return [f"round {moment.number:,}" for moment in run.history]


def inside(points: Tensor) -> np.ndarray:
    """Points as numbers that can be drawn, at most a little outside the picture."""
    return torch.nan_to_num(points, nan=9.0).clamp(-9, 9).numpy()


def dots(points: np.ndarray, name: str, color: str, symbol: str, size: float = 5) -> dict:
    """A cloud as one trace."""
    return cloud(points[:, 0], points[:, 1], name, marker(color, size, symbol, rim=PAPER, width=0.5))


def coordinates(points: np.ndarray) -> dict:
    """Points (points, 2) as a change of a trace."""
    return {"x": encoded(points[:, 0]), "y": encoded(points[:, 1])}


def real(data: Data, color: str = BLUE) -> dict:
    """Held-out samples of the target."""
    return dots(data.x_test[:POINTS].numpy(), "real", color, "diamond")


def arrows(tails: np.ndarray, ways: np.ndarray) -> np.ndarray:
    """Arrows (arrows, 2) as one line with gaps; the longest tenth is cut to one length."""
    lengths = np.linalg.norm(ways, axis=1, keepdims=True)
    unit = max(float(np.quantile(lengths, 0.9)), 1e-12)
    ways = ways / np.maximum(lengths, 1e-12) * np.minimum(lengths / unit, 1) * LONGEST
    heads, sides = tails + ways, np.stack([-ways[:, 1], ways[:, 0]], axis=1)
    barbs = [heads - 0.3 * ways + sign * 0.18 * sides for sign in (1, -1)]
    gap = np.full_like(tails, np.nan)
    return np.stack([tails, heads, barbs[0], heads, barbs[1], gap], axis=1).reshape(-1, 2)


def duel(run: GanRun, name: str = "", with_arrows: bool = True, height: int = 430) -> Picture:
    """What the discriminator says everywhere, both kinds of samples, and where its slope pulls, at all moments."""
    noise = noise_of(run, POINTS)

    def moments(part: GanRun) -> list[tuple[np.ndarray, list[np.ndarray]]]:
        made = samples(part, noise)
        values = belief(part.recipe.loss, fields(part, EXTENT, SIDE)).nan_to_num(0.5).numpy()
        points = [[spots] for spots in inside(made)]
        if with_arrows:
            ways = pulls(part, made[:, :ARROWS]).nan_to_num(0.0).clamp(-1e6, 1e6).numpy()
            points = [[spots, arrows(spots[:ARROWS], way)] for [spots], way in zip(points, ways, strict=True)]
        return list(zip(np.stack([1 - values, values], axis=-1), points, strict=True))

    def film() -> list[tuple[dict | None, ...]]:
        return [({"z": encoded(shade(field, 2))}, None, *map(coordinates, points)) for field, points in moments(run)]

    [(field, points)] = moments(replace(run, history=run.history[-1:]))  # the others are not in sight yet
    made = points[0]
    traces = [heat(field, 2), real(run.data), dots(made, "generated", ORANGE, "circle", 6)]
    if with_arrows:
        style = {"type": "scatter", "mode": "lines", "line": {"color": INK, "width": 1.4}, "hoverinfo": "skip"}
        traces.append({**style, "name": "pull", **coordinates(points[1])})
    alt = (
        f"The plane coloured by what the discriminator takes for real (blue) or generated (orange), with {POINTS} real "
        f"and {POINTS} generated samples, after {run.last.number:,} rounds; the generated ones have their mean at "
        f"({number(float(made[:, 0].mean()))}, {number(float(made[:, 1].mean()))}) and spread by "
        f"{number(float(made.std()))}."
    )
    more = {"title": {"text": name, **TITLE}, "showlegend": False} if name else {}
    return Picture(traces, square(EXTENT, height, **more), alt, Replay(len(run.history), film), labels_of(run))


def manifold(run: GanRun, height: int = 430) -> Picture:
    """The square of noise as the generator bends it, as a grid, at all moments."""
    lines = inside(warped(run))
    gap = np.full((*lines.shape[:2], 1, 2), np.nan, dtype=lines.dtype)
    rows = np.concatenate([lines, gap], axis=2).reshape(len(lines), -1, 2)

    def film() -> list[tuple[dict | None, ...]]:
        return [(None, coordinates(row)) for row in rows]

    style = {"type": "scatter", "mode": "lines", "line": {"color": ORANGE, "width": 1.2}, "hoverinfo": "skip"}
    traces = [real(run.data, transparent(BLUE, 0.7)), {**style, "name": "grid of noise", **coordinates(rows[-1])}]
    apart = np.linalg.norm(np.diff(lines[-1], axis=1), axis=-1)
    alt = (
        f"The square of noise as a grid, bent by the generator after {run.last.number:,} rounds: neighbours along "
        f"its lines are {number(float(apart.mean()))} apart on average and {number(float(apart.max()))} at most."
    )
    return Picture(traces, square(EXTENT, height), alt, Replay(len(rows), film), labels_of(run))


def over_rounds(
    runs: Sequence[GanRun],
    values: Sequence[Sequence[float]],
    names: Sequence[str],
    axis: str,
    height: int = 300,
    **more,
) -> Picture:
    """Curves of runs over their rounds, with a cursor that follows the replay of the first run."""
    styles = ((BLUE, "solid"), (ORANGE, "dash"), (GREY, "dot"))
    traces = [
        line(np.array([moment.number for moment in run.history]), np.array(row), name, *style, showlegend=len(runs) > 1)
        for run, row, name, style in zip(runs, values, names, styles, strict=False)
    ]
    cursor = {
        "type": "scatter",
        "mode": "lines",
        "x": [runs[0].last.number] * 2,
        "y": [0, 1],
        "yaxis": "y2",
        "line": {"color": INK, "width": 1.5},
        "hoverinfo": "skip",
        "showlegend": False,
    }
    frames = [(*([None] * len(traces)), {"x": [moment.number] * 2}) for moment in runs[0].history]
    second = {"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True}
    plan = layout("round", axis, height, yaxis2=second, **more)
    words = [f"{name} from {number(row[0])} to {number(row[-1])}" for name, row in zip(names, values, strict=True)]
    return Picture([*traces, cursor], plan, f"{axis} by round: {'; '.join(words)}.", frames, labels_of(runs[0]))
