"""The views that begin with a picture: walk part of the way from it, or repaint what a mask leaves open."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from torch import Tensor

from core.data import drawings as own
from core.figures.picture import ORANGE, Picture, transparent
from core.figures.rasters import greys, outline, raster
from core.lessons import Goal, Question, Scale
from core.lessons.controls import pick, slider, text
from core.lessons.view import Shown, View
from core.topics.diffusion import sheets
from core.topics.diffusion.latent import CLASSES, MARGIN, ROOM, SIDE, decoded, encoded
from core.topics.diffusion.painting import COUNT, Painted, Walk, chosen, judged, kind_of, painted
from core.topics.diffusion.picture_programs import program_of_editing
from core.topics.diffusion.pictures_view import GUIDANCE, PAINTING

BOX = 26  # pixels that the ink of a learner's picture fills: clothes fill nearly all of 28
READERS = (own.SAMPLE,), own.sample, partial(own.drawn, box=BOX), partial(own.uploaded, box=BOX)
CELL = 4  # pixels of a code's cell
SAMPLE = pick("Held-out picture", CLASSES, "Sneaker", help="Used where no picture of your own is chosen.")
NUMBER = slider("Its number", 1, 10, 1)
INTO = pick("Turn into", CLASSES, "Ankle boot", help="The label that the U-Net is given.")
STRENGTH = slider("Strength", 0.05, 1.0, 0.5, 0.05, help="Share of the 20 steps that are walked.")


@dataclass(frozen=True)
class Edited:
    """A picture (1, 1, 28, 28), and what was painted from it."""

    original: Tensor
    name: str
    painted: Painted

    @property
    def provenance(self) -> str:
        """Where the pictures come from."""
        return self.painted.provenance

    @property
    def pictures(self) -> Tensor:
        """What came out, (count, 1, 28, 28)."""
        return self.painted.pictures

    def likeness(self) -> float:
        """The mean correlation of the pixels with those of the original."""
        flat = torch.cat([self.original, self.pictures]).flatten(1)
        return torch.corrcoef(flat)[0, 1:].nan_to_num().mean().item()


def picture_of(brought: own.Own, held_out_picture: str, its_number: int) -> tuple[Tensor, str]:
    """The learner's picture, or a held-out one, and what it is called."""
    if brought.pixels:
        return brought.values(SIDE).view(1, 1, SIDE, SIDE), brought.name
    return chosen(held_out_picture, its_number), held_out_picture


def edited(picture: Tensor, name: str, kind: str, guidance: float, walk: Walk) -> Edited:
    """Paint from a picture."""
    walk = replace(walk, original=encoded(picture))
    return Edited(picture, name, painted(kind, guidance, walk))


def originally(found: Edited, title: str = "") -> Picture:
    """The original."""
    said = judged(found.original)[0]
    taken = f"{CLASSES[int(said.argmax())]}, {float(said.max()):.0%} sure"
    alt = f"The original, {found.name}; a classifier takes it for {taken}."
    return sheets.pictures(found.original, title or f"original, read as {taken}", alt, 1)


def program(found: Edited, **_: object) -> object:
    """The program of the walk."""
    return program_of_editing(found.painted, found.original)


# From a picture ------------------------------------------------------------------------------------------------------

ALIKE = 0.75  # correlation with the original that the challenge asks for


def turn(
    brought: own.Own, held_out_picture: str, its_number: int, turn_into: str, strength: float, guidance: float,
    seed: int,
) -> Edited:  # fmt: skip
    """Six pictures of another class, from one."""
    picture, name = picture_of(brought, held_out_picture, its_number)
    return edited(picture, name, turn_into, guidance, Walk(seed=seed, strength=strength))


def turned_view(found: Edited) -> Shown:
    """The original under noise, and what is made of it."""
    made, steps = found.painted, len(found.painted.stations) - 1
    note = (
        f"The code of the original is put under the noise of time {made.walk.times[0]}, and **{steps} of "
        f"{made.walk.steps}** steps lead back, towards {made.kind.lower()}. The classifier takes **{made.right()} of "
        f"{COUNT}** for that; their pixels correlate with the original's by **{found.likeness():.2f}** on average."
    )
    way, guess, _ = sheets.film(made)
    return Shown(((originally(found), way, guess),), note)


