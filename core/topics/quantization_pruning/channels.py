"""Whole channels taken out by torch-pruning: a smaller network, not a network with holes; at once or in rounds."""

import json
import sys
import time
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from core.deployment.clock import Latency, in_turns
from core.deployment.small_cnn import (
    CHANNELS,
    LAYERS,
    Accuracy,
    SmallCNN,
    judged,
    right,
    small_cnn,
    taught,
    trained,
)
from core.jobs.apart import apart
from core.provenance import Measured

NORM, RANDOM = IMPORTANCES = ("L2 norm", "random")
AT_ONCE, IN_ROUNDS, FRESH = "at once", "in rounds", "trained small from the start"
ROUNDS, EPOCHS, RATE, CLOCKED = 4, 2, 0.01, 60
SIDES = {"conv1": 64, "conv2": 16, "conv3": 4, "output": 1}  # places at which a weight of the layer is multiplied


@dataclass(frozen=True)
class Narrowed:
    """A network with a ``share`` of its channels removed: channels by layer, accuracies before and after (without any
    training since), weights and biases, bytes of the file, and multiplications for one image."""

    share: float
    importance: str
    batch: int
    channels: dict[str, tuple[int, int]]
    before: Accuracy
    after: Accuracy
    parameters: tuple[int, int]
    sizes: tuple[int, int]
    products: tuple[int, int]
    seed: int
    source: Measured

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return self.source.provenance


def pruner_of(model: nn.Module, share: float, importance: str, seed: int, rounds: int = 1):
    """What removes that share of each convolution's channels, in so many calls of its ``step``; at least one is left.
    What the next layers took from a removed channel goes with it (Fang and others 2023, *DepGraph*)."""
    import torch_pruning

    draw = torch.Generator().manual_seed(seed)
    rule = torch_pruning.importance.MagnitudeImportance(p=2)
    if importance == "random":
        rule = lambda group: torch.rand(len(group[0].idxs), generator=draw)  # noqa: E731
    model.requires_grad_(True)  # it follows the graph of gradients
    return torch_pruning.pruner.BasePruner(model, torch.zeros(1, 1, 8, 8), importance=rule, pruning_ratio=share,
                                           iterative_steps=rounds, ignored_layers=[model.output])  # fmt: skip


@torch.enable_grad()
def narrowed(model: nn.Module, share: float, importance: str, seed: int) -> nn.Module:
    """The network without that share of each convolution's channels, changed in place."""
    if share > 0:
        pruner_of(model, share, importance, seed).step()
    return model


def widths(model: nn.Module) -> dict[str, int]:
    """Output channels by layer."""
    return {name: len(getattr(model, name).weight) for name in LAYERS}


def parameters(model: nn.Module) -> int:
    """How many weights and biases there are."""
    return sum(each.numel() for each in model.parameters())


def products(model: nn.Module) -> int:
    """Multiplications for one image."""
    return sum(getattr(model, name).weight.numel() * places for name, places in SIDES.items())


def file_size(model: nn.Module) -> int:
    """Bytes of the weights as a safetensors file."""
    from safetensors.torch import save

    return len(save({name: value.contiguous() for name, value in model.state_dict().items()}))


def measure(share: float, importance: str, batch: int, seed: int) -> Narrowed:
    """Take channels out and judge what is left, before any further training."""
    subject = trained(seed)
    model = narrowed(subject.copied(), share, importance, seed)
    both = (subject.model, model)
    first, second = map(widths, both)
    sides = {name: (first[name], second[name]) for name in LAYERS}
    before, after = (judged(each, subject) for each in both)
    numbers, sizes, work = ((count(subject.model), count(model)) for count in (parameters, file_size, products))
    return Narrowed(share, importance, batch, sides, before, after, numbers, sizes, work, seed, subject.source)


def ratio_for(kept: float) -> float:
    """The share of channels to remove so that about a share ``kept`` of all weights is left."""
    best = min(range(96), key=lambda percent: abs(weights_left(percent / 100) - kept * weights_left(0)))
    return best / 100


def weights_left(share: float) -> int:
    """How many weights are left if that share of every convolution's channels is removed."""
    first, second, third = (max(each - int(each * share), 1) for each in CHANNELS)
    return 9 * (first + first * second + second * third) + 40 * third


