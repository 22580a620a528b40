"""Random numbers that depend only on where they are used, never on what ran before.

A counter-based generator (splitmix64; Steele, Lea and Flood 2014): the number at (seed, stream, step, position) is
a hash of those four. So a run can be forked at any epoch and meets the batches and masks it would have met,
two learners never disturb each other, and the compiled trainer draws exactly what the torch loop draws.
"""

import numpy as np
import torch
from torch import Tensor

GOLDEN, FIRST, SECOND, WORD = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, (1 << 64) - 1
ORDER = 1  # the stream of batch orders; dropout layer k uses stream 16 + k


def mixed(value: int) -> int:
    """The splitmix64 finaliser of one 64-bit integer."""
    value = (value ^ (value >> 30)) * FIRST & WORD
    value = (value ^ (value >> 27)) * SECOND & WORD
    return value ^ (value >> 31)


def key(seed: int, stream: int, step: int) -> int:
    """One 64-bit key for a place in a training."""
    return mixed(mixed(mixed(seed & WORD) + GOLDEN * stream & WORD) + GOLDEN * step & WORD)


def bits(seed: int, stream: int, step: int, count: int) -> np.ndarray:
    """``count`` independent 64-bit integers, shape (count,), dtype uint64."""
    value = np.uint64(key(seed, stream, step)) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(GOLDEN)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(FIRST)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(SECOND)
    return value ^ (value >> np.uint64(31))


def uniform(seed: int, stream: int, step: int, shape: tuple[int, ...]) -> Tensor:
    """Numbers in [0, 1) with 24 random bits, float32, of the given shape."""
    words = bits(seed, stream, step, int(np.prod(shape))) >> np.uint64(40)
    return torch.from_numpy(words.astype(np.float32) * np.float32(2**-24)).reshape(shape)


def order(count: int, seed: int, epoch: int) -> Tensor:
    """The order in which epoch number ``epoch`` visits ``count`` samples: a permutation, shape (count,)."""
    return torch.from_numpy(np.argsort(bits(seed, ORDER, epoch, count), kind="stable"))
