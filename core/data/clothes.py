"""A picture of clothing to look at: a shipped one that no shipped network was trained on, a drawing or a file."""

import functools

from torch import Tensor

from core.data import drawings
from core.data.drawings import Own
from core.data.held_out import SIDE, held_out
from core.data.images import FASHION_MNIST

CLASSES = FASHION_MNIST.classes
NAMES = tuple(reversed(CLASSES))


@functools.cache
def sheet() -> tuple[Tensor, Tensor]:
    """Held-out pictures (300, 1, 28, 28) from 0 to 1 and their classes (300,), 30 of each."""
    x, y = held_out("fashion")
    return x.reshape(-1, 1, SIDE, SIDE), y


@functools.cache
def shipped(name: str) -> Own:
    """The first held-out picture of a class."""
    x, y = sheet()
    pixels = x[y == CLASSES.index(name)][0]
    return Own(f"held-out {name.lower()}", (pixels * 255).round().byte().numpy().tobytes())


def drawn(picture: object) -> Own:
    """What stands on a drawing pad, as large as the training pictures are."""
    return drawings.drawn(picture, SIDE)


def uploaded(file: bytes | None) -> Own:
    """What a file holds, as large as the training pictures are."""
    return drawings.uploaded(file, SIDE)


READERS = NAMES, shipped, drawn, uploaded
