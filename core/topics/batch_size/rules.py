"""The learning rate for a larger batch: left as it is, times the root of the factor, times the factor, warmed up."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from core.probes import luck
from core.probes.sharpness import sharpness
from core.provenance import Measured, Sourced
from core.topics.batch_size.problems import network, problem
from core.topics.batch_size.steps import recipe
from core.training import Run, train_many

BASE, SIZES, SEEDS = 8, (8, 16, 32, 64, 128, 256, 512), 8
FIXED, ROOT, LINEAR, WARM = "fixed", "square root", "linear", "linear, warm-up"
RULES: dict[str, tuple[Callable[[float], float], str]] = {  # how the rate grows with the batch; the schedule
    FIXED: (lambda times: 1.0, "constant"),
    ROOT: (lambda times: times**0.5, "constant"),
    LINEAR: (lambda times: times, "constant"),  # Goyal and others (2017)
    WARM: (lambda times: times, "warm-up"),
}
HIGHEST, NEAR = 10.0, 1.1  # a training that broke counts as this loss; a rule holds within this factor


@dataclass(frozen=True)
class Scaled(Sourced):
    """Trainings of equally many epochs: ``runs[rule]`` has one per size, and in it one per seed."""

    data: str
    rate: float
    epochs: int
    runs: dict[str, list[list[Run]]] = field(repr=False)
    source: Measured

    @cached_property
    def logs(self) -> dict[str, np.ndarray]:
        """Decimal logarithms of the training loss at the end, (seeds, sizes) by rule."""
        return {rule: np.log10([[ending(run) for run in row] for row in rows]).T for rule, rows in self.runs.items()}

    @property
    def base(self) -> np.ndarray:
        """Those of the base batch, (seeds,)."""
        return self.logs[FIXED][:, 0]

    def ratio(self, rule: str, place: int) -> float:
        """How many times the base batch's loss a larger batch ends with, on (geometric) average."""
        return float(10 ** (self.logs[rule][:, place] - self.base).mean())

    def holds(self, rule: str, place: int) -> bool:
        """Whether a larger batch ends with the base batch's loss: within ``NEAR``, or inside seed noise."""
        near = 1 / NEAR <= self.ratio(rule, place) <= NEAR
        return near or not luck.differs(self.logs[rule][:, place], self.base)

    def largest(self, rule: str) -> int:
        """The largest batch up to which a rule holds without a gap."""
        broken = [place for place in range(len(SIZES)) if not self.holds(rule, place)]
        return SIZES[(broken[0] if broken else len(SIZES)) - 1]

    @cached_property
    def curvatures(self) -> np.ndarray:
        """λmax at the end of the first seed's trainings by the linear rule, (sizes,)."""
        return np.array([ended_on(row[0]) for row in self.runs[LINEAR]])

    def rate_of(self, rule: str, place: int) -> float:
        """The learning rate at a size."""
        return self.rate * RULES[rule][0](SIZES[place] / BASE)


def ending(run: Run) -> float:
    """The training loss at the end, for a logarithm; of a training that broke, ``HIGHEST``."""
    loss = run.last.train_loss
    return min(max(loss, 1e-6), HIGHEST) if np.isfinite(loss) else HIGHEST


def ended_on(run: Run) -> float:
    """The largest curvature of the training loss where a training ended."""
    return sharpness(run.at(), run.data.x, run.data.y, run.objective)


def scaled(data: str, base_rate: float, epochs: int, seed: int) -> Scaled:
    """Train every size by every rule, for equally many epochs."""
    began, seeds = time.perf_counter(), range(seed, seed + SEEDS)
    cases = [(rule, size, each) for rule in RULES for size in SIZES for each in seeds]
    recipes = []
    for rule, size, each in cases:
        factor, schedule = RULES[rule]
        recipes.append(recipe(size, base_rate * factor(size / BASE), epochs, each, schedule))
    problems = [problem(data, each) for *_, each in cases]
    models = [network(learned, each) for learned, (*_, each) in zip(problems, cases, strict=True)]
    trained = iter(train_many(models, problems, recipes))
    runs = {rule: [[next(trained) for _ in seeds] for _ in SIZES] for rule in RULES}
    source = Measured(tuple(seeds), time.perf_counter() - began, f"{len(cases)} networks trained live")
    return Scaled(data, base_rate, epochs, runs, source)
