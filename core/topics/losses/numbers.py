"""Loss functions side by side: how they punish, what one outlier or wrong labels do to them, what they ask for."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch.func import vmap

from core import objectives
from core.data import PLANAR, line_with_outlier, with_flipped_labels
from core.data.outliers import REACH
from core.models import MLP
from core.objectives import Objective
from core.provenance import Measured, Sourced, duration
from core.training import Recipe, Run, train, train_many

NUMBERS: dict[str, Objective] = {
    "MSE": objectives.mean_squared_error, "MAE": objectives.mean_absolute_error, "Huber": objectives.huber,
}  # fmt: skip
CLASSES: dict[str, Objective] = {
    "cross-entropy": objectives.cross_entropy, "focal": objectives.focal, "hinge": objectives.hinge,
}  # fmt: skip
HEIGHTS = tuple(np.linspace(-8, 10, 13).tolist())
SEEDS = 5


# One outlier ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fits:
    """The same line or network fitted with every loss to data with an outlier, and without it (``sound``); ``moved``
    is how far each fit lies from the sound one (root mean square over x), ``swept`` the same for other heights of
    the outlier, (heights,)."""

    runs: dict[str, Run]
    sound: dict[str, Run]
    moved: dict[str, float]
    swept: dict[str, np.ndarray]
    height: float
    place: float
    seconds: float

    @property
    def provenance(self) -> str:
        count = 2 * len(self.runs) + sum(map(len, self.swept.values()))
        seed = next(iter(self.runs.values())).recipe.seed
        return f"Live runs · {count} trainings · seed {seed} · {duration(self.seconds)}"


def recipe(seed: int) -> Recipe:
    """How every fit is trained."""
    return Recipe(epochs=250, batch_size=64, learning_rate=0.1, schedule="cosine", seed=seed, frames=40)


def at_height(height: float | None, place: float, network: bool, seed: int) -> tuple:
    """A model and its data for one height of the outlier; None: without it."""
    widths = (1, 12, 1) if network else (1, 1)
    return MLP(*widths, activation="tanh", init="Xavier", seed=seed), line_with_outlier(height, place, seed=seed)


def fit(height: float, place: float, network: bool, seed: int) -> Fits:
    """Fit with MSE, MAE and Huber: with the outlier, without it, and for 13 other heights."""
    began = time.perf_counter()
    (model, data), known = at_height(height, place, network, seed), fits(place, network, seed)
    runs, sound, moved, swept = {}, {}, {}, {}
    for name, objective in NUMBERS.items():
        runs[name], (sound[name], curves) = train(model, data, recipe(seed), objective), known[name]
        away = np.sqrt(((np.array([curve(runs[name]), *curves[1:]]) - curves[0]) ** 2).mean(axis=1))
        moved[name], swept[name] = float(away[0]), away[1:]
    return Fits(runs, sound, moved, swept, height, place, time.perf_counter() - began)


@lru_cache(maxsize=64)
def fits(place: float, network: bool, seed: int) -> dict[str, tuple[Run, np.ndarray]]:
    """By loss the fit without the outlier, and the answers (14, points) of it and of those for 13 heights: kept, since
    the height that the learner chooses changes none of them."""
    cases = [at_height(one, place, network, seed) for one in (None, *HEIGHTS)]
    models, problems = map(list, zip(*cases, strict=True))
    found = {name: train_many(models, problems, recipe(seed), objective) for name, objective in NUMBERS.items()}
    return {name: (runs[0], np.array([curve(run) for run in runs])) for name, runs in found.items()}


@torch.no_grad()
def curve(run: Run, epoch: int | None = None, points: int = 61) -> np.ndarray:
    """What a fit answers over [−2, 2], (points,)."""
    return run.at(epoch)(torch.linspace(-REACH, REACH, points)[:, None])[:, 0].numpy()


# Slopes --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shapes:
    """Losses of one sample and their derivatives at points x (points,): by name."""

    x: np.ndarray
    values: dict[str, np.ndarray]
    slopes: dict[str, np.ndarray]
    provenance: str = "Closed form · slopes by automatic differentiation"


def shapes(kind: str, reach: float = 5.0, points: int = 401) -> Shapes:
    """Every loss over the error of a number ("numbers"), or over the lead of the right class's output ("classes")."""
    x = torch.linspace(-reach, reach, points, requires_grad=True)
    chosen = NUMBERS if kind == "numbers" else CLASSES
    values = {name: one_by_one(objective, x, kind) for name, objective in chosen.items()}
    slopes = {name: torch.autograd.grad(value.sum(), x)[0].numpy() for name, value in values.items()}
    return Shapes(x.detach().numpy(), {name: value.detach().numpy() for name, value in values.items()}, slopes)


