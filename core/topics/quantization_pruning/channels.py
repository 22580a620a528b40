"""Whole channels taken out by torch-pruning: a smaller network, not a network with holes; at once or in rounds."""

import json
import math
import sys
import time
from collections.abc import Generator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from core.deployment.clock import Latency, in_turns, rounds_within
from core.deployment.controls import CNN, DIGITS, PLAYGROUND
from core.deployment.small_cnn import EPOCHS as FIRST_EPOCHS
from core.deployment.small_cnn import RATE as FIRST_RATE
from core.deployment.small_cnn import right, small_cnn, taught
from core.jobs.apart import apart
from core.models.digits import training_digits
from core.provenance import Measured, Sourced
from core.topics.quantization_pruning.candidates import Accuracy, Candidate, by_the_clock, candidate, filled, judged

NORM, RANDOM = IMPORTANCES = ("L2 norm", "random")
AT_ONCE, IN_ROUNDS, FRESH = "at once", "in rounds", "trained small from the start"
ROUNDS, EPOCHS, CLOCKED = 4, 2, 60
RATES, LESSONS = {CNN: 0.01, DIGITS: 0.001, PLAYGROUND: 0.01}, 1000  # of fine-tuning; digits to train on


@dataclass(frozen=True)
class Narrowed:
    """A network with a ``share`` of its channels (or hidden units) removed: channels by layer, accuracies before and
    after (without any training since), weights and biases, bytes of the file, and multiplications for one input."""

    share: float
    importance: str
    batch: int
    channels: dict[str, tuple[int, int]]
    before: Accuracy
    after: Accuracy
    parameters: tuple[int, int]
    sizes: tuple[int, int]
    products: tuple[int, int]
    subject: Candidate

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return self.subject.provenance


def pruner_of(model: nn.Module, x: Tensor, share: float, importance: str, seed: int, rounds: int = 1):
    """What removes that share of each layer's outputs, in so many calls of its ``step``; at least one is left, and the
    last layer keeps all. ``x`` is an input, (1, …).
    What the next layers took from a removed channel goes with it (Fang and others 2023, *DepGraph*)."""
    import torch_pruning

    draw = torch.Generator().manual_seed(seed)
    rule = torch_pruning.importance.MagnitudeImportance(p=2)
    if importance == "random":
        rule = lambda group: torch.rand(len(group[0].idxs), generator=draw)  # noqa: E731
    model.requires_grad_(True)  # it follows the graph of gradients
    return torch_pruning.pruner.BasePruner(model, x, importance=rule, pruning_ratio=share,
                                           iterative_steps=rounds, ignored_layers=[model.output])  # fmt: skip


@torch.enable_grad()
def narrower(model: nn.Module, x: Tensor, share: float, importance: str, seed: int) -> nn.Module:
    """The network without that share of each layer's outputs, changed in place."""
    if share > 0:
        pruner_of(model, x, share, importance, seed).step()
    return model


def narrowed(subject: Candidate, share: float, importance: str) -> nn.Module:
    """A copy of a network without that share of each layer's outputs."""
    return narrower(subject.copied(), subject.x[:1], share, importance, subject.seed)


def widths(model: nn.Module) -> dict[str, int]:
    """Outputs by layer."""
    return {name: len(layer.weight) for name, layer in model.named_children() if hasattr(layer, "weight")}


def parameters(model: nn.Module) -> int:
    """How many weights and biases there are."""
    return sum(each.numel() for each in model.parameters())


@torch.no_grad()
def products(model: nn.Module, x: Tensor) -> int:
    """Multiplications for one input x (1, …): a weight is multiplied at every place of its layer's output."""
    count = 0
    for layer in model:
        x = layer(x)
        if hasattr(layer, "weight"):
            count += layer.weight.numel() * x[0, 0].numel()
    return count


def file_size(model: nn.Module) -> int:
    """Bytes of the weights as a safetensors file."""
    from safetensors.torch import save

    return len(save({name: value.contiguous() for name, value in model.state_dict().items()}))


def measure(subject: Candidate, share: float, importance: str, batch: int) -> Narrowed:
    """Take channels out and judge what is left, before any further training."""
    model = narrowed(subject, share, importance)
    both = (subject.model, model)
    first, second = map(widths, both)
    sides = {name: (first[name], second[name]) for name in subject.layers}
    numbers, sizes = ((count(subject.model), count(model)) for count in (parameters, file_size))
    work = (products(subject.model, subject.x[:1]), products(model, subject.x[:1]))
    return Narrowed(
        share, importance, batch, sides, subject.whole, judged(model, subject), numbers, sizes, work, subject
    )


def ratio_for(subject: Candidate, kept: float) -> float:
    """The share of channels to remove so that about a share ``kept`` of all weights is left."""
    best = min(range(96), key=lambda percent: abs(weights_left(subject, percent / 100) - kept * weights_left(subject)))
    return best / 100


