"""Steps and seconds to a target loss against the batch size, each size at its own best learning rate."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from core.provenance import Measured, Sourced
from core.topics.batch_size.problems import network, problem
from core.training import Recipe, Run, train_many

SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
RATES = (0.1, 0.2, 0.5, 1.0, 2.0, 4.0)
SEEDS, TUNING = 6, 3  # seeds that are compared; others, on which the learning rates are chosen
EPOCHS, STEPS = 16, 200  # a training has so many epochs, and more where these would be fewer steps
FRAMES = 61  # recorded moments of a training: between two of them steps are interpolated
TORCH, COMPILED = "PyTorch", "compiled code"


def recipe(size: int, rate: float, epochs: int, seed: int, schedule: str = "constant") -> Recipe:
    """Plain gradient descent on batches, every epoch recorded, or of many epochs an even choice."""
    return Recipe(
        epochs=epochs, batch_size=size, optimizer="SGD", learning_rate=rate, schedule=schedule, seed=seed,
        frames=min(epochs + 1, FRAMES),
    )  # fmt: skip


def epochs_of(size: int, samples: int) -> int:
    """How long a training may take."""
    return max(EPOCHS, math.ceil(STEPS / math.ceil(samples / size)))


def steps_to(losses: Sequence[float], numbers: Sequence[int], per_epoch: int, target: float) -> float:
    """After how many steps the training loss, recorded after some epochs, was at the target: between two records the
    logarithm of the loss is taken for a straight line. Infinite if it never was."""
    heights = np.log(np.nan_to_num(np.asarray(losses), nan=1e9, posinf=1e9))
    below = np.flatnonzero(heights <= math.log(target))
    if not len(below):
        return math.inf
    place = below[0]
    if place == 0:
        return 0.0
    part = (heights[place - 1] - math.log(target)) / (heights[place - 1] - heights[place])
    return float(per_epoch * (numbers[place - 1] + part * (numbers[place] - numbers[place - 1])))


def steps_of(run: Run, target: float) -> float:
    """Steps of a training to the target."""
    numbers, losses = run.curve("train_loss")
    return steps_to(losses, numbers, math.ceil(len(run.data.x) / run.recipe.batch_size), target)


def trained(data: str, sizes: Sequence[int], rates: Sequence[float], seeds: Sequence[int]) -> list[Run]:
    """One training per pair of size and rate, and seed."""
    models, problems, recipes = [], [], []
    for size, rate in zip(sizes, rates, strict=True):
        for seed in seeds:
            learned = problem(data, seed)
            epochs = epochs_of(size, len(learned.x))
            models.append(network(learned, seed))
            problems.append(learned)
            recipes.append(
                Recipe(
                    epochs=epochs, batch_size=size, optimizer="SGD", learning_rate=rate, seed=seed, frames=epochs + 1
                )
            )
    return train_many(models, problems, recipes)


def best_rates(data: str, target: float, seed: int) -> tuple[float, ...]:
    """Of ``RATES`` the one with the fewest steps on average, for each size, on seeds that are not compared."""
    seeds = range(seed + 10_000, seed + 10_000 + TUNING)
    sizes, rates = zip(*((size, rate) for size in SIZES for rate in RATES), strict=True)
    needed = np.array([steps_of(run, target) for run in trained(data, sizes, rates, seeds)])
    means = needed.reshape(len(SIZES), len(RATES), TUNING).mean(axis=2)
    return tuple(RATES[int(row.argmin())] for row in means)


def law(sizes: np.ndarray, steps: np.ndarray) -> tuple[float, float]:
    """S_min and B_crit of S(B) = S_min (1 + B_crit / B), by least squares in logarithms.

    McCandlish and others (2018), section 2.3: with the best rate, a batch of B_crit needs twice the fewest steps and
    twice the fewest samples. ``sizes`` and ``steps`` (sizes,).
    """
    from scipy.optimize import least_squares

    def gaps(logs: np.ndarray) -> np.ndarray:
        fewest, critical = np.exp(logs)
        return np.log(fewest * (1 + critical / sizes)) - np.log(steps)

    fewest, critical = np.exp(least_squares(gaps, np.log([steps.min(), 10.0])).x)
    return float(fewest), float(critical)


@dataclass(frozen=True)
class Sweep(Sourced):
    """Steps to the target loss, ``steps`` (seeds, sizes), infinite where it was not reached; ``rates`` by size and the
    first seed's ``runs``; ``seconds_per_step`` (sizes,) by who trains."""

    data: str
    target: float
    tuned: bool
    rates: tuple[float, ...]
    steps: np.ndarray
    runs: tuple[Run, ...]
    seconds_per_step: dict[str, np.ndarray]
    source: Measured

    @cached_property
    def reached(self) -> np.ndarray:
        """The places of the sizes at which every seed reached the target."""
        return np.flatnonzero(np.isfinite(self.steps).all(axis=0))

    @cached_property
    def sizes(self) -> np.ndarray:
        """These sizes."""
        return np.array(SIZES, dtype=float)[self.reached]

    @cached_property
    def law(self) -> tuple[float, float] | None:
        """S_min and B_crit; None with fewer than four sizes, or where rates are not each size's own best."""
        if not self.tuned or len(self.reached) < 4:
            return None
        return law(self.sizes, self.steps[:, self.reached].mean(axis=0).clip(1e-3))

    def seconds(self, trainer: str) -> np.ndarray:
        """Seconds to the target on this machine, (seeds, sizes reached)."""
        return (self.steps * self.seconds_per_step[trainer])[:, self.reached]

    def left(self, place: int) -> float:
        """Which percentage of the steps the size at ``place`` needs, of those of half its batch."""
        return float(100 * self.steps[:, place].mean() / self.steps[:, place - 1].mean())


