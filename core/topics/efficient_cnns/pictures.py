"""Square pictures in colour: shipped ones, and a learner's own drawing or file."""

import functools
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

from core.data import photos
from core.serving.squares import square
from core.serving.uploads import Refused, bytes_of, opened

SIDE = 224  # pixels
PLACES = {"temple": "china.jpg", "dahlia": "flower.jpg"}  # scikit-learn's two, under CC BY 2.0
CREDIT = "Photograph: danielbuechele, CC BY 2.0, as scikit-learn ships it."
SHIPPED = ("cat", *PLACES, "camera", "coins")


@dataclass(frozen=True)
class Square:
    """A picture of SIDE × SIDE pixels: ``content`` are their red, green and blue, row by row; ``sentence`` says what
    was done to make it one."""

    name: str
    content: bytes = field(repr=False)
    sentence: str = ""

    @property
    def pixels(self) -> np.ndarray:
        """(SIDE, SIDE, 3) uint8."""
        return np.frombuffer(self.content, np.uint8).reshape(SIDE, SIDE, 3)

    def sized(self, side: int) -> np.ndarray:
        """The same in another size, (side, side, 3) uint8; bicubic."""
        image = Image.fromarray(self.pixels)
        return np.asarray(image if side == SIDE else image.resize((side, side), Image.Resampling.BICUBIC))

    @property
    def png(self) -> bytes:
        """The picture as a PNG file."""
        file = io.BytesIO()
        Image.fromarray(self.pixels).save(file, "PNG")
        return file.getvalue()


@functools.lru_cache(maxsize=len(SHIPPED))
def shipped(name: str) -> Square:
    """One of ``SHIPPED``. Raises ``ValueError`` for a name that is not among them."""
    if name not in PLACES:
        return of(photos.shipped(name))
    from sklearn.datasets import load_sample_image

    return Square(name, square(Image.fromarray(load_sample_image(PLACES[name])), SIDE).tobytes(), CREDIT)


def of(photo: photos.Photo, sentence: str = "") -> Square:
    """A small grey picture as a large one in colour."""
    image = Image.frombytes("L", (photos.SIDE, photos.SIDE), photo.pixels)
    return Square(photo.name, square(image.convert("RGB"), SIDE).tobytes(), sentence or photo.sentence)


def drawn(picture: object) -> Square:
    """The picture of a drawing pad, a data URL, "" for a bare canvas; a sheet with a sentence for whatever else."""
    empty = of(photos.EMPTY)
    return read(bytes_of, picture, empty, empty.name, "") if picture else empty


def uploaded(file: bytes) -> Square:
    """A learner's file; the first shipped picture, and a sentence, where there is none or it cannot be read."""
    stand_in = shipped(SHIPPED[0])
    if not file:
        return Square(stand_in.name, stand_in.content, f"No file yet; shown is the {stand_in.name}.")
    cut = f"its middle square, brought to {SIDE} × {SIDE}."
    return read(lambda content: content, file, stand_in, "own picture", cut)


def read(unpack: Callable[[Any], bytes], content: object, instead: Square, name: str, cut: str) -> Square:
    """A stranger's picture, or ``instead`` with a sentence why."""
    try:
        picture, notes = opened(unpack(content))
    except Refused as refusal:
        return Square(instead.name, instead.content, str(refusal))
    told = f"{picture.size[0]} × {picture.size[1]} pixels, {cut}" if cut else ""
    return Square(name, square(picture, SIDE).tobytes(), " ".join(filter(None, (told, *notes))))
