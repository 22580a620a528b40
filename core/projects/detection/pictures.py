"""Detections drawn over a picture."""

import colorsys

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from core.projects.detection.average_precision import Found

HUES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6bb1", "#5d4037")  # after Okabe and Ito


def colour_of(kind: int) -> tuple[int, int, int]:
    """A class's colour; every box also carries its class's name, so colour alone tells nothing."""
    if kind < len(HUES):
        red, green, blue = bytes.fromhex(HUES[kind][1:])
        return red, green, blue
    shares = colorsys.hsv_to_rgb(kind * 0.618 % 1, 0.75, 0.75)
    return round(255 * shares[0]), round(255 * shares[1]), round(255 * shares[2])


def annotated(picture: np.ndarray, found: Found, names: tuple[str, ...]) -> np.ndarray:
    """The picture (height, width, 3) uint8 with a box, a name and a score for each detection, the surest on top."""
    image = Image.fromarray(picture)
    pen = ImageDraw.Draw(image)
    size = max(11, round(min(picture.shape[:2]) / 32))
    font, line = ImageFont.load_default(size), max(2, round(size / 6))
    for kind, score, box in list(zip(found.classes, found.scores, found.boxes, strict=True))[::-1]:
        colour = colour_of(int(kind))
        x1, y1, x2, y2 = (round(float(edge)) for edge in box)
        pen.rectangle((x1, y1, max(x1, x2 - 1), max(y1, y2 - 1)), outline=colour, width=line)
        label = f"{names[int(kind)]} {score:.0%}"
        wide, high = pen.textlength(label, font=font) + size / 2, 1.35 * size
        left, top = min(x1, max(0, image.width - wide)), y1 - high if y1 >= high else y1
        pen.rectangle((left, top, left + wide, top + high), fill=colour)
        pen.text((left + size / 4, top + high / 2), label, fill="white", font=font, anchor="lm")
    return np.asarray(image)
