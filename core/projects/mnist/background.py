"""What is not a digit: letters, scribbles, shapes, two digits at once, noise and sketches, drawn and framed as digits are.

The network learns its eleventh answer, "none of these", from these. Letters, typefaces and sketches are divided into
those it may learn from and those it is measured on.
"""

import random
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
    picture = Image.new("L", (CANVAS, CANVAS))
    ImageDraw.Draw(picture).text((48, 48), draw.choice(letters), 255, face, anchor="mm", stroke_width=draw.choice((0, 0, 1, 2)))
    return inked(picture.rotate(draw.uniform(-12, 12), Image.Resampling.BILINEAR))


def scribble(draw: random.Random) -> np.ndarray:
    """One to three wandering strokes."""
    picture = Image.new("L", (CANVAS, CANVAS))
    for _ in range(draw.choice((1, 1, 2, 3))):
        stroke(picture, smooth([(draw.gauss(48, 20), draw.gauss(48, 20)) for _ in range(draw.randint(4, 9))]), draw)
    return inked(picture)


def shape(draw: random.Random) -> np.ndarray:
    """A polygon, a star, a cross, a spiral, a zigzag, a ladder, a dash, a tick or a filled blot."""
    picture = Image.new("L", (CANVAS, CANVAS))
    kind = draw.choice(("polygon", "star", "cross", "spiral", "zigzag", "ladder", "dash", "tick", "blot", "wheel"))
    turn, wide, high = draw.uniform(0, 6.3), draw.uniform(18, 36), draw.uniform(18, 36)
    at = lambda angle, far=1.0: (48 + far * wide * np.cos(turn + angle), 48 + far * high * np.sin(turn + angle))  # noqa: E731
    corners = draw.randint(3, 6)
    if kind in ("polygon", "star"):
        reach = (1, draw.uniform(0.3, 0.6)) if kind == "star" else (1, 1)
        count = 2 * corners if kind == "star" else corners
        stroke(picture, [at(6.283 * k / count, reach[k % 2]) for k in range(count + 1)], draw)
    elif kind in ("cross", "wheel"):
        for k in range(2 if kind == "cross" else 3):
            angle = 3.1416 * k / (2 if kind == "cross" else 3)
            stroke(picture, [at(angle), at(angle + 3.1416)], draw)
        if kind == "wheel":
            stroke(picture, [at(6.283 * k / 24) for k in range(25)], draw)
    elif kind == "spiral":
        turns = draw.uniform(1.6, 3.5)
        stroke(picture, [at(6.283 * turns * k / 48, 0.1 + 0.9 * k / 48) for k in range(49)], draw)
    elif kind == "zigzag":
        count = draw.randint(5, 8)
        stroke(picture, [(10 + 76 * k / count, 48 + high / 2 * (-1) ** k) for k in range(count + 1)], draw)
    elif kind == "ladder":
        for k in range(draw.randint(2, 4)):
            stroke(picture, [(48 - wide, 24 + 16 * k), (48 + wide, 24 + 16 * k)], draw)
        stroke(picture, [(48 + draw.uniform(-wide, wide), 12), (48, 84)], draw)
    elif kind == "dash":
        slope = draw.uniform(-8, 8)
        stroke(picture, [(48 - wide, 48 - slope), (48 + wide, 48 + slope)], draw)
    elif kind == "tick":
        stroke(picture, [(14, 48), (34, 70), (84, draw.uniform(14, 30))], draw)
    else:
        box = [48 - wide, 48 - high, 48 + wide, 48 + high]
        pen = ImageDraw.Draw(picture)
        draw.choice((pen.ellipse, pen.rectangle))(box, fill=255)
    return inked(picture)


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
        "sketch": lambda: sketches[draw.randrange(len(sketches))],
    }  # fmt: skip
    shares = {"letter": 8, "scribble": 3, "shape": 3, "noise": 1, "several": 2, "sketch": 4 if sketches is not None else 0}
    made: list[np.ndarray] = []
    while len(made) < count:
        (kind,) = draw.choices(list(shares), list(shares.values()))
        try:
            made.append(framed(makers[kind]()))
        except Empty:
            continue
    return np.stack(made)
