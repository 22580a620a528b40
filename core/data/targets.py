"""What a generator is to imitate: clouds of points in the plane whose modes, where they have some, are numbered."""

import math

import torch
from torch import Tensor

from core.data.generated import generated
from core.data.sampling import check_count

MODES = 25


def numbered(settings: dict) -> tuple[str, ...]:
    """The names of the modes."""
    count = settings["side"] ** 2 if "side" in settings else settings.get("modes", 1)
    return tuple(f"mode {number + 1}" for number in range(count))


def check(settings: dict) -> None:
    """Raise ``ValueError`` for settings that make no target."""
    count = len(numbered(settings))
    if not 1 <= count <= MODES:
        raise ValueError(f"Choose between 1 and {MODES} modes.")
    check_count(settings["samples"], 2 * count, 20_000)


@generated(check, classes=numbered)
def gaussian_ring(samples: int = 2000, modes: int = 8, noise: float = 0.06, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Small clouds on a circle, the usual test of mode collapse (Metz et al. 2017)."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.arange(samples) % modes
    turn = 2 * math.pi * y / modes
    centre = 1.6 * torch.stack([turn.cos(), turn.sin()], dim=1)
    return centre + noise * torch.randn(samples, 2, generator=generator), y


@generated(check, classes=numbered)
def gaussian_grid(samples: int = 2000, side: int = 3, noise: float = 0.08, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Small clouds on a square grid."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.arange(samples) % side**2
    centre = 3.2 / max(side - 1, 1) * torch.stack([y % side - (side - 1) / 2, y // side - (side - 1) / 2], dim=1)
    return centre + noise * torch.randn(samples, 2, generator=generator), y


@generated(check, classes=numbered)
def arm(samples: int = 2000, noise: float = 0.06, seed: int = 0) -> tuple[Tensor, Tensor]:
    """One arm of a spiral, in one piece."""
    generator = torch.Generator().manual_seed(seed)
    along = 0.94 * torch.rand(samples, generator=generator).sqrt() + 0.06
    turn = 3.5 * math.pi * along
    x = 1.9 * along[:, None] * torch.stack([turn.cos(), turn.sin()], dim=1)
    return x + noise * torch.randn(samples, 2, generator=generator), torch.zeros(samples, dtype=torch.long)


@generated(check, classes=numbered)
def half_moons(samples: int = 2000, noise: float = 0.08, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Two interleaved half-moons, without their labels."""
    generator = torch.Generator().manual_seed(seed)
    turn = math.pi * torch.rand(samples, generator=generator)
    upper = torch.stack([turn.cos() - 0.5, turn.sin() - 0.25], dim=1)
    x = 1.25 * torch.where(torch.arange(samples)[:, None] % 2 == 0, upper, -upper)
    return x + noise * torch.randn(samples, 2, generator=generator), torch.zeros(samples, dtype=torch.long)


@generated(check, classes=numbered)
def segment(samples: int = 2000, noise: float = 0.06, seed: int = 0) -> tuple[Tensor, Tensor]:
    """A straight line from corner to corner."""
    generator = torch.Generator().manual_seed(seed)
    along = 3.2 * torch.rand(samples, 1, generator=generator) - 1.6
    x = along * torch.tensor([[1.0, 0.7]])
    return x + noise * torch.randn(samples, 2, generator=generator), torch.zeros(samples, dtype=torch.long)


@generated(check, classes=numbered)
def silhouette(cells: str, samples: int = 2000, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Points spread evenly over the ink of a picture: ``cells`` are rows of 32 by 32 cells from above, a bit each, in
    hexadecimal digits."""
    generator = torch.Generator().manual_seed(seed)
    ink = torch.tensor([int(bit) for bit in f"{int(cells, 16):01024b}"]).view(32, 32).nonzero()
    chosen = ink[torch.randint(len(ink), (samples,), generator=generator)] + torch.rand(samples, 2, generator=generator)
    x = torch.stack([chosen[:, 1], 32 - chosen[:, 0]], dim=1) / 8 - 2
    return x, torch.zeros(samples, dtype=torch.long)
