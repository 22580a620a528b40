"""Handwritten digits that come with scikit-learn: small enough to train on in a second."""

import functools

import torch
from torch import Tensor

from core.data.data import Data, sourced
from core.data.sampling import check_count, drawn, generator_of, split

DIGITS = 1797
DIGITS_SOURCE = "Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak (1998), UCI, CC BY 4.0"


@sourced
def digits(samples: int = DIGITS, seed: int = 0, held_out: float = 0.2, flat: bool = False) -> Data:
    """Handwritten digits of 8 × 8 pixels in ten classes, shipped with scikit-learn.

    ``x`` (samples, 1, 8, 8), or (samples, 64) where ``flat``, brightness in [0, 1]; ``y`` (samples,). Fewer samples
    keep the classes' shares. Raises ``ValueError`` for fewer than 20 samples or more than there are.
    """
    check_count(samples, 20, DIGITS)
    generator = generator_of(seed)
    images, y = shipped()
    chosen = drawn(y, samples, generator)
    x = images[chosen].flatten(1) if flat else images[chosen]
    return split(x, y[chosen], tuple("0123456789"), held_out, generator)


@functools.lru_cache(maxsize=1)
def shipped() -> tuple[Tensor, Tensor]:
    """All images (1797, 1, 8, 8) in [0, 1] and their digits (1797,)."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    return torch.from_numpy(bunch.images).float()[:, None] / 16, torch.from_numpy(bunch.target).long()
