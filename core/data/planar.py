"""Problems in the plane: every sample is a point, so that what a network learns can be seen whole.

Points lie in about [−2, 2]² (``EXTENT`` is what figures show). Every set is made from an explicit seed, half
of it held out by default, and remembers the call that made it. ``balance`` is the first class's share. Impossible
settings raise ``ValueError`` with one sentence.
"""

import math
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from core.data.data import Data
from core.data.generated import generated, names
from core.data.sampling import check_count
from core.formulas.expressions import parse
from core.provenance import written

EXTENT = 2.4
MOST = 20_000


def check(settings: dict) -> None:
    """Raise ``ValueError`` for settings that make no problem in the plane; see to it that both classes get samples."""
    classes, balance = settings.get("classes", 2), settings.get("balance", 0.5)
    names(classes)
    check_count(settings["samples"], max(4, 2 * classes), MOST)
    if not 0 <= settings["noise"] <= 10:
        raise ValueError("The noise must lie between 0 and 10.")
    if not 0 < balance < 1:
        raise ValueError("The balance, the first class's share, must lie between 0 and 1.")
    if "balance" in settings:  # two samples of each class at least
        fewest = 2 / settings["samples"]
        settings["balance"] = min(max(balance, fewest), 1 - fewest)


@generated(check)
def gaussians(samples: int = 400, noise: float = 0.3, seed: int = 0, balance: float = 0.5) -> tuple[Tensor, Tensor]:
    """Two round clouds, left below and right above: a straight line separates them while the noise is small."""
    generator = torch.Generator().manual_seed(seed)
    y = 1 - (torch.arange(samples + 1) * balance).floor().diff().long()
    x = 0.9 * (2 * y[:, None] - 1) + (0.25 + noise) * torch.randn(samples, 2, generator=generator)
    return x, y


@generated(check)
def xor(samples: int = 400, noise: float = 0.1, seed: int = 0, balance: float = 0.5) -> tuple[Tensor, Tensor]:
    """Four squares, opposite corners alike: no straight line separates them (Minsky and Papert 1969)."""
    generator = torch.Generator().manual_seed(seed)
    y = 1 - (torch.arange(samples + 1) * balance).floor().diff().long()
    side = 2 * torch.randint(0, 2, (samples,), generator=generator) - 1
    sides = torch.stack([side, side * (2 * y - 1)], dim=1)
    x = sides * (0.15 + 1.8 * torch.rand(samples, 2, generator=generator))
    return x + noise * torch.randn(samples, 2, generator=generator), y


@generated(check)
def circle(samples: int = 400, noise: float = 0.1, seed: int = 0, balance: float = 0.5) -> tuple[Tensor, Tensor]:
    """A disc inside a ring."""
    generator = torch.Generator().manual_seed(seed)
    y = 1 - (torch.arange(samples + 1) * balance).floor().diff().long()
    turn, depth = 2 * math.pi * torch.rand(samples, generator=generator), torch.rand(samples, generator=generator)
    radius = torch.where(y == 1, 0.9 * depth.sqrt(), 1.4 + 0.6 * depth)
    x = radius[:, None] * torch.stack([turn.cos(), turn.sin()], dim=1)
    return x + noise * torch.randn(samples, 2, generator=generator), y