def sweep(data: str, target_loss: float, own_best_rate: bool, learning_rate: float, seed: int) -> Sweep:
    """Train with every batch size until the target, each at its own best learning rate or all at one."""
    began = time.perf_counter()
    rates = best_rates(data, target_loss, seed) if own_best_rate else (learning_rate,) * len(SIZES)
    runs = trained(data, SIZES, rates, range(seed, seed + SEEDS))
    steps = np.array([steps_of(run, target_loss) for run in runs]).reshape(len(SIZES), SEEDS).T
    count = len(runs) + own_best_rate * len(SIZES) * len(RATES) * TUNING
    source = Measured(tuple(range(seed, seed + SEEDS)), time.perf_counter() - began, f"{count} networks trained live")
    return Sweep(data, target_loss, own_best_rate, rates, steps, tuple(runs[::SEEDS]), times(data, seed), source)


def times(data: str, seed: int) -> dict[str, np.ndarray]:
    """Seconds of a step at every size, measured one training at a time, the quicker of two goes, by who trains."""
    learned = problem(data, seed)
    return {
        COMPILED: np.array([min(compiled_step(data, size, seed) for _ in range(2)) for size in SIZES]),
        TORCH: np.array([torch_step(network(learned, seed), learned.x[:size], learned.y[:size]) for size in SIZES]),
    }


def compiled_step(data: str, size: int, seed: int) -> float:
    """Seconds of one step of the compiled trainer, on average over some epochs."""
    learned = problem(data, seed)
    recipe = Recipe(epochs=30, batch_size=size, optimizer="SGD", learning_rate=0.1, seed=seed, frames=2)
    (run,) = train_many(network(learned, seed), learned, recipe)
    return run.seconds / run.last.step


def torch_step(model: torch.nn.Module, x: torch.Tensor, y: torch.Tensor, steps: int = 12) -> float:
    """Seconds of one step of PyTorch's loop on a batch, the median of some."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    seconds = []
    for _ in range(steps):
        began = time.perf_counter()
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
        seconds.append(time.perf_counter() - began)
    return float(np.median(seconds[2:]))
