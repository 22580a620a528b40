"""Pictures of pictures: what a network sees, what its filters make of it, which pixels spoke, and what it answers."""

import math
from collections.abc import Sequence

import numpy as np

from core.figures.galleries import ink, mosaic
from core.figures.picture import BLUE, GREY, Picture, encoded, layout, sampled, transparent
from core.figures.rasters import SIGNED, frame, shades, titled


def drawing(seen, title: str, height: int = 330) -> Picture:
    """One picture (side, side) of ink from 0 to 1, as the network is given it."""
    values = np.asarray(seen)
    rows, columns = values.shape
    share = float((values > 0.5).mean())
    alt = f"{title}: a picture of {rows} × {columns} grey values; {share:.0%} of its pixels are more ink than paper."
    edge = {"type": "rect", "x0": -0.5, "x1": columns - 0.5, "y0": -0.5, "y1": rows - 0.5}
    plan = frame(
        rows, columns, height, annotations=titled(title), shapes=[{**edge, "line": {"color": GREY, "width": 1}}]
    )
    return Picture([ink(values)], plan, alt)


def chances(probabilities: Sequence[float], names: Sequence[str], height: int = 330) -> Picture:
    """How probable each answer is, one bar each; the largest is blue."""
    trace = {"type": "bar", "orientation": "h", "y": list(names), "hoverinfo": "skip", "cliponaxis": False,
             "textposition": "outside", **lengths(probabilities)}  # fmt: skip
    plan = layout(
        "Probability", "", height, showlegend=False, bargap=0.25,
        xaxis={"range": [0, 1.22], "tickformat": ".0%", "fixedrange": True, "tickvals": [0, 0.5, 1]},
        yaxis={"type": "category", "autorange": "reversed", "showgrid": False, "fixedrange": True, "dtick": 1},
    )  # fmt: skip
    order = sorted(range(len(names)), key=lambda place: -probabilities[place])[:3]
    first = ", ".join(f"{names[place]} {probabilities[place]:.1%}" for place in order)
    return Picture([trace], plan, f"Probability of each of {len(names)} answers; the most probable are {first}.")


def lengths(probabilities: Sequence[float]) -> dict:
    """The bars of one moment."""
    best = max(range(len(probabilities)), key=lambda place: probabilities[place])
    colors = [BLUE if place == best else GREY for place in range(len(probabilities))]
    text = [f"{100 * value:.0f} %" if value >= 0.005 else "" for value in probabilities]
    return {"x": [float(value) for value in probabilities], "marker": {"color": colors}, "text": text}


def chances_film(moments: Sequence[Sequence[float]], names: Sequence[str], labels: list[str], height: int) -> Picture:
    """The same at every recorded moment of a training."""
    last = chances(moments[-1], names, height)
    frames = [(lengths(probabilities),) for probabilities in moments]
    return Picture(last.traces, last.layout, f"At the end of the training. {last.alt}", frames, labels)


def across(count: int) -> int:
    """How many pictures stand in a row so that a mosaic is about twice as wide as high."""
    return math.ceil(math.sqrt(2 * count))


def maps(answers: np.ndarray, name: str, height: int = 420) -> Picture:
    """Feature maps (channels, height, width), each brought to its own strongest answer: the more ink, the stronger."""
    count, high, wide = answers.shape
    strongest = answers.max(axis=(1, 2), keepdims=True)
    whole = mosaic(answers / np.maximum(strongest, 1e-9), across(count), 0.0)
    silent = int((strongest[:, 0, 0] <= 1e-6).sum())
    alt = f"{name}: {count} feature maps of {high} × {wide}; {silent} of them stay silent for this drawing."
    full = -(-count // across(count)) * across(count)
    lines = mosaic(np.zeros((full, high, wide)), across(count), 1.0)
    gaps = shades(lines, 0, 1, [[0, transparent(GREY, 0)], [1, transparent(GREY, 0.45)]])
    return Picture([ink(whole), gaps], frame(*whole.shape, height), alt)


def kernels(moments: np.ndarray, labels: list[str], height: int = 330) -> Picture:
    """Filters (moments, filters, side, side) while they are learned: blue weights ask for ink, orange for paper."""
    most = float(np.abs(np.nan_to_num(moments)).max()) or 1.0
    columns = math.ceil(math.sqrt(moments.shape[1]))
    films = [mosaic(np.nan_to_num(moment), columns, 0.0) for moment in moments]
    trace = shades(films[-1], -most, most, SIGNED)
    frames = [({"z": encoded(sampled(film, -most, most))},) for film in films]
    count, side = moments.shape[1], moments.shape[2]
    alt = f"The {count} filters of {side} × {side} weights of the first convolution; the largest weight is {most:.2f}."
    plan = frame(*films[-1].shape, height, annotations=titled(f"The first layer's {count} filters"))
    return Picture([trace], plan, alt, frames, labels)


def spoken(values, seen, title: str, told: str, height: int = 360) -> Picture:
    """Signed values (side, side) over a faint drawing: blue for, orange against (or: ink added, ink taken away)."""
    values, seen = np.asarray(values), np.asarray(seen)
    most = float(np.abs(values).max()) or 1.0
    strength = np.sign(values) * np.sqrt(np.abs(values) / most)
    plan = frame(*values.shape, height, annotations=titled(title))
    return Picture([ink(seen, 0.35), shades(strength, -1, 1, SIGNED)], plan, told)
