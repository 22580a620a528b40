"""Four traps of loading, each sprung for real: what happens, and what happens once it is mended.

``python -m core.topics.dataloaders.traps NAME`` springs one with a DataLoader's own two worker processes.
"""

import json
import pickle
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.reduction import ForkingPickler
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    RandomSampler,
    SequentialSampler,
    TensorDataset,
    get_worker_info,
)

from core.provenance import Measured, Sourced

NUMBERS, LAMBDA, ORDER, LAST = TRAPS = (
    "same random numbers", "a lambda in the dataset", "shuffle forgotten", "a last batch of one"
)  # fmt: skip
ERROR, SILENT, FINE = OUTCOMES = ("an error stops it", "it runs, and is wrong", "it runs, and is right")
WORKERS, EACH, BATCH, CLASSES = 2, 6, 32, 4


class Noisy(Dataset):
    """Samples with random noise from a generator that the dataset itself keeps."""

    def __init__(self, seed: int) -> None:
        self.generator = np.random.default_rng(seed)

    def __len__(self) -> int:
        return WORKERS * EACH

    def __getitem__(self, index: int) -> float:
        return self.generator.normal()


def reseeded(worker: int) -> None:
    """What mends it, as ``worker_init_fn``: each worker's copy gets a generator of its own."""
    info: Any = get_worker_info()
    info.dataset.generator = np.random.default_rng(info.seed)


class Scaled(Dataset):
    """Numbers, each given to a function that the dataset keeps."""

    def __init__(self, function: Callable[[int], int]) -> None:
        self.function = function

    def __len__(self) -> int:
        return WORKERS * EACH

    def __getitem__(self, index: int) -> int:
        return self.function(index)


def doubled(number: int) -> int:
    """A function with a name: another process finds it by that."""
    return 2 * number


@dataclass(frozen=True)
class Sprung(Sourced):
    """What a trap did. ``numbers`` (workers, each) of random numbers, or the classes in each batch (batches, classes);
    ``sizes`` of the batches; ``error`` is torch's or Python's own sentence, empty if there was none."""

    trap: str
    is_mended: bool
    samples: int
    outcome: str
    source: Measured
    error: str = ""
    numbers: np.ndarray | None = None
    sizes: tuple[int, ...] = ()


def received(dataset: Noisy, is_mended: bool, seed: int) -> np.ndarray:
    """What each worker draws (workers, each) from the copy of the dataset that it is sent: a pickle, unpacked."""
    rows = []
    for worker in range(WORKERS):
        copy = pickle.loads(pickle.dumps(dataset))
        if is_mended:
            copy.generator = np.random.default_rng([seed, worker])
        rows.append([copy[place] for place in range(EACH)])
    return np.array(rows)


def refusal(dataset: Dataset) -> str:
    """Why a dataset cannot be sent to a worker that is started afresh; empty if it can."""
    try:
        ForkingPickler.dumps(dataset)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        return f"{type(error).__name__}: {error}"
    return ""


def classes_of_batches(samples: int, is_shuffled: bool, seed: int) -> np.ndarray:
    """How many samples of each class are in each batch (batches, classes), the samples lying sorted by class."""
    labels = np.arange(samples) * CLASSES // samples
    generator = torch.Generator().manual_seed(seed)
    sampler = RandomSampler(labels, generator=generator) if is_shuffled else SequentialSampler(labels)
    batches = BatchSampler(sampler, BATCH, drop_last=False)
    return np.array([np.bincount(labels[batch], minlength=CLASSES) for batch in batches])


def normalized(samples: int, drop_last: bool, seed: int) -> tuple[tuple[int, ...], str]:
    """The sizes of the batches, and what batch normalisation says to one of them in training; empty if nothing."""
    x = torch.randn(samples, 3, generator=torch.Generator().manual_seed(seed))
    layer, sizes = nn.BatchNorm1d(3), []
    for (batch,) in DataLoader(TensorDataset(x), batch_size=BATCH, drop_last=drop_last):
        sizes.append(len(batch))
        try:
            layer(batch)
        except ValueError as error:
            return tuple(sizes), f"ValueError: {error}"
    return tuple(sizes), ""


def sprung(trap: str, mend_it: bool, samples: int, seed: int) -> Sprung:
    """Walk into a trap, or past it."""
    began = time.perf_counter()
    error, numbers, sizes = "", None, ()
    if trap == NUMBERS:
        numbers = received(Noisy(seed), mend_it, seed)
    elif trap == LAMBDA:
        error = refusal(Scaled(doubled if mend_it else lambda number: 2 * number))
    elif trap == ORDER:
        numbers = classes_of_batches(samples, mend_it, seed)
    else:
        sizes, error = normalized(samples, mend_it, seed)
    source = Measured((seed,), time.perf_counter() - began)
    return Sprung(trap, mend_it, samples, outcome_of(trap, error, numbers), source, error, numbers, sizes)


def outcome_of(trap: str, error: str, numbers: np.ndarray | None) -> str:
    """What happened, in words. Wrong are equal numbers in both workers, and batches most of which lack half the
    classes."""
    if error:
        return ERROR
    if numbers is None or trap == LAMBDA:
        return FINE
    if trap == NUMBERS:
        return SILENT if (numbers[0] == numbers[1]).all() else FINE
    return SILENT if ((numbers > 0).sum(axis=1) <= CLASSES // 2).mean() > 0.5 else FINE


def in_workers(trap: str, is_mended: bool, samples: int, seed: int) -> dict[str, object]:
    """The same with a DataLoader's own two workers, started afresh: ``numbers``, ``sizes`` and ``error`` of a
    ``Sprung``."""
    workers: dict[str, Any] = {"num_workers": WORKERS, "multiprocessing_context": get_context("spawn")}
    numbers, sizes = [], []
    try:
        if trap == ORDER:
            labels = torch.arange(samples) * CLASSES // samples
            batches = DataLoader(TensorDataset(labels), BATCH, shuffle=is_mended, **workers)
            numbers = [torch.bincount(batch, minlength=CLASSES).tolist() for (batch,) in batches]
        elif trap == LAST:
            layer = nn.BatchNorm1d(3)
            data = TensorDataset(torch.randn(samples, 3))
            for (batch,) in DataLoader(data, BATCH, drop_last=is_mended, **workers):
                sizes.append(len(batch))
                layer(batch)
        else:
            own = Noisy(seed), Scaled(doubled if is_mended else lambda number: 2 * number)
            start = reseeded if trap == NUMBERS and is_mended else None
            batches = DataLoader(own[trap == LAMBDA], EACH, worker_init_fn=start, **workers)
            numbers = [batch.tolist() for batch in batches]
    except (pickle.PicklingError, AttributeError, ValueError) as error:
        return {"numbers": [], "sizes": sizes, "error": f"{type(error).__name__}: {error}"}
    return {"numbers": numbers, "sizes": sizes, "error": ""}


if __name__ == "__main__":
    print(json.dumps(in_workers(*json.loads(sys.argv[1]))))
