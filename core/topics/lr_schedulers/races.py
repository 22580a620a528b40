"""Schedules race on a small network, each at the peak rate that did best for it on other seeds."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.data import PLANAR
from core.models import MLP
from core.probes import luck
from core.provenance import Measured, Sourced
from core.topics.lr_schedulers.drawing import FIRST, breakpoints
from core.topics.lr_schedulers.plateaus import train_on_plateaus
from core.training import Recipe, Run, train_many
from core.training.schedules import Breakpoints

DRAWN, CONSTANT, PLATEAU = "yours", "constant", "plateau"
NAMES = (DRAWN, CONSTANT, "step", "exponential", "cosine", "one-cycle", "warm-up + linear", PLATEAU)
DATA = ("moons", "circle", "xor", "spiral")
OPTIMIZERS = ("Momentum", "Nesterov", "SGD", "Adam")
RATES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)  # peak rates that are tried
SEEDS, TUNING = 10, 5  # seeds that are compared; other seeds, on which the peak rates are chosen
LOWEST, HIGHEST = 1e-6, 10.0  # of losses that are averaged as logarithms


@dataclass(frozen=True)
class Ground:
    """What all schedules share: data, optimizer, epochs and batch size."""

    data: str = "moons"
    optimizer: str = "Momentum"
    epochs: int = 24
    batch_size: int = 8

    def parts(self, rate: float, schedule: str | Breakpoints, seed: int) -> tuple:
        """Network, data and recipe of one training; every epoch is recorded."""
        problem = PLANAR[self.data](samples=400, seed=seed)
        model = MLP(2, 8, 8, problem.outputs, activation="tanh", init="Xavier", seed=seed)
        recipe = Recipe(
            epochs=self.epochs, batch_size=self.batch_size, optimizer=self.optimizer, learning_rate=rate,
            schedule=schedule, seed=seed, frames=self.epochs + 1,
        )  # fmt: skip
        return model, problem, recipe


def trained(
    ground: Ground, schedule: str | Breakpoints, rates: Sequence[float], seeds: Sequence[int]
) -> list[list[Run]]:
    """One run per rate and seed, (rates, seeds)."""
    adaptive = schedule == PLATEAU
    parts = [ground.parts(rate, CONSTANT if adaptive else schedule, seed) for rate in rates for seed in seeds]
    models, data, recipes = (list(each) for each in zip(*parts, strict=True))
    runs = train_on_plateaus(models, data, recipes) if adaptive else train_many(models, data, recipes)
    return [runs[start : start + len(seeds)] for start in range(0, len(runs), len(seeds))]


def losses_of(runs: Sequence[Run]) -> np.ndarray:
    """Held-out losses after every epoch, (runs, epochs + 1); a training that broke stays at ``HIGHEST``."""
    length = runs[0].recipe.epochs + 1
    rows = np.full((len(runs), length), HIGHEST)
    for row, run in zip(rows, runs, strict=True):
        values = np.nan_to_num(run.curve("test_loss")[1], nan=HIGHEST, posinf=HIGHEST)
        row[: len(values)] = values.clip(LOWEST, HIGHEST)
        if not np.isfinite(run.last.train_loss):
            row[len(values) - 1 :] = HIGHEST
    return rows


@dataclass(frozen=True)
class Entrant:
    """One schedule in a race: log₁₀ of the final held-out loss that each of ``RATES`` reached on other seeds, ``tuned``
    (seeds, rates), its peak ``rate``, and what it does on the seeds that are compared: ``losses`` (seeds, epochs + 1)
    and the ``run`` of the first."""

    tuned: np.ndarray
    rate: float
    losses: np.ndarray
    run: Run

    @property
    def best(self) -> float:
        """The peak rate that did best on other seeds."""
        return RATES[int(self.tuned.mean(axis=0).argmin())]

    @property
    def ends(self) -> np.ndarray:
        """Log₁₀ of the final held-out loss, (seeds,)."""
        return np.log10(self.losses[:, -1])


@lru_cache(maxsize=128)
def swept(schedule: str | Breakpoints, ground: Ground, seed: int) -> np.ndarray:
    """Log₁₀ of the final held-out loss at each of ``RATES`` on the tuning seeds, (seeds, rates)."""
    seeds = range(seed + 10_000, seed + 10_000 + TUNING)
    return np.array([np.log10(losses_of(runs)[:, -1]) for runs in trained(ground, schedule, RATES, seeds)]).T


@lru_cache(maxsize=128)
def entrant(schedule: str | Breakpoints, ground: Ground, rate: float, seed: int) -> Entrant:
    """A schedule tuned and raced; at its own best peak rate where ``rate`` is 0."""
    tuned = swept(schedule, ground, seed)
    rate = rate or RATES[int(tuned.mean(axis=0).argmin())]
    (runs,) = trained(ground, schedule, [rate], range(seed, seed + SEEDS))
    return Entrant(tuned, rate, losses_of(runs), runs[0])


@dataclass(frozen=True)
class Race(Sourced):
    """The schedules of a race by name, on one ground; ``drawing`` is the text of the learner's own, ``tuned`` whether
    each has its own best peak rate."""

    entrants: dict[str, Entrant]
    ground: Ground
    drawing: str
    tuned: bool
    source: Measured

    @property
    def schedules(self) -> dict[str, str | Breakpoints]:
        """The schedules as the trainings of the first seed had them: what a plateau wrote, too."""
        return {name: one.run.recipe.schedule for name, one in self.entrants.items()}

    @property
    def ends(self) -> dict[str, np.ndarray]:
        """Log₁₀ of the final held-out loss, (seeds,) per schedule."""
        return {name: one.ends for name, one in self.entrants.items()}

    @property
    def best(self) -> str:
        """The schedule with the lowest final held-out loss on average."""
        ends = self.ends
        return min(ends, key=lambda name: ends[name].mean())

    @property
    def equals(self) -> list[str]:
        """The schedules that cannot be told from the best, seed by seed."""
        return luck.equals(self.ends, self.best)


def race(
    drawn_schedule: str = FIRST, data: str = "moons", optimizer: str = "Momentum", own_best_peak: bool = True,
    learning_rate: float = 0.1, schedules: Sequence[str] = NAMES, epochs: int = 24, batch_size: int = 8, seed: int = 0,
) -> Race:  # fmt: skip
    """Train the network with every schedule on ten seeds, each at its own best peak rate or all at one.

    Raises ``ValueError``, one sentence, for a text that draws no schedule, or if no schedule is chosen.
    """
    began, own = time.perf_counter(), breakpoints(drawn_schedule)
    names = [name for name in NAMES if name in schedules]
    if not names:
        raise ValueError("Choose at least one schedule.")
    ground, rate = Ground(data, optimizer, epochs, batch_size), 0.0 if own_best_peak else learning_rate
    entrants = {name: entrant(own if name == DRAWN else name, ground, rate, seed) for name in names}
    seeds = tuple(range(seed, seed + SEEDS))
    count = len(names) * (SEEDS + TUNING * len(RATES))
    source = Measured(seeds, time.perf_counter() - began, f"{count} networks trained live")
    return Race(entrants, ground, drawn_schedule, own_best_peak, source)


def verdict(found: Race) -> str:
    """Who ends lowest, and who cannot be told from it, in words."""
    loss = 10 ** found.ends[found.best].mean()
    said = f"Lowest held-out loss over {SEEDS} seeds: **{found.best}**, {loss:.3g}."
    others = "All others end higher by more than seed noise."
    return said if len(found.entrants) == 1 else f"{said} {luck.sentence(found.ends, found.best, others)}"
