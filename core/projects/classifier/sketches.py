"""Sketches drawn by code with an unsteady pen: six things to tell apart, and some that are none of them."""

import functools
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from core.projects.classifier.gallery import SIDE, Album, Picture, picture

EACH = 12  # pictures of each class in the shipped album
FINER = 2  # drawn so many times larger, then reduced: smooth edges
Points = np.ndarray  # (count, 2): x to the right, y downwards, both from -1 to 1


@dataclass(frozen=True)
class Stroke:
    """A line through points; closed and coloured where it is ``filled``."""

    points: Points
    filled: bool = False


def line(*points: tuple[float, float]) -> Stroke:
    return Stroke(np.array(points, float))


def shape(*points: tuple[float, float], filled: bool = True) -> Stroke:
    return Stroke(np.array([*points, points[0]], float), filled)


def arc(
    x: float, y: float, wide: float, high: float, start: float = 0, end: float = 2 * math.pi, filled: bool = False
) -> Stroke:
    """Part of an ellipse around (x, y)."""
    turn = np.linspace(start, end, max(8, round(36 * abs(end - start) / (2 * math.pi))))
    return Stroke(np.column_stack([x + wide * np.cos(turn), y + high * np.sin(turn)]), filled)


def boat(draw: np.random.Generator) -> list[Stroke]:
    mast, deep = draw.uniform(-0.15, 0.15), draw.uniform(0.2, 0.35)
    hull = shape((-0.85, 0.35), (0.85, 0.35), (0.55, 0.35 + deep), (-0.55, 0.35 + deep))
    sails = [shape((mast, -0.85), (mast, 0.25), (mast + draw.uniform(0.5, 0.75), 0.2))]
    if draw.random() < 0.6:
        sails.append(shape((mast, -0.7), (mast, 0.25), (mast - draw.uniform(0.4, 0.6), 0.2), filled=False))
    return [hull, line((mast, 0.35), (mast, -0.9)), *sails]


def cat(draw: np.random.Generator) -> list[Stroke]:
    wide, ear = draw.uniform(0.6, 0.75), draw.uniform(0.3, 0.45)
    ears = [
        shape((side * wide * 0.9, -0.1), (side * wide * 0.85, -0.35 - ear), (side * 0.2, -0.45)) for side in (-1, 1)
    ]
    whiskers = [
        line((side * 0.25, 0.25), (side * (wide + 0.25), 0.12 + 0.16 * row)) for side in (-1, 1) for row in (0, 1)
    ]
    eyes = [arc(side * 0.28, -0.02, 0.09, 0.12) for side in (-1, 1)]
    return [*ears, arc(0, 0.1, wide, 0.62, filled=True), *eyes, shape((-0.07, 0.2), (0.07, 0.2), (0, 0.3)), *whiskers]


def fish(draw: np.random.Generator) -> list[Stroke]:
    side, high = draw.choice([-1.0, 1.0]), draw.uniform(0.35, 0.55)
    tail = shape((side * 0.5, 0), (side * 0.95, -0.4), (side * 0.85, 0), (side * 0.95, 0.4))
    fin = line((-0.1, -high), (side * 0.2, -high - 0.25), (side * 0.3, -high * 0.8))
    eye = arc(-side * 0.45, -0.1, 0.07, 0.07)
    gill = arc(-side * 0.2, 0, 0.1, high * 0.6, -1.2, 1.2)
    return [tail, arc(-0.1 * side, 0, 0.68, high, filled=True), fin, eye, *([gill] if draw.random() < 0.6 else [])]


def flower(draw: np.random.Generator) -> list[Stroke]:
    count, high = int(draw.integers(5, 9)), -0.3
    turns = draw.uniform(0, 1) + np.arange(count) * 2 * math.pi / count
    petals = [arc(0.33 * math.cos(a), high + 0.33 * math.sin(a), 0.2, 0.2, filled=True) for a in turns]
    bend = draw.uniform(-0.2, 0.2)
    leaf = arc(bend + 0.2, 0.55, 0.22, 0.09)
    return [line((0, high), (bend, 0.4), (bend * 0.6, 0.95)), leaf, *petals, arc(0, high, 0.17, 0.17)]


