"""The sheet that is drawn on, and what else lies or stands on it: lines, words, scribbles, stains."""

import math
import random

import numpy as np

PAPERS = ("white", "plain", "ruled", "squared", "dotted", "board")
INKS = ((0.05, 0.05, 0.07), (0.1, 0.13, 0.5), (0.65, 0.08, 0.1), (0.05, 0.38, 0.18), (0.3, 0.3, 0.33), (0.45, 0.1, 0.5),
        (0.8, 0.4, 0.05), (0.02, 0.02, 0.02))  # fmt: skip
CHALKS = ((0.95, 0.95, 0.92), (0.98, 0.85, 0.4), (0.6, 0.85, 0.98), (0.98, 0.65, 0.7))
LETTERS = "ABCEFGHKMNPRTUVWXYabdefhkmnprtuwxy"  # none that is drawn as a digit is


def sheet(draw: random.Random, kind: str, shape: tuple[int, int]) -> np.ndarray:
    """An empty sheet (height, width, 3), float32 from 0 to 1."""
    if kind == "white":
        return np.ones((*shape, 3), np.float32)
    if kind == "board":
        base = np.array(draw.choice(((0.1, 0.1, 0.11), (0.13, 0.24, 0.19), (0.16, 0.2, 0.3)))) * draw.uniform(0.7, 1.3)
    else:
        base = draw.uniform(0.8, 0.98) * np.array([1, draw.uniform(0.95, 1), draw.uniform(0.85, 1)])
    made = grain(draw, shape, draw.uniform(0, 0.05))[..., None] + base
    printed(draw, kind, made)
    return made.astype(np.float32)


def grain(draw: random.Random, shape: tuple[int, int], strength: float) -> np.ndarray:
    """Uneven paper, (height, width) around 0: noise of two sizes."""
    import cv2

    generator = np.random.default_rng(draw.randrange(2**32))
    fine = generator.standard_normal(shape, np.float32) * 0.3
    coarse = generator.standard_normal((max(2, shape[0] // 24), max(2, shape[1] // 24)), np.float32)
    return strength * (fine + cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC))


def printed(draw: random.Random, kind: str, made: np.ndarray) -> None:
    """Print lines, squares or dots."""
    if kind not in ("ruled", "squared", "dotted"):
        return
    high, wide = made.shape[:2]
    gap, strength = draw.uniform(0.04, 0.12) * min(high, wide), draw.uniform(0.12, 0.5)
    colour = np.array(draw.choice(((0.45, 0.6, 0.9), (0.55, 0.55, 0.6), (0.5, 0.75, 0.85))))
    rows, columns = (lines(draw, length, gap) for length in (high, wide))
    cover = {
        "ruled": lambda: rows[:, None] * np.ones(wide),
        "squared": lambda: np.maximum(rows[:, None], columns[None]),
        "dotted": lambda: rows[:, None] * columns[None],
    }[kind]()
    made -= strength * cover[..., None] * (1 - colour)


def lines(draw: random.Random, length: int, gap: float) -> np.ndarray:
    """How much of each pixel along a side is covered by thin lines ``gap`` apart."""
    away = (np.arange(length) - draw.uniform(0, gap)) % gap
    return np.clip(max(0.35, 0.015 * gap) + 0.5 - np.minimum(away, gap - away), 0, 1)


def laid(canvas: np.ndarray, cover: np.ndarray, colour: tuple[float, ...], top: int, left: int) -> None:
    """Lay ink over a part of the canvas; what reaches beyond its edges is lost."""
    high, wide = canvas.shape[:2]
    first, last = (max(0, top), max(0, left)), (min(high, top + cover.shape[0]), min(wide, left + cover.shape[1]))
    if first[0] >= last[0] or first[1] >= last[1]:
        return
    part = canvas[first[0] : last[0], first[1] : last[1]]
    share = cover[first[0] - top : last[0] - top, first[1] - left : last[1] - left, None]
    part += share * (np.array(colour, np.float32) - part)


def cluttered(draw: random.Random, canvas: np.ndarray, colours: tuple, amount: int) -> None:
    """Add ``amount`` things that are none of the classes."""
    for _ in range(amount):
        layer = np.zeros(canvas.shape[:2], np.uint8)
        draw.choice((scribble, word, ruler, hatching, stain))(draw, layer)
        strength = draw.uniform(0.4, 1)
        laid(canvas, layer.astype(np.float32) / 255 * strength, draw.choice(colours), 0, 0)


def somewhere(draw: random.Random, shape: tuple[int, int]) -> np.ndarray:
    """A point (x, y) of the sheet."""
    return np.array([draw.uniform(0, shape[1]), draw.uniform(0, shape[0])])


def pen_of(draw: random.Random, shape: tuple[int, int]) -> int:
    """A stroke's width in pixels."""
    return max(1, round(draw.uniform(0.004, 0.018) * min(shape)))


def scribble(draw: random.Random, layer: np.ndarray) -> None:
    """An open wavy line."""
    import cv2

    side, at = min(layer.shape), somewhere(draw, layer.shape)
    length, waves, height = draw.uniform(0.15, 0.5) * side, draw.uniform(3, 7), draw.uniform(0.01, 0.05) * side
    along, turn = np.linspace(0, 1, 60), draw.uniform(0, math.pi)
    line = np.stack([length * along, height * np.sin(2 * math.pi * waves * along)], axis=1)
    line += height * np.random.default_rng(draw.randrange(2**32)).standard_normal((60, 1)).cumsum(axis=0) * 0.15
    rotated = line @ np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]]) + at
    cv2.polylines(layer, [rotated.round().astype(np.int32)], False, 255, pen_of(draw, layer.shape), cv2.LINE_AA)


