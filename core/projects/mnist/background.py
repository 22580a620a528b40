"""What is not a digit: letters, scribbles, shapes, several digits, noise and sketches, drawn and framed as digits are.

The network learns its eleventh answer, "none of these", from these. Letters, typefaces and sketches are divided into
those it may learn from and those it is measured on.
"""

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from core.projects.mnist.drawing import Empty, framed

CANVAS = 96
TWINS = "OoIl"  # as drawn, these are a zero or a one
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
UNSEEN_LETTERS = LETTERS[3::4]
FACES = ("DejaVuSans", "DejaVuSans-Oblique", "DejaVuSansMono", "cmr10", "cmss10", "cmti10", "STIXGeneral")
UNSEEN_FACES = ("DejaVuSerif", "DejaVuSerif-Italic", "STIXGeneralItalic", "cmtt10")
SKETCHES = ("apple", "bicycle", "eye", "train")
UNSEEN_SKETCHES = ("cat", "diamond", "fish", "rainbow")


def letter(draw: random.Random, letters: str = LETTERS, faces: tuple[str, ...] = FACES) -> np.ndarray:
    """A letter (or another character) of a typeface, tilted a little; ink (96, 96)."""
    import matplotlib

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    face = ImageFont.truetype(str(folder / f"{draw.choice(faces)}.ttf"), draw.randint(44, 64))
    picture, chosen, bold = Image.new("L", (CANVAS, CANVAS)), draw.choice(letters), draw.choice((0, 0, 1, 2))
    ImageDraw.Draw(picture).text((48, 48), chosen, 255, face, anchor="mm", stroke_width=bold)
    return inked(picture.rotate(draw.uniform(-12, 12), Image.Resampling.BILINEAR))


def scribble(draw: random.Random) -> np.ndarray:
    """One to three wandering strokes."""
    picture = Image.new("L", (CANVAS, CANVAS))
    for _ in range(draw.choice((1, 1, 2, 3))):
        stroke(picture, smooth([(draw.gauss(48, 20), draw.gauss(48, 20)) for _ in range(draw.randint(4, 9))]), draw)
    return inked(picture)


def shape(draw: random.Random) -> np.ndarray:
    """A polygon, a star, a cross, a spiral, a zigzag, a ladder, a dash, a tick, a blot or a wheel."""
    picture = Image.new("L", (CANVAS, CANVAS))
    kind = draw.choice(("polygon", "star", "cross", "spiral", "zigzag", "ladder", "dash", "tick", "blot", "wheel"))
    turn, wide, high = draw.uniform(0, 6.3), draw.uniform(18, 36), draw.uniform(18, 36)
    corners = draw.randint(3, 6)
    if kind == "blot":
        pen = ImageDraw.Draw(picture)
        draw.choice((pen.ellipse, pen.rectangle))([48 - wide, 48 - high, 48 + wide, 48 + high], fill=255)
    elif kind in ("zigzag", "ladder", "dash", "tick"):
        for line in ruled(kind, wide, high, draw):
            stroke(picture, line, draw)
    else:
        for line in round_about(kind, corners, draw):
            points = [(far * np.cos(turn + angle), far * np.sin(turn + angle)) for angle, far in line]
            stroke(picture, [(48 + wide * x, 48 + high * y) for x, y in points], draw)
    return inked(picture)


def ruled(kind: str, wide: float, high: float, draw: random.Random) -> Iterator[list[tuple[float, float]]]:
    """The lines, as points (x, y), of a shape that has an upright position."""
    if kind == "zigzag":
        count = draw.randint(5, 8)
        yield [(10 + 76 * k / count, 48 + high / 2 * (-1) ** k) for k in range(count + 1)]
    elif kind == "ladder":
        for k in range(draw.randint(2, 4)):
            yield [(48 - wide, 24 + 16 * k), (48 + wide, 24 + 16 * k)]
        yield [(48 + draw.uniform(-wide, wide), 12), (48, 84)]
    elif kind == "dash":
        slope = draw.uniform(-8, 8)
        yield [(48 - wide, 48 - slope), (48 + wide, 48 + slope)]
    else:
        yield [(14, 48), (34, 70), (84, draw.uniform(14, 30))]


