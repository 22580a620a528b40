"""Targets in the plane whose score is known, and what noise makes of them."""

import math

import torch
from torch import Tensor

from core.data.generated import generated

SHAPES = ("two moons", "ring of eight", "grid of nine", "spiral arm")
OWN = "your own drawing"
WIDTH = 0.08  # standard deviation around each centre
TIMES = 1000


def centres(shape: str, cells: str = "") -> tuple[Tensor, Tensor]:
    """The centres (components, 2) of a mixture of equal Gaussians, and the class (components,), 0 or 1, of each.

    ``cells`` are those of a drawing: 32 rows from above of 32 cells, a bit each, in hexadecimal digits.
    """
    if cells:
        ink = torch.tensor([int(bit) for bit in f"{int(cells, 16):01024b}"]).view(32, 32).nonzero()
        place = torch.stack([ink[:, 1] + 0.5, 31.5 - ink[:, 0]], dim=1) / 8 - 2
        return place, (place[:, 0] > place[:, 0].median()).long()
    number = torch.arange({"ring of eight": 8, "grid of nine": 9}.get(shape, 40))
    turn = {"ring of eight": number * math.pi / 4, "two moons": number % 20 * math.pi / 19}.get(shape, number / 4)
    circle = torch.stack([turn.cos(), turn.sin()], dim=1)
    if shape == "two moons":
        upper = 1.25 * (circle - torch.tensor([0.5, 0.25]))
        return torch.where(number[:, None] < 20, upper, -upper), (number >= 20).long()
    if shape == "grid of nine":
        return 1.4 * torch.stack([number % 3 - 1, number // 3 - 1], dim=1).float(), number % 2
    if shape == "spiral arm":
        return circle * (0.2 + number[:, None] / 24), (number >= 25).long()
    return 1.6 * circle, number % 2


def kept() -> Tensor:
    """Which share of the signal's variance is left at each of 1,000 times (Ho et al. 2020: ᾱ of a linear schedule)."""
    return torch.cumprod(1 - torch.linspace(0.0001, 0.02, TIMES), dim=0)


def told(points: Tensor, times: Tensor, kind: Tensor) -> Tensor:
    """What the network is told: points (samples, 2), the time in three numbers, and the class (0, 1; 2: withheld) in
    two; (samples, 7)."""
    share = kept()[times]
    clock = torch.stack([2 * times / 999 - 1, share.sqrt(), torch.log(share / (1 - share)) / 10], dim=1)
    labels = torch.stack([kind == 0, kind == 1], dim=1).float()
    return torch.cat([points, clock, labels], dim=1)


def drawn(shape: str, cells: str, samples: int, seed: int) -> tuple[Tensor, Tensor]:
    """Samples (samples, 2) of a target and their classes (samples,)."""
    source = torch.Generator().manual_seed(seed)
    centre, kind = centres(shape, cells)
    rows = torch.randint(len(centre), (samples,), generator=source)
    return centre[rows] + WIDTH * torch.randn(samples, 2, generator=source), kind[rows]


def check(settings: dict) -> None:
    """Raise ``ValueError`` for settings that make no target."""
    if not settings["cells"] and settings["shape"] not in SHAPES:
        raise ValueError("Draw a shape first, or choose another target.")
    if not 10 <= settings["samples"] <= 100_000:
        raise ValueError("Choose between 10 and 100,000 samples.")


@generated(check, needs=(centres, kept, told, drawn))
def noised(shape: str, cells: str = "", samples: int = 12000, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Samples at random times, mixed with noise: what the network is told (samples, 7), and the noise (samples, 2) that
    it is to name. One label in five is withheld, so that it learns to do without (Ho and Salimans 2022)."""
    source = torch.Generator().manual_seed(seed + 1)
    points, kind = drawn(shape, cells, samples, seed)
    times = torch.randint(TIMES, (samples,), generator=source)
    noise = torch.randn(samples, 2, generator=source)
    share = kept()[times][:, None]
    withheld = torch.rand(samples, generator=source) < 0.2
    return told(share.sqrt() * points + (1 - share).sqrt() * noise, times, kind.masked_fill(withheld, 2)), noise