def house(draw: np.random.Generator) -> list[Stroke]:
    wide, peak = draw.uniform(0.55, 0.75), draw.uniform(-0.9, -0.65)
    door, window = draw.uniform(-0.35, 0.1), draw.uniform(0.2, 0.3)
    body = shape((-wide, -0.1), (wide, -0.1), (wide, 0.8), (-wide, 0.8))
    roof = shape((-wide - 0.15, -0.1), (0, peak), (wide + 0.15, -0.1))
    opening = shape((door, 0.8), (door, 0.3), (door + 0.25, 0.3), (door + 0.25, 0.8), filled=False)
    pane = shape((window, 0.1), (window + 0.28, 0.1), (window + 0.28, 0.38), (window, 0.38), filled=False)
    chimney = line((wide * 0.5, -0.45), (wide * 0.5, -0.85), (wide * 0.75, -0.85), (wide * 0.75, -0.25))
    return [body, roof, opening, pane, *([chimney] if draw.random() < 0.6 else [])]


def umbrella(draw: np.random.Generator) -> list[Stroke]:
    high, count = draw.uniform(0.6, 0.8), int(draw.integers(3, 5))
    canopy = Stroke(np.vstack([arc(0, 0.05, 0.85, high, math.pi, 2 * math.pi).points, [(-0.85, 0.05)]]), True)
    edges = np.linspace(-0.85, 0.85, count + 1)
    rims = [arc((a + b) / 2, 0.05, (b - a) / 2, 0.1, math.pi, 2 * math.pi) for a, b in itertools.pairwise(edges)]
    hook = arc(0.13, 0.75, 0.13, 0.15, math.pi, 0)
    return [
        canopy,
        *rims,
        line((0, 0.05 - high), (0, 0.75)),
        Stroke(hook.points * [1, 1]),
        line((0, 0.05 - high), (0, -0.1 - high)),
    ]


def star(draw: np.random.Generator) -> list[Stroke]:
    count = int(draw.integers(5, 7))
    turns = np.arange(2 * count) * math.pi / count - math.pi / 2
    reach = np.where(np.arange(2 * count) % 2, draw.uniform(0.35, 0.45), 0.9)
    return [shape(*zip(reach * np.cos(turns), reach * np.sin(turns), strict=True))]


def car(draw: np.random.Generator) -> list[Stroke]:
    roof = draw.uniform(-0.5, -0.35)
    body = shape(
        (-0.9, 0), (-0.5, -0.05), (-0.3, roof), (0.35, roof), (0.55, -0.05), (0.9, 0.05), (0.9, 0.4), (-0.9, 0.4)
    )
    return [body, *(arc(x, 0.42, 0.19, 0.19, filled=True) for x in (-0.5, 0.5)), line((0.02, roof), (0.02, -0.03))]


def key(draw: np.random.Generator) -> list[Stroke]:
    teeth = [line((x, 0), (x, draw.uniform(0.15, 0.35))) for x in (0.5, 0.68, 0.86)]
    return [arc(-0.55, 0, 0.35, 0.35), arc(-0.6, 0, 0.1, 0.1), line((-0.2, 0), (0.92, 0)), *teeth]


def scribble(draw: np.random.Generator) -> list[Stroke]:
    return [Stroke(np.clip(np.cumsum(draw.normal(0, 0.32, (40, 2)), axis=0) * 0.5, -0.9, 0.9))]


CLASSES: dict[str, Callable] = {
    "boat": boat, "cat": cat, "fish": fish, "flower": flower, "house": house, "umbrella": umbrella,
}  # fmt: skip
STRANGERS: dict[str, Callable] = {"star": star, "car": car, "key": key, "scribble": scribble}
INKS = ((34, 40, 60), (70, 42, 30), (24, 84, 76), (110, 34, 54), (20, 60, 120))
FILLS = ((244, 190, 92), (120, 176, 220), (226, 130, 110), (150, 196, 130), (200, 160, 214), (240, 222, 170))


