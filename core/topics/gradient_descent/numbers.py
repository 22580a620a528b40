"""Plain gradient descent and the largest step it bears: on surfaces with a formula, and on a small network."""

import math
import time
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from core.data import wave
from core.models import MLP
from core.probes.landscapes import CEILING, FLOOR, SURFACES, Surface, bowl, slope, start_of
from core.provenance import Measured, Sourced, duration
from core.topics.gradient_descent.curvature import (
    ITERATIONS,
    hessian_products,
    largest,
    power_iteration,
    sharpness_along,
)
from core.training import Recipe, Run, train, train_many
from core.wording import counted

GROUND = ("bowl", "ravine", "Rosenbrock", "plateau", "saddle")
STEPS, SWEPT = 200, 121  # steps of a descent; learning rates that are tried around the bound
CONVERGES, DIVERGES, HOVERS = "it converges", "it diverges", "neither: it keeps bouncing or crawls"
NETWORK_RATES = 25


def ground(name: str, condition: float) -> Surface:
    """A surface by name; the condition number shapes the bowl."""
    return bowl(condition) if name == "bowl" else SURFACES[name]()


def curvature_at(surface: Surface, point: tuple[float, float], iterations: int = ITERATIONS) -> float:
    """λmax of a surface at a point, by power iteration."""
    spot = torch.tensor(point, dtype=torch.float64, requires_grad=True)
    gradient = torch.autograd.grad(surface.height(spot), spot, create_graph=True)[0]
    start = torch.tensor([0.8, 0.6], dtype=torch.float64)
    return largest(lambda v: torch.autograd.grad(gradient, spot, v, retain_graph=True)[0], start, iterations).item()


def descents(surface: Surface, rates: Tensor, start: tuple[float, float], steps: int) -> Tensor:
    """Plain descents w ← w − η∇L from one start with every learning rate at once, (steps + 1, rates, 2)."""
    points = torch.tensor(start, dtype=torch.float64).repeat(len(rates), 1)
    ways = [points]
    for _ in range(steps):
        points = points - rates[:, None] * slope(surface, points)
        ways.append(points)
    return torch.stack(ways)


def gaps_of(surface: Surface, ways: Tensor) -> np.ndarray:
    """Heights above the minimum, (steps + 1, …), between FLOOR and CEILING."""
    low = surface.height(torch.tensor(surface.minimum, dtype=torch.float64))
    return (surface.height(ways) - low).nan_to_num(CEILING, CEILING, CEILING).clamp(FLOOR, CEILING).numpy()


