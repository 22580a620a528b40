"""Random numbers that depend only on where they are used, never on what ran before.

So a run can be forked at any epoch and meets the batches and masks it would have met, two learners never disturb each
other, and the compiled trainer draws exactly what the torch loop draws.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

SEEDS = 1 << 64
DRAWING = threading.RLock()  # torch has one generator for all threads
BLOCK_EPOCHS, BLOCK_NUMBERS = 1000, 1 << 16  # what a block of orders holds at most: 256 kB, unless an epoch has more


def order(count: int, seed: int, epoch: int) -> Tensor:
    """The order in which epoch number ``epoch`` visits ``count`` samples: a permutation, shape (count,)."""
    return drawn(torch.Generator(), count, seed, epoch)


def drawn(generator: torch.Generator, count: int, seed: int, epoch: int) -> Tensor:
    """``order``, with a generator that may be seeded anew: making one takes longer than a short order."""
    return torch.randperm(count, generator=generator.manual_seed((10_000 * seed + epoch) % SEEDS))


def orders(count: int, seed: int, first: int, last: int) -> Iterator[np.ndarray]:
    """The orders of the epochs ``first`` to ``last``, int32, in blocks (epochs, count) short enough to keep."""
    size = max(1, min(BLOCK_EPOCHS, BLOCK_NUMBERS // max(count, 1)))
    while first <= last:
        end = min(last, (first - 1) // size * size + size)  # where a block ends does not depend on where one begins
        yield (block if count <= BLOCK_NUMBERS else block.__wrapped__)(count, seed, first, end)
        first = end + 1


@lru_cache(maxsize=128)
def block(count: int, seed: int, first: int, last: int) -> np.ndarray:
    """The orders of the epochs ``first`` to ``last``, (epochs, count); do not write to it."""
    generator = torch.Generator()
    rows = torch.stack([drawn(generator, count, seed, epoch) for epoch in range(first, last + 1)])
    return rows.to(torch.int32).numpy()


def uniform(seed: int, stream: int, step: int, shape: tuple[int, ...]) -> Tensor:
    """Numbers in [0, 1) with 24 random bits, float32, of the given shape: the counter-based generator Philox 4×64
    (Salmon et al. 2011), keyed by the seed and counting from (stream, step). Dropout layer k has stream 16 + k."""
    place = np.random.Philox(key=seed % SEEDS, counter=[0, step, stream, 0])
    return torch.from_numpy(np.random.Generator(place).random(shape, dtype=np.float32))


@contextmanager
def torchs_own(seed: int) -> Iterator[None]:
    """Torch's global generator, seeded, for what takes no other one (``nn.Linear``, ``nn.Dropout``): one thread at a
    time has it, and finds it afterwards as it was."""
    with DRAWING, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
