"""Photographs of digits on paper, composed by code: pens, papers, frames, shadows and a camera; each says what it is.

Half of the digits are MNIST test images gone over with a pen (where MNIST is at hand), half are hands that no network
was trained on. Everything follows from one ``random.Random``.
"""

import functools
import io
import math
import random
from dataclasses import dataclass

import cv2
import numpy as np
from mnist_hands import written
from PIL import Image

from core.data.images import MissingDataError, mnist

Pair = tuple[int, int]  # of rows and columns
PAPERS = ("plain", "ruled", "squared")
PENS = ("felt-tip", "ballpoint", "pencil")
FRAMES = ("none", "form box", "thin frame", "scan border", "table edge", "underline")
INKS = {
    "felt-tip": ((0.06, 0.06, 0.08), (0.08, 0.12, 0.45), (0.6, 0.08, 0.1), (0.05, 0.3, 0.15)),
    "ballpoint": ((0.1, 0.1, 0.12), (0.12, 0.16, 0.5), (0.1, 0.14, 0.42)),
    "pencil": ((0.3, 0.3, 0.32),),
}
WIDTHS = {"felt-tip": (0.08, 0.15), "ballpoint": (0.04, 0.07), "pencil": (0.04, 0.07)}  # of the digit's height
STRENGTHS = {"felt-tip": (0.8, 0.97), "ballpoint": (0.65, 0.9), "pencil": (0.32, 0.6)}  # how well they cover
AROUND = ((1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1))  # north first, clockwise
ROOM = 1.25  # the sheet is larger than the photograph, so that a tilted camera sees no end of it


@dataclass(frozen=True)
class Scene:
    """What is photographed, and how: shares are of the shorter side, ``shadow`` of the brightness."""

    digit: int
    paper: str
    pen: str
    frame: str
    size: float
    shadow: float
    blur: float
    noise: float
    quality: int
    tilt: float


def scene(draw: random.Random, digit: int) -> Scene:
    """Any photograph of a digit."""
    size = math.exp(draw.uniform(math.log(0.05), math.log(0.9)))
    return Scene(
        digit, draw.choice(PAPERS), draw.choice(PENS), draw.choice(FRAMES), size, draw.uniform(0, 0.75),
        draw.uniform(0, 1.5), draw.uniform(0, 0.03), draw.randint(40, 95), draw.uniform(0, 0.06),
    )  # fmt: skip


def taken(draw: random.Random, what: Scene, coverage: np.ndarray | None = None) -> Image.Image:
    """The photograph of a scene; ``coverage`` (height, width) from 0 to 1 is drawn in the digit's place if given."""
    wide, high = draw.choice(((640, 480), (800, 600), (600, 800), (960, 720), (640, 640)))
    shorter = min(wide, high)
    tall = what.size * shorter
    sheet = paper(draw, what.paper, (round(high * ROOM), round(wide * ROOM)), tall)
    mask = inked(draw, what, tall) if coverage is None else scaled(coverage, tall)
    at = place(draw, mask.shape, (high, wide), ((ROOM - 1) / 2 * high, (ROOM - 1) / 2 * wide))
    stroke = ink(draw, what.pen, mask)
    top, left = at
    part = sheet[top : top + mask.shape[0], left : left + mask.shape[1]]
    part *= stroke
    framed(draw, what, sheet, (top, left, *mask.shape), (high, wide))
    return Image.fromarray(camera(draw, what, sheet, (high, wide), (top, left, *mask.shape)))


def photograph(draw: random.Random, digit: int) -> tuple[bytes, Scene]:
    """A JPEG file of any photograph of a digit, and what it shows."""
    what = scene(draw, digit)
    return saved(taken(draw, what), what.quality), what


