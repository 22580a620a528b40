"""Five ways to keep a network from learning the noise, measured on one problem."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from core.data.data import Data
from core.data.rules import aimed, bullseye, turned
from core.data.sampling import generator_of
from core.metrics import accuracy
from core.models.layers import Dropout
from core.models.mlp import MLP
from core.probes import luck
from core.probes.stacked import answers, own
from core.provenance import Measured, Sourced
from core.training import Epoch, Recipe, Run, train_many
from core.training.vector import load

PLAIN, DROPOUT, L1, L2, EARLY, AUGMENTED = NAMES = (
    "no regularization", "dropout", "L1", "L2", "early stopping", "augmentation",
)  # fmt: skip
TECHNIQUES = NAMES[1:]
SAMPLES = (20, 40, 60, 100, 200)
RATES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
PENALTIES = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)
STRENGTHS = {DROPOUT: RATES, L1: PENALTIES, L2: PENALTIES}
UNITS, BATCH, STEPS, FRESH = 24, 20, 600, 2000  # FRESH points with right labels judge every network
ZERO = 0.01  # a weight smaller than this counts as zero


@dataclass(frozen=True)
class Problem:
    """A disc in a ring: how many points to learn from, how many irrelevant inputs, which share of wrong labels."""

    samples: int = 60
    irrelevant: int = 0
    wrong: float = 0.2

    def data(self, seed: int, copies: int = 1) -> Data:
        """Points to learn from, each in so many turned copies, and as many to validate with."""
        return bullseye(self.samples, self.irrelevant, self.wrong, copies, seed)

    def fresh(self, seed: int) -> tuple[Tensor, Tensor]:
        """Many points with right labels that no training has seen."""
        return aimed(FRESH, self.irrelevant, 0.0, generator_of(seed + 10_000_000))


@dataclass(frozen=True)
class Strength:
    """How strongly each technique is applied."""

    dropout: float = 0.3
    l1: float = 0.005
    weight_decay: float = 0.02
    patience: int = 40
    copies: int = 8


@dataclass(frozen=True)
class Setting:
    """What all views are about: a problem, and how strongly each technique is applied."""

    problem: Problem = Problem()
    strength: Strength = Strength()


def variant(problem: Problem, strength: Strength, name: str, seed: int, frames: int = 12) -> tuple[MLP, Data, Recipe]:
    """The network, the data and the recipe of one technique; all techniques make about the same number of updates."""
    data = problem.data(seed, strength.copies if name == AUGMENTED else 1)
    changes = {
        L1: {"l1": strength.l1}, L2: {"weight_decay": strength.weight_decay},
        EARLY: {"patience": strength.patience, "frames": 200},
    }.get(name, {})  # fmt: skip
    epochs = max(2, STEPS // -(-len(data.x) // BATCH))
    recipe = Recipe(epochs=epochs, batch_size=BATCH, learning_rate=0.01, seed=seed, frames=frames)
    rate = strength.dropout if name == DROPOUT else 0.0
    return MLP(2 + problem.irrelevant, UNITS, UNITS, 2, dropout=rate, seed=seed), data, replace(recipe, **changes)


def used(run: Run) -> Epoch:
    """The moment whose weights are used: the last, or the best one so far where there is patience."""
    return run.best if run.recipe.patience else run.last


@torch.no_grad()
def judged(runs: Sequence[Run], problem: Problem) -> np.ndarray:
    """Accuracy and loss of trained networks of one shape on fresh points, (runs, 2)."""
    model, rows = own(runs[0].model), []
    fresh = {seed: problem.fresh(seed) for seed in {run.recipe.seed for run in runs}}
    for run in runs:
        load(model, used(run).weights)
        x, y = fresh[run.recipe.seed]
        outputs = model(x)
        rows.append((accuracy(outputs, y), functional.cross_entropy(outputs, y).item()))
    return np.array(rows)


@dataclass(frozen=True)
class Comparison(Sourced):
    """All techniques on one problem over several seeds: ``runs[name]``, and accuracy and loss on fresh points."""

    runs: dict[str, list[Run]]
    accuracies: dict[str, np.ndarray]
    losses: dict[str, np.ndarray]
    source: Measured

    @property
    def best(self) -> str:
        """The technique with the highest mean accuracy."""
        return max(TECHNIQUES, key=lambda name: self.accuracies[name].mean())

    def lead(self, name: str, other: str) -> float:
        """By how much one technique leads another, mean over seeds."""
        return float((self.accuracies[name] - self.accuracies[other]).mean())

    def wins(self, name: str) -> bool:
        """Whether a technique is the best of all."""
        return name == self.best and self.lead(name, PLAIN) > 0

    def sentence(self) -> str:
        """Which technique is ahead, of what, and whether that is more than seed noise."""
        if (lead := 100 * self.lead(self.best, PLAIN)) <= 0:
            noise = f" — inside seed noise. {luck.MEANING}" if PLAIN in luck.equals(self.accuracies, self.best) else "."
            return f"None of them helps here: **{self.best}**, the best, is {-lead:.1f} points behind {PLAIN}{noise}"
        second = max((name for name in NAMES if name != self.best), key=lambda name: self.accuracies[name].mean())
        doubt = f" — inside seed noise. {luck.MEANING}" if second in luck.equals(self.accuracies, self.best) else "."
        return (
            f"Best here: **{self.best}**, {lead:+.1f} points against {PLAIN}; "
            f"next comes {second}, {100 * self.lead(self.best, second):.1f} points behind{doubt}"
        )


def compare(problem: Problem, strength: Strength, seeds: tuple[int, ...]) -> Comparison:
    """Train with every technique and with none, over several seeds."""
    began, cases = time.perf_counter(), [(name, seed) for name in NAMES for seed in seeds]
    models, data, recipes = zip(*(variant(problem, strength, *case) for case in cases), strict=True)
    runs = train_many(models, data, recipes)
    scores = judged(runs, problem).reshape(len(NAMES), len(seeds), 2)
    rows = [runs[place * len(seeds) : (place + 1) * len(seeds)] for place in range(len(NAMES))]
    named = dict(zip(NAMES, rows, strict=True))
    right, losses = (dict(zip(NAMES, score, strict=True)) for score in (scores[..., 0], scores[..., 1]))
    return Comparison(named, right, losses, Measured(tuple(seeds), time.perf_counter() - began))


def trained(setting: Setting, names: tuple[str, ...], seed: int) -> dict[str, Run]:
    """One training with each of some techniques, the same runs as in the comparison."""
    models, data, recipes = zip(
        *(variant(setting.problem, setting.strength, name, seed) for name in names), strict=True
    )
    return dict(zip(names, train_many(models, data, recipes), strict=True))


def pair(setting: Setting, name: str, seed: int) -> dict[str, Run]:
    """One training without and one with a technique."""
    return trained(setting, (PLAIN, name), seed)


@dataclass(frozen=True)
class Path(Sourced):
    """Networks over a growing strength: training and fresh accuracy (seeds, strengths), and the runs of one seed."""

    strengths: tuple[float, ...]
    runs: list[Run]
    accuracies: dict[str, np.ndarray]
    source: Measured

    def inputs(self) -> np.ndarray:
        """How large the weights of each input are, (strengths, inputs)."""
        return np.array([run.at().hidden[0][0].weight.norm(dim=0).tolist() for run in self.runs])

    def remaining(self) -> np.ndarray:
        """How many weights are not zero (larger than ``ZERO``), (strengths,)."""
        return np.array([int((run.last.weights.abs() > ZERO).sum()) for run in self.runs])


def path(problem: Problem, name: str, seeds: tuple[int, ...]) -> Path:
    """Train with one technique at growing strengths."""
    began, field, strengths = (
        time.perf_counter(),
        {DROPOUT: "dropout", L1: "l1", L2: "weight_decay"}[name],
        STRENGTHS[name],
    )
    cases = [(replace(Strength(), **{field: strength}), seed) for seed in seeds for strength in strengths]
    models, data, recipes = zip(*(variant(problem, one, name, seed, 2) for one, seed in cases), strict=True)
    fading = [replace(recipe, schedule="cosine") for recipe in recipes]  # small weights come to rest
    runs = train_many(models, data, fading)
    fresh = judged(runs, problem)[:, 0].reshape(len(seeds), -1)
    training = np.array([run.last.train_score for run in runs]).reshape(len(seeds), -1)
    named = {"training accuracy": training, "accuracy on fresh points": fresh}
    return Path(strengths, runs[: len(strengths)], named, Measured(tuple(seeds), time.perf_counter() - began))


@torch.no_grad()
def thinned(run: Run, x: Tensor, draws: int = 30) -> Tensor:
    """Probability of blue at x (points, inputs) from networks thinned by dropout, (draws, points): each draw silences
    its own units, the same for all points (Gal and Ghahramani 2016)."""
    model, found = run.at(), []
    for step in range(draws):
        hidden = x
        for layer, (linear, activation, *silence) in enumerate(model.hidden):
            hidden = activation(linear(hidden))
            for module in silence:
                module.place = (run.recipe.seed, 16 + layer, step)
                hidden = hidden * module.mask((1, hidden.shape[1]))
        found.append(model.output(hidden).softmax(dim=1)[:, 1])
    return torch.stack(found)


@torch.no_grad()
def around(run: Run, distance: float, points: int = 73) -> tuple[np.ndarray, np.ndarray]:
    """Angles in degrees, and the probability of blue for a point carried around the middle (irrelevant inputs 0)."""
    angle = torch.linspace(0, 2 * math.pi, points)
    start = torch.zeros(points, run.model.widths[0])
    start[:, 0] = distance
    blue = run.at(used(run).number)(turned(start, angle)).softmax(dim=1)[:, 1]
    return np.degrees(angle.numpy()), blue.numpy()


def wobble(run: Run) -> float:
    """How much the answer changes with the direction: its standard deviation, averaged over distances 0.2 to 2."""
    return float(np.mean([around(run, distance)[1].std() for distance in np.linspace(0.2, 2, 10)]))


def plane(run: Run, resolution: int, extent: float, epochs: tuple[Epoch, ...]) -> np.ndarray:
    """Probability of both classes over the plane of the two relevant inputs, the others 0: (moments, side, side, 2)."""
    x = spread(run.model.widths[0], resolution, extent)
    weights = torch.stack([epoch.weights for epoch in epochs])
    return answers(run.model, weights, x).softmax(dim=-1).unflatten(1, (resolution, resolution)).numpy()


def spread(inputs: int, resolution: int, extent: float) -> Tensor:
    """A grid over the plane of the first two inputs, the others 0: (resolution², inputs)."""
    line = torch.linspace(-extent, extent, resolution)
    up, across = torch.meshgrid(line, line, indexing="ij")
    x = torch.zeros(resolution * resolution, inputs)
    x[:, 0], x[:, 1] = across.flatten(), up.flatten()
    return x


def unsure(run: Run, resolution: int, extent: float) -> np.ndarray:
    """Standard deviation of the thinned networks' answers over the plane, (side, side); 0 without dropout."""
    if not any(isinstance(module, Dropout) for module in run.model.modules()):
        return np.zeros((resolution, resolution), dtype=np.float32)
    x = spread(run.model.widths[0], resolution, extent)
    return thinned(run, x).std(dim=0).unflatten(0, (resolution, resolution)).numpy()
