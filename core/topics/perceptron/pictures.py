"""Pictures of a line that learns, of the proof that none can exist, and of the fold that makes one possible."""

from collections.abc import Sequence

import numpy as np
import torch

from core.data.clicked import Row
from core.data.planar import EXTENT
from core.figures.curves import line
from core.figures.marks import trace
from core.figures.picture import (
    BLUE,
    COLORS,
    DASHES,
    INK,
    ORANGE,
    PAPER,
    SYMBOLS,
    Picture,
    encoded,
    layout,
    square,
    transparent,
)
from core.figures.planes import RESOLUTION, heat, scatter, shade
from core.probes.stacked import layers, moments
from core.probes.surfaces import surfaces
from core.topics.perceptron.numbers import Learning, Verdict, hull, placed
from core.training import Run
from core.wording import counted

FRAMES = 120  # mistakes that are replayed one by one; of longer trainings the first ones and then a selection
CORNERS = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * EXTENT
NAMES = ("orange", "blue")


def dots(points: np.ndarray, blue: np.ndarray) -> list[dict]:
    """Points (points, 2) of both classes as traces, each class with its colour and its symbol."""
    return [
        scatter(
            points[blue == index],
            symbol(index),
            NAMES[index],
            "(%{x:.2f}, %{y:.2f})<extra>" + NAMES[index] + "</extra>",
        )
        for index in range(2)
    ]


def symbol(index: int) -> dict:
    """The marker of a class."""
    return {"symbol": SYMBOLS[index], "size": 10, "color": COLORS[index], "line": {"width": 1, "color": PAPER}}


def rings(points: np.ndarray, name: str) -> dict:
    """Rings around points (points, 2)."""
    marker = {"symbol": "circle-open", "size": 20, "color": INK, "line": {"width": 3, "color": INK}}
    return {**scatter(points, marker, name, name + "<extra></extra>"), "cliponaxis": False}


def side(weights: np.ndarray, corners: np.ndarray = CORNERS) -> np.ndarray:
    """The part of a convex polygon (corners, 2) where w₁x + w₂y + b > 0, (corners, 2) (Sutherland and Hodgman 1974)."""
    heights, kept = corners @ weights[:2] + weights[2], []
    for here, after, low, high in zip(corners, np.roll(corners, -1, 0), heights, np.roll(heights, -1), strict=True):
        if low > 0:
            kept.append(here)
        if (low > 0) != (high > 0):
            kept.append(here + (after - here) * low / (low - high))
    return np.array(kept).reshape(-1, 2)


def border(weights: np.ndarray, corners: np.ndarray = CORNERS) -> np.ndarray:
    """Where the line w₁x + w₂y + b = 0 enters and leaves a polygon, (2, 2), or nothing, (0, 2)."""
    part = side(weights, corners)
    on = np.abs(part @ weights[:2] + weights[2]) < 1e-9 * (1 + np.abs(weights).sum()) if len(part) else []
    ends = part[on]
    return ends[[0, -1]] if len(ends) > 1 else np.zeros((0, 2))


def path(points: np.ndarray) -> dict:
    """Corners as coordinates of a trace."""
    return {"x": encoded(points[:, 0]), "y": encoded(points[:, 1])}


def area(points: np.ndarray, color: str, opacity: float, name: str = "", **more) -> dict:
    """A filled polygon."""
    fill = {"fill": "toself", "fillcolor": transparent(color, opacity), "line": {"width": 0}}
    said = {"hoverinfo": "skip", "showlegend": bool(name), "name": name}
    return {**trace("lines", *points.T), **fill, **said, **more}


def plane(height: int) -> dict:
    """The layout of a plane with a frame around it."""
    plan = square(EXTENT, height)
    frame = {"showline": True, "mirror": True}
    return plan | {"xaxis": plan["xaxis"] | frame, "yaxis": plan["yaxis"] | frame}


def unjudged(rows: Sequence[Row], height: int = 440) -> Picture:
    """Points (x, y, class) and nothing else."""
    blue = np.array([row[2] for row in rows])
    alt = f"{len(rows)} points in the plane, {int((blue == 0).sum())} orange and {int((blue == 1).sum())} blue."
    return Picture(dots(placed(rows)[0][:, :2], blue), plane(height), alt)


