"""Problems in the plane: every sample is a point, so that what a network learns can be seen whole.

Points lie in about [−2, 2]² (``EXTENT`` is what figures show). Every set is made from an explicit seed, half
of it held out by default, and remembers the call that made it. ``balance`` is the first class's share. Impossible
settings raise ``ValueError`` with one sentence.
"""

import math

import torch
from torch import Tensor

from core.data.data import Data, sourced
from core.data.sampling import check_count, generator_of, split, two_classes
from core.expressions import parse

EXTENT = 2.4
MOST = 20_000
TWO = ("orange", "blue")


def source_of(seed: int, samples: int, noise: float, classes: int = 2) -> torch.Generator:
    """The randomness of a set; raises ``ValueError`` for settings that make no problem."""
    names(classes)
    check_count(samples, max(4, 2 * classes), MOST)
    if not 0 <= noise <= 10:
        raise ValueError("The noise must lie between 0 and 10.")
    return generator_of(seed)


def normal(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    return torch.randn(shape, generator=generator)


def square(samples: int, radius: float, generator: torch.Generator) -> Tensor:
    """Points spread evenly over a square of half-width ``radius``, (samples, 2)."""
    return (torch.rand((samples, 2), generator=generator) * 2 - 1) * radius


@sourced
def gaussians(
    samples: int = 400, noise: float = 0.3, seed: int = 0, held_out: float = 0.5, balance: float = 0.5
) -> Data:
    """Two round clouds, left below and right above: a straight line separates them while the noise is small."""
    generator = source_of(seed, samples, noise)
    y = two_classes(samples, balance)
    x = (y[:, None] * 2.0 - 1) * 0.9 + normal((samples, 2), generator) * (0.25 + noise)
    return split(x, y, TWO, held_out, generator)


@sourced
def xor(samples: int = 400, noise: float = 0.1, seed: int = 0, held_out: float = 0.5, balance: float = 0.5) -> Data:
    """Four squares, opposite corners alike: no straight line separates them (Minsky and Papert 1969)."""
    generator = source_of(seed, samples, noise)
    y = two_classes(samples, balance)
    side = torch.randint(0, 2, (samples,), generator=generator) * 2 - 1
    sides = torch.stack([side, side * (2 * y - 1)], dim=1)
    x = sides * (0.15 + 1.8 * torch.rand((samples, 2), generator=generator))
    return split(x + noise * normal((samples, 2), generator), y, TWO, held_out, generator)


@sourced
def circle(samples: int = 400, noise: float = 0.1, seed: int = 0, held_out: float = 0.5, balance: float = 0.5) -> Data:
    """A disc inside a ring."""
    generator = source_of(seed, samples, noise)
    y = two_classes(samples, balance)
    turn = 2 * math.pi * torch.rand(samples, generator=generator)
    depth = torch.rand(samples, generator=generator)
    radius = torch.where(y == 1, 0.9 * depth.sqrt(), 1.4 + 0.6 * depth)
    x = radius[:, None] * torch.stack([turn.cos(), turn.sin()], dim=1)
    return split(x + noise * normal((samples, 2), generator), y, TWO, held_out, generator)


@sourced
def rings(samples: int = 400, noise: float = 0.1, seed: int = 0, held_out: float = 0.5, classes: int = 3) -> Data:
    """Concentric rings, one per class."""
    generator = source_of(seed, samples, noise, classes)
    y = torch.arange(samples) % classes
    turn = 2 * math.pi * torch.rand(samples, generator=generator)
    radius = 0.3 + 1.7 * y / max(classes - 1, 1)
    x = radius[:, None] * torch.stack([turn.cos(), turn.sin()], dim=1)
    return split(x + noise * normal((samples, 2), generator), y, names(classes), held_out, generator)


@sourced
def moons(samples: int = 400, noise: float = 0.2, seed: int = 0, held_out: float = 0.5, balance: float = 0.5) -> Data:
    """Two interleaved half-moons."""
    generator = source_of(seed, samples, noise)
    y = two_classes(samples, balance)
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
    generator = source_of(seed, samples, noise, classes)
    if not 0 <= turns <= 10:
        raise ValueError("A spiral's arms make between 0 and 10 turns.")
    y = torch.arange(samples) % classes
    along = torch.rand(samples, generator=generator).sqrt() * 0.97 + 0.03
    turn = 2 * math.pi * (turns * along + y / classes)
    x = 2 * along[:, None] * torch.stack([turn.cos(), turn.sin()], dim=1)
    return split(x + noise * normal((samples, 2), generator), y, names(classes), held_out, generator)


@sourced
def blobs(samples: int = 400, noise: float = 0.3, seed: int = 0, held_out: float = 0.5, classes: int = 4) -> Data:
    """Clouds on a circle, one per class: a multi-class problem."""
    generator = source_of(seed, samples, noise, classes)
    y = torch.arange(samples) % classes
    turn = 2 * math.pi * y / classes
    x = 1.4 * torch.stack([turn.cos(), turn.sin()], dim=1) + noise * normal((samples, 2), generator)
    return split(x, y, names(classes), held_out, generator)


@sourced
def plane(samples: int = 400, noise: float = 0.1, seed: int = 0, held_out: float = 0.5) -> Data:
    """Regression: height grows along one direction, (samples, 1)."""
    generator = source_of(seed, samples, noise)
    x = square(samples, 2.0, generator)
    y = (x @ torch.tensor([[0.4], [0.25]])) + noise * normal((samples, 1), generator)
    return split(x, y, (), held_out, generator)


@sourced
def wave(samples: int = 400, noise: float = 0.1, seed: int = 0, held_out: float = 0.5) -> Data:
    """Regression: ripples of height in [−1, 1] around two centres, (samples, 1)."""
    generator = source_of(seed, samples, noise)
    x = square(samples, 2.0, generator)
    y = (2 * x[:, :1]).sin() * (1.5 * x[:, 1:]).cos() + noise * normal((samples, 1), generator)
    return split(x, y, (), held_out, generator)


@sourced
def boundary(
    expression: str = "y > sin(2*x)", samples: int = 400, noise: float = 0.1, seed: int = 0, held_out: float = 0.5
) -> Data:
    """Two classes on either side of a border that is typed: blue where ``expression`` in x and y is true.

    A formula that is no comparison counts as true where it is positive. Noise moves the points after they got their
    class. Raises ``core.expressions.ExpressionError`` for what is no formula, ``ValueError`` if the square [−2, 2]²
    lies (almost) wholly on one side.
    """
    border = parse(expression, ("x", "y"), comparison=True)
    generator = source_of(seed, samples, noise)
    x = square(samples, 2.0, generator)
    answer = border(x[:, 0], x[:, 1])
    y = (answer if border.compares else answer > 0).long()
    if min(counts := [int((y == side).sum()) for side in (0, 1)]) < 2:
        empty = "true" if counts[1] < 2 else "false"
        raise ValueError(
            f"The formula is almost nowhere {empty} for x and y between −2 and 2: both classes need points."
        )
    return split(x + noise * normal((samples, 2), generator), y, TWO, held_out, generator)


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
