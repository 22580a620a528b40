"""Data sets and recorded runs, made again and compared to the last bit."""

import torch

import core.data as sets
from core.data import Data


def repeated(source: str) -> Data:
    """The data that a source text makes."""
    return eval(source, vars(sets))


def same(data: Data, other: Data) -> bool:
    tensors = ("x", "y", "x_test", "y_test")
    return data.classes == other.classes and all(torch.equal(getattr(data, t), getattr(other, t)) for t in tensors)


def images(samples: int, seed: int) -> Data:
    """Noise with classes: enough to see that a CNN is trained as it should be."""
    generator = torch.Generator().manual_seed(seed)
    x, y = torch.randn(samples, 1, 8, 8, generator=generator), torch.arange(samples) % 3
    return Data(x, y, x[:5], y[:5], ("a", "b", "c"))


def furthest(one, other) -> float:
    """By how much the final weights of two runs differ at most."""
    return (one.last.weights - other.last.weights).abs().max().item()


def alike(one, other) -> bool:
    """Whether two records hold the same numbers, to the bit."""
    return all(torch.equal(a, b) for a, b in ((one.weights, other.weights), (one.moments, other.moments))) and (
        repr(one) == repr(other)
    )
