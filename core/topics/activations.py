"""Activation functions side by side: their shape, their slope, and the same network trained with each."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import nn

from core.data import PLANAR
from core.figures.curves import line, number
from core.figures.picture import BLUE, ORANGE, Picture, layout
from core.models.layers import ACTIVATIONS
from core.models.mlp import MLP
from core.models.typed import Formula, TypedMLP
from core.probes.gradients import gradient_norms
from core.probes.layers import dead_share
from core.probes.stacked import own
from core.training import Recipe, Run
from core.training.many import train_many
from core.training.vector import load

NAMES = ("sigmoid", "tanh", "ReLU", "LeakyReLU", "GELU")
OWN = "your formula"
EXAMPLE = "x * sigmoid(1.7 * x)"


def activation(name: str, formula: str = EXAMPLE) -> nn.Module:
    """The activation of a name, or the typed one; raises ``ExpressionError`` for a formula that is none."""
    return Formula(formula) if name == OWN else ACTIVATIONS[name]()


@dataclass(frozen=True)
class Shape:
    """A function's values and its derivative (by autograd) at points x, each (points,)."""

    x: np.ndarray
    value: np.ndarray
    slope: np.ndarray
    provenance: str = "Closed form · slope by automatic differentiation"

    @property
    def steepest(self) -> float:
        """The largest slope in sight, in absolute value."""
        return float(np.nanmax(np.abs(self.slope)))


def shape(name: str, formula: str = EXAMPLE, reach: float = 5.0, points: int = 401) -> Shape:
    """An activation and its derivative over [−reach, reach]."""
    x = torch.linspace(-reach, reach, points, requires_grad=True)
    value = activation(name, formula)(x)
    slope = torch.autograd.grad(value.sum(), x, allow_unused=True)[0] if value.requires_grad else None
    slope = torch.zeros_like(x) if slope is None else slope
    return Shape(x.detach().numpy(), value.detach().numpy(), slope.numpy())


def network(name: str, formula: str, depth: int, units: int, outputs: int, seed: int) -> MLP:
    """The same network with another activation."""
    widths = (2, *[units] * depth, outputs)
    return TypedMLP(*widths, formula=formula, seed=seed) if name == OWN else MLP(*widths, activation=name, seed=seed)


@dataclass(frozen=True)
class Comparison:
    """The same training with each activation, over several seeds: ``runs[name]`` has one run per seed."""

    runs: dict[str, list[Run]]

    @property
    def layers(self) -> list[int]:
        """The layers' numbers, from the input; the last is the output layer."""
        return list(range(1, len(next(iter(self.runs.values()))[0].model.widths)))

    @property
    def epochs(self) -> list[int]:
        """The recorded epochs that all runs reached."""
        return min((run.curve("train_loss")[0] for runs in self.runs.values() for run in runs), key=len)

    def losses(self) -> dict[str, np.ndarray]:
        """Training loss, (seeds, epochs) per activation."""
        count = len(self.epochs)
        return {
            name: np.array([run.curve("train_loss")[1][:count] for run in runs]) for name, runs in self.runs.items()
        }

    def highest(self) -> float:
        """Up to where losses are shown: one that explodes for an epoch would hide all the others."""
        means = [values.mean(axis=0) for values in self.losses().values()]
        return 1.1 * min(max(float(np.nanmax(mean)) for mean in means), 3 * max(float(mean[0]) for mean in means))

    def accuracies(self) -> dict[str, list[float]]:
        """Final held-out accuracy per activation and seed."""
        return {name: [run.last.test_score for run in runs] for name, runs in self.runs.items()}

    @cached_property
    def gradients(self) -> dict[str, np.ndarray]:
        """Gradient norm of each layer's weights before training, (seeds, layers)."""
        return {name: np.array(first_gradients(runs)) for name, runs in self.runs.items()}

    @cached_property
    def dead(self) -> dict[str, list[float]]:
        """Share of hidden units that answer 0 to every training sample at the end, per seed, of those that can die."""
        shares = {name: [dead_units(run) for run in runs] for name, runs in self.runs.items()}
        known = {name: [share for share in row if share is not None] for name, row in shares.items()}
        return {name: row for name, row in known.items() if len(row) == len(shares[name])}

    def joined(self, other: "Comparison | None") -> "Comparison":
        """Both together."""
        return Comparison({**self.runs, **other.runs}) if other else self

    def lead(self, name: str, other: str) -> float:
        """By how much one activation leads another in mean held-out accuracy; minus infinity before it is trained."""
        means = self.accuracies()
        return float(np.mean(means[name]) - np.mean(means[other])) if name in means else -np.inf

    def weakest_start(self) -> str:
        """The activation with which the smallest share of the last layer's gradient arrives at the first, on average
        over the seeds. Where dead units pass nothing on, to neither, the share is 0."""
        shares = {
            name: float(np.divide(g[:, 0], g[:, -1], out=np.zeros(len(g)), where=g[:, -1] > 0).mean())
            for name, g in self.gradients.items()
            if name != OWN
        }
        return min(shares, key=lambda name: shares[name])


def first_gradients(runs: list[Run]) -> list[tuple[float, ...]]:
    """Gradient norms by layer before the first step of runs that differ in their seeds."""
    model = own(runs[0].model)
    return [
        gradient_norms(load(model, run.history[0].weights), run.data.x, run.data.y, run.objective).weights
        for run in runs
    ]


def dead_units(run: Run) -> float | None:
    """Share of a trained network's ReLU units that never answer; None without ReLU layers."""
    if not any(isinstance(module, nn.ReLU) for module in run.model.modules()):
        return None
    shares = dead_share(run.at(), run.data.x)
    return sum(shares.values()) / len(shares)


def compare(
    data: str, depth: int, units: int, learning_rate: float, seeds: tuple[int, ...], formula: str = ""
) -> Comparison:
    """Train the same network with every activation on one data set per seed, all in one batch; with a ``formula``,
    train that one alone. ``data`` names a set of ``core.data.PLANAR``."""
    names = [OWN] if formula else NAMES
    cases = [(name, seed, PLANAR[data](seed=seed)) for name in names for seed in seeds]
    models = [network(name, formula, depth, units, one.outputs, seed) for name, seed, one in cases]
    recipes = [Recipe(epochs=80, learning_rate=learning_rate, seed=seed, frames=30) for _, seed, _ in cases]
    runs = train_many(models, [one for _, _, one in cases], recipes)
    return Comparison({name: [run for run, case in zip(runs, cases, strict=True) if case[0] == name] for name in names})


def function_and_slope(shape: Shape, name: str, height: int = 360) -> Picture:
    """A function and its derivative in one plane."""
    traces = [line(shape.x, shape.value, name, BLUE), line(shape.x, shape.slope, "its slope", ORANGE, "dash")]
    middle = len(shape.x) // 2
    alt = (
        f"{name} and its slope for inputs from {shape.x[0]:.0f} to {shape.x[-1]:.0f}: at 0 the value is "
        f"{number(float(shape.value[middle]))}, the slope {number(float(shape.slope[middle]))}; the steepest slope is "
        f"{number(shape.steepest)}."
    )
    axis = {"range": [-1.6, 3.2]}
    return Picture(
        traces, layout("input of the unit", "answer and slope", height, yaxis=axis, hovermode="x unified"), alt
    )
