"""Loading a part: the body of a network that learned something else, under a new head."""

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch

from core.data import moons, spiral
from core.data.data import Data
from core.models import MLP
from core.training import Recipe, Run, train
from core.training.many import train_many

SIZES = (6, 12, 25, 50, 100, 200)
SEEDS = 3
SWAPPED, TURNED, OTHER = "colours swapped", "turned by 25°", "moons"
TASKS = (SWAPPED, TURNED, OTHER)
SCRATCH, BODY, FROZEN = "from scratch", "body loaded", "body loaded and kept"
UNITS = 16


@dataclass(frozen=True)
class Transfer:
    """Held-out accuracy (seeds, sizes) by how the network began, and ``before`` (seeds,) what the body's own
    network reaches on what it learned first."""

    scores: dict[str, np.ndarray]
    before: np.ndarray
    seconds: float
    run: Run

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        first = self.run.recipe.seed
        return f"Live runs · seeds {first} to {first + SEEDS - 1} · {self.seconds:.2f} s · {self.run.engine} engine"

    def gain(self, size: int) -> np.ndarray:
        """How many points of accuracy the loaded body is worth with so many samples, (seeds,)."""
        place = SIZES.index(size)
        return self.scores[BODY][:, place] - self.scores[SCRATCH][:, place]


def first_problem(seed: int) -> Data:
    """What the body learns first: a spiral."""
    return spiral(samples=400, noise=0.05, seed=seed)


def new_problem(task: str, seed: int) -> Data:
    """The new task, on new samples: the spiral with its colours swapped or turned, or two moons."""
    if task == OTHER:
        return moons(samples=400, noise=0.2, seed=seed + 500)
    data = spiral(samples=400, noise=0.05, seed=seed + 500)
    if task == SWAPPED:
        return replace(data, y=1 - data.y, y_test=1 - data.y_test, source=f"{data.source}, colours swapped", made=None)
    angle = torch.tensor(math.radians(25))
    turn = torch.stack([torch.stack([angle.cos(), angle.sin()]), torch.stack([-angle.sin(), angle.cos()])])
    return replace(data, x=data.x @ turn, x_test=data.x_test @ turn, source=f"{data.source}, turned by 25°", made=None)


def few(data: Data, samples: int) -> Data:
    """A problem with its first training samples alone."""
    return replace(
        data, x=data.x[:samples], y=data.y[:samples], source=f"{samples} samples of {data.source}", made=None
    )


def fresh(seed: int) -> MLP:
    """A network for points of the plane."""
    return MLP(2, UNITS, UNITS, 2, activation="tanh", init="Xavier", seed=seed)


def beginning(seed: int, body: MLP) -> MLP:
    """A fresh network whose hidden layers are those of ``body``; its head stays random."""
    model = fresh(seed)
    known = {name: value for name, value in body.state_dict().items() if not name.startswith("output")}
    model.load_state_dict(known, strict=False)
    return model


def features(data: Data, body: MLP) -> Data:
    """A problem as the body's last hidden layer sees it: to train a head on it is to train with the body kept."""
    with torch.no_grad():
        x, x_test = (body.layers(part)[-2] for part in (data.x, data.x_test))
    return Data(x, data.y, x_test, data.y_test, data.classes, f"features of {data.source}")


@lru_cache(maxsize=32)
def first_run(seed: int) -> Run:
    """The training that the body comes from."""
    return train(fresh(seed), first_problem(seed), Recipe(80, 32, learning_rate=0.02, seed=seed, frames=2))


def transfer(new_task: str, learning_rate: float, seed: int) -> Transfer:
    """Learn the new task from ``SIZES`` samples in three ways, with ``SEEDS`` seeds each."""
    seeds = [seed + k for k in range(SEEDS)]
    firsts = [first_run(each) for each in seeds]
    cases, models, data = [], [], []
    for row, (each, first) in enumerate(zip(seeds, firsts, strict=True)):
        body, new = first.at(), new_problem(new_task, each)
        seen = features(new, body)
        for column, size in enumerate(SIZES):
            cases += [(name, row, column) for name in (SCRATCH, BODY, FROZEN)]
            models += [fresh(each + 1000), beginning(each + 1000, body), MLP(UNITS, 2, seed=each)]
            data += [few(new, size), few(new, size), few(seen, size)]
    runs = train_many(models, data, Recipe(60, 16, learning_rate=learning_rate, seed=seed, frames=2))
    scores = {name: np.zeros((SEEDS, len(SIZES))) for name in (SCRATCH, BODY, FROZEN)}
    for run, (name, row, column) in zip(runs, cases, strict=True):
        scores[name][row, column] = run.last.test_score
    before = np.array([run.last.test_score for run in firsts])
    return Transfer(scores, before, sum(run.seconds for run in runs), firsts[0])