def saved(picture: Image.Image, quality: int) -> bytes:
    """A picture as a JPEG file."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return file.getvalue()


# What lies on the table


def paper(draw: random.Random, kind: str, shape: tuple[int, int], tall: float) -> np.ndarray:
    """A sheet (height, width, 3) of reflectances, printed with lines or squares about as large as the digit."""
    base = draw.uniform(0.85, 0.97) * np.array([1, draw.uniform(0.96, 1), draw.uniform(0.9, 1)])
    sheet = np.ones((*shape, 3), np.float32) * base.astype(np.float32)
    if kind == "plain":
        return sheet.astype(np.float32)
    gap = max(14.0, tall / draw.uniform(0.7, 2 if kind == "ruled" else 3))
    thick, strength = max(1.0, gap * draw.uniform(0.015, 0.03)), draw.uniform(0.2, 0.5)
    colour = np.array(draw.choice(((0.45, 0.6, 0.9), (0.55, 0.55, 0.6), (0.5, 0.75, 0.85))))
    lines = printed(draw, shape[0], gap, thick)[:, None] * np.ones(shape[1])
    if kind == "squared":
        lines = np.maximum(lines, printed(draw, shape[1], gap, thick)[None])
    return (sheet * (1 - strength * lines[..., None] * (1 - colour) / (1 - colour).max())).astype(np.float32)


def printed(draw: random.Random, length: int, gap: float, thick: float) -> np.ndarray:
    """How much of each pixel along a side is covered by lines ``thick`` wide and ``gap`` apart."""
    away = (np.arange(length) - draw.uniform(0, gap)) % gap
    away = np.minimum(away, gap - away)
    return np.clip(thick / 2 + 0.5 - away, 0, 1)


def inked(draw: random.Random, what: Scene, tall: float) -> np.ndarray:
    """How much of each pixel a digit's strokes cover, (height, width) from 0 to 1."""
    pen = max(draw.uniform(*WIDTHS[what.pen]) * tall, 1.8)
    images = known_digits() if draw.random() < 0.5 else None
    if images is None:
        return hand(draw, what.digit, tall, pen)
    pictures, classes = images
    return gone_over(pictures[draw.choice(np.flatnonzero(classes == what.digit).tolist())], tall, pen)