@dataclass(frozen=True)
class Tuned:
    """What fine-tuning makes of it: accuracy after every epoch by way, (epochs + 1,), the last as a count with its
    interval, and latency before and after. ``epochs`` and weights are the same for all ways."""

    share: float
    batch: int
    curves: dict[str, np.ndarray]
    last: dict[str, Accuracy]
    before: Accuracy
    latencies: dict[str, Latency]
    steps: tuple[float, ...]
    source: Measured

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return self.source.provenance


def tuned(share: float, importance: str, batch: int, seed: int) -> Generator[tuple[float, str], None, Tuned]:
    """Prune at once and in rounds, fine-tune, and time the result; yields (fraction, message)."""
    began, subject = time.perf_counter(), trained(seed)
    asked = {"share": share, "importance": importance, "batch": batch, "seed": seed}
    seen = yield from apart(__name__, json.dumps(asked), "PyTorch starts")
    count = len(subject.y_test)
    curves = {name: np.array(row) / count for name, row in seen["right"].items()}
    last = {name: Accuracy(row[-1], count) for name, row in seen["right"].items()}
    latencies = {name: Latency(np.array(values)) for name, values in seen["milliseconds"].items()}
    source = Measured((seed,), time.perf_counter() - began, "Measured here, now, on one thread of a process of its own")
    return Tuned(share, batch, curves, last, judged(subject.model, subject), latencies, tuple(seen["steps"]), source)


def followed(model: nn.Module, subject: SmallCNN, epochs: int, seed: int) -> list[int]:
    """Train epoch by epoch, each slower than the one before; right answers on held-out images after each."""
    counts = []
    for epoch in range(epochs):
        taught(model, subject.x, subject.y, 1, RATE * (1 - epoch / epochs), seed + epoch)
        counts.append(right(model, subject.x_test, subject.y_test))
    return counts


def in_rounds(subject: SmallCNN, share: float, importance: str, seed: int) -> list[int]:
    """Remove a few channels, train a little, and again: right answers after each removal and each epoch."""
    model, counts = subject.copied(), []
    pruner = pruner_of(model, share, importance, seed, ROUNDS)
    for number in range(ROUNDS):
        told(0.1 + 0.08 * number, f"round {number + 1} of {ROUNDS}")
        pruner.step()
        counts.append(right(model, subject.x_test, subject.y_test))
        counts += followed(model, subject, EPOCHS, seed + 10 * number)
    return counts


def measured(share: float, importance: str, batch: int, seed: int) -> dict:
    """Three ways to a narrow network with the same number of epochs, and how long a call takes before and after."""
    torch.set_num_threads(1)
    subject, epochs = trained(seed), ROUNDS * EPOCHS
    rounds = in_rounds(subject, share, importance, seed)
    told(0.4, "at once")
    quick = narrowed(subject.copied(), share, importance, seed)
    found = {AT_ONCE: [right(quick, subject.x_test, subject.y_test), *followed(quick, subject, epochs, seed)]}
    told(0.7, "trained small from the start")
    fresh = small_cnn(list(widths(quick).values())[:3], seed + 1)
    found[FRESH] = [right(fresh, subject.x_test, subject.y_test), *fresh_counts(fresh, subject, epochs, seed)]
    steps = [epoch for start in range(0, epochs, EPOCHS) for epoch in range(start, start + EPOCHS + 1)]
    x, latencies = subject.x_test[:batch], {}
    calls = {"before": lambda: subject.model(x), "channels removed": lambda: quick(x)}
    with torch.no_grad():
        for latencies in in_turns(calls, CLOCKED):  # noqa: B007  # the last is all of them
            told(0.95, "timing")
    return {"right": {IN_ROUNDS: rounds, **found}, "steps": steps,
            "milliseconds": {name: each.milliseconds.tolist() for name, each in latencies.items()}}  # fmt: skip


def fresh_counts(model: nn.Module, subject: SmallCNN, epochs: int, seed: int) -> list[int]:
    """A new small network gets the epochs of the first training as well, with its learning rate, before those of the
    others are counted: all have then seen the images as often."""
    from core.deployment.small_cnn import EPOCHS as FIRST
    from core.deployment.small_cnn import RATE as QUICK

    taught(model, subject.x, subject.y, FIRST, QUICK, seed)
    return followed(model, subject, epochs, seed)


def told(fraction: float, message: str) -> None:
    """Progress, for whoever started the process."""
    print(json.dumps([fraction, message]), flush=True)


if __name__ == "__main__":
    print(json.dumps(measured(**json.loads(sys.argv[1]))))
