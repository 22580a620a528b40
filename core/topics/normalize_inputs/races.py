"""The same network on the same problem, its inputs prepared in four ways."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.models import MLP
from core.topics.normalize_inputs.inputs import PREPARATIONS, uneven_moons
from core.training import Recipe, Run
from core.training.many import train_many

EPOCHS, SEEDS, SEARCHED = 60, 8, 4
TARGET = 0.3  # training loss
RATES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
RULES = ("SGD", "Momentum", "Adam")


@dataclass(frozen=True)
class Problem:
    """What all trainings of a race share."""

    factor: float
    shift: float
    optimizer: str
    units: int = 8

    def variant(self, preparation: str, rate: float, seed: int):
        """The network, its data and its recipe: everything but the preparation depends on the seed alone."""
        model = MLP(2, self.units, 2, activation="tanh", init="Xavier", seed=seed)
        data = uneven_moons(preparation=preparation, factor=self.factor, shift=self.shift, seed=seed)
        return model, data, Recipe(
            epochs=EPOCHS, batch_size=20, optimizer=self.optimizer, learning_rate=rate, seed=seed, frames=EPOCHS + 1
        )  # fmt: skip


def train_all(problem: Problem, cases: list[tuple[str, float, int]]) -> list[Run]:
    """One training per case of preparation, learning rate and seed."""
    models, data, recipes = zip(*(problem.variant(*case) for case in cases), strict=True)
    return train_many(list(models), list(data), list(recipes))


def epochs_needed(run: Run, target: float = TARGET) -> int:
    """The first epoch after which the training loss is at most the target; one more than all epochs if none is."""
    numbers, losses = run.curve("train_loss")
    return next((number for number, loss in zip(numbers, losses, strict=True) if loss <= target), EPOCHS + 1)


@dataclass(frozen=True)
class Race:
    """Trainings with one learning rate: ``runs[preparation]`` has one per seed."""

    problem: Problem
    rate: float
    runs: dict[str, list[Run]]

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        runs = [run for row in self.runs.values() for run in row]
        first, last = runs[0].recipe.seed, runs[-1].recipe.seed
        return (
            f"Live runs · seeds {first} to {last} · {sum(run.seconds for run in runs):.2f} s · {runs[0].engine} engine"
        )

    @cached_property
    def losses(self) -> dict[str, np.ndarray]:
        """Training loss (seeds, epochs + 1) by preparation; what is not finite is 1000."""
        rows = {name: np.array([run.curve("train_loss")[1] for run in runs]) for name, runs in self.runs.items()}
        return {name: np.nan_to_num(row, nan=1e3, posinf=1e3).clip(0, 1e3) for name, row in rows.items()}

    @cached_property
    def needed(self) -> dict[str, np.ndarray]:
        """Epochs to the target (seeds,) by preparation."""
        return {name: np.array([epochs_needed(run) for run in runs]) for name, runs in self.runs.items()}

    @cached_property
    def scores(self) -> dict[str, np.ndarray]:
        """Held-out accuracy (seeds,) by preparation."""
        return {name: np.array([run.last.test_score for run in runs]) for name, runs in self.runs.items()}

    def quickest(self) -> str:
        """The preparation that needs the fewest epochs, on average."""
        return min(self.needed, key=lambda name: (self.needed[name].mean(), self.losses[name][:, -1].mean()))


def race(factor: float, shift: float, optimizer: str, learning_rate: float, seed: int) -> Race:
    """Every preparation with ``SEEDS`` seeds and one learning rate."""
    problem = Problem(factor, shift, optimizer)
    cases = [(name, learning_rate, seed + k) for name in PREPARATIONS for k in range(SEEDS)]
    runs = train_all(problem, cases)
    return Race(
        problem, learning_rate, {name: runs[SEEDS * k : SEEDS * (k + 1)] for k, name in enumerate(PREPARATIONS)}
    )


@dataclass(frozen=True)
class Search:
    """Every preparation at every rate of ``RATES``: ``losses[preparation]`` are final training losses (seeds, rates),
    ``needed[preparation]`` epochs to the target."""

    runs: dict[str, list[list[Run]]]  # preparation → a row of rates per seed
    seconds: float

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        first = self.runs["raw"][0][0]
        count = sum(len(row) for rows in self.runs.values() for row in rows)
        seeds = f"{count} trainings · seeds from {first.recipe.seed}"
        return f"Live runs · {seeds} · {self.seconds:.2f} s · {first.engine} engine"

    @cached_property
    def losses(self) -> dict[str, np.ndarray]:
        """Final training losses (seeds, rates) by preparation; what is not finite, or larger, is 10."""
        found = {name: [[run.last.train_loss for run in row] for row in rows] for name, rows in self.runs.items()}
        return {name: np.nan_to_num(np.array(rows), nan=10, posinf=10).clip(1e-4, 10) for name, rows in found.items()}

    @cached_property
    def best(self) -> dict[str, int]:
        """Where in ``RATES`` the lowest mean loss stands, by preparation."""
        return {name: int(rows.mean(axis=0).argmin()) for name, rows in self.losses.items()}

    @cached_property
    def at_best(self) -> dict[str, np.ndarray]:
        """Final training loss (seeds,) with each preparation's own best rate."""
        return {name: rows[:, self.best[name]] for name, rows in self.losses.items()}

    def usable(self, name: str, within: float = 2.0) -> int:
        """How many rates come within a factor of this preparation's best mean loss."""
        means = self.losses[name].mean(axis=0)
        return int((means <= within * means.min()).sum())

    def run(self, name: str) -> Run:
        """One training with its own best rate."""
        return self.runs[name][0][self.best[name]]


def search(factor: float, shift: float, optimizer: str, seed: int, seeds: int = SEARCHED) -> Search:
    """Every preparation at every rate, so that each can be judged at its own best."""
    problem = Problem(factor, shift, optimizer)
    cases = [(name, rate, seed + k) for name in PREPARATIONS for k in range(seeds) for rate in RATES]
    runs = iter(train_all(problem, cases))
    found = {name: [[next(runs) for _ in RATES] for _ in range(seeds)] for name in PREPARATIONS}
    return Search(found, sum(run.seconds for rows in found.values() for row in rows for run in row))
