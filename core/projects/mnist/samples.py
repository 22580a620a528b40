"""What the recogniser learns from: MNIST's digits, the same with an even pen, typed digits, and what is not a digit.

MNIST's strokes are soft and uneven, those of a drawing program are not; without even-penned digits beside even-penned
letters the network would take the pen, not the shape, for the sign of a digit.
"""

import random

import numpy as np
import torch
from PIL import Image

from core.data.data import Data
from core.data.images import mnist
from core.data.sketches import sketches
from core.projects.mnist.background import FACES, SKETCHES, backgrounds, letter
from core.projects.mnist.drawing import framed, outward, thinned

VALIDATION = 5_000  # MNIST's last training images choose the weights; the test images are looked at once per run
EVEN, TYPED, NONE = 10_000, 3_000, 15_000
CLASSES = (*"0123456789", "none of these")


def samples(seed: int) -> Data:
    """The training data, about 83,000 pictures (samples, 1, 28, 28), and MNIST's validation images as held-out data."""
    known = mnist(60_000, test_samples=10_000)
    inks, classes = known.x[:-VALIDATION, 0].numpy(), known.y[:-VALIDATION].numpy()
    parts = [(inks, classes), even(inks, classes, EVEN, seed), typed(TYPED, seed)]
    parts.append((backgrounds(NONE, inks, sketches(SKETCHES), seed), np.full(NONE, 10)))
    x, y = (torch.from_numpy(np.concatenate(part)) for part in zip(*parts, strict=True))
    return Data(x[:, None].float(), y.long(), known.x[-VALIDATION:], known.y[-VALIDATION:], CLASSES, f"samples({seed})")


def even(inks: np.ndarray, classes: np.ndarray, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Handwritten digits gone over again with an even pen, (count, 28, 28), and their classes."""
    draw = random.Random(seed)
    chosen = [draw.randrange(len(inks)) for _ in range(count)]
    return np.stack([even_pen(inks[place], draw.uniform(0.9, 2.2)) for place in chosen]), classes[chosen]


def even_pen(one: np.ndarray, half: float) -> np.ndarray:
    """One digit (28, 28) drawn again along its strokes' ridge, ``half`` of 28 pixels to either side."""
    fine = np.asarray(Image.fromarray(one).resize((112, 112), Image.Resampling.BICUBIC))
    distance = outward(np.pad(fine > 0.4, 16))
    line = thinned(distance, 1.5, 1.5)
    return framed(grown(line, 4 * half))


def grown(line: np.ndarray, reach: float) -> np.ndarray:
    """A line of ink grown to ``reach`` pixels on either side."""
    from scipy import ndimage

    away = ndimage.distance_transform_edt(np.pad(line < 0.5, int(reach) + 2, constant_values=True))
    return np.clip(reach + 0.5 - away, 0, 1).astype(np.float32)


def typed(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Digits of the typefaces that letters are learned from, (count, 28, 28), and their classes."""
    draw = random.Random(seed + 1)
    classes = [draw.randrange(10) for _ in range(count)]
    return np.stack([framed(letter(draw, str(one), FACES)) for one in classes]), np.array(classes)
