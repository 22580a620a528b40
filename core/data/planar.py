"""Problems in the plane: every sample is a point, so that what a network learns can be seen whole.

Points lie in about [−2, 2]² (``EXTENT`` is what figures show). Every set is made from an explicit seed, half
of it held out by default, and remembers the call that made it.
"""

import math

import torch
from torch import Tensor

from core.data.data import Data, sourced

EXTENT = 2.4
TWO = ("orange", "blue")


def split(x: Tensor, y: Tensor, classes: tuple[str, ...], held_out: float, generator: torch.Generator) -> Data:
    """Shuffle and hold out a share of the samples (at least one stays on each side)."""
    if not 0 < held_out < 1:
        raise ValueError("The held-out share must lie between 0 and 1.")
    turn = torch.randperm(len(x), generator=generator)
    cut = min(max(round(len(x) * (1 - held_out)), 1), len(x) - 1)
    x, y = x[turn].float().contiguous(), y[turn]
    return Data(x[:cut], y[:cut], x[cut:], y[cut:], classes)


def generator_of(seed: int, samples: int) -> torch.Generator:
    """The generator of a set; raises ``ValueError`` for a sample count that makes no problem."""
    if not 4 <= samples <= 20_000:
        raise ValueError("Ask for between 4 and 20,000 samples.")
    return torch.Generator().manual_seed(seed)


def normal(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    return torch.randn(shape, generator=generator)


def disc(samples: int, radius: float, generator: torch.Generator) -> Tensor:
    """Points spread evenly over a square of half-width ``radius``, (samples, 2)."""
    return (torch.rand((samples, 2), generator=generator) * 2 - 1) * radius


@sourced
def gaussians(samples: int = 400, noise: float = 0.3, seed: int = 0, held_out: float = 0.5) -> Data:
    """Two round clouds, left below and right above: a straight line separates them while the noise is small."""
    generator = generator_of(seed, samples)
    y = torch.arange(samples) % 2
    x = (y[:, None] * 2.0 - 1) * 0.9 + normal((samples, 2), generator) * (0.25 + noise)
    return split(x, y, TWO, held_out, generator)


@sourced
def xor(samples: int = 400, noise: float = 0.1, seed: int = 0, held_out: float = 0.5) -> Data:
    """Four squares, opposite corners alike: no straight line separates them (Minsky and Papert 1969)."""
    generator = generator_of(seed, samples)
    x = disc(samples, 1.8, generator)
    x = x + 0.15 * x.sign()
    y = (x[:, 0] * x[:, 1] > 0).long()
    return split(x + noise * normal((samples, 2), generator), y, TWO, held_out, generator)


@sourced
def circle(samples: int = 400, noise: float = 0.1, seed: int = 0, held_out: float = 0.5) -> Data:
    """A disc inside a ring."""
    generator = generator_of(seed, samples)
    y = torch.arange(samples) % 2
    turn = 2 * math.pi * torch.rand(samples, generator=generator)
    depth = torch.rand(samples, generator=generator)
    radius = torch.where(y == 1, 0.9 * depth.sqrt(), 1.4 + 0.6 * depth)
    x = radius[:, None] * torch.stack([turn.cos(), turn.sin()], dim=1)
    return split(x + noise * normal((samples, 2), generator), y, TWO, held_out, generator)


@sourced
def rings(samples: int = 400, noise: float = 0.1, seed: int = 0, held_out: float = 0.5, classes: int = 3) -> Data:
    """Concentric rings, one per class."""
    generator = generator_of(seed, samples)
    y = torch.arange(samples) % classes
    turn = 2 * math.pi * torch.rand(samples, generator=generator)
    radius = 0.3 + 1.7 * y / max(classes - 1, 1)
    x = radius[:, None] * torch.stack([turn.cos(), turn.sin()], dim=1)
    return split(x + noise * normal((samples, 2), generator), y, names(classes), held_out, generator)


@sourced
def moons(samples: int = 400, noise: float = 0.2, seed: int = 0, held_out: float = 0.5) -> Data:
    """Two interleaved half-moons."""
    generator = generator_of(seed, samples)
    y = torch.arange(samples) % 2
    turn = math.pi * torch.rand(samples, generator=generator)
    upper = torch.stack([turn.cos() - 0.5, turn.sin() - 0.25], dim=1)
    lower = torch.stack([0.5 - turn.cos(), 0.25 - turn.sin()], dim=1)
    x = torch.where(y[:, None] == 1, upper, lower) * 1.25
    return split(x + noise * normal((samples, 2), generator), y, TWO, held_out, generator)


@sourced
def spiral(
    samples: int = 400, noise: float = 0.05, seed: int = 0, held_out: float = 0.5, turns: float = 1.5, classes: int = 2
) -> Data:
    """Arms that wind around each other, one per class (Lang and Witbrock 1988)."""
    generator = generator_of(seed, samples)
    y = torch.arange(samples) % classes
    along = torch.rand(samples, generator=generator).sqrt() * 0.97 + 0.03
    turn = 2 * math.pi * (turns * along + y / classes)
    x = 2 * along[:, None] * torch.stack([turn.cos(), turn.sin()], dim=1)
    return split(x + noise * normal((samples, 2), generator), y, names(classes), held_out, generator)


@sourced
def blobs(samples: int = 400, noise: float = 0.3, seed: int = 0, held_out: float = 0.5, classes: int = 4) -> Data:
    """Clouds on a circle, one per class: a multi-class problem."""
    generator = generator_of(seed, samples)
    y = torch.arange(samples) % classes
    turn = 2 * math.pi * y / classes
    x = 1.4 * torch.stack([turn.cos(), turn.sin()], dim=1) + noise * normal((samples, 2), generator)
    return split(x, y, names(classes), held_out, generator)


@sourced
def plane(samples: int = 400, noise: float = 0.1, seed: int = 0, held_out: float = 0.5) -> Data:
    """Regression: height grows along one direction, (samples, 1)."""
    generator = generator_of(seed, samples)
    x = disc(samples, 2.0, generator)
    y = (x @ torch.tensor([[0.4], [0.25]])) + noise * normal((samples, 1), generator)
    return split(x, y, (), held_out, generator)


@sourced
def wave(samples: int = 400, noise: float = 0.1, seed: int = 0, held_out: float = 0.5) -> Data:
    """Regression: ripples of height in [−1, 1] around two centres, (samples, 1)."""
    generator = generator_of(seed, samples)
    x = disc(samples, 2.0, generator)
    y = (2 * x[:, :1]).sin() * (1.5 * x[:, 1:]).cos() + noise * normal((samples, 1), generator)
    return split(x, y, (), held_out, generator)


def names(classes: int) -> tuple[str, ...]:
    """Names of two to six classes, in the figures' colour order."""
    if not 2 <= classes <= 6:
        raise ValueError("Choose between 2 and 6 classes.")
    return ("orange", "blue", "green", "pink", "yellow", "black")[:classes]


PLANAR = {
    "circle": circle, "xor": xor, "gaussians": gaussians, "spiral": spiral, "moons": moons, "rings": rings,
    "blobs": blobs,
}  # fmt: skip
REGRESSION = {"plane": plane, "wave": wave}