def round_about(kind: str, corners: int, draw: random.Random) -> Iterator[list[tuple[float, float]]]:
    """The lines, as points (angle, distance), of a shape around a middle."""
    if kind == "polygon":
        yield [(6.283 * k / corners, 1) for k in range(corners + 1)]
    elif kind == "star":
        inner = draw.uniform(0.3, 0.6)
        yield [(6.283 * k / (2 * corners), inner if k % 2 else 1) for k in range(2 * corners + 1)]
    elif kind == "spiral":
        turns = draw.uniform(1.6, 3.5)
        yield [(6.283 * turns * k / 48, 0.1 + 0.9 * k / 48) for k in range(49)]
    else:
        spokes = 2 if kind == "cross" else 3
        for k in range(spokes):
            yield [(3.1416 * k / spokes, 1), (3.1416 * k / spokes + 3.1416, 1)]
        if kind == "wheel":
            yield [(6.283 * k / 24, 1) for k in range(25)]


def stroke(picture: Image.Image, points: list[tuple[float, float]], draw: random.Random) -> None:
    """A line through points by an unsteady hand."""
    shaken = [(x + draw.gauss(0, 0.8), y + draw.gauss(0, 0.8)) for x, y in points]
    ImageDraw.Draw(picture).line(shaken, fill=255, width=draw.randint(3, 10), joint="curve")


def smooth(points: list[tuple[float, float]], steps: int = 8) -> list[tuple[float, float]]:
    """A curve through points (Catmull and Rom 1974)."""
    ends = np.array([points[0], *points, points[-1]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    parts = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(ends, ends[1:], ends[2:], ends[3:], strict=False)
    ]
    return [tuple(point) for point in np.concatenate(parts)]


def noise(draw: random.Random) -> np.ndarray:
    """Grey noise, dots, soft blots or a checkerboard."""
    generator = np.random.default_rng(draw.randrange(2**32))
    kind = draw.choice(("grey", "dots", "blots", "checks"))
    if kind == "grey":
        return generator.random((28, 28), np.float32)
    if kind == "dots":
        return (generator.random((28, 28)) < draw.uniform(0.05, 0.5)).astype(np.float32)
    if kind == "checks":
        side = draw.randint(2, 9)
        return ((np.indices((56, 56)) // side).sum(axis=0) % 2).astype(np.float32)
    small = Image.fromarray(generator.random((draw.randint(4, 9),) * 2, np.float32))
    return (np.asarray(small.resize((56, 56), Image.Resampling.BICUBIC)) > draw.uniform(0.45, 0.7)).astype(np.float32)


def several(draw: random.Random, digits: np.ndarray) -> np.ndarray:
    """Two or three digits side by side; ``digits`` (samples, 28, 28) from 0 to 1."""
    chosen = [digits[draw.randrange(len(digits))] for _ in range(draw.choice((2, 2, 2, 3)))]
    canvas = np.zeros((36, 28 * len(chosen)), np.float32)
    for place, one in enumerate(chosen):
        left, top = place * draw.randint(16, 24), draw.randint(0, 8)
        part = canvas[top : top + 28, left : left + 28]
        np.maximum(part, one, out=part)
    return canvas


def inked(picture: Image.Image) -> np.ndarray:
    """A grey picture as ink from 0 to 1."""
    return np.asarray(picture, np.float32) / 255


def backgrounds(count: int, digits: np.ndarray, sketches: np.ndarray | None, seed: int) -> np.ndarray:
    """``count`` pictures of what is not a digit, (count, 28, 28) from 0 to 1, framed as digits are.

    ``sketches`` (samples, 28, 28) from 0 to 1 are a fifth of them where given; letters are two fifths.
    """
    draw = random.Random(seed)
    learned = "".join(sorted(set(LETTERS) - set(UNSEEN_LETTERS) - set(TWINS)))
    makers = {
        "letter": lambda: letter(draw, learned), "scribble": lambda: scribble(draw), "shape": lambda: shape(draw),
        "noise": lambda: noise(draw), "several": lambda: several(draw, digits),
        "sketch": lambda: draw.choice([] if sketches is None else sketches),
    }  # fmt: skip
    shares = {"letter": 8, "scribble": 3, "shape": 3, "noise": 1, "several": 2, "sketch": 0 if sketches is None else 4}
    made: list[np.ndarray] = []
    while len(made) < count:
        (kind,) = draw.choices(list(shares), list(shares.values()))
        try:
            made.append(framed(makers[kind]()))
        except Empty:
            continue
    return np.stack(made)
