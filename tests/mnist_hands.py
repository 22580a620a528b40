"""Digits drawn by code in many hands: never seen in training, so that a test can say how a person's drawing fares."""

import math
import random

import numpy as np
from PIL import Image, ImageDraw

# Strokes as points in a box of 100 × 100 from the top left; ";" lifts the pen. Several ways to write a digit.
GLYPHS: dict[int, tuple[str, ...]] = {
    0: (
        "55,0 15,15 2,50 15,88 50,100 85,86 98,50 85,14 50,0",
        "54,0 26,15 16,50 26,88 50,100 74,86 84,50 74,14 50,0",
    ),
    1: (
        "50,0 50,50 50,100",
        "30,25 55,0 55,50 55,100",
        "62,0 50,50 38,100",
    ),
    2: (
        "5,25 25,3 70,3 90,28 65,60 5,100; 5,100 50,100 98,100",
        "8,20 40,0 85,20 75,50 30,85 10,98 25,85 50,95 100,95",
    ),
    3: (
        "10,12 45,0 85,20 70,42 40,48 75,55 95,78 50,100 5,88",
        "10,0 50,0 90,0; 90,0 65,20 45,40; 45,40 85,50 92,78 50,100 5,88",
    ),
    4: (
        "60,0 35,35 5,65; 5,65 50,65 98,65; 70,30 70,65 70,100",
        "12,2 10,30 14,52; 14,52 50,52 90,50; 80,0 78,50 76,100",
    ),
    5: (
        "90,0 50,0 15,0; 15,0 13,20 10,42; 10,42 50,35 92,55 85,88 45,100 5,90",
        "20,2 18,20 15,45 55,40 90,65 70,95 30,100 8,90; 20,2 50,2 88,0",
    ),
    6: (
        "75,0 35,20 10,55 15,88 50,100 88,85 85,60 50,50 15,65",
        "50,0 20,35 8,70 30,100 70,95 85,72 60,55 25,62 12,75",
    ),
    7: (
        "5,2 50,2 95,2; 95,2 65,50 40,100",
        "5,2 50,2 95,2; 95,2 65,50 45,100; 30,50 60,50 88,50",
    ),
    8: (
        "75,12 45,0 15,20 45,45 85,70 80,92 45,100 12,82 30,60 60,43 85,25 75,10",
        "50,0 20,10 20,36 50,47 80,36 80,10 50,0; 50,47 10,60 10,90 50,100 90,90 90,60 50,47",
    ),
    9: (
        "85,20 50,0 12,15 15,42 50,50 85,30; 86,15 82,55 72,100",
        "85,15 45,0 12,25 40,50 82,35 88,12 85,60 65,95 25,98",
    ),
}  # fmt: skip
PAPERS = (((255, 255, 255, 255), (0, 0, 0, 255)), ((0, 0, 0, 255), (255, 255, 255, 255)))


def drawing(draw: random.Random, digit: int, side: int | None = None, pen: float | None = None) -> Image.Image:
    """``digit`` in one hand: RGBA, canvas 100 to 1,000 pixels, pen 1 to 40, anywhere, tilted up to 15°, in any colours.

    A pen is never thicker than a sixth of the digit's height: beyond that people cannot read it either.
    """
    side = side or round(math.exp(draw.uniform(math.log(100), math.log(1000))))
    height = side * draw.uniform(0.25, 0.8)
    pen = pen or min(math.exp(draw.uniform(0, math.log(40))), height / 6)
    ground, ink = colours(draw)
    picture = Image.new("RGBA", (side, side), ground)
    pencil = ImageDraw.Draw(picture)
    for line in written(draw, digit, side, height, pen):
        mark(pencil, line, pen, ink)
    for _ in range(draw.choice((0, 0, 3, 8))):
        pencil.point((draw.randrange(1, side - 1), draw.randrange(1, side - 1)), fill=ink)
    return picture


def written(draw: random.Random, digit: int, side: int, height: float, pen: float) -> list[np.ndarray]:
    """The strokes as pixels (points, 2): the glyph tilted, slanted, shaken, and placed inside the canvas."""
    tilt, slant, wide = math.radians(draw.uniform(-15, 15)), draw.uniform(-0.15, 0.2), draw.uniform(0.5, 0.85)
    turn = np.array([[math.cos(tilt), -math.sin(tilt)], [math.sin(tilt), math.cos(tilt)]])
    lines = []
    for stroke in draw.choice(GLYPHS[digit]).split(";"):
        at = [[int(part) / 100 for part in point.split(",")] for point in stroke.split()]
        points = np.array([(x + draw.gauss(0, 0.025), y + draw.gauss(0, 0.025)) for x, y in at]) - 0.5
        points[:, 0] = points[:, 0] * wide - slant * points[:, 1]
        lines.append(curve(points) @ turn.T * height)
    everything = np.concatenate(lines)
    low, high = everything.min(axis=0) - pen, everything.max(axis=0) + pen
    place = [draw.uniform(-one, max(side - 1 - other, -one)) for one, other in zip(low, high, strict=True)]
    return [line + np.array(place) for line in lines]


def curve(points: np.ndarray, steps: int = 10) -> np.ndarray:
    """A smooth line through the points (a Catmull-Rom spline), (many, 2)."""
    if len(points) == 2:
        return points
    ends = np.concatenate([points[:1], points, points[-1:]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    parts = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(ends, ends[1:], ends[2:], ends[3:], strict=False)
    ]
    return np.concatenate([*parts, points[-1:]])


def mark(pencil: ImageDraw.ImageDraw, line: np.ndarray, pen: float, ink: tuple[int, ...]) -> None:
    """A line with a round pen."""
    width = max(1, round(pen))
    pencil.line([tuple(point) for point in line.tolist()], fill=ink, width=width, joint="curve")
    if width > 2:
        for x, y in (line[0], line[-1]):
            pencil.ellipse([x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2], fill=ink)


def colours(draw: random.Random) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Ground and ink that can be told apart: black and white, any two colours, or any ink on a transparent ground."""
    kind = draw.randrange(4)
    if kind < 2:
        return PAPERS[kind]
    ink = tuple(draw.randrange(256) for _ in range(3))
    if kind == 2:
        return (0, 0, 0, 0), (*ink, 255)
    ground = tuple((value + draw.randrange(90, 166)) % 256 for value in ink)
    return (*ground, 255), (*ink, 255)
