"""A learner's picture, brought to the form that the networks know: light on dark, cut out and centred."""

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from core.serving.uploads import Refused, bytes_of, opened

SIDE, BOX = 28, 20  # pixels of the whole, and of the square that the ink fills, as in MNIST
FAINT = 0.15  # ink below this share of the darkest is paper
SAMPLE = "a held-out picture"


@dataclass(frozen=True)
class Own:
    """A picture: ``pixels`` are 28 × 28 bytes, 255 for full ink, empty if there is none; ``sentence`` says why."""

    name: str
    pixels: bytes = b""
    sentence: str = ""

    def values(self, side: int) -> Tensor:
        """Ink from 0 to 1, (1, side²); on 8 × 8 pixels the ink fills the picture, as in those digits."""
        picture = Image.frombytes("L", (SIDE, SIDE), self.pixels)
        if side < SIDE:
            edge = (SIDE - BOX) // 2
            picture = picture.crop((edge, edge - 1, SIDE - edge, SIDE - edge + 1)).resize(
                (side, side), Image.Resampling.BOX
            )
        return torch.from_numpy(np.asarray(picture, np.float32) / 255).reshape(1, -1)


def sample(name: str) -> Own:
    """No picture of one's own: one that is held out stands in for it."""
    return Own(name)


def drawn(picture: object, box: int = BOX) -> Own:
    """What stands on a drawing pad, a data URL; whatever else a browser sends is refused in the sentence."""
    if not picture:
        return Own("own drawing", b"", "The sheet is empty: draw something.")
    try:
        return framed("own drawing", bytes_of(picture), box)
    except Refused as refusal:
        return Own("own drawing", b"", str(refusal))


def uploaded(file: bytes | None, box: int = BOX) -> Own:
    """What a file holds; a sentence where there is none or it cannot be read."""
    if file is None:
        return Own("own file", b"", "No file yet.")
    try:
        return framed("own file", file, box)
    except Refused as refusal:
        return Own("own file", b"", str(refusal))


def framed(name: str, file: bytes, box: int = BOX) -> Own:
    """The ink of a picture file in a box of 20 pixels, or as many as the ``box`` has, its centre of gravity in the
    middle of 28."""
    picture, notes = opened(file)
    ink = ink_of(picture)
    rows, columns = (np.flatnonzero(ink.max(axis=axis) > FAINT) for axis in (1, 0))
    if not len(rows) or ink.max() < 0.1:
        return Own(name, b"", "Nothing is drawn on this picture: send one with a darker or lighter figure.")
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = box / max(cut.shape)
    high, wide = (max(1, round(length * scale)) for length in cut.shape)
    small = np.asarray(Image.fromarray(cut.astype(np.float32)).resize((wide, high), Image.Resampling.BOX))
    return Own(name, bytes(centred(small)), " ".join(notes))


def ink_of(picture: Image.Image) -> np.ndarray:
    """How much of a picture is figure, (height, width) from 0 to 1: what differs from the brightness of its edge."""
    paper = Image.new("RGBA", picture.size, "white")
    paper.alpha_composite(picture.convert("RGBA"))
    paper.thumbnail((400, 400))
    grey = np.asarray(paper.convert("L"), np.float32) / 255
    edge = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    ink = np.abs(grey - np.median(edge))
    ink = ink / max(float(ink.max()), 0.2)
    return np.where(ink > FAINT, ink, 0)


def centred(small: np.ndarray) -> np.ndarray:
    """A small picture in 28 × 28 bytes, its centre of gravity as near to the middle as its size allows."""
    whole, weight = np.zeros((SIDE, SIDE), np.uint8), max(float(small.sum()), 1e-9)
    corner = []
    for axis, length in enumerate(small.shape):
        gravity = float((small.sum(axis=1 - axis) * np.arange(length)).sum()) / weight
        corner.append(int(np.clip(round(SIDE / 2 - 0.5 - gravity), 0, SIDE - length)))
    top, left = corner
    whole[top : top + small.shape[0], left : left + small.shape[1]] = (small.clip(0, 1) * 255).round()
    return whole
