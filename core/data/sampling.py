"""How samples are counted, drawn and held out: the same rules for every data set."""

import numbers

import torch
from torch import Tensor

from core.data.data import Data


def check_seed(seed: int) -> None:
    """Raise ``ValueError`` for what is no seed."""
    if not (isinstance(seed, numbers.Integral) and 0 <= seed < 2**63):
        raise ValueError("A seed is a whole number, zero or more.")


def generator_of(seed: int) -> torch.Generator:
    """The source of randomness of one data set; raises ``ValueError`` for what is no seed."""
    check_seed(seed)
    return torch.Generator().manual_seed(int(seed))


def check_count(samples: int, least: int, most: int) -> None:
    """Raise ``ValueError`` with one sentence unless ``samples`` is a whole number between the two."""
    if not (isinstance(samples, numbers.Integral) and least <= samples <= most):
        raise ValueError(f"Ask for a whole number of samples between {least:,} and {most:,}.")


def split(
    x: Tensor, y: Tensor, classes: tuple[str, ...], held_out: float, generator: torch.Generator, least: int = 1
) -> Data:
    """Shuffle and hold out a share of the samples, of every class alike where there are classes.

    A class (regression: the set) with two samples or more is on both sides, with at least ``least`` of them held out.
    """
    turn = torch.randperm(len(x), generator=generator)
    x, y = x[turn].float().contiguous(), y[turn]
    held = held_out_mask(y if classes else torch.zeros(len(y), dtype=torch.long), held_out, least)
    return Data(x[~held], y[~held], x[held], y[held], classes)


def held_out_mask(group: Tensor, share: float, least: int = 1) -> Tensor:
    """Which samples are held out, (samples,) bool: the last ones of each group, by the largest-remainder rule."""
    if not 0 < share < 1:
        raise ValueError("The held-out share must lie between 0 and 1.")
    counts = torch.bincount(group)
    exact = counts * share
    held = exact.floor().long()
    missing = round(len(group) * share) - int(held.sum())
    held[(exact - held).argsort(descending=True, stable=True)[:missing]] += 1
    held = torch.minimum(held.clamp_min(least), (counts - 1).clamp_min(0))
    return rank(group) >= (counts - held)[group]


def rank(group: Tensor) -> Tensor:
    """How many samples of the same group come before each sample, (samples,)."""
    order = group.argsort(stable=True)
    counts = torch.bincount(group)
    first = counts.cumsum(0) - counts
    result = torch.empty_like(group)
    result[order] = torch.arange(len(group)) - first[group[order]]
    return result


def drawn(y: Tensor, samples: int, generator: torch.Generator) -> Tensor:
    """Indices of ``samples`` samples in random order, each class in about the share it has in ``y`` (samples,)."""
    turn = torch.randperm(len(y), generator=generator)
    shuffled = y[turn]
    quantile = (rank(shuffled) + 0.5) / torch.bincount(shuffled)[shuffled]
    chosen = turn[quantile.argsort(stable=True)[:samples]]
    return chosen[torch.randperm(samples, generator=generator)]
