"""What scenes are composed of: Quick, Draw! sketches and MNIST digits. 40 of each class, which no network has learned
from, come with the project, so that scenes can be composed on any machine; ``sources.py`` has them all.
"""

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

FOLDER = Path(__file__).resolve().parents[3] / "assets" / "detection"
SKETCHES = ("apple", "bicycle", "cat", "diamond", "eye", "fish", "rainbow", "train")
CLASSES = (*SKETCHES, *"0123456789")
SHIPPED = 40  # test drawings of each class in assets/detection/drawings.png


@dataclass(frozen=True)
class Drawings:
    """Small drawings (samples, 28, 28) uint8, ink 255, by class number: ``images[k]`` are of ``CLASSES[k]``."""

    images: tuple[np.ndarray, ...]


@functools.lru_cache(maxsize=1)
def shipped() -> Drawings:
    """The test drawings that come with the project: ``SHIPPED`` of each class."""
    with Image.open(FOLDER / "drawings.png") as file:
        sheet = np.asarray(file.convert("L"))
    tiles = sheet.reshape(len(CLASSES), 28, SHIPPED, 28).swapaxes(1, 2)
    return Drawings(tuple(np.ascontiguousarray(row) for row in tiles))
