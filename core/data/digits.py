"""Handwritten digits that come with scikit-learn: small enough to train on in a second."""

import functools

import torch
from torch import Tensor
from torch.nn import functional

from core.data.data import Data, sourced
from core.data.generated import Generated, check_share
from core.data.sampling import check_count, check_seed

DIGITS = 1797
DIGITS_SOURCE = "Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak (1998), UCI, CC BY 4.0"


@sourced
def digits(samples: int = DIGITS, seed: int = 0, held_out: float = 0.2, flat: bool = False) -> Data:
    """Handwritten digits of 8 × 8 pixels in ten classes, shipped with scikit-learn.

    ``x`` (samples, 1, 8, 8), or (samples, 64) where ``flat``, brightness in [0, 1]; ``y`` (samples,). However few
    samples, every class has about as many. Raises ``ValueError`` for fewer than 20 samples or more than there are.
    """
    check_count(samples, 20, DIGITS)
    check_seed(seed)
    check_share(held_out)
    settings = {"seed": int(seed), "flat": flat}
    x, y = mixed_digits(**settings)
    count = min(max(samples - round(held_out * samples), 10), samples - 10)
    made = Generated(mixed_digits, settings, (shipped,))
    return Data(x[:count], y[:count], x[count:samples], y[count:samples], tuple("0123456789"), made=made)


def mixed_digits(seed: int = 0, flat: bool = False) -> tuple[Tensor, Tensor]:
    """All digits in random order, the ten classes in turn, so that any first so many hold every class."""
    images, y = shipped()
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(seed))
    seen = functional.one_hot(y[order]).cumsum(dim=0)  # of each class so far, (digits, 10)
    order = order[seen[torch.arange(len(y)), y[order]].argsort(stable=True)]
    return images[order].flatten(1) if flat else images[order], y[order]


@functools.lru_cache(maxsize=1)
def shipped() -> tuple[Tensor, Tensor]:
    """All images (1797, 1, 8, 8) in [0, 1] and their digits (1797,)."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    return torch.from_numpy(bunch.images).float()[:, None] / 16, torch.from_numpy(bunch.target).long()
