"""What an optimizer makes of its step size: step size against momentum, the step of each single weight, bias
correction, torch's own optimizers as judges, and a problem on which Adam walks the wrong way."""

import inspect
import math
import textwrap
import time
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import torch
from torch import Tensor

from core.diagnosis.stability import rescaling
from core.probes.landscapes import ravine, slope
from core.provenance import Measured, Sourced
from core.topics.optimizers.races import recipe_of, trained
from core.training import Recipe, Run
from core.training.updates import MOMENTS, RULES, adam

PLANE_STEPS, WINDOW = 400, 40  # steps of which the last ones tell the rate
LONG_AGO = 10**9  # a step number at which bias correction no longer changes anything


# Step size against momentum ------------------------------------------------------------------------------------------


def measured_rate(rule: str, rates: Tensor, memories: Tensor, condition: float, steps: int = PLANE_STEPS) -> Tensor:
    """By which factor the error shrinks per step on a quadratic with curvatures 1 and ``condition``, (variants,).

    ``rates`` and ``memories`` (variants,) are learning rates and momenta. Measured as the root of the ratio of the
    error's length in two windows of steps; above 1 it grows.
    """
    curvatures = torch.tensor([1.0, condition], dtype=torch.float64)
    point = torch.ones(len(rates), 2, dtype=torch.float64)
    memory, lengths = torch.zeros(1, *point.shape, dtype=torch.float64), []
    settings = SimpleNamespace(momentum=memories.double()[:, None])
    logarithm = torch.zeros(len(rates), dtype=torch.float64)
    for step in range(steps):
        RULES[rule](point, curvatures * point, memory, step + 1, rates.double()[:, None], settings)
        size = (point.square().sum(dim=1) + 1e-300).sqrt()
        logarithm = logarithm + size.log()
        lengths.append(logarithm)
        point, memory = point / size[:, None], memory / size[:, None]  # linear: scaling changes nothing but the size
    sizes = torch.stack(lengths)
    early, late = (sizes[end - WINDOW : end].mean(dim=0) for end in (steps // 2, steps))
    return ((late - early) / (steps - steps // 2)).exp()


def best_in_theory(rule: str, condition: float) -> tuple[float, float, float]:
    """The learning rate and the momentum that shrink the error fastest on a quadratic with curvatures 1 and
    ``condition``, and that rate: Polyak (1964) for Momentum, Lessard, Recht and Packard (2016) for Nesterov."""
    if rule == "Momentum":
        root = math.sqrt(condition)
        share = (root - 1) / (root + 1)
        return (2 / (root + 1)) ** 2, share**2, share
    root = math.sqrt(3 * condition + 1)
    return 4 / (3 * condition + 1), (root - 2) / (root + 2), 1 - 2 / root


def steps_per_digit(rate: float) -> float:
    """How many steps make the error ten times smaller; infinite where it does not shrink."""
    return math.inf if not rate < 1 else -1 / math.log10(max(rate, 1e-12))


@dataclass(frozen=True)
class Plane(Sourced):
    """Measured rates over learning rate × momentum, (momenta, rates), with the best point in theory, the best one
    measured, and the learner's own (learning rate, momentum, rate)."""

    rule: str
    condition: float
    rates: np.ndarray
    momenta: np.ndarray
    measured: np.ndarray
    theory: tuple[float, float, float]
    own: tuple[float, float, float]
    source: Measured

    @property
    def lowest(self) -> tuple[float, float, float]:
        """The grid point with the smallest measured rate."""
        row, column = np.unravel_index(self.measured.argmin(), self.measured.shape)
        return float(self.rates[column]), float(self.momenta[row]), float(self.measured[row, column])


def rate_plane(rule: str, condition: float, learning_rate: float, momentum: float, resolution: int = 41) -> Plane:
    """How fast momentum converges for every learning rate and momentum. ``learning_rate`` is in units of 1/λmax."""
    began = time.perf_counter()
    rates, momenta = np.linspace(0.1, 4, resolution) / condition, np.linspace(0, 0.98, resolution)
    up, across = np.meshgrid(momenta, rates, indexing="ij")
    own = (learning_rate / condition, momentum)
    every_rate, every_momentum = (
        torch.from_numpy(np.append(grid.ravel(), one)) for grid, one in zip((across, up), own, strict=True)
    )
    found = measured_rate(rule, every_rate, every_momentum, condition).numpy()
    return Plane(
        rule, condition, rates, momenta, found[:-1].reshape(up.shape), best_in_theory(rule, condition),
        (*own, float(found[-1])), Measured((0,), time.perf_counter() - began, f"{len(found):,} descents measured live"),
    )  # fmt: skip


# The step of each weight ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Steps:
    """By what each weight's gradient is multiplied, over a run: per layer (moments, weights)."""

    run: Run
    epochs: list[int]
    layers: dict[str, np.ndarray]

    @property
    def provenance(self) -> str:
        return self.run.provenance

    @property
    def spread(self) -> float:
        """How many times larger the largest step of the last moment is than the smallest (of the middle 90%)."""
        low, high = np.quantile(np.concatenate([layer[-1] for layer in self.layers.values()]), (0.05, 0.95))
        return float(high / low)


def effective_steps(optimizer: str, data: str, learning_rate: float, momentum: float, seed: int) -> Steps:
    """Train a network and read from the optimizer's memory what it multiplies each weight's gradient with."""
    (run,) = trained(data, [(optimizer, learning_rate)], 32, momentum, 40, seed, 40)
    moments = [epoch for epoch in run.history[1:] if epoch.weights.isfinite().all()]
    rows = [factors(epoch, run) for epoch in moments]
    table, layers, offset = torch.stack(rows).numpy() if rows else np.zeros((0, 0)), {}, 0
    for place, (inputs, units) in enumerate(zip(run.model.widths[:-1], run.model.widths[1:], strict=True), start=1):
        size = (inputs + 1) * units
        layers[f"layer {place}"] = table[:, offset : offset + size]
        offset += size
    return Steps(run, [epoch.number for epoch in moments], layers)


def factors(epoch, run: Run) -> Tensor:
    """The learning rate of each weight at a recorded moment, (parameters,)."""
    scale = rescaling(epoch, run.recipe)
    return epoch.learning_rate * (torch.ones_like(epoch.weights) if scale is None else scale.square())


# Bias correction -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Correction(Sourced):
    """Adam's first steps down the ravine, corrected and not: ``ways`` (steps + 1, 2) and the length of each step in
    learning rates, ``lengths`` (steps,), per name."""

    recipe: Recipe
    ways: dict[str, np.ndarray]
    lengths: dict[str, np.ndarray]
    source: Measured


def bias_correction(learning_rate: float, momentum: float, beta2: float, steps: int = 60) -> Correction:
    """Adam from one start with and without correcting that its memories begin at zero."""
    began, surface = time.perf_counter(), ravine()
    recipe = recipe_of("Adam", momentum, beta2=beta2, learning_rate=learning_rate)
    ways = {}
    for name, first in (("corrected", 0), ("not corrected", LONG_AGO)):
        point = torch.tensor(surface.start)
        memory, way = point.new_zeros(2, 2), [point.clone()]
        for step in range(steps):
            adam(point, slope(surface, point), memory, first + step + 1, learning_rate, recipe)
            way.append(point.clone())
        ways[name] = torch.stack(way).numpy()
    lengths = {name: np.abs(np.diff(way, axis=0)).max(axis=1) / learning_rate for name, way in ways.items()}
    return Correction(recipe, ways, lengths, Measured((0,), time.perf_counter() - began))


# The rules themselves ------------------------------------------------------------------------------------------------


def rule_text(name: str) -> str:
    """The update rule that ran, as it stands in the source, its one line of description broken to fit."""
    lines = inspect.getsource(RULES[name]).splitlines()
    story = textwrap.wrap(lines[1].strip().strip('"'), 76)
    return "\n".join([*(f"# {line}" for line in story), lines[0], *lines[2:], ""])


def judge(name: str, weights: Tensor, **settings) -> torch.optim.Optimizer:
    """The optimizer of torch.optim that is the same rule."""
    memory = settings.pop("momentum")
    kinds: dict[str, tuple[str, dict]] = {
        "SGD": ("SGD", {}), "Momentum": ("SGD", {"momentum": memory}),
        "Nesterov": ("SGD", {"momentum": memory, "nesterov": memory > 0}), "RMSProp": ("RMSprop", {}),
        "Adam": ("Adam", {"betas": (memory, 0.999)}),
        "AdamW": ("AdamW", {"betas": (memory, 0.999), "weight_decay": 0.01}),
        "Nadam": ("NAdam", {"betas": (memory, 0.999)}),
    }  # fmt: skip
    kind, more = kinds[name]
    return getattr(torch.optim, kind)([weights], **settings, **more)


def judged(name: str, learning_rate: float = 0.01, momentum: float = 0.9, steps: int = 50, seed: int = 0) -> float:
    """The largest difference between the rule by hand and torch.optim over some steps with random gradients, relative
    to the weights' size."""
    generator = torch.Generator().manual_seed(seed)
    mine = torch.randn(20, generator=generator, dtype=torch.float64)
    theirs, recipe = mine.clone().requires_grad_(), recipe_of(name, momentum)
    memory, optimizer, worst = (
        mine.new_zeros(MOMENTS[name], 20),
        judge(name, theirs, lr=learning_rate, momentum=momentum),
        0.0,
    )
    for step in range(steps):
        gradient = torch.randn(20, generator=generator, dtype=torch.float64)
        RULES[name](mine, gradient, memory, step + 1, learning_rate, recipe)
        theirs.grad = gradient.clone()
        optimizer.step()
        worst = max(worst, (mine - theirs.detach()).abs().max().item() / theirs.detach().abs().max().item())
    return worst
