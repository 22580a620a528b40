"""Scenes composed by code: drawings on paper with clutter, of any size, turn, pen and colour, partly covered, and
where wanted photographed. The same seed gives the same scene.
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from core.projects.detection.camera import jpeg, photographed, seen, tilted
from core.projects.detection.drawings import CLASSES, SKETCHES, Drawings
from core.projects.detection.paper import CHALKS, INKS, PAPERS, cluttered, laid, sheet
from core.projects.detection.strokes import distances, penned

SIDE = 256  # pixels; what the shipped network is trained at
VISIBLE = 0.65  # an object that shows less of its ink than this is no object
CROWDED = 0.12  # share of the smaller box that a box may lie over


@dataclass(frozen=True)
class Scene:
    """``picture`` (height, width, 3) uint8; ``boxes`` (objects, 4) as x1, y1, x2, y2 in pixels around the visible ink;
    ``classes`` (objects,) numbers of ``CLASSES``; ``paper`` and ``camera`` say how it was made."""

    picture: np.ndarray
    boxes: np.ndarray
    classes: np.ndarray
    paper: str
    camera: bool


@dataclass(frozen=True)
class Placed:
    """An object's ink (height, width) from 0 to 1 and its top left corner on the sheet."""

    kind: int
    cover: np.ndarray
    top: int
    left: int

    @property
    def box(self) -> tuple[int, int, int, int]:
        return self.left, self.top, self.left + self.cover.shape[1], self.top + self.cover.shape[0]


def scene(
    drawings: Drawings, seed: int, size: tuple[int, int] = (SIDE, SIDE), camera: bool | None = None,
    objects: int | None = None,
) -> Scene:  # fmt: skip
    """The scene of a seed; ``size`` is (width, height) in pixels.

    ``camera``: seen by a camera; None lets the seed decide. ``objects``: how many drawings are tried (1 to 9 by
    default); those that find no free place are left out.
    """
    draw = random.Random(seed)
    camera = draw.random() < 0.5 if camera is None else camera
    kind = draw.choices(PAPERS, (3, 3, 2, 2, 1, 2))[0]
    canvas = sheet(draw, kind, size[::-1])
    colours = CHALKS if kind == "board" else INKS
    if (clutter := draw.randint(-2, 5)) > 0:
        cluttered(draw, canvas, colours, clutter)
    placed = arranged(draw, drawings, size, draw.randint(1, 9) if objects is None else objects)
    inks = inked(draw, canvas, placed, colours)
    covered = obstacles(draw, canvas, placed)
    warp = tilted(draw, size[::-1], draw.uniform(0, 0.13)) if camera else np.eye(3)
    found = [bounds(one, ink, covered, warp, size) for one, ink in zip(placed, inks, strict=True)]
    picture = shot(draw, canvas, warp, camera)
    kept = [(one.kind, box) for one, box in zip(placed, found, strict=True) if box is not None]
    boxes = np.array([box for _, box in kept], np.float32).reshape(-1, 4)
    return Scene(picture, boxes, np.array([number for number, _ in kept], np.int64), kind, camera)


def shot(draw: random.Random, canvas: np.ndarray, warp: np.ndarray, camera: bool) -> np.ndarray:
    """The sheet as a picture: photographed, or as a drawing program saves it."""
    if camera:
        return photographed(draw, seen(draw, canvas, warp))
    values = (255 * canvas.clip(0, 1)).round().astype(np.uint8)
    return jpeg(values, draw.randint(50, 98)) if draw.random() < 0.5 else values


def arranged(draw: random.Random, drawings: Drawings, size: tuple[int, int], count: int) -> list[Placed]:
    """Up to ``count`` drawings, each where it hides little of the others."""
    placed: list[Placed] = []
    for _ in range(count):
        one = drawn(draw, drawings, min(size))
        for _ in range(12):
            left = draw.randint(0, max(0, size[0] - one.cover.shape[1]))
            top = draw.randint(0, max(0, size[1] - one.cover.shape[0]))
            moved = Placed(one.kind, one.cover, top, left)
            if all(crowding(moved.box, other.box) <= CROWDED for other in placed):
                placed.append(moved)
                break
    return placed


def drawn(draw: random.Random, drawings: Drawings, side: int) -> Placed:
    """One drawing in a pen's strokes; sketches are larger than digits, and drawn more often."""
    kind = draw.randrange(len(SKETCHES)) if draw.random() < 0.6 else draw.randrange(len(SKETCHES), len(CLASSES))
    digit = kind >= len(SKETCHES)
    images = drawings.images[kind]
    low, high = (0.1, 0.45) if digit else (0.16, 0.7)
    longest = side * math.exp(draw.uniform(math.log(low), math.log(high)))
    pen = max(1.2 * side / SIDE, longest * math.exp(draw.uniform(math.log(0.025), math.log(0.11 if digit else 0.075))))
    turn = draw.gauss(0, 9) if digit else draw.gauss(0, 14)
    stretch, lean = math.exp(draw.gauss(0, 0.1)), draw.gauss(0, 0.08)
    away = distances(images[draw.randrange(len(images))])
    return Placed(kind, penned(away, longest, pen, turn, stretch, lean), 0, 0)