def drawn(name: str, number: int) -> Image.Image:
    """Sketch number ``number`` of a thing, SIDE × SIDE; the same every time."""
    draw = np.random.default_rng([sum(map(ord, name)), number])
    size = SIDE * FINER
    paper = tuple(int(255 - draw.integers(0, 28)) for _ in range(3))
    image = Image.new("RGB", (size, size), paper)
    pen, ink = ImageDraw.Draw(image), INKS[draw.integers(len(INKS))]
    fill = FILLS[draw.integers(len(FILLS))] if draw.random() < 0.65 else None
    width = int(draw.integers(3, 8)) * FINER
    move = placed(draw)
    for stroke in (CLASSES | STRANGERS)[name](draw):
        points = [tuple(point) for point in move(stroke.points) * size]
        if stroke.filled and fill:
            pen.polygon(points, fill=fill)
        pen.line(points, ink, width, "curve")
    return image.reduce(FINER)


def placed(draw: np.random.Generator) -> Callable[[Points], Points]:
    """Where on the paper a drawing lies, from 0 to 1: shifted, turned, stretched, and shaken as by a hand."""
    turn, size = draw.normal(0, 0.12), draw.uniform(0.28, 0.42, 2) * draw.uniform(0.9, 1.05)
    middle, shake = draw.uniform(0.44, 0.56, 2), draw.uniform(0.003, 0.009)
    spin = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])

    def move(points: Points) -> Points:
        fine = denser(points) @ spin.T * size + middle
        drift = np.cumsum(draw.normal(0, shake, fine.shape), axis=0)
        return fine + drift - np.linspace(0, 1, len(fine))[:, None] * drift[-1]  # a closed line stays closed

    return move


def denser(points: Points) -> Points:
    """A polyline with points some way apart, so that a straight line can waver."""
    parts = [
        np.linspace(a, b, max(2, round(np.hypot(*(b - a)) / 0.12) + 1))[:-1] for a, b in itertools.pairwise(points)
    ]
    return np.vstack([*parts, points[-1:]])


@functools.lru_cache(maxsize=512)
def sketch(name: str, number: int) -> Picture:
    """The same as a picture."""
    return picture(f"{name}-{number}.png", drawn(name, number), lossless=True)


@functools.lru_cache(maxsize=1)
def clean() -> Album:
    """Twelve sketches of each of six things."""
    album = Album(title="sketches")
    for name in CLASSES:
        album = album.added(name, [sketch(name, number) for number in range(EACH)])
    return album


@functools.lru_cache(maxsize=1)
def flawed() -> Album:
    """The same with mistakes that people make: a cat among the fish, a house and a boat twice, two flowers out of
    focus, and few umbrellas."""
    album = clean()
    again = [nearly(sketch("house", 3), "house-3 copy.jpg"), nearly(sketch("house", 7), "house-7 copy.jpg")]
    album = album.added("house", again).added("boat", [nearly(sketch("boat", 2), "boat-2 copy.jpg")])
    gone = [
        place
        for place, one in enumerate(album.pictures)
        if one.digest in {sketch("umbrella", k).digest for k in range(4, EACH)}
    ]
    album = album.without_pictures(gone)
    strays = album.added("fish", [sketch("cat", 40)]).added("flower", [blurred("flower", 41), blurred("flower", 42)])
    return Album(strays.names, strays.pictures, strays.labels, "sketches with mistakes")


def nearly(one: Picture, name: str) -> Picture:
    """A picture as a phone sends it a second time: trimmed a little, and packed anew."""
    image = Image.fromarray(one.pixels).crop((3, 3, SIDE - 3, SIDE - 3))
    return picture(name, image)


def blurred(name: str, number: int) -> Picture:
    """A sketch out of focus."""
    return picture(f"{name}-{number}.jpg", drawn(name, number).filter(ImageFilter.GaussianBlur(6)))


ALBUMS: dict[str, Callable[[], Album]] = {"sketches": clean, "sketches with mistakes": flawed}
FIRST = "cat"  # what a visitor sees at first
FRESH = {f"a new {name}": (name, 500) for name in (FIRST, *(each for each in CLASSES if each != FIRST))}
FRESH |= {f"a {name}": (name, 500) for name in STRANGERS}


def fresh(name: str) -> Picture:
    """A sketch that no album holds, by what ``FRESH`` calls it."""
    return sketch(*FRESH[name])
