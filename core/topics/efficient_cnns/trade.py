"""The same few operations spent on different blocks: what accuracy on digits do they buy?

``python -m core.topics.efficient_cnns.train`` measures the shipped record again.
"""

import functools
import time
from collections.abc import Generator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from core.data.digits import digits
from core.deployment.clock import Latency
from core.deployment.small_cnn import right, taught
from core.lessons.record import Record
from core.provenance import Measured, Recorded, Sourced
from core.randomness import torchs_own
from core.topics.efficient_cnns.blocks import convolution
from core.topics.efficient_cnns.costs import DENSENET, INCEPTION, KINDS, Cost, Settings, counted, timed

BUDGETS = (30_000, 80_000, 200_000, 500_000)  # FLOPs for one digit
SEEDS, MINE = (0, 1, 2, 3, 4), 3  # of the record; how many a training here has
EPOCHS, RATE, HELD_OUT = 6, 0.01, 0.3
SIDE, WIDEST = 8, 160  # pixels of a digit; the most channels that are tried


class Classifier(nn.Module):
    """A first convolution, a block, pooling, a 1×1 convolution to twice the channels, a block of these, the mean of
    each channel, and a linear layer: (batch, 1, 8, 8) → logits (batch, 10)."""

    def __init__(self, kind: str, settings: Settings) -> None:
        super().__init__()
        first, second = (KINDS[kind].made(replace(settings, channels=times * settings.channels)) for times in (1, 2))
        self.maps = nn.Sequential(
            convolution(1, settings.channels, 3), first, nn.MaxPool2d(2),
            convolution(first.outputs, 2 * settings.channels), second,
        )  # fmt: skip
        self.output = nn.Linear(second.outputs, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.output(self.maps(x).mean(dim=(2, 3)))


def of_channels(kind: str, channels: int, kernel: int = 3, expansion: int = 4) -> Settings:
    """A block's settings for so many channels; a DenseNet block grows by half of them, twice."""
    return Settings(channels, SIDE, kernel, expansion, growth=max(channels // 2, 1), layers=2)


@functools.lru_cache(maxsize=4096)
def cost_of(kind: str, settings: Settings) -> Cost:
    """A classifier's cost, counted by hooks."""
    return counted(Classifier(kind, settings), (1, SIDE, SIDE))


def outputs(kind: str, settings: Settings) -> int:
    """Channels that leave a block."""
    if kind == DENSENET:
        return settings.channels + settings.layers * settings.growth
    return 4 * (settings.channels // 4) if kind == INCEPTION else settings.channels


def by_formula(kind: str, settings: Settings) -> int:
    """A classifier's FLOPs without building it: its two convolutions, its two blocks and its linear layer."""
    c, half = settings.channels, SIDE // 2
    twice = replace(settings, channels=2 * c, size=half)
    blocks = KINDS[kind].cost(settings).flops + KINDS[kind].cost(twice).flops
    around = 9 * c * SIDE**2 + outputs(kind, settings) * 2 * c * half**2 + outputs(kind, twice) * 10
    return blocks + 2 * around


@functools.lru_cache(maxsize=512)
def fitted(kind: str, budget: int, kernel: int = 3, expansion: int = 4) -> Settings:
    """The settings whose classifier comes nearest to so many FLOPs (channels in fours where there are four branches):
    the count rises with the channels, so the range is halved until two neighbours are left."""
    step = 4 if kind == INCEPTION else 1
    low, high = 1, WIDEST // step
    flops = lambda place: by_formula(kind, of_channels(kind, step * place, kernel, expansion))  # noqa: E731
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if flops(middle) <= budget else (low, middle)
    place = min((low, high), key=lambda each: abs(np.log(flops(each) / budget)))
    return of_channels(kind, step * place, kernel, expansion)


def classifier(kind: str, settings: Settings, seed: int) -> Classifier:
    """A new classifier with torch's own first weights."""
    with torchs_own(seed):
        return Classifier(kind, settings).train()


def accuracy(kind: str, settings: Settings, seed: int) -> float:
    """The share of held-out digits that a classifier gets right after its training."""
    data = digits(seed=seed, held_out=HELD_OUT)
    with torch.enable_grad():
        model = taught(classifier(kind, settings, seed), data.x, data.y, EPOCHS, RATE, seed)
    return right(model, data.x_test, data.y_test) / len(data.y_test)


def key(budget: int) -> str:
    """A budget as the record names it."""
    return f"{budget}"


def cheapest() -> tuple[tuple[str | int, ...], float]:
    """The plainest classifier at the smallest budget, trained again."""
    name = next(iter(KINDS))
    return ("accuracies", name, key(BUDGETS[0]), 0), accuracy(name, fitted(name, BUDGETS[0]), SEEDS[0])


RECORD = Record(
    "efficient_cnns",
    {"data": "digits", "blocks": tuple(KINDS), "budgets": BUDGETS, "seeds": SEEDS, "epochs": EPOCHS, "rate": RATE},
    cheapest,
)


@dataclass(frozen=True)
class Trade:
    """Accuracies (seeds,) by block and budget, what each classifier costs, and ``times``, the latencies of those of one
    ``budget`` for ``batch`` digits, measured here and now."""

    budget: int
    batch: int
    accuracies: dict[str, dict[int, np.ndarray]]
    costs: dict[str, dict[int, Cost]]
    times: dict[str, Latency]
    source: Recorded
    seed: int

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return f"Accuracy: {self.source.provenance} · milliseconds: measured here, now"

    @property
    def here(self) -> dict[str, np.ndarray]:
        """The accuracies at the budget."""
        return {name: each[self.budget] for name, each in self.accuracies.items()}

    @property
    def best(self) -> str:
        """The block that is right most often at the budget, on average."""
        return max(self.here, key=lambda name: self.here[name].mean())

    @property
    def quickest(self) -> str:
        """The block whose classifier answers first at the budget."""
        return min(self.times, key=lambda name: self.times[name].median)


def trade(budget: int, batch: int, seed: int) -> Trade:
    """The record, and the clock on this machine."""
    rows = RECORD.contents["accuracies"]
    accuracies = {name: {each: np.array(rows[name][key(each)]) for each in BUDGETS} for name in KINDS}
    costs = {name: {each: cost_of(name, fitted(name, each)) for each in BUDGETS} for name in KINDS}
    x = digits(seed=seed, held_out=HELD_OUT).x_test[:batch]
    models = {name: classifier(name, fitted(name, budget), seed).eval() for name in KINDS}
    times = timed({name: lambda model=model: model(x) for name, model in models.items()})
    return Trade(budget, batch, accuracies, costs, times, RECORD.source, seed)


@dataclass(frozen=True)
class Own(Sourced):
    """A learner's own classifier trained with some seeds: its accuracies (seeds,), what it costs and how long one digit
    takes it."""

    kind: str
    settings: Settings
    cost: Cost
    accuracies: np.ndarray
    time: Latency
    source: Measured

    @property
    def mean(self) -> float:
        """Mean accuracy."""
        return float(self.accuracies.mean())


def own(kind: str, settings: Settings, seed: int) -> Generator[tuple[float, str], None, Own]:
    """Train a classifier with ``MINE`` seeds, one after the other; yields (fraction, message)."""
    began, found = time.perf_counter(), []
    for number in range(MINE):
        yield number / MINE, f"training {number + 1} of {MINE}"
        found.append(accuracy(kind, settings, seed + number))
    x = digits(seed=seed, held_out=HELD_OUT).x_test[:1]
    model = classifier(kind, settings, seed).eval()
    clock = timed({kind: lambda: model(x)})[kind]
    seeds = tuple(range(seed, seed + MINE))
    source = Measured(seeds, time.perf_counter() - began)
    return Own(kind, settings, cost_of(kind, settings), np.array(found), clock, source)
