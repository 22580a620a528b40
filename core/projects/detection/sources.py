"""All drawings that the detector is trained, chosen and measured with, divided so that test drawings stay unseen.

They are read from the folder that ``ROADMAP_LAB_DATA`` names.
"""

import functools
from pathlib import Path

import numpy as np
from PIL import Image

from core.data.images import MissingDataError, mnist
from core.data.sketches import stored
from core.projects.detection.drawings import SHIPPED, SKETCHES, Drawings

PARTS = ("train", "val", "test")
SHARES = (0.8, 0.9)  # of each sketch class: where training ends, where validation ends
DIGITS = (20_000, 2_000)  # MNIST training images in use, and test images
VALIDATION_DIGITS = 2_000  # of the training images


@functools.lru_cache(maxsize=3)
def drawings(part: str) -> Drawings:
    """The drawings of a part, "train", "val" or "test". Raises ``MissingDataError`` where they are not at hand."""
    found = stored()
    if found is None:
        raise MissingDataError(
            "The Quick, Draw! sketches are not on this machine: set ROADMAP_LAB_DATA to their folder."
        )
    images, labels, names = found
    return Drawings((*(of_part(images[labels == names.index(one)], part) for one in SKETCHES), *digits(part)))


def of_part(images: np.ndarray, part: str) -> np.ndarray:
    """One part of a class, in an order that never changes."""
    order = np.random.default_rng(0).permutation(len(images))
    first, second = (round(share * len(images)) for share in SHARES)
    return images[dict(zip(PARTS, np.split(order, [first, second]), strict=True))[part]]


def digits(part: str) -> list[np.ndarray]:
    """MNIST's digits of a part, class by class; the test part comes from the official test images."""
    known = mnist(DIGITS[0], test_samples=DIGITS[1])
    x, y = (known.x_test, known.y_test) if part == "test" else (known.x, known.y)
    taken = {"train": slice(0, -VALIDATION_DIGITS), "val": slice(-VALIDATION_DIGITS, None), "test": slice(None)}[part]
    pixels, y = (x[taken, 0] * 255).round().byte().numpy(), y[taken].numpy()
    return [pixels[y == digit] for digit in range(10)]


def save_shipped(out: Path) -> None:
    """Write ``drawings.png``: a row of test drawings for each class."""
    rows = [np.hstack(list(images[:SHIPPED])) for images in drawings("test").images]
    Image.fromarray(np.vstack(rows)).save(out / "drawings.png", optimize=True)