@generated(check)
def rings(samples: int = 400, noise: float = 0.1, seed: int = 0, classes: int = 3) -> tuple[Tensor, Tensor]:
    """Concentric rings, one per class."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.arange(samples) % classes
    turn = 2 * math.pi * torch.rand(samples, generator=generator)
    radius = 0.3 + 1.7 * y / (classes - 1)
    x = radius[:, None] * torch.stack([turn.cos(), turn.sin()], dim=1)
    return x + noise * torch.randn(samples, 2, generator=generator), y


@generated(check)
def moons(samples: int = 400, noise: float = 0.2, seed: int = 0, balance: float = 0.5) -> tuple[Tensor, Tensor]:
    """Two interleaved half-moons."""
    generator = torch.Generator().manual_seed(seed)
    y = 1 - (torch.arange(samples + 1) * balance).floor().diff().long()
    turn = math.pi * torch.rand(samples, generator=generator)
    upper = torch.stack([turn.cos() - 0.5, turn.sin() - 0.25], dim=1)
    x = 1.25 * torch.where(y[:, None] == 1, upper, -upper)
    return x + noise * torch.randn(samples, 2, generator=generator), y


@generated(check)
def spiral(samples: int = 400, noise: float = 0.05, seed: int = 0, classes: int = 2) -> tuple[Tensor, Tensor]:
    """Arms that wind around each other, one per class (Lang and Witbrock 1988)."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.arange(samples) % classes
    along = 0.97 * torch.rand(samples, generator=generator).sqrt() + 0.03
    turn = 2 * math.pi * (1.5 * along + y / classes)
    x = 2 * along[:, None] * torch.stack([turn.cos(), turn.sin()], dim=1)
    return x + noise * torch.randn(samples, 2, generator=generator), y


@generated(check)
def blobs(samples: int = 400, noise: float = 0.3, seed: int = 0, classes: int = 4) -> tuple[Tensor, Tensor]:
    """Clouds on a circle, one per class: a multi-class problem."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.arange(samples) % classes
    turn = 2 * math.pi * y / classes
    centre = 1.4 * torch.stack([turn.cos(), turn.sin()], dim=1)
    return centre + noise * torch.randn(samples, 2, generator=generator), y


@generated(check)
def plane(samples: int = 400, noise: float = 0.1, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Regression: height grows along one direction, (samples, 1)."""
    generator = torch.Generator().manual_seed(seed)
    x = 4 * torch.rand(samples, 2, generator=generator) - 2
    return x, x @ torch.tensor([[0.4], [0.25]]) + noise * torch.randn(samples, 1, generator=generator)


@generated(check)
def wave(samples: int = 400, noise: float = 0.1, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Regression: ripples of height in [−1, 1] around two centres, (samples, 1)."""
    generator = torch.Generator().manual_seed(seed)
    x = 4 * torch.rand(samples, 2, generator=generator) - 2
    y = (2 * x[:, :1]).sin() * (1.5 * x[:, 1:]).cos()
    return x, y + noise * torch.randn(samples, 1, generator=generator)


@generated(check)
def two_sides(
    border: Callable[..., Tensor], samples: int = 400, noise: float = 0.1, seed: int = 0
) -> tuple[Tensor, Tensor]:
    """Points of a square, of class 1 where ``border`` is true or positive; noise moves them afterwards."""
    generator = torch.Generator().manual_seed(seed)
    x = 4 * torch.rand(samples, 2, generator=generator) - 2
    y = (border(x[:, 0], x[:, 1]) > 0).long()
    return x + noise * torch.randn(samples, 2, generator=generator), y


def boundary(
    expression: str = "y > sin(2*x)", samples: int = 400, noise: float = 0.1, seed: int = 0, held_out: float = 0.5
) -> Data:
    """Two classes on either side of a border that is typed: blue where ``expression`` in x and y is true.

    A formula that is no comparison counts as true where it is positive. Noise moves the points after they got their
    class. Raises ``ExpressionError`` for what is no formula, ``ValueError`` if the square [−2, 2]²
    lies (almost) wholly on one side.
    """
    border = parse(expression, ("x", "y"), comparison=True)
    data = two_sides(border, samples, noise, seed, held_out)
    for side, empty in enumerate(("false", "true")):
        if not (data.y == side).any() or not (data.y_test == side).any():
            raise ValueError(
                f"The formula is almost nowhere {empty} for x and y between −2 and 2: both classes need points."
            )
    return replace(data, source=written(boundary, (expression, samples, noise, seed, held_out), {}))


PLANAR = {
    "circle": circle, "xor": xor, "gaussians": gaussians, "spiral": spiral, "moons": moons, "rings": rings,
    "blobs": blobs,
}  # fmt: skip
REGRESSION = {"plane": plane, "wave": wave}
