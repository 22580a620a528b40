"""The learner's own table: the same network on its rows as they stand, and standardised."""

from dataclasses import replace

import torch

from core.data.data import Tabular
from core.data.tables import Table
from core.models import MLP
from core.topics.normalize_inputs.inputs import uneven_moons
from core.topics.normalize_inputs.races import EPOCHS, SEEDS, Problem, Race
from core.training import Recipe
from core.training.many import train_many


def example() -> Table:
    """A table to begin with: lengths of the same things in metres and in millimetres, two kinds of them."""
    data = uneven_moons(factor=1000.0, shift=3.0, seed=0)
    rows = [f"{x:.3f},{y:.0f},{'AB'[kind]}\n" for (x, y), kind in zip(data.x.tolist(), data.y.tolist(), strict=True)]
    return Table("width in m,height in mm,kind\n" + "".join(rows), "width in m", "height in mm", "kind")


def as_they_stand(data: Tabular) -> Tabular:
    """A problem whose inputs are in the table's own units again."""
    mean, spread = torch.tensor(data.scales).T
    x, x_test = data.x * spread + mean, data.x_test * spread + mean
    return replace(data, x=x, x_test=x_test, scales=tuple((0.0, 1.0) for _ in data.scales))


def race_of_table(table: Table, learning_rate: float, seed: int) -> Race:
    """Raw and standardised rows of a table, ``SEEDS`` seeds each. Raises ``OwnDataError``, one sentence."""
    seeds = [seed + k for k in range(SEEDS)]
    standardised = [table.problem(0.3, each) for each in seeds]
    recipes = [Recipe(EPOCHS, 20, "SGD", learning_rate=learning_rate, seed=each, frames=EPOCHS + 1) for each in seeds]
    outputs = standardised[0].outputs
    models = [MLP(2, 8, outputs, activation="tanh", init="Xavier", seed=each) for each in seeds]
    versions = {"raw": [as_they_stand(data) for data in standardised], "standardised": standardised}
    runs = {name: train_many(models, data, recipes) for name, data in versions.items()}
    return Race(Problem(1.0, 0.0, "SGD"), learning_rate, runs)