def word(draw: random.Random, layer: np.ndarray) -> None:
    """A few letters in one of OpenCV's pen fonts."""
    import cv2

    text = "".join(draw.choice(LETTERS) for _ in range(draw.randint(2, 6)))
    at, font = somewhere(draw, layer.shape), draw.choice((0, 2, 3, 4, 6, 7))
    size = draw.uniform(0.0012, 0.004) * min(layer.shape)
    cv2.putText(layer, text, tuple(int(v) for v in at), font, size, 255, pen_of(draw, layer.shape), cv2.LINE_AA)


def ruler(draw: random.Random, layer: np.ndarray) -> None:
    """A long straight line, as drawn along a ruler, or an arrow; a short line would be a one."""
    import cv2

    at, turn = somewhere(draw, layer.shape), draw.uniform(0, 2 * math.pi)
    plain = draw.random() < 0.5
    length = min(layer.shape) * (draw.uniform(0.6, 1.2) if plain else draw.uniform(0.15, 0.4))
    end = at + length * np.array([math.cos(turn), math.sin(turn)])
    ends = [tuple(int(v) for v in point) for point in (at, end)]
    if plain:
        cv2.line(layer, *ends, 255, pen_of(draw, layer.shape), cv2.LINE_AA)
    else:
        cv2.arrowedLine(layer, *ends, 255, pen_of(draw, layer.shape), cv2.LINE_AA, tipLength=0.25)


def hatching(draw: random.Random, layer: np.ndarray) -> None:
    """Parallel strokes."""
    import cv2

    side, at = min(layer.shape), somewhere(draw, layer.shape)
    turn, length = draw.uniform(0, math.pi), draw.uniform(0.05, 0.15) * side
    step = np.array([-math.sin(turn), math.cos(turn)]) * draw.uniform(0.015, 0.04) * side
    stroke, pen = np.array([math.cos(turn), math.sin(turn)]) * length, pen_of(draw, layer.shape)
    for count in range(draw.randint(4, 9)):
        start = at + count * step
        cv2.line(layer, tuple(start.astype(int).tolist()), tuple((start + stroke).astype(int).tolist()), 255, pen,
                 cv2.LINE_AA)  # fmt: skip


def stain(draw: random.Random, layer: np.ndarray) -> None:
    """A pale blot with a soft edge."""
    import cv2

    side = min(layer.shape)
    at, axes = somewhere(draw, layer.shape), (draw.uniform(0.02, 0.12) * side, draw.uniform(0.02, 0.12) * side)
    cv2.ellipse(layer, (at.tolist(), [2 * axis for axis in axes], draw.uniform(0, 180)), draw.randint(25, 70), -1)
    layer[:] = cv2.GaussianBlur(layer, (0, 0), 0.01 * side + 0.5)