def crowding(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """The share of the smaller of two boxes that both cover."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return max(wide, 0) * max(high, 0) / min(areas)


def inked(draw: random.Random, canvas: np.ndarray, placed: list[Placed], colours: tuple) -> list[np.ndarray]:
    """Draw the objects; returns each one's ink points (points, 2) as x, y on the sheet."""
    points = []
    same = draw.choice(colours) if draw.random() < 0.5 else None
    for one in placed:
        laid(canvas, one.cover * draw.uniform(0.55, 1), same or draw.choice(colours), one.top, one.left)
        rows, columns = np.nonzero(one.cover > 0.3)
        points.append(np.stack([columns + one.left, rows + one.top], axis=1).astype(np.float32))
    return points


def obstacles(draw: random.Random, canvas: np.ndarray, placed: list[Placed]) -> np.ndarray:
    """Lay a note or a pencil over the edge of some objects; returns where, (height, width) uint8."""
    import cv2

    covered = np.zeros(canvas.shape[:2], np.uint8)
    for one in placed:
        if draw.random() < 0.15:
            corner = draw.choice([(one.left, one.top), one.box[2:], (one.left, one.box[3]), (one.box[2], one.top)])
            side = 0.25 * max(one.cover.shape) * draw.uniform(0.6, 1.4)
            box = (corner, (2 * side, side * draw.uniform(0.7, 2)), draw.uniform(0, 90))
            layer = np.zeros_like(covered)
            cv2.fillPoly(layer, [cv2.boxPoints(box).round().astype(np.int32)], 1)
            laid(canvas, layer.astype(np.float32), tuple(draw.uniform(0.3, 0.95) for _ in range(3)), 0, 0)
            covered |= layer
    return covered


def bounds(
    one: Placed, ink: np.ndarray, covered: np.ndarray, warp: np.ndarray, size: tuple[int, int]
) -> list[float] | None:
    """The box x1, y1, x2, y2 around an object's visible ink in the picture; None where too little is visible."""
    import cv2

    inside = (ink >= 0).all(axis=1) & (ink < size).all(axis=1)
    whole, ink = max(len(ink), 1), ink[inside]
    ink = ink[covered[ink[:, 1].astype(int), ink[:, 0].astype(int)] == 0]
    if not len(ink):
        return None
    pixels = np.concatenate([ink, ink + 1])[:, None]  # a pixel reaches from its corner to the next
    moved = cv2.perspectiveTransform(pixels, warp)[:, 0]
    visible = ((moved >= 0) & (moved <= size)).all(axis=1)
    if visible.sum() < VISIBLE * 2 * whole:
        return None
    low, high = moved[visible].min(axis=0), moved[visible].max(axis=0)
    return [*low.tolist(), *high.tolist()]


def scenes(drawings: Drawings, count: int, seed: int = 0, **wanted) -> Iterator[Scene]:
    """``count`` scenes, numbered from 1,000,000 times the seed."""
    for number in range(count):
        yield scene(drawings, 1_000_000 * seed + number, **wanted)


def written(folder: Path, made: Iterator[Scene], part: str) -> int:
    """Write scenes in YOLO format, ``images/part`` and ``labels/part``, with ``data.yaml``; returns how many."""
    for kind in ("images", "labels"):
        (folder / kind / part).mkdir(parents=True, exist_ok=True)
    count = 0
    for count, one in enumerate(made, start=1):
        high, wide = one.picture.shape[:2]
        Image.fromarray(one.picture).save(folder / "images" / part / f"{count:05d}.png")
        (folder / "labels" / part / f"{count:05d}.txt").write_text(
            "".join(labelled(kind, box, wide, high) for kind, box in zip(one.classes, one.boxes, strict=True))
        )
    names = "".join(f"  {number}: '{name}'\n" for number, name in enumerate(CLASSES))
    (folder / "data.yaml").write_text(
        f"path: {folder.resolve()}\ntrain: images/train\nval: images/val\nnames:\n{names}"
    )
    return count


def labelled(kind: int, box: np.ndarray, wide: int, high: int) -> str:
    """A line of a YOLO label file: class, centre, width and height in shares of the picture."""
    x1, y1, x2, y2 = box / (wide, high, wide, high)
    return f"{kind} {(x1 + x2) / 2:.6f} {(y1 + y2) / 2:.6f} {x2 - x1:.6f} {y2 - y1:.6f}\n"
