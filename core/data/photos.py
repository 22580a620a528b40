"""Small grey pictures to look at with a kernel: shipped ones, generated ones, and a learner's own."""

import base64
import functools
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.serving.uploads import Refused, bytes_of, opened

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "photos"
SIDE = 96  # pixels; every picture is a square of this side
PHOTOGRAPHS = ("cat", "camera", "coins", "bricks")


@dataclass(frozen=True)
class Photo:
    """A square grey picture: ``pixels`` are its 8-bit greys, row by row, 0 for black; ``sentence`` says what was done
    to make it one."""

    name: str
    pixels: bytes
    sentence: str = ""

    @property
    def values(self) -> np.ndarray:
        """Brightness from 0 to 1, (SIDE, SIDE) float32."""
        return np.frombuffer(self.pixels, np.uint8).reshape(SIDE, SIDE).astype(np.float32) / 255

    @property
    def csv(self) -> str:
        """The greys 0…255 as text, a row of the picture in each line."""
        rows = np.frombuffer(self.pixels, np.uint8).reshape(SIDE, SIDE).tolist()
        return "\n".join(",".join(map(str, row)) for row in rows) + "\n"


def rings() -> np.ndarray:
    """Rings that grow finer towards the edges, (SIDE, SIDE) from 0 to 1: a zone plate, every direction and fineness."""
    up, across = np.mgrid[0:SIDE, 0:SIDE] - (SIDE - 1) / 2
    return 0.5 + 0.5 * np.cos((up**2 + across**2) * np.pi / SIDE)


def checks() -> np.ndarray:
    """A board of squares, six pixels wide, (SIDE, SIDE) of 0 and 1."""
    up, across = np.mgrid[0:SIDE, 0:SIDE] // 6
    return ((up + across) % 2).astype(float)


def noise() -> np.ndarray:
    """Greys without any order, (SIDE, SIDE) from 0 to 1."""
    return np.random.default_rng(0).random((SIDE, SIDE))


def dot() -> np.ndarray:
    """One white pixel in the middle of black, (SIDE, SIDE)."""
    values = np.zeros((SIDE, SIDE))
    values[SIDE // 2, SIDE // 2] = 1
    return values


PATTERNS: dict[str, Callable[[], np.ndarray]] = {"rings": rings, "checks": checks, "noise": noise, "one dot": dot}
SHIPPED = (*PHOTOGRAPHS, *PATTERNS)
EMPTY = Photo("own drawing", bytes([255]) * SIDE * SIDE, "The sheet is empty: draw something.")


@functools.lru_cache(maxsize=len(SHIPPED))
def shipped(name: str) -> Photo:
    """One of ``SHIPPED``. Raises ``ValueError`` for a name that is not among them."""
    if name in PHOTOGRAPHS:
        with Image.open(FOLDER / f"{name}.png") as file:
            return Photo(name, file.convert("L").tobytes())
    if name not in PATTERNS:
        raise ValueError(f"There is no picture {name!r}; choose one of {', '.join(SHIPPED)}.")
    return Photo(name, (PATTERNS[name]() * 255).round().astype(np.uint8).tobytes())


def squared(picture: Image.Image) -> bytes:
    """The middle square of a picture on white paper as SIDE × SIDE greys."""
    paper = Image.new("RGBA", picture.size, "white")
    paper.alpha_composite(picture.convert("RGBA"))
    side = min(picture.size)
    left, top = ((length - side) // 2 for length in picture.size)
    square = paper.convert("L").crop((left, top, left + side, top + side))
    return square.resize((SIDE, SIDE), Image.Resampling.LANCZOS).tobytes()


def sheet() -> str:
    """An empty sheet for a drawing pad to begin with, as a data URL."""
    return f"data:image/png;base64,{base64.b64encode(png(EMPTY)).decode()}"


def drawn(picture: object) -> Photo:
    """The picture of a drawing pad, a data URL, "" for a bare canvas. Whatever else a browser sends is refused in the
    photo's sentence, on an empty sheet."""
    photo = read(bytes_of, picture, EMPTY) if picture else EMPTY
    if photo.pixels == EMPTY.pixels and photo.name != EMPTY.name:
        photo = EMPTY
    return Photo(EMPTY.name, photo.pixels, "" if photo.name != EMPTY.name else photo.sentence)


def uploaded(file: bytes) -> Photo:
    """A learner's file; the first shipped picture, and a sentence, where there is none or it cannot be read."""
    stand_in = shipped(SHIPPED[0])
    if not file:
        return Photo(stand_in.name, stand_in.pixels, f"No file yet; shown is the {stand_in.name}.")
    return read(lambda content: content, file, stand_in)


def read(unpack: Callable[[Any], bytes], content: object, instead: Photo) -> Photo:
    """A stranger's picture, or ``instead`` with a sentence why."""
    try:
        picture, notes = opened(unpack(content))
    except Refused as refusal:
        return Photo(instead.name, instead.pixels, str(refusal))
    wide, high = picture.size
    cut = "" if wide == high else "cut to its middle square and "
    told = f"{wide} × {high} pixels, {cut}brought to {SIDE} × {SIDE} greys."
    return Photo("own picture", squared(picture), " ".join((told, *notes)))


def png(photo: Photo) -> bytes:
    """A photo as a PNG file."""
    file = io.BytesIO()
    Image.frombytes("L", (SIDE, SIDE), photo.pixels).save(file, "PNG")
    return file.getvalue()
