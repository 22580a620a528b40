"""The view of pooling: four ways to make a map smaller, and the one-pixel shift meter."""

import numpy as np
import torch

from core.data.photos import Photo
from core.figures.curves import bands
from core.figures.picture import BLUE, GREY, Picture, layout
from core.figures.rasters import greys, raster, signed
from core.lessons import Goal, Question
from core.lessons.controls import pick, slider
from core.lessons.view import Shown, View
from core.topics.convolution.pooling import (
    FARTHEST,
    MAX,
    METHODS,
    PICTURE,
    SUBJECTS,
    Pooled,
    change,
    pool,
    program_of_pooling,
)

METHOD = pick("Method", METHODS, MAX)
MOVE = slider("Move the picture by", 0, FARTHEST, 1, format="%d px")


def measure(photo: Photo, what_is_pooled: str, pooling_window: int, pooling_stride: int, seed: int) -> Pooled:
    """All four methods."""
    return pool(photo, what_is_pooled, pooling_window, pooling_stride)


def map_picture(values: torch.Tensor, title: str, highest: float) -> Picture:
    """One pooled map."""
    grid = values[0, 0].numpy()
    alt = f"{title}: {grid.shape[0]} × {grid.shape[1]} values with mean {grid.mean():.2f}."
    return raster([greys(grid, 0, max(highest, 1e-9))], grid.shape, title, alt, 270)


def difference(before: torch.Tensor, after: torch.Tensor) -> Picture:
    """What became more and what became less."""
    gap = (after - before)[0, 0].numpy()
    contrast = float(before.std()) or 1.0
    alt = f"Difference of the two maps: {change(before, after):.0%} of the first one's contrast."
    return raster([signed(gap, 2 * max(contrast, 1e-6))], gap.shape, "difference: blue more, orange less", alt, 270)


def meter(pooled: Pooled, chosen: str) -> Picture:
    """The change of every method when the picture moves by one pixel."""
    values = [pooled.meter(method) for method in METHODS]
    text = [f"{value:.0%}" for value in values]
    trace = {
        "type": "bar", "orientation": "h", "y": list(METHODS), "x": values, "text": text, "textposition": "outside",
        "cliponaxis": False, "hoverinfo": "skip",
        "marker": {"color": [BLUE if method == chosen else GREY for method in METHODS]},
    }  # fmt: skip
    title = {"text": "the picture moves by one pixel", "font": {"size": 13}, "x": 0.5}
    alt = "Change of the answer when the picture moves by one pixel: "
    alt += ", ".join(f"{method} {value}" for method, value in zip(METHODS, text, strict=True)) + "."
    span = [0, 1.2 * max(*values, 0.1)]
    plan = layout("change, share of the contrast", "", 270, showlegend=False, title=title,
                  xaxis={"range": span, "tickformat": ".0%", "nticks": 5},
                  yaxis={"autorange": "reversed", "showgrid": False})  # fmt: skip
    return Picture([trace], plan, alt)


def saw(pooled: Pooled) -> Picture:
    """What is left of the change when the answer may be moved by whole pixels of its own, over the distance."""
    axes = ("picture moved by, in pixels", "left after aligning")
    picture = bands(np.arange(FARTHEST + 1), pooled.misfits, axes, 280)
    picture.layout["yaxis"] |= {"tickformat": ".0%", "rangemode": "tozero"}
    picture.layout["xaxis"] |= {"dtick": 1}
    return picture


def draw(pooled: Pooled, method: str, move_the_picture_by: int) -> Shown:
    """Before, after and their difference; the meter and the saw."""
    maps = pooled.maps[method]
    first, then = maps[0], maps[move_the_picture_by]
    highest = float(torch.stack([first, then]).max())
    row = (
        map_picture(first, f"{method}, before", highest),
        map_picture(then, f"{method}, moved by {move_the_picture_by}", highest),
    )
    size = " × ".join(map(str, first.shape[2:]))
    note = (
        f"A map of {size} values. One pixel to the right changes **{pooled.meter(method):.0%}** of its contrast with "
        f"{method}; least with **{pooled.steadiest}**. Whenever the picture moves by a multiple of the stride "
        f"({pooled.stride}), the answer only moves along; in between, other pixels are asked."
    )
    return Shown((row, (difference(first, then), meter(pooled, method)), (saw(pooled),)), note)


def before(pooled: Pooled, method: str, move_the_picture_by: int) -> Shown:
    """The map without the meter."""
    highest = float(pooled.maps[method][0].max())
    return Shown(((map_picture(pooled.maps[method][0], f"{method}, before", highest),),))


def question(pooled: Pooled, method: str, move_the_picture_by: int) -> Question:
    """Which changes least?"""
    because = (
        "What is asked only at every stride-th pixel changes with the pixel it falls on; a map that was blurred first "
        "hardly differs between neighbours."
    )
    text = "The picture moves by one pixel. Whose answer changes least?"
    return Question(text, METHODS, pooled.steadiest, because)


def goal(pooled: Pooled, method: str, move_the_picture_by: int) -> Goal:
    """Find the culprit."""
    left = {name: float(values.max()) for name, values in pooled.misfits.items()}
    worst = max(left, key=lambda name: left[name])
    text = (
        "**Find the culprit**: set window and stride so that the answers of all four methods only move along, whatever "
        "the distance (left after aligning: 0%), on a picture that is not flat."
    )
    passed = bool(pooled.photo.values.std() > 0.02 and left[worst] < 1e-6 and left[MAX] < 1e-6)
    return Goal(text, passed, f"Now: up to {left[worst]:.0%} left with {worst}.")


POOLING = View(
    (pick("What is pooled", SUBJECTS, PICTURE), slider("Pooling window", 1, 4, 2), slider("Pooling stride", 1, 4, 2)),
    measure,
    draw,
    look=(METHOD, MOVE),
    before=before,
    question=question,
    goal=goal,
    program=lambda pooled, method, move_the_picture_by: program_of_pooling(pooled),
)
