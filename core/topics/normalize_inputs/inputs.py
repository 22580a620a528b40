"""One problem in different units: the same samples, raw or prepared."""

import math

import torch
from torch import Tensor

from core.data.data import Data
from core.data.generated import generated
from core.data.sampling import check_count

PREPARATIONS = ("raw", "centred", "standardised", "whitened")
STANDARDISED = "standardised"
LEARNED, HELD_OUT = 120, 120


def check(settings: dict) -> None:
    """Raise ``ValueError`` for settings that make no problem."""
    check_count(settings["samples"], 8, 2000)
    if settings["preparation"] not in PREPARATIONS:
        raise ValueError(f"Inputs are {', '.join(PREPARATIONS)}.")
    if not (1e-4 <= settings["factor"] <= 1e4 and abs(settings["shift"]) <= 100):
        raise ValueError("The factor must lie between 0.0001 and 10,000, the shift between −100 and 100.")


def prepared(x: Tensor, known: Tensor, preparation: str) -> Tensor:
    """Inputs x (samples, features), prepared by what the ``known`` samples (training data alone) say of mean, spread
    and, for whitening, how the inputs go together (LeCun and others 1998, *Efficient BackProp*, section 4.3)."""
    mean, deviation = known.mean(dim=0), known.std(dim=0)
    if preparation == "centred":
        return x - mean
    if preparation == "standardised":
        return (x - mean) / deviation
    if preparation == "whitened":
        variances, directions = torch.linalg.eigh((known / deviation).T.cov())
        return ((x - mean) / deviation) @ directions / variances.sqrt()
    return x


@generated(check, training=lambda settings: settings["samples"], needs=(prepared,))
def uneven_moons(
    preparation: str = "raw", factor: float = 30.0, shift: float = 0.0, samples: int = LEARNED, noise: float = 0.15,
    seed: int = 0,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Two interleaved half-moons whose second coordinate is in another unit, ``factor`` times as large, both moved by
    ``shift`` of their own units; as many again are held out."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.arange(2 * samples) % 2
    turn = math.pi * torch.rand(2 * samples, generator=generator)
    x = torch.stack([(1 - 2 * y) * turn.cos() + y - 0.5, (1 - 2 * y) * turn.sin() + 0.5 * y - 0.25], dim=1)
    x = (x + noise * torch.randn(2 * samples, 2, generator=generator) + shift) * torch.tensor([1.0, factor])
    return prepared(x, x[:samples], preparation), y


def versions(factor: float, shift: float, seed: int) -> dict[str, Data]:
    """The problem with its inputs in every preparation."""
    return {name: uneven_moons(preparation=name, factor=factor, shift=shift, seed=seed) for name in PREPARATIONS}