def alone(found: Edited) -> Shown:
    """The original, and the noise put on it."""
    start = decoded(found.painted.stations[0])
    alt = f"The original's code under {COUNT} noises, decoded; mean brightness {start.mean():.2f}."
    return Shown(((originally(found), sheets.pictures(start, "its code under noise, decoded", alt)),), "The beginning:")


def how_alike(found: Edited) -> Question:
    """How many are taken for the other class?"""
    text = f"How many of {COUNT} pictures will the classifier take for {found.painted.kind.lower()}?"
    because = (
        "Little noise leaves the coarse shape of the original in the code, and the shape decides; under much noise "
        "only the label is left."
    )
    return Question(text, Scale(0, COUNT), found.painted.right(), because)


def both(found: Edited) -> Goal:
    """Another class, and still alike."""
    right, alike = found.painted.right(), found.likeness()
    was = int(judged(found.original)[0].argmax())
    other = was != kind_of(found.painted.kind)
    text = (
        f"Turn a picture into another class: **at least 5 of {COUNT}** taken for it, and still correlated with the "
        f"original by **{ALIKE:g}**."
    )
    now = f"Now: {right} of {COUNT}, correlation {alike:.2f}."
    return Goal(text, other and right >= 5 and alike >= ALIKE, now if other else f"{now} It is of that class already.")


FROM_A_PICTURE = View(
    (SAMPLE, NUMBER, INTO, STRENGTH, GUIDANCE),
    turn,
    turned_view,
    waiting=PAINTING,
    before=alone,
    question=how_alike,
    goal=both,
    program=program,
)

# Inpainting ----------------------------------------------------------------------------------------------------------

OWN_CELLS = "own cells"
HALVES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "top half": lambda row, column: row < 4,
    "bottom half": lambda row, column: row >= 4,
    "left half": lambda row, column: column < 4,
    "middle": lambda row, column: (row - 3.5).abs().maximum((column - 3.5).abs()) < 2,
}
MASK = pick("Paint anew", (*HALVES, OWN_CELLS), help="Click cells of the original for a mask of your own.")
CELLS = text(
    "Cells", "0000000000000000", longest=16, help="Eight rows of eight cells, two hexadecimal digits for each row.",
    when=lambda values: values["paint_anew"] == OWN_CELLS,
)  # fmt: skip
LABEL = pick("As", CLASSES, "Ankle boot", help="The label that the U-Net is given.")


def mask_of(paint_anew: str, cells: str) -> Tensor:
    """1 where it is painted anew, (8, 8). Raises ``ValueError`` for cells that are none."""
    if paint_anew in HALVES:
        row, column = torch.meshgrid(torch.arange(8), torch.arange(8), indexing="ij")
        return HALVES[paint_anew](row, column).float()
    try:
        number = int(cells or "0", 16)
    except ValueError:
        number = -1
    if not 0 <= number < 1 << 64:
        raise ValueError("Cells are 16 hexadecimal digits, two for each row: click in the original instead.")
    return torch.tensor([int(bit) for bit in f"{number:064b}"]).view(8, 8).float()


def cells_of(mask: Tensor) -> str:
    """A mask as 16 hexadecimal digits."""
    return f"{int(''.join(str(int(bit)) for bit in mask.flatten().tolist()), 2):016x}"


def repaint(
    brought: own.Own, held_out_picture: str, its_number: int, paint_anew: str, cells: str, guidance: float, seed: int,
    **chosen_as: str,
) -> Edited:  # fmt: skip
    """Six pictures that keep what the mask keeps."""
    picture, name = picture_of(brought, held_out_picture, its_number)
    return edited(picture, name, chosen_as["as"], guidance, Walk(seed=seed, mask=mask_of(paint_anew, cells)))


