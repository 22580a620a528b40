"""The view of random transforms on a picture."""

import numpy as np

from core.data.photos import SIDE, Photo
from core.figures.picture import GREY, Picture
from core.figures.rasters import frame, greys, outline
from core.lessons import Goal, Question, Scale
from core.lessons.controls import choose, slider
from core.lessons.view import Shown, View
from core.topics.dataloaders.transforms import (
    FLIP,
    NAMES,
    ROTATE,
    SHOWN,
    VARIANTS,
    Variants,
    program_of_variants,
    varied,
)

GAP, WORDS, COLUMNS = 4, 30, 4  # pixels between pictures and above them; pictures in a row
LITTLE = 0.05
CHOSEN = choose("Transforms", NAMES, (FLIP, ROTATE))
STRENGTH = slider("Strength", 0.0, 1.0, 0.3, 0.05, help="Degrees, crops, brightness and blur grow together.")


def measure(photo: Photo, transforms: tuple[str, ...], strength: float, seed: int) -> Variants:
    """Variants of the learner's picture."""
    return varied(photo, tuple(transforms), strength, seed)


def sheet(pictures: list[np.ndarray], words: list[str], alt: str) -> Picture:
    """Pictures in rows, each under its words."""
    rows, pitch = -(-len(pictures) // COLUMNS), SIDE + GAP
    deep = SIDE + WORDS
    field = np.full((rows * deep, COLUMNS * pitch - GAP), np.nan)
    notes, edges = [], []
    for place, (picture, text) in enumerate(zip(pictures, words, strict=True)):
        top, left = place // COLUMNS * deep + WORDS, place % COLUMNS * pitch
        field[top : top + SIDE, left : left + SIDE] = picture
        notes.append({"x": left + SIDE / 2, "y": top - 2, "text": text, "showarrow": False, "yanchor": "bottom"})
        edges.append(outline(top, left, SIDE, SIDE, GREY, width=1))
    blank = np.isnan(field)
    trace = greys(np.nan_to_num(field))
    trace["z"] = [[None if empty else value for empty, value in zip(gaps, line, strict=True)]
                  for gaps, line in zip(blank, (field * 255).round().tolist(), strict=True)]  # fmt: skip
    return Picture([trace], frame(*field.shape, 430, annotations=notes, shapes=edges), alt)


def draw(found: Variants) -> Shown:
    """The picture and what the first epochs would see instead of it."""
    words = ["the picture", *(f"epoch {place + 1}" for place in range(SHOWN))]
    alt = (
        f"The picture {found.photo.name} and {SHOWN} random variants of it; over {VARIANTS} variants a pixel changes "
        f"by {found.changes.mean():.3f} on average."
    )
    note = (
        f"Each epoch draws anew. Of {VARIANTS} variants **{found.untouched:.0%}** are the picture itself; a pixel "
        f"changes by **{found.changes.mean():.3f}** on average (0 is black, 1 white). In use no picture is changed."
    )
    return Shown(((sheet([found.photo.values, *found.made[:SHOWN]], words, alt),),), note)


def before(found: Variants) -> Shown:
    """Only the picture."""
    return Shown(((sheet([found.photo.values], ["the picture"], f"The picture {found.photo.name}, unchanged."),),))


def question(found: Variants) -> Question:
    """How many are untouched?"""
    because = "A flip leaves half of them alone; a turn, a crop or other light few: it draws from a whole range."
    text = f"{VARIANTS} epochs draw {VARIANTS} variants. How many of them are the picture itself, pixel by pixel?"
    return Question(text, Scale(0, VARIANTS, 1), round(found.untouched * VARIANTS), because)


def goal(found: Variants) -> Goal:
    """Always different, yet gently."""
    mean = float(found.changes.mean())
    passed = found.untouched == 0 and mean < LITTLE
    text = f"Let **no** variant equal the picture, yet change a pixel by less than **{LITTLE}** on average."
    return Goal(text, passed, f"Now: {found.untouched:.0%} equal it, a pixel changes by {mean:.3f}.")


TRANSFORMS = View((CHOSEN, STRENGTH), measure, draw, (), before, question, goal, program_of_variants)