def mistakes(learning: Learning, height: int = 440) -> Picture:
    """A perceptron's line after every mistake, the point that it mistakes next ringed."""
    points, blue = placed(learning.rows)[0][:, :2], np.array([row[2] for row in learning.rows])
    count = len(learning.wrong)
    shown = np.unique(np.r_[np.arange(min(count, FRAMES // 2)), np.linspace(0, count, FRAMES // 2).astype(int), count])
    frames = [moment(learning, points, index) for index in shown]
    fixed = [
        area(CORNERS[:0], ORANGE, 0.16),
        area(CORNERS[:0], BLUE, 0.16),
        {**line([], [], "the line", INK, hoverinfo="skip"), **path(CORNERS[:0])},
        *dots(points, blue),
        rings(points[:0], "mistaken"),
    ]
    traces = [{**trace, **change} if change else trace for trace, change in zip(fixed, frames[-1], strict=True)]
    end = "every point is on its side" if learning.ended else "it was stopped with points still on the wrong side"
    alt = f"{len(points)} points in the plane and a straight line that moves at each of {count} mistakes; {end}."
    return Picture(traces, plane(height), alt, frames, [counted(index, "mistake") for index in shown])


def moment(learning: Learning, points: np.ndarray, index: int) -> tuple[dict | None, ...]:
    """The line after some mistakes, what it answers on either side, and the point that it mistakes next."""
    weights = learning.lines[index]
    sides = path(side(-weights)), path(side(weights)), path(border(weights))
    return (*sides, None, None, path(points[learning.wrong[index : index + 1]]))


def judgement(learning: Learning, verdict: Verdict, height: int = 440) -> Picture:
    """The convex hulls of both classes: apart, with a line between them, or crossing, with a point they share and the
    few points that prove it."""
    points, blue = placed(learning.rows)[0][:, :2], np.array([row[2] for row in learning.rows])
    hulls = [hull(points[blue == index]) for index in range(2)]
    areas = [
        area(closed(corners), COLORS[index], 0.14, line={"width": 2, "color": COLORS[index]})
        for index, corners in enumerate(hulls)
    ]
    if verdict.line is not None:
        found = [{**line([], [], "a line between them", INK, hoverinfo="skip"), **path(border(verdict.line))}]
        alt = f"The convex hulls of both classes do not meet: a straight line separates all {len(points)} points."
    elif verdict.crossing is not None:
        cross = {"symbol": "x", "size": 13, "color": INK, "line": {"width": 2, "color": PAPER}}
        shared = scatter(verdict.crossing[None], cross, "in both hulls", "in both hulls<extra></extra>")
        found = [*witness_areas(points, blue, verdict), rings(points[list(verdict.witnesses)], "the proof"), shared]
        alt = (
            f"The convex hulls of both classes cross at ({verdict.crossing[0]:.2f}, {verdict.crossing[1]:.2f}); "
            f"{len(verdict.witnesses)} ringed points prove that no straight line separates the classes."
        )
    return Picture([*areas, *found[:-1], *dots(points, blue), found[-1]], plane(height), alt)


def witness_areas(points: np.ndarray, blue: np.ndarray, verdict: Verdict) -> list[dict]:
    """The segments or the triangle that the witnesses of each class span."""
    chosen = np.array(verdict.witnesses)
    spans = [hull(points[chosen[blue[chosen] == index]]) for index in range(2)]
    return [
        area(closed(span), COLORS[index], 0.22, line={"width": 2.5, "color": COLORS[index], "dash": "dot"})
        for index, span in enumerate(spans)
        if len(span) > 1
    ]


def closed(corners: np.ndarray) -> np.ndarray:
    """A polygon's corners, the first one again at the end."""
    return np.concatenate([corners, corners[:1]])


def squeeze(learning: Learning, verdict: Verdict, height: int = 400) -> Picture:
    """The convergence proof with this training's numbers: the weights' length is squeezed between a straight line that
    grows with every mistake and a square root that cannot keep up."""
    count = np.arange(len(learning.lines))
    wide = np.geomspace(1, max(2 * verdict.bound, 10), 100)
    radius = verdict.margin * np.sqrt(verdict.bound)
    lengths, marker = np.linalg.norm(learning.lines, axis=1), {"size": 5, "color": INK}
    traces = [
        line(wide, radius * np.sqrt(wide), "at most R √k", BLUE, "dash"),
        line(wide, verdict.margin * wide, "at least γ k", ORANGE, "dot"),
        line(count[1:], lengths[1:], "length of the weights", INK, mode="lines+markers", marker=marker),
    ]
    alt = (
        f"Length of the weights over {count[-1]} mistakes, ending at {lengths[-1]:.2f}, above a straight line and "
        f"below a square root of their number; these two meet at {verdict.bound:.0f} mistakes."
    )
    logarithmic = {"xaxis": {"type": "log", "dtick": 1}, "yaxis": {"type": "log", "dtick": 1}}
    return Picture(traces, layout("Mistakes k", "Length of the weights", height, **logarithmic), alt)


def folded(run: Run, height: int = 400) -> Picture:
    """What a network with two hidden units answers in the plane, and the line along which each unit folds it."""
    answers = surfaces(run, extent=EXTENT, resolution=RESOLUTION).unflatten(1, (RESOLUTION, RESOLUTION)).numpy()
    points, blue = run.data.x.numpy(), run.data.y.numpy()
    units = [fold_lines(run, unit) for unit in range(2)]
    base = [line([], [], f"hidden unit {unit + 1}", INK, DASHES[unit + 1], hoverinfo="skip") for unit in range(2)]
    frames = [
        ({"z": encoded(shade(answer, 2))}, path(first), path(second), None, None)
        for answer, first, second in zip(answers, *units, strict=True)
    ]
    traces = [heat(answers[-1], 2), *({**one, **path(ends[-1])} for one, ends in zip(base, units, strict=True))]
    right = f"{run.last.train_score:.0%} of {len(points)} points"
    alt = (
        f"The plane coloured by the answer of a network with two hidden units, right on {right}, with each unit's line."
    )
    labels = [f"epoch {epoch.number}" for epoch in run.history]
    return Picture([*traces, *dots(points, blue)], square(EXTENT, height), alt, frames, labels)


def fold_lines(run: Run, unit: int) -> list[np.ndarray]:
    """Where a hidden unit is 0, at every recorded moment."""
    found = []
    for epoch in run.history:
        first = run.at(epoch.number).hidden[0][0]
        found.append(border(np.r_[first.weight[unit].detach().numpy(), first.bias[unit].item()].astype(float)))
    return found


def lifted(run: Run, height: int = 400) -> Picture:
    """The same points as the two hidden units see them, where one straight line is enough."""
    blue = run.data.y.numpy()
    weights, buffers = moments(run.history)
    seen = layers(run.model, weights, run.data.x, buffers)[0].numpy()
    lines = [decision(run.at(epoch.number).output) for epoch in run.history]
    box = CORNERS / EXTENT * 1.15
    frames = [
        (
            path(side(-weights, box)),
            path(side(weights, box)),
            path(border(weights, box)),
            *(path(hidden[blue == index]) for index in range(2)),
        )
        for hidden, weights in zip(seen, lines, strict=True)
    ]
    fixed = [
        area(box[:0], ORANGE, 0.16),
        area(box[:0], BLUE, 0.16),
        line([], [], "the output's line", INK, hoverinfo="skip"),
        *dots(seen[-1], blue),
    ]
    traces = [{**trace, **change} for trace, change in zip(fixed, frames[-1], strict=True)]
    axis = {"range": [-1.15, 1.15], "showticklabels": False}
    plan = square(1.15, height)
    plan["xaxis"] |= {**axis, "title": {"text": "hidden unit 1"}}
    plan["yaxis"] |= {**axis, "title": {"text": "hidden unit 2"}}
    right = int((side_of(seen[-1], lines[-1]) == (blue == 1)).sum())
    alt = f"The points as the two hidden units see them: one straight line has {right} of {len(blue)} on their side."
    return Picture(traces, plan, alt, frames, [f"epoch {epoch.number}" for epoch in run.history])


def decision(output: torch.nn.Linear) -> np.ndarray:
    """The line on which both outputs are equal, (3,)."""
    weight, bias = output.weight.detach().double().numpy(), output.bias.detach().double().numpy()
    return np.r_[weight[1] - weight[0], bias[1] - bias[0]]


def side_of(points: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Which points (points, 2) lie on a line's blue side."""
    return points @ weights[:2] + weights[2] > 0