def weights_left(subject: Candidate, share: float = 0.0) -> int:
    """How many weights are left if that share of every layer's outputs but the last one's is removed."""
    *inner, last = (getattr(subject.model, name).weight for name in subject.layers)
    kept = [subject.x.shape[1], *(max(len(weight) - int(len(weight) * share), 1) for weight in inner), len(last)]
    old = [subject.x.shape[1], *map(len, inner), len(last)]
    parts = zip((*inner, last), pairwise(old), pairwise(kept), strict=True)
    return sum(weight.numel() // math.prod(before) * math.prod(after) for weight, before, after in parts)


@dataclass(frozen=True)
class Tuned(Sourced):
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


def tuned(key: tuple, share: float, importance: str, batch: int) -> Generator[tuple[float, str], None, Tuned]:
    """Prune at once and in rounds, fine-tune, and time the result; yields (fraction, message)."""
    began, subject = time.perf_counter(), candidate(*key)
    asked = {"key": key, "share": share, "importance": importance, "batch": batch}
    seen = yield from apart(__name__, json.dumps(asked), "PyTorch starts")
    count = len(subject.y_test)
    curves = {name: np.array(row) / count for name, row in seen["right"].items()}
    last = {name: Accuracy(row[-1], count) for name, row in seen["right"].items()}
    latencies = {name: Latency(np.array(values)) for name, values in seen["milliseconds"].items()}
    source = by_the_clock(subject.seed, began)
    return Tuned(share, batch, curves, last, subject.whole, latencies, tuple(seen["steps"]), source)


def lessons(subject: Candidate) -> tuple[Tensor, Tensor]:
    """What a network is trained on again: inputs and classes that it has learned from before."""
    if subject.kind != DIGITS:
        return subject.x, subject.y
    images, classes = training_digits()
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(subject.seed))[:LESSONS]
    return images[order], classes[order]


def followed(model: nn.Module, subject: Candidate, epochs: int, seed: int) -> list[int]:
    """Train epoch by epoch, each slower than the one before; right answers on held-out inputs after each."""
    (x, y), rate, counts = lessons(subject), RATES[subject.kind], []
    for epoch in range(epochs):
        taught(model, x, y, 1, rate * (1 - epoch / epochs), seed + epoch)
        counts.append(right(model, subject.x_test, subject.y_test))
    return counts


def in_rounds(subject: Candidate, share: float, importance: str) -> list[int]:
    """Remove a few channels, train a little, and again: right answers after each removal and each epoch."""
    model, counts = subject.copied(), []
    pruner = pruner_of(model, subject.x[:1], share, importance, subject.seed, ROUNDS)
    for number in range(ROUNDS):
        told(0.1 + 0.08 * number, f"round {number + 1} of {ROUNDS}")
        pruner.step()
        counts.append(right(model, subject.x_test, subject.y_test))
        counts += followed(model, subject, EPOCHS, subject.seed + 10 * number)
    return counts


def measured(key: tuple, share: float, importance: str, batch: int) -> dict:
    """Ways to a narrow network with the same number of epochs, and how long a call takes before and after; the small
    CNN, which was trained here, is also trained small from the start."""
    torch.set_num_threads(1)
    subject, epochs = candidate(*key), ROUNDS * EPOCHS
    rounds = in_rounds(subject, share, importance)
    told(0.4, "at once")
    quick = narrowed(subject, share, importance)
    found = {AT_ONCE: [right(quick, subject.x_test, subject.y_test), *followed(quick, subject, epochs, subject.seed)]}
    if subject.kind == CNN:
        told(0.7, "trained small from the start")
        found[FRESH] = fresh_counts(small_cnn(list(widths(quick).values())[:3], subject.seed + 1), subject, epochs)
    steps = [epoch for start in range(0, epochs, EPOCHS) for epoch in range(start, start + EPOCHS + 1)]
    x, latencies = filled(subject.x_test, batch), {}
    calls = {"before": lambda: subject.model(x), "channels removed": lambda: quick(x)}
    with torch.no_grad():
        for latencies in in_turns(calls, rounds_within(calls, CLOCKED)):  # noqa: B007  # the last is all of them
            told(0.95, "timing")
    return {"right": {IN_ROUNDS: rounds, **found}, "steps": steps,
            "milliseconds": {name: each.milliseconds.tolist() for name, each in latencies.items()}}  # fmt: skip


def fresh_counts(model: nn.Module, subject: Candidate, epochs: int) -> list[int]:
    """A new small network gets the epochs of the first training as well, with its learning rate, before those of the
    others are counted: all have then seen the images as often."""
    untrained = right(model, subject.x_test, subject.y_test)
    taught(model, subject.x, subject.y, FIRST_EPOCHS, FIRST_RATE, subject.seed)
    return [untrained, *followed(model, subject, epochs, subject.seed)]


def told(fraction: float, message: str) -> None:
    """Progress, for whoever started the process."""
    print(json.dumps([fraction, message]), flush=True)


if __name__ == "__main__":
    print(json.dumps(measured(**json.loads(sys.argv[1]))))