def masked(found: Edited) -> Picture:
    """The original with the cells that are painted anew."""
    mask = found.painted.walk.mask
    assert mask is not None
    pixels = found.original[0, 0].numpy()
    frames = [
        outline(row * CELL - MARGIN, column * CELL - MARGIN, CELL, CELL, ORANGE)
        | {"fillcolor": transparent(ORANGE, 0.25)}
        for row, column in mask.nonzero().tolist()
    ]
    alt = f"The original, {found.name}; {int(mask.sum())} of 64 cells of its code are painted anew."
    return raster(
        [greys(pixels)], (SIDE, SIDE), "original, and what is painted anew", alt, sheets.HEIGHT, shapes=frames
    )


def outside(mask: Tensor) -> Tensor:
    """Which pixels (28, 28) lie in cells that are kept."""
    return ~mask.bool().repeat_interleave(CELL, 0).repeat_interleave(CELL, 1)[MARGIN:-MARGIN, MARGIN:-MARGIN]


def spreads(found: Edited) -> tuple[float, float]:
    """How far the six pictures differ, standard deviation of a pixel: where they were painted anew, and elsewhere."""
    keep = outside(found.painted.walk.mask) if found.painted.walk.mask is not None else torch.zeros(SIDE, SIDE).bool()
    spread = found.pictures[:, 0].std(dim=0)
    anew, kept = (spread[part].mean().nan_to_num().item() for part in (~keep, keep))
    return anew, kept


def repainted_view(found: Edited) -> Shown:
    """The mask, the walk, and how the pictures differ in and outside it."""
    made, (anew, kept) = found.painted, spreads(found)
    apart = (
        f"The six differ by **{anew:.3f}** a pixel where they were painted anew and by **{kept:.3f}** elsewhere: a "
        "cell's pixels depend on its neighbours too."
    )
    if made.walk.mask is not None and made.walk.mask.unique().numel() == 1:
        cells = "All cells are" if made.walk.mask.any() else "No cell is"
        apart = f"{cells} painted anew: the six differ by **{max(anew, kept):.3f}** a pixel."
    note = (
        f"At every step the cells that are kept are overwritten by the original's code under the noise of that time; "
        f"the U-Net fits the others to them. {apart} Taken for {made.kind.lower()}: **{made.right()} of {COUNT}**."
    )
    way, guess, _ = sheets.film(made)

    def clicked(spot: dict) -> tuple:
        if spot["panel"] or spot["row"]:
            return ()
        return ((MASK, OWN_CELLS), (CELLS, cells_of(flipped(made.walk.mask, spot["x"], spot["y"]))))

    return Shown(((masked(found), way, guess),), note, clicked=clicked)


def flipped(mask: Tensor | None, x: float, y: float) -> Tensor:
    """A mask with the cell under a place of the picture turned over."""
    turned = torch.zeros(ROOM[1:]) if mask is None else mask.clone()
    row, column = (int(np.clip((place + 0.5 + MARGIN) // CELL, 0, 7)) for place in (y, x))
    turned[row, column] = 1 - turned[row, column]
    return turned


def masked_alone(found: Edited) -> Shown:
    """The original and the mask."""
    return Shown(((masked(found),),), "Before anything is painted:")


def how_different(found: Edited) -> Question:
    """How much more do they differ inside?"""
    text = f"How many of the {COUNT} pictures will the classifier take for {found.painted.kind.lower()}?"
    because = (
        "What is kept and the label must agree; where what is kept belongs to another class, one of them gives way."
    )
    return Question(text, Scale(0, COUNT), found.painted.right(), because)


def few_cells(found: Edited) -> Goal:
    """Change the class with few cells."""
    mask = found.painted.walk.mask
    cells = 0 if mask is None else int(mask.sum())
    was, right = int(judged(found.original)[0].argmax()), found.painted.right()
    other = was != kind_of(found.painted.kind)
    text = f"Turn the picture into another class, **at least 5 of {COUNT}**, by painting at most **24** cells anew."
    now = f"Now: {cells} cells, {right} of {COUNT}{'' if other else ', but it is of that class already'}."
    return Goal(text, other and right >= 5 and 0 < cells <= 24, now, cells)


INPAINTING = View(
    (SAMPLE, NUMBER, LABEL, MASK, CELLS, GUIDANCE),
    repaint,
    repainted_view,
    waiting=PAINTING,
    before=masked_alone,
    question=how_different,
    goal=few_cells,
    program=program,
)
