"""The training picture that is most like a painted one, and what pictures at hand say of quality and variety.

Of the training pictures there are shipped their features along 64 main directions and small versions of 32 × 32.
"""

import functools
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional

from core.projects.art.measures import features
from core.projects.art.painter import FOLDER
from core.projects.art.shipped import GROUPS


@dataclass(frozen=True, eq=False)
class Learned:
    """The training pictures: features along ``directions`` (features, 64) from their ``middle``, (count, 64); small
    versions (count, side, side, 3); the number of each one's group, (count,)."""

    middle: Tensor
    directions: Tensor
    rows: Tensor
    pixels: np.ndarray
    labels: np.ndarray

    def along(self, pixels: np.ndarray) -> Tensor:
        """Pictures (count, side, side, 3) uint8 in the same 64 numbers."""
        return (functional.normalize(features(pixels), dim=1) - self.middle) @ self.directions

    def nearest(self, rows: Tensor) -> tuple[np.ndarray, np.ndarray]:
        """Half the squared distance to the nearest training picture, which is 1 − cosine as far as 64 directions tell,
        and its number; both (count,)."""
        best = torch.cdist(rows, self.rows).min(dim=1)
        return (best.values.square() / 2).numpy(), best.indices.numpy()


@functools.lru_cache(maxsize=1)
def learned() -> Learned:
    """The shipped ones."""
    found = load_file(FOLDER / "near.safetensors")
    rows, labels = found["rows"].float() * found["step"], found["labels"].long().numpy()
    with Image.open(FOLDER / "learned.webp") as file:
        sheet = np.asarray(file.convert("RGB"))
    side = sheet.shape[1] // int(found["across"])
    cells = sheet.reshape(len(sheet) // side, side, -1, side, 3).swapaxes(1, 2).reshape(-1, side, side, 3)
    return Learned(found["middle"].float(), found["directions"].float(), rows, cells[: len(rows)], labels)


@dataclass(frozen=True, eq=False)
class Nearest:
    """The training picture nearest to each of some pictures: small versions (count, side, side, 3), the names of their
    groups, and how far away they are, (count,)."""

    pixels: np.ndarray
    groups: list[str]
    distances: np.ndarray

    @property
    def captions(self) -> list[str]:
        """Group and distance in words."""
        return [f"{name}, {away:.2f}" for name, away in zip(self.groups, self.distances, strict=True)]


def nearest_to(rows: Tensor) -> Nearest:
    """What is nearest to pictures, given along the shipped directions (``Learned.along``), (count, 64)."""
    found = learned()
    distances, places = found.nearest(rows)
    return Nearest(found.pixels[places], [GROUPS[label] for label in found.labels[places].tolist()], distances)


def spread(rows: Tensor) -> float:
    """How much pictures differ: the mean of half the squared distance between two of them."""
    count = len(rows)
    return float(torch.cdist(rows, rows).square().sum() / (2 * count * max(count - 1, 1)))
