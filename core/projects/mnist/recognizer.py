"""Read a digit: picture in, calibrated probabilities out, with "none of these" among the answers."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from core.models.digits import NAMES, recognizer
from core.projects.mnist.drawing import Empty, digit, framed, on_paper
from core.projects.mnist.photograph import Sheet, Step, ground_colour, photographed, printed
from core.serving.uploads import opened
from core.wording import article

SMALLEST = 48  # pixels of the longer side; smaller pictures are MNIST's own
ALL_OF_IT = 0.9  # share of a drawing's ink that its digit must have


@dataclass(frozen=True)
class Reading:
    """What the network makes of one picture.

    ``probabilities``: eleven, of the ten digits and of "none of these"; ``seen`` (28, 28), what the network saw;
    ``notes``: a sentence for each thing done to make a file readable; ``steps``: how the ink was found; ``several``:
    where the picture holds several digits, the reading of each in order. Then the rest is of the picture as a whole.
    """

    probabilities: tuple[float, ...]
    seen: Tensor
    notes: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    several: tuple["Reading", ...] = ()

    @property
    def digit(self) -> int | None:
        """The most probable digit, or None where "none of these" is more probable, or where there are several."""
        if self.several:
            return None
        best = int(np.argmax(self.probabilities))
        return best if best < 10 else None

    @property
    def sentence(self) -> str:
        """The answer in words."""
        if self.several:
            each = ", ".join(f"{one.digit} ({100 * one.sure:.0f}% sure)" for one in self.several)
            return f"{len(self.several)} digits: {each}."
        if self.digit is None:
            likest = int(np.argmax(self.probabilities[:10]))
            return f"None of these: this does not look like a digit (of the ten it is most like {article(likest)})."
        return f"{article(self.digit).capitalize()}, {100 * self.probabilities[self.digit]:.0f}% sure."

    @property
    def short(self) -> str:
        """The answer in a word or two."""
        return NAMES[10] if self.digit is None else str(self.digit)

    @property
    def sure(self) -> float:
        """The probability of the most probable answer."""
        return max(self.probabilities)

    @property
    def answers(self) -> tuple["Reading", ...]:
        """The reading of each digit, this one where there is only one."""
        return self.several or (self,)

    @property
    def named(self) -> dict[str, float]:
        """Probability by name."""
        return dict(zip(NAMES, self.probabilities, strict=True))


def read(picture: Image.Image | np.ndarray, notes: tuple[str, ...] = ()) -> Reading:
    """Read one picture: a drawing, a scan, a photograph; raises ``drawing.Empty`` for a bare one.

    A drawing, all of whose ink belongs together, is framed as it is. On a photograph, or where there is more, the ink
    of each digit is found first.
    """
    if isinstance(picture, np.ndarray) or max(picture.size) < SMALLEST:
        return reading(digit(picture), notes)
    paper = on_paper(picture) if see_through(picture) else picture
    colour = (255, 255, 255) if paper is not picture else ground_colour(picture)
    if colour is None:
        return of_sheet(photographed(picture), notes)
    plain, drawn = reading(digit(picture), notes), printed(paper, colour)
    plain = replace(plain, steps=drawn.steps)
    if not drawn.digits or (len(drawn.digits) == 1 and drawn.share > ALL_OF_IT):
        return plain
    if len(drawn.digits) > 1 and plain.digit is not None and plain.sure > 0.5:
        return plain
    better = of_sheet(drawn, notes)
    certain = better.several or better.digit is not None
    return better if certain and min(one.sure for one in better.answers) > 0.8 else plain


def see_through(picture: Image.Image) -> bool:
    """Whether a picture has a transparent place, as a drawing pad's has."""
    return picture.has_transparency_data and bool(np.asarray(picture.convert("RGBA").getchannel("A")).min() < 255)


def of_sheet(sheet: Sheet, notes: tuple[str, ...]) -> Reading:
    """The reading of what was found on a sheet; raises ``drawing.Empty`` where nothing was."""
    if sheet.whole is None:
        raise Empty("Nothing is written on this picture: send one with a digit, larger or darker.")
    whole = replace(reading(as_seen(sheet.whole), notes), steps=sheet.steps)
    if len(sheet.digits) == 1 or (whole.digit is not None and whole.sure > 0.9):
        return whole
    parts = tuple(reading(as_seen(ink), ()) for ink in sheet.digits)
    if sum(part.digit is not None for part in parts) == 1:
        return replace(next(part for part in parts if part.digit is not None), notes=notes, steps=sheet.steps)
    return whole if any(part.digit is None for part in parts) else replace(whole, several=parts)


def as_seen(strokes: np.ndarray) -> Tensor:
    """Ink of any size as the network sees it, (1, 28, 28)."""
    return torch.from_numpy(framed(strokes))[None]


def reading(seen: Tensor, notes: tuple[str, ...]) -> Reading:
    """What the network makes of what it sees, (1, 28, 28)."""
    return Reading(tuple(probabilities(seen[None])[0].tolist()), seen[0], notes)


def read_file(file: bytes) -> Reading:
    """Read the picture in a file; raises ``uploads.Refused`` or ``drawing.Empty``, each with one sentence."""
    picture, notes = opened(file)
    return read(picture, notes)


@torch.no_grad()
def probabilities(images: Tensor) -> Tensor:
    """Images as the network wants them, (batch, 1, 28, 28), to probabilities (batch, 11)."""
    model, calibration = recognizer()
    return calibration(model(images))