def outcome(gaps: np.ndarray) -> str:
    """What became of a descent, from its heights (steps + 1,): it converges if it came down a thousandfold or still
    comes down steadily, it diverges if it ends higher than it began."""
    start, middle, end = gaps[0], gaps[len(gaps) // 2 :].max(), gaps[-len(gaps) // 10 :].max()
    if end > start:
        return DIVERGES
    return CONVERGES if end < 1e-3 * start or end < 0.7 * middle else HOVERS


@dataclass(frozen=True)
class Descent(Sourced):
    """A descent: its ``way`` (steps + 1, 2), heights ``gaps`` above the minimum, what became of it; λmax ``at_start``
    and ``at_minimum``; and where descents with other learning rates ended (``rates``, ``ends``)."""

    surface: Surface
    start: tuple[float, float]
    rate: float
    way: np.ndarray
    gaps: np.ndarray
    at_start: float
    at_minimum: float
    rates: np.ndarray
    ends: np.ndarray
    source: Measured

    @property
    def outcome(self) -> str:
        return outcome(self.gaps)

    @property
    def bound(self) -> float:
        """2/λmax at the minimum: above it no descent can settle there."""
        return 2 / self.at_minimum

    @property
    def thousandth(self) -> float:
        """After how many steps the height is a thousandth of the start's for good; infinite if never."""
        above = np.flatnonzero(self.gaps > 1e-3 * self.gaps[0])
        return float(above[-1] + 1) if above[-1] + 1 < len(self.gaps) else math.inf


def descend(surface: str, condition_number: float, learning_rate: float, start: str = "", seed: int = 0) -> Descent:
    """One descent at the chosen learning rate, and 121 others around 2/λmax. Nothing in it is random."""
    began, form = time.perf_counter(), ground(surface, condition_number)
    place = start_of(start, form)
    low = curvature_at(form, form.minimum)
    rates = np.geomspace(0.1, 4, SWEPT) * 2 / low
    ways = descents(form, torch.tensor([*rates, learning_rate], dtype=torch.float64), place, STEPS)
    gaps = gaps_of(form, ways)
    return Descent(
        form, place, learning_rate, ways[:, -1].numpy(), gaps[:, -1], curvature_at(form, place), low, rates,
        gaps[-STEPS // 10 :, :-1].max(axis=0),
        Measured((seed,), time.perf_counter() - began, f"{SWEPT + 1} descents, live"),
    )  # fmt: skip


# A small network -----------------------------------------------------------------------------------------------------


def full_batch(learning_rate: float, units: int, epochs: int, seed: int, frames: int = 60) -> tuple[MLP, Recipe]:
    """A 2-units-units-1 network and the recipe of plain descent on all samples at once."""
    model = MLP(2, units, units, 1, activation="tanh", init="Xavier", seed=seed)
    recipe = Recipe(epochs, 1000, "SGD", learning_rate, seed=seed, frames=frames)
    return model, recipe


def ripples(seed: int):
    """The problem: 80 samples of a wavy height, without noise, to be learned with squared error."""
    return wave(samples=100, noise=0.0, seed=seed, held_out=0.2)


@dataclass(frozen=True)
class Trial:
    """A network trained at one learning rate, λmax before training, and the final loss of the same training at other
    learning rates (nan became CEILING)."""

    run: Run
    sharpness: float
    rates: np.ndarray
    ends: np.ndarray
    seconds: float

    @property
    def provenance(self) -> str:
        return f"Live runs · {1 + len(self.rates)} trainings · seed {self.run.recipe.seed} · {duration(self.seconds)}"

    @property
    def bound(self) -> float:
        """2/λmax before training."""
        return 2 / self.sharpness

    @property
    def breaks(self) -> float:
        """The smallest tried learning rate from which on every training ended above its beginning; nan if none."""
        first = self.run.history[0].train_loss
        failed = self.ends > first
        tail = len(failed) - int(np.argmin(failed[::-1])) if not failed.all() else 0
        return float(self.rates[tail]) if tail < len(failed) else math.nan


def try_network(learning_rate: float, units_per_layer: int, epochs: int, seed: int) -> Trial:
    """Train on all samples at once at the chosen learning rate and at 25 others around 2/λmax."""
    began, data = time.perf_counter(), ripples(seed)
    model, recipe = full_batch(learning_rate, units_per_layer, epochs, seed)
    run = train(model, data, recipe)
    sharpness = sharpness_along(replace(run, history=run.history[:1]))[1].item()
    rates = np.geomspace(0.1, 8, NETWORK_RATES) * 2 / sharpness
    runs = train_many(model, data, [replace(recipe, learning_rate=float(rate), frames=2) for rate in rates])
    ends = np.nan_to_num([run.last.train_loss for run in runs], nan=CEILING, posinf=CEILING).clip(1e-6, CEILING)
    return Trial(run, sharpness, rates, ends, time.perf_counter() - began)


@dataclass(frozen=True)
class Edge:
    """A training and λmax at its recorded moments."""

    run: Run
    epochs: list[int]
    sharpness: np.ndarray
    seconds: float

    @property
    def provenance(self) -> str:
        return f"{self.run.provenance} · λmax at {counted(len(self.epochs), 'moment')}: {duration(self.seconds)}"

    @property
    def bound(self) -> float:
        """2/η: the sharpness above which a step of this size is unstable."""
        return 2 / self.run.recipe.learning_rate

    @property
    def hovering(self) -> float:
        """Mean λmax over the last third of the moments, as a share of 2/η; nan if the training broke."""
        broken = not np.isfinite(self.run.last.train_loss)
        return math.nan if broken else float(self.sharpness[-len(self.sharpness) // 3 :].mean() / self.bound)


def edge(learning_rate: float, units_per_layer: int, epochs: int, seed: int) -> Edge:
    """Train for long on all samples at once and follow λmax."""
    model, recipe = full_batch(learning_rate, units_per_layer, epochs, seed)
    run = train(model, ripples(seed), recipe)
    began = time.perf_counter()
    numbers, values = sharpness_along(run, 30)
    return Edge(run, numbers, values.numpy(), time.perf_counter() - began)


@dataclass(frozen=True)
class Search:
    """Power iteration at one moment of a training: ``estimates`` after every iteration, and all eigenvalues of the
    Hessian, written out in full, ``exact`` (parameters,), ascending."""

    run: Run
    epoch: int
    estimates: np.ndarray
    exact: np.ndarray

    @property
    def provenance(self) -> str:
        return self.run.provenance

    @property
    def needed(self) -> float:
        """After how many iterations the estimate stays within 1% of the largest absolute eigenvalue."""
        truth = self.exact[np.abs(self.exact).argmax()]
        off = np.flatnonzero(np.abs(self.estimates / truth - 1) > 0.01)
        return (
            float(off[-1] + 2) if len(off) and off[-1] + 1 < len(self.estimates) else 1.0 if not len(off) else math.inf
        )


def search(learning_rate: float, units_per_layer: int, at_epoch: int, seed: int) -> Search:
    """Power iteration on a network's Hessian beside its exact eigenvalues, at an epoch or, where the training has
    broken by then, at the last moment before it whose Hessian is finite."""
    model, recipe = full_batch(learning_rate, units_per_layer, 500, seed, frames=51)
    run = train(model, ripples(seed), recipe)
    until = [epoch for epoch in run.history if epoch.weights.isfinite().all() and epoch.number <= at_epoch]
    pairs = ((epoch, hessian_of(run, epoch.weights)) for epoch in reversed(until))
    epoch, hessian = next((epoch, hessian) for epoch, hessian in pairs if hessian.isfinite().all())
    start = torch.randn(1, len(hessian), generator=torch.Generator().manual_seed(seed))
    estimates = power_iteration(hessian_products(run, epoch.weights[None]), start, ITERATIONS)[0][:, 0]
    return Search(run, epoch.number, estimates.numpy(), torch.linalg.eigvalsh(hessian.double()).numpy())


def hessian_of(run: Run, weights: Tensor) -> Tensor:
    """The Hessian of a run's training loss at weights (parameters,), written out: (parameters, parameters)."""
    size = len(weights)
    return hessian_products(run, weights.expand(size, -1))(torch.eye(size))
