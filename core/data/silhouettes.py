"""A drawn or uploaded picture as a target: its ink in 32 by 32 cells."""

import base64
import binascii
import functools
import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from core.serving.uploads import MOST_BYTES, Refused, opened

SIDE, PIXELS = 32, 280
DARK = 0.5  # how far from the paper towards black a cell counts as ink
FEWEST = 8  # cells of ink


@dataclass(frozen=True)
class Silhouette:
    """The cells of a picture in hexadecimal digits ("": no target), and a sentence about it."""

    cells: str
    sentence: str


def of_picture(picture: Image.Image) -> Silhouette:
    """The dark parts of a picture, framed; of one that is mostly dark, the bright parts."""
    grey = on_white(picture).convert("L")
    ink = 1 - np.asarray(grey, dtype=np.float32) / 255
    if ink.mean() > 0.5:
        ink = 1 - ink
    low, high = float(ink.min()), float(ink.max())
    if high - low < 0.1:
        return Silhouette("", "There is nothing on this picture: draw something dark.")
    cells = framed((ink - low) / (high - low) > DARK)
    if (count := int(cells.sum())) < FEWEST:
        return Silhouette("", "There is too little ink for a target: draw a thicker shape.")
    number = int("".join(map(str, cells.astype(int).ravel())), 2)
    return Silhouette(f"{number:x}", f"Target: {count} cells of ink.")


def on_white(picture: Image.Image) -> Image.Image:
    """A picture without transparent places."""
    picture = picture.convert("RGBA")
    paper = Image.new("RGBA", picture.size, "white")
    paper.alpha_composite(picture)
    return paper


def framed(ink: np.ndarray) -> np.ndarray:
    """The ink in a square of 32 by 32 cells with a small margin, its proportions kept."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    size = max(cut.shape)
    square = np.zeros((size, size), dtype=np.uint8)
    top, left = (size - cut.shape[0]) // 2, (size - cut.shape[1]) // 2
    square[top : top + cut.shape[0], left : left + cut.shape[1]] = 255 * cut
    small = Image.fromarray(square).resize((SIDE - 4, SIDE - 4), Image.Resampling.BOX)
    return np.pad(np.asarray(small) > 100, 2)


def drawn(picture: object) -> Silhouette:
    """What a drawing pad has sent: a data URL, or anything at all."""
    if not isinstance(picture, str) or not picture:
        return Silhouette("", "The canvas is empty: draw a shape.")
    head, _, body = picture.partition(",")
    if len(picture) > 2 * MOST_BYTES or not (head.startswith("data:image/") and head.endswith(";base64")):
        return Silhouette("", "This is no drawing: clear the canvas and draw again.")
    try:
        return uploaded(base64.b64decode(body.encode("ascii"), validate=True))
    except (binascii.Error, UnicodeEncodeError):
        return Silhouette("", "The drawing arrived damaged: clear the canvas and draw again.")


def uploaded(file: bytes) -> Silhouette:
    """The silhouette of a file of any kind."""
    try:
        return of_picture(opened(file)[0])
    except Refused as refused:
        return Silhouette("", str(refused))


@functools.lru_cache(maxsize=1)
def examples() -> dict[str, str]:
    """Shapes for a drawing pad to begin with, as data URLs by name."""
    return {name: data_url(draw) for name, draw in (("heart", heart), ("star", star), ("cat", cat))}


def data_url(draw) -> str:
    """A shape, dark on white, as a data URL."""
    picture = Image.new("L", (PIXELS, PIXELS), 255)
    draw(ImageDraw.Draw(picture))
    file = io.BytesIO()
    picture.save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def heart(pen: ImageDraw.ImageDraw) -> None:
    """A heart."""
    turn = np.linspace(0, 2 * np.pi, 100)
    x = 16 * np.sin(turn) ** 3
    y = 13 * np.cos(turn) - 5 * np.cos(2 * turn) - 2 * np.cos(3 * turn) - np.cos(4 * turn)
    pen.polygon([(140 + 7 * a, 130 - 7 * b) for a, b in zip(x.tolist(), y.tolist(), strict=True)], fill=0)


def star(pen: ImageDraw.ImageDraw) -> None:
    """A star with five points."""
    turn = np.pi / 2 + np.arange(10) * np.pi / 5
    reach = np.where(np.arange(10) % 2 == 0, 125, 52)
    points = zip((140 + reach * np.cos(turn)).tolist(), (150 - reach * np.sin(turn)).tolist(), strict=True)
    pen.polygon(list(points), fill=0)


def cat(pen: ImageDraw.ImageDraw) -> None:
    """A cat's head with two eyes."""
    pen.ellipse((40, 70, 240, 260), fill=0)
    pen.polygon([(50, 130), (45, 20), (130, 80)], fill=0)
    pen.polygon([(230, 130), (235, 20), (150, 80)], fill=0)
    for left in (85, 160):
        pen.ellipse((left, 120, left + 38, 165), fill=255)
