"""Pictures painted on demand: galleries with what is nearest to them, corners of a map, films."""

import time
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from core.projects.art.near import Nearest, learned, nearest_to, spread
from core.projects.art.painter import between, painter
from core.provenance import Measured

COUNT = 12  # pictures of a gallery
EVERY = 4  # frames of a film for which one nearest training picture is looked up


@dataclass(frozen=True, eq=False)
class Painted:
    """Twelve pictures (count, side, side, 3) of ``seeds`` under a mixture of groups, the training picture nearest to
    each, and how much the pictures differ."""

    pixels: np.ndarray
    mix: dict[str, float]
    truncation: float
    seeds: tuple[int, ...]
    near: Nearest
    variety: float
    seconds: float

    @property
    def provenance(self) -> str:
        return Measured((self.seeds[0],), self.seconds, "Painted live").provenance


def mixture(fruit: str, mixed_with: str, share_of_the_other: float) -> dict[str, float]:
    """Weights by group."""
    share = float(share_of_the_other)
    return {fruit: 1.0} if fruit == mixed_with or share == 0 else {fruit: 1 - share, mixed_with: share}


def paint(fruit: str, mixed_with: str, share_of_the_other: float, truncation: float, seed: int) -> Painted:
    """Twelve pictures and what is like them."""
    start, mix = time.perf_counter(), mixture(fruit, mixed_with, share_of_the_other)
    seeds = tuple(range(COUNT * seed, COUNT * (seed + 1)))
    own = painter()
    pixels = own.painted(own.styles(seeds, own.weights(mix), truncation))
    rows = learned().along(pixels)
    return Painted(pixels, mix, truncation, seeds, nearest_to(rows), spread(rows), time.perf_counter() - start)


def corners_of(left: str, right: str, seed: int) -> Tensor:
    """The styles of four seeds at the corners, the left ones of one group, the right ones of another."""
    own, seeds = painter(), [4 * seed, 4 * seed + 1, 4 * seed + 2, 4 * seed + 3]
    rows = torch.stack([own.weights({name: 1.0}) for name in (left, right, left, right)])
    return own.styles(seeds, rows)


@dataclass(frozen=True, eq=False)
class Film:
    """Frames (count, side, side, 3) through some stops, and how far each is from the one before."""

    pixels: np.ndarray
    groups: tuple[str, str]
    stops: int
    seed: int
    seconds: float

    @property
    def provenance(self) -> str:
        return Measured((self.seed,), self.seconds, "Painted live").provenance

    @property
    def seeds(self) -> list[int]:
        """The stops' seeds."""
        return [6 * self.seed + place for place in range(self.stops)]

    @cached_property
    def near(self) -> Nearest:
        """The training pictures nearest to every ``EVERY``th frame."""
        return nearest_to(learned().along(self.pixels[::EVERY]))

    @property
    def moved(self) -> np.ndarray:
        """Mean change of a pixel from frame to frame, in grey levels, (count,)."""
        later = np.roll(self.pixels, -1, axis=0).astype(np.float32)
        return np.abs(later - self.pixels).mean(axis=(1, 2, 3))


def filmed(start: str, end: str, stops: int, frames_a_leg: int, seed: int) -> Film:
    """A film through seeds whose groups alternate."""
    began, own = time.perf_counter(), painter()
    rows = torch.stack([own.weights({(start, end)[place % 2]: 1.0}) for place in range(stops)])
    styles = between(own.styles([6 * seed + place for place in range(stops)], rows), frames_a_leg)
    return Film(own.painted(styles), (start, end), stops, seed, time.perf_counter() - began)
