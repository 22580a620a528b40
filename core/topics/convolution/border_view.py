"""The view of the border: what each padding invents, held against what was really there."""

from typing import Any

import numpy as np

from core.data.photos import Photo
from core.figures.curves import bands
from core.figures.picture import Picture
from core.figures.rasters import greys, outline, raster, signed
from core.lessons import Goal, Question
from core.lessons.controls import pick, slider
from core.lessons.view import Shown, View
from core.topics.convolution.borders import CUT, DEEPEST, MARGIN, MODES, Borders, borders, program_of_borders
from core.topics.convolution.kernels import CONTROLS, kernel_of
from core.wording import counted

DEEP = 12  # pixels that the challenge asks for
PADDING = pick("Kind of padding", MODES)


def measure(photo: Photo, kernel: str, kernel_size: int, own_numbers: str, layers: int, seed: int) -> Borders:
    """Every padding."""
    return borders(photo, kernel_of(kernel, kernel_size, own_numbers), layers)


def invented(edges: Borders, mode: str) -> np.ndarray:
    """The cut-out with what the padding puts around it, (height, width)."""
    inner = edges.photo.values[MARGIN : MARGIN + CUT, MARGIN : MARGIN + CUT]
    names: dict[str, Any] = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
    return np.pad(inner, MARGIN // 2, mode=names[mode])


def draw(edges: Borders, kind_of_padding: str) -> Shown:
    """What is invented, the error it makes, and how deep it reaches."""
    padding, edge, room = kind_of_padding, MARGIN // 2, CUT + MARGIN
    inner = [outline(edge, edge, CUT, CUT)]
    padded = raster(
        [greys(invented(edges, padding))], (room, room), f"the cut-out, padded: {padding}",
        f"The middle {CUT} × {CUT} pixels of {edges.photo.name}, surrounded by padding of kind {padding}.",
        shapes=inner,
    )  # fmt: skip
    really = raster(
        [greys(edges.photo.values[edge:-edge, edge:-edge])], (room, room), "what is really there",
        f"The same pixels of {edges.photo.name} with their real surroundings.", shapes=inner,
    )  # fmt: skip
    gap = edges.responses[padding] - edges.truth
    contrast = float(edges.truth.std()) or 1.0
    errors = raster(
        [signed(gap, contrast)], (CUT, CUT), "error: blue too much, orange too little",
        f"Error of the response with padding {padding}; {edges.errors[padding][0]:.0%} of the contrast at the "
        "outermost pixels.",
    )  # fmt: skip
    note = (
        f"The cut-out's real surroundings are known, so the error can be measured. At the outermost pixels "
        f"**{padding}** is wrong by **{edges.errors[padding][0]:.0%}** of the response's contrast; nearest to the "
        f"truth is **{edges.best}**. The padding is felt **{counted(edges.depth, 'pixel')}** deep; never deeper than "
        f"layers × half a kernel, {edges.layers} × {len(edges.kernel) // 2}."
    )
    return Shown(((padded, really), (errors, depths(edges))), note)


def depths(edges: Borders) -> Picture:
    """The error over the distance from the border."""
    shown = edges.layers * (len(edges.kernel) // 2) + 4
    axes = ("pixels from the border", "error, share of the contrast")
    picture = bands(np.arange(shown), {mode: rows[:shown] for mode, rows in edges.errors.items()}, axes, 320)
    picture.layout["yaxis"] |= {"tickformat": ".0%", "rangemode": "tozero"}
    picture.layout["xaxis"] |= {"dtick": 1 if shown < 10 else 2}
    return picture


def before(edges: Borders, kind_of_padding: str) -> Shown:
    """Only what is really there."""
    shown = draw(edges, kind_of_padding)
    return Shown((shown.pictures[0][1:2],))


def question(edges: Borders, kind_of_padding: str) -> Question:
    """Which is nearest to the truth?"""
    because = (
        "In photographs neighbours are alike, so repeating the last pixel invents least; zeros invent a black frame, "
        "whose edge no picture had. Without such order no guess is good."
    )
    text = "Which padding's response comes nearest to the truth at the outermost pixels?"
    return Question(text, list(MODES), edges.best, because)


def goal(edges: Borders, kind_of_padding: str) -> Goal:
    """How deep can a border be felt?"""
    text = f"**Spoil the middle**: let the padding be felt at least {DEEP} pixels deep."
    return Goal(text, edges.depth >= DEEP, f"Now: {counted(edges.depth, 'pixel')} deep.")


BORDER = View(
    (*CONTROLS, slider("Layers", 1, DEEPEST, 1, help="Convolutions after one another, each padded anew.")),
    measure,
    draw,
    look=(PADDING,),
    before=before,
    question=question,
    goal=goal,
    program=lambda edges, kind_of_padding: program_of_borders(edges),
)