def hand(draw: random.Random, digit: int, tall: float, pen: float) -> np.ndarray:
    """A digit of ``mnist_hands`` with a round pen."""
    lines = written(draw, digit, 10_000, 1000.0, 0.0)
    points = np.concatenate(lines)
    low, scale = points.min(axis=0), 4 * (tall - pen) / np.ptp(points, axis=0).max()
    size = np.ceil(np.ptp(points, axis=0) * scale + 4 * pen + 12).astype(int)
    canvas = np.zeros((size[1], size[0]), np.uint8)
    for line in lines:
        at = ((line - low) * scale + 2 * pen + 6).round().astype(np.int32)
        cv2.polylines(canvas, [at.reshape(-1, 1, 2)], False, 255, max(1, round(4 * pen)))
    return cv2.resize(canvas, (size // 4).tolist(), interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def gone_over(image: np.ndarray, tall: float, pen: float) -> np.ndarray:
    """An MNIST image (28, 28) in large, its strokes as wide as a pen."""
    fine = cv2.resize(image, (112, 112), interpolation=cv2.INTER_CUBIC) > 0.4
    rows, columns = np.flatnonzero(fine.any(axis=1)), np.flatnonzero(fine.any(axis=0))
    fine = fine[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    ridge = np.maximum(line := skeleton(fine), blots(fine, line)).astype(np.float32)
    scale = 4 * (tall - pen) / max(ridge.shape)
    room = math.ceil(2 * pen / scale) + 2
    ridge = np.pad(ridge, room)
    away = cv2.distanceTransform((ridge < 0.5).astype(np.uint8), cv2.DIST_L2, 5)
    large = cv2.resize(away, None, fx=scale / 4, fy=scale / 4, interpolation=cv2.INTER_LINEAR) * scale / 4
    return np.clip(pen / 2 + 0.5 - large, 0, 1).astype(np.float32)


def blots(mask: np.ndarray, line: np.ndarray) -> np.ndarray:
    """Where strokes have run together, (height, width, bool): a filled loop is no line, and stays filled."""
    inside = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    return inside > 1.4 * np.median(inside[line])


def skeleton(mask: np.ndarray) -> np.ndarray:
    """The middle of strokes, one pixel wide (Zhang and Suen 1984)."""
    ink, before = np.pad(mask, 1).astype(np.uint8), -1
    while before != (before := int(ink.sum())):
        for turn in (0, 1):
            ring = [np.roll(ink, step, (0, 1)) for step in AROUND]
            north, _, east, _, south, _, west, _ = ring
            rises = sum((one < other).astype(np.uint8) for one, other in zip(ring, ring[1:] + ring[:1], strict=True))
            last = (east, south) if turn == 0 else (west, north)
            ends = north * south * last[0] + east * west * last[1]
            ink[(sum(ring) >= 2) & (sum(ring) <= 6) & (rises == 1) & (ends == 0)] = 0
    return ink[1:-1, 1:-1] > 0


@functools.lru_cache(maxsize=1)
def known_digits() -> tuple[np.ndarray, np.ndarray] | None:
    """MNIST's test images (10,000, 28, 28) and their digits, where they are at hand."""
    try:
        known = mnist(10, test_samples=10_000)
    except MissingDataError:
        return None
    return known.x_test[:, 0].numpy(), known.y_test.numpy()


def scaled(coverage: np.ndarray, tall: float) -> np.ndarray:
    """Ink of any size, brought to a height."""
    scale = tall / max(coverage.shape)
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(coverage.astype(np.float32), None, fx=scale, fy=scale, interpolation=way).clip(0, 1)


def place(draw: random.Random, mask: Pair, photo: Pair, corner: tuple[float, float]) -> Pair:
    """Where the ink's top left corner lies on the sheet, so that the photograph shows all of it."""
    at = []
    for side, whole, start in zip(mask, photo, corner, strict=True):
        room = max(whole - side, 0)
        margin = min(0.12 * whole, room / 2)
        at.append(round(start + draw.uniform(margin, room - margin)))
    return at[0], at[1]


def ink(draw: random.Random, pen: str, coverage: np.ndarray) -> np.ndarray:
    """What remains of the paper's reflectance under strokes, (height, width, 3); a pencil is grainy."""
    strength, colour = draw.uniform(*STRENGTHS[pen]), np.array(draw.choice(INKS[pen]))
    cover = coverage * strength
    if pen == "pencil":
        generator = np.random.default_rng(draw.randrange(2**32))
        cover = cover * (0.7 + 0.3 * cv2.GaussianBlur(generator.random(cover.shape), (0, 0), 0.8)).clip(0, 1)
    return (1 - cover[..., None] * (1 - colour)).astype(np.float32)


def framed(draw: random.Random, what: Scene, sheet: np.ndarray, ink_at: tuple, photo: tuple[int, int]) -> None:
    """Print a form's box around the ink, or underline it."""
    if what.frame not in ("form box", "underline"):
        return
    top, left, high, wide = ink_at
    thick = max(1, round(draw.uniform(0.002, 0.005) * min(photo)))
    strength, gap = draw.uniform(0.4, 0.9), draw.uniform(0.12, 0.5) * high + thick
    box = [round(edge) for edge in (left - gap, top - gap, left + wide + gap, top + high + gap)]
    lines = np.zeros(sheet.shape[:2], np.float32)
    if what.frame == "form box":
        cv2.rectangle(lines, box[:2], box[2:], 1, thick, cv2.LINE_AA)
    else:
        y, more = top + high + round(gap / 2) + thick, round(draw.uniform(0, 1) * wide)
        end = (left + wide + more, y + round(draw.uniform(-0.03, 0.03) * wide))
        cv2.line(lines, (left - more, y), end, 1, thick, cv2.LINE_AA)
    sheet *= 1 - strength * lines[..., None]


# The camera


def camera(draw: random.Random, what: Scene, sheet: np.ndarray, photo: tuple[int, int], ink_at: tuple) -> np.ndarray:
    """The sheet seen by a tilted camera in uneven light, (height, width, 3) uint8."""
    high, wide = photo
    corners = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32)
    top, left = (ROOM - 1) / 2 * high, (ROOM - 1) / 2 * wide
    generator = np.random.default_rng(draw.randrange(2**32))
    shake = what.tilt * generator.uniform(-1, 1, (4, 2)) * [wide, high]
    seen = corners + np.array([left, top]) + shake
    warp = cv2.getPerspectiveTransform(seen.astype(np.float32), corners)
    view = cv2.warpPerspective(sheet, warp, (wide, high), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    y, x, tall, broad = ink_at
    box = np.array([[[x, y], [x + broad, y], [x + broad, y + tall], [x, y + tall]]], np.float32)
    surround(draw, what.frame, view, cv2.perspectiveTransform(box, warp)[0])
    view *= light(draw, what.shadow, photo)[..., None]
    if what.blur > 0.2:
        view = cv2.GaussianBlur(view, (0, 0), what.blur * min(photo) / 960)
    view += what.noise * generator.standard_normal(view.shape[:2], np.float32)[..., None]
    view += what.noise / 2 * generator.standard_normal(view.shape, np.float32)
    return (255 * view.clip(0, 1)).round().astype(np.uint8)


def surround(draw: random.Random, kind: str, view: np.ndarray, box: np.ndarray) -> None:
    """A dark table beyond the sheet, a scanner's black border, or a thin frame; not over the ink (at ``box``)."""
    high, wide = view.shape[:2]
    if kind == "thin frame":
        cv2.rectangle(view, (0, 0), (wide - 1, high - 1), (0.05,) * 3, 2 * draw.choice((1, 2, 3)) - 1)
    rooms = [
        box[:, 1].min(),
        high - box[:, 1].max(),
        box[:, 0].min(),
        wide - box[:, 0].max(),
    ]
    if kind == "scan border":
        for side in draw.sample(range(4), draw.randint(1, 4)):
            band(view, side, min(draw.uniform(0.01, 0.05) * min(high, wide), 0.6 * rooms[side]), (0.04,) * 3, 0)
    if kind == "table edge":
        side = max(range(4), key=lambda place: rooms[place])
        colour = draw.choice(((0.35, 0.23, 0.15), (0.2, 0.2, 0.22), (0.5, 0.36, 0.24)))
        depth = min(draw.uniform(0.03, 0.2) * min(high, wide), 0.5 * rooms[side])
        band(view, side, depth, colour, draw.uniform(-0.3, 0.3) * depth)


def band(view: np.ndarray, side: int, depth: float, colour: tuple, slope: float) -> None:
    """Cover one side (top, bottom, left, right) of the view, ``slope`` pixels deeper at its end."""
    high, wide = view.shape[:2]
    along = np.linspace(-1, 1, wide if side < 2 else high)
    reach = depth + slope * along
    rows, columns = np.indices((high, wide))
    away = (rows, high - 1 - rows, columns, wide - 1 - columns)[side]
    cover = np.clip(reach[None, :] - away if side < 2 else reach[:, None] - away, 0, 1)[..., None]
    view[:] = view * (1 - cover) + cover * np.array(colour, np.float32)


def light(draw: random.Random, shadow: float, photo: tuple[int, int]) -> np.ndarray:
    """How bright each place is, (height, width): a slope, a vignette, or a soft edge; 1 - ``shadow`` at worst."""
    high, wide = photo
    y, x = np.mgrid[-1 : 1 : high * 1j, -1 : 1 : wide * 1j]
    turn = draw.uniform(0, 2 * math.pi)
    across = (x * math.cos(turn) + y * math.sin(turn)) / (abs(math.cos(turn)) + abs(math.sin(turn)))  # from -1 to 1
    kind = draw.choice(("slope", "vignette", "edge"))
    if kind == "slope":
        dark = (across + 1) / 2
    elif kind == "vignette":
        dark = (x**2 + y**2) / 2
    else:
        dark = 1 / (1 + np.exp(-(across - draw.uniform(-0.4, 0.4)) / draw.uniform(0.06, 0.3)))
    return (1 - shadow * dark).astype(np.float32)