def one_by_one(objective: Objective, x: torch.Tensor, kind: str) -> torch.Tensor:
    """The loss of each error (or lead) alone, (points,)."""
    if kind == "numbers":
        return vmap(lambda one: objective(answering(one.reshape(1, 1)), one, torch.zeros_like(one).reshape(1, 1)))(x)
    right = torch.zeros(1, dtype=torch.long)
    return vmap(lambda one: objective(answering(torch.stack([one, one * 0])[None]), one, right))(x)


def answering(outputs: torch.Tensor) -> Callable:
    """A model that always answers the same."""
    return lambda x: outputs


# Wrong labels --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Flips:
    """Every loss on the same data with the same wrong labels, over some seeds: ``runs[name]`` has one run per seed."""

    runs: dict[str, list[Run]]
    seconds: float

    @property
    def provenance(self) -> str:
        first = next(iter(self.runs.values()))
        return f"Live runs · {3 * len(first)} trainings · seeds from {first[0].recipe.seed} · {duration(self.seconds)}"

    @property
    def accuracies(self) -> dict[str, np.ndarray]:
        """Accuracy on held-out samples with right labels, (seeds,)."""
        return {name: np.array([run.last.test_score for run in runs]) for name, runs in self.runs.items()}

    @property
    def confidence(self) -> dict[str, np.ndarray]:
        """Mean probability (softmax) given to the class that was chosen, on held-out samples, (seeds,)."""
        return {name: np.array([confidence(run) for run in runs]) for name, runs in self.runs.items()}


@torch.no_grad()
def confidence(run: Run) -> float:
    """How sure a network is of what it chooses, on held-out samples, if its outputs are read as logits."""
    return run.at()(run.data.x_test).softmax(dim=1).amax(dim=1).mean().item()


def flip(data: str, share: float, hidden_layers: int, epochs: int, seed: int) -> Flips:
    """Train with cross-entropy, focal loss and hinge on data whose training labels are partly wrong."""
    began, seeds = time.perf_counter(), range(seed, seed + SEEDS)
    problems = [with_flipped_labels(PLANAR[data](samples=200, seed=seed), share, seed) for seed in seeds]
    models = [MLP(2, *[12] * hidden_layers, problems[0].outputs, activation="tanh", seed=seed) for seed in seeds]
    recipes = [Recipe(epochs, 200, learning_rate=0.1, seed=seed, frames=2) for seed in seeds]
    runs = {name: train_many(models, problems, recipes, objective) for name, objective in CLASSES.items()}
    return Flips(runs, time.perf_counter() - began)


# What a loss asks for ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wish(Sourced):
    """The mean loss of one constant answer, over all constants ``x`` (points,): by name; ``best`` is where each is
    lowest, ``marks`` are what statistics calls these places."""

    x: np.ndarray
    losses: dict[str, np.ndarray]
    best: dict[str, float]
    marks: dict[str, float]
    asked: tuple[str, float, float, int]
    source: Measured


def wish(kind: str, skew: float = 1.0, share: float = 0.7, seed: int = 0) -> Wish:
    """Which one number should be answered for a sample of 201 numbers, of a given skew; or ("classes"), where a
    ``share`` of samples is in class 1, which probability of class 1 (through the lead of its output)."""
    began, generator = time.perf_counter(), torch.Generator().manual_seed(seed)
    if kind == "numbers":
        sample = torch.randn(201, generator=generator, dtype=torch.float64)
        sample = (skew * sample).exp() - 1 if skew else sample
        x = torch.linspace(sample.min().item(), min(sample.max().item(), 12.0), 1201, dtype=torch.float64)
        errors = x[:, None] - sample
        bent = torch.where(errors.abs() < 1, 0.5 * errors.square(), errors.abs() - 0.5)
        table = {"MSE": errors.square(), "MAE": errors.abs(), "Huber": bent}
        losses = {name: value.mean(dim=1).numpy() for name, value in table.items()}
        marks = {"mean": sample.mean().item(), "median": sample.median().item()}
        places = x.numpy()
    else:
        places = np.linspace(0.02, 0.98, 481)
        lead = torch.from_numpy(np.log(places / (1 - places)))
        both = {
            name: [one_by_one(o, sign * lead, "classes").numpy() for sign in (1, -1)] for name, o in CLASSES.items()
        }
        losses = {name: share * ones + (1 - share) * zeros for name, (ones, zeros) in both.items()}
        marks = {"true share": share}
    best = {name: float(places[values.argmin()]) for name, values in losses.items()}
    return Wish(places, losses, best, marks, (kind, skew, share, seed), Measured((seed,), time.perf_counter() - began))
