"""Pictures of pictures: what a network sees, what its filters make of it, which pixels spoke, and what it answers."""

import math

import numpy as np

from core.figures.galleries import ink, mosaic
from core.figures.picture import GREY, Picture, encoded, sampled, transparent
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
