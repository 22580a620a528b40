"""One large kernel against a stack of small ones that sees the same box."""

import time
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from core.data.digits import digits
from core.programs import Program, Step
from core.provenance import Measured, Sourced
from core.topics.receptive_field.stacks import Field, Layer, field

LARGE, SMALL = NAMES = ("one large kernel", "stacked 3 × 3")
SEEDS, EPOCHS, IMAGES, MAPS = 5, 6, 500, 8


@dataclass(frozen=True)
class Comparison(Sourced):
    """A kernel's side, the number of maps below and above it, and the fields of both ways to see its box."""

    kernel: int
    maps: int
    fields: dict[str, Field]
    source: Measured

    @property
    def depth(self) -> int:
        """How many 3×3 layers see as much."""
        return (self.kernel - 1) // 2

    @property
    def weights(self) -> dict[str, int]:
        """Weights of both, without biases."""
        pairs = self.maps**2
        return {LARGE: self.kernel**2 * pairs, SMALL: 9 * self.depth * pairs}

    @property
    def ratio(self) -> float:
        """How many times as many weights the large kernel has."""
        return self.weights[LARGE] / self.weights[SMALL]


def compare(kernel: int, maps: int, seed: int) -> Comparison:
    """Both fields, untrained."""
    began, depth = time.perf_counter(), (kernel - 1) // 2
    fields = {LARGE: field((Layer(kernel),), True, seed), SMALL: field((Layer(3),) * depth, True, seed)}
    return Comparison(kernel, maps, fields, Measured((seed,), time.perf_counter() - began))


def reader(name: str, kernel: int, seed: int) -> nn.Sequential:
    """A network for 8×8 digits: a first convolution, then one of both ways to see a box, then a linear layer."""
    layers = 1 if name == LARGE else (kernel - 1) // 2
    side = kernel if name == LARGE else 3
    body = [part for _ in range(layers) for part in (nn.Conv2d(MAPS, MAPS, side, padding=side // 2), nn.ReLU())]
    model = nn.Sequential(
        nn.Conv2d(1, MAPS, 3, padding=1), nn.ReLU(), *body, nn.Flatten(), nn.Linear(64 * MAPS, 10)
    )  # fmt: skip
    generator = torch.Generator().manual_seed(seed)
    for part in model:
        if isinstance(part, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(part.weight, generator=generator)
            nn.init.zeros_(part.bias)
    return model


def accuracy(name: str, kernel: int, seed: int) -> float:
    """Held-out accuracy of one training on digits."""
    data, model = digits(IMAGES + 400, seed, 400 / (IMAGES + 400)), reader(name, kernel, seed)
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(data.x), generator=generator).split(32):
            optimizer.zero_grad()
            functional.cross_entropy(model(data.x[batch]), data.y[batch]).backward()
            optimizer.step()
    with torch.no_grad():
        return (model(data.x_test).argmax(dim=1) == data.y_test).double().mean().item()


@dataclass(frozen=True)
class Race(Sourced):
    """Held-out accuracies by name, (seeds,) each."""

    kernel: int
    accuracies: dict[str, np.ndarray]
    source: Measured


def race(kernel: int, seed: int) -> Generator[tuple[float, str], None, Race]:
    """Train both on several seeds; yields (share done, message), returns a ``Race``."""
    began, rows = time.perf_counter(), {name: [] for name in NAMES}
    seeds = tuple(range(seed, seed + SEEDS))
    for place, each in enumerate(seeds):
        for name in NAMES:
            yield place / SEEDS, f"{name}, seed {each}"
            rows[name].append(accuracy(name, kernel, each))
    scores = {name: np.array(row) for name, row in rows.items()}
    return Race(kernel, scores, Measured(seeds, time.perf_counter() - began))


def program_of_comparison(pair: Comparison) -> Program:
    """Count the weights of both, and of what they see."""
    lines = [
        f"large = nn.Conv2d({pair.maps}, {pair.maps}, {pair.kernel}, bias=False)",
        f"layers = [nn.Conv2d({pair.maps}, {pair.maps}, 3, bias=False) for _ in range({pair.depth})]",
        "small = nn.Sequential(*layers)",
        f"picture = torch.zeros(1, {pair.maps}, {pair.kernel}, {pair.kernel})",
        "seen = [list(net(picture).shape[2:]) for net in (large, small)]  # one answer each: the same box",
        "weights = [sum(part.numel() for part in net.parameters()) for net in (large, small)]",
        'result = {"weights": weights, "answers": seen}',
    ]
    shown = {"weights": list(pair.weights.values()), "answers": [[1, 1], [1, 1]]}
    return Program("One large kernel or several small ones", (Step("Count", "\n".join(lines)),), shown=shown)
