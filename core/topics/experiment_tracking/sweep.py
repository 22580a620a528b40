"""A sweep: a network trained with every combination of some settings, on several seeds."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from core.data import PLANAR
from core.lessons.controls import choose, folded, pick, scale, slider
from core.models import MLP
from core.provenance import Measured, Sourced
from core.training import Recipe, Run, train_many
from core.training.logbook import SEED, Entry, Value, entry

PROBLEMS = ("moons", "circle", "xor", "spiral")
RATES, UNITS = ("0.003", "0.01", "0.03", "0.1", "0.3"), ("2", "4", "8", "16")
OPTIMIZERS = ("SGD", "Momentum", "Adam")
SAMPLES = 200  # half of them held out
WHERE = "this sweep"
NOTHING = "nothing: all end alike"
HELD_OUT = "Held-out loss"
SWEEP = (
    choose("Learning rates", RATES, ("0.01", "0.03", "0.1")),
    choose("Hidden units", UNITS, ("4", "8")),
    choose("Optimizers", OPTIMIZERS, ("Momentum",)),
    slider("Seeds", 1, 5, 3),
    folded(pick("Data", PROBLEMS), slider("Noise", 0.0, 0.5, 0.2, 0.05), scale("Epochs", (10, 20, 40), 20)),
)


@dataclass(frozen=True)
class Sweep(Sourced):
    """All runs of a sweep and what was written down of them, in the same order."""

    runs: tuple[Run, ...]
    entries: tuple[Entry, ...]
    source: Measured

    @property
    def effects(self) -> dict[str, float]:
        """Which share of the spread of the final held-out loss (its logarithm) goes along with each setting alone."""
        ends = np.array([np.log10(max(each.results[HELD_OUT], 1e-9)) for each in self.entries])
        ends = np.nan_to_num(ends, nan=3.0, posinf=3.0).clip(-9, 3)
        varied = [name for name in self.entries[0].settings if len({each.settings[name] for each in self.entries}) > 1]
        return {name: explained(ends, [each.settings[name] for each in self.entries]) for name in varied}

    @property
    def strongest(self) -> str:
        """The setting that goes along with most of the spread."""
        effects = self.effects
        best = max(effects, key=lambda name: effects[name], default=NOTHING)
        return best if effects.get(best, 0.0) > 0 else NOTHING


def explained(ends: np.ndarray, values: Sequence[Value]) -> float:
    """The share of the variance of ``ends`` that lies between the groups of equal ``values`` (eta squared)."""
    total = ends.var()
    if total < 1e-18:
        return 0.0
    groups = [ends[[value == each for each in values]] for value in dict.fromkeys(values)]
    between = sum(len(group) * (group.mean() - ends.mean()) ** 2 for group in groups) / len(ends)
    return float(between / total)


def sweep(
    learning_rates: Sequence[str], hidden_units: Sequence[str], optimizers: Sequence[str], seeds: int, data: str,
    noise: float, epochs: int, seed: int,
) -> Sweep:  # fmt: skip
    """Train every combination on seeds from ``seed`` on. Raises ``ValueError``, one sentence, for an empty choice."""
    if not (learning_rates and hidden_units and optimizers):
        raise ValueError("Choose at least one learning rate, one number of hidden units and one optimizer.")
    began = time.perf_counter()
    chosen = list(product(map(float, learning_rates), map(int, hidden_units), optimizers, range(seed, seed + seeds)))
    parts = [parts_of(data, noise, epochs, *each) for each in chosen]
    models, problems, recipes = (list(each) for each in zip(*parts, strict=True))
    runs = tuple(train_many(models, problems, recipes))
    entries = tuple(entry(run, name_of(place, run), WHERE) for place, run in enumerate(runs, 1))
    took = time.perf_counter() - began
    return Sweep(runs, entries, Measured(tuple(range(seed, seed + seeds)), took, f"{len(runs)} networks trained live"))


def parts_of(data: str, noise: float, epochs: int, rate: float, units: int, optimizer: str, seed: int) -> tuple:
    """Network, data and recipe of one run; every epoch is recorded."""
    problem = PLANAR[data](samples=SAMPLES, noise=noise, seed=seed)
    model = MLP(2, units, units, problem.outputs, activation="tanh", init="Xavier", seed=seed)
    recipe = Recipe(epochs=epochs, batch_size=10, optimizer=optimizer, learning_rate=rate, seed=seed, frames=epochs + 1)
    return model, problem, recipe


def name_of(place: int, run: Run) -> str:
    """A run's name: its place in the sweep and what is swept."""
    recipe = run.recipe
    return (
        f"run {place}: rate {recipe.learning_rate:g}, {run.model.widths[1]} units, {recipe.optimizer}, "
        f"{SEED.lower()} {recipe.seed}"
    )


def short(name: str) -> str:
    """A run's name without its settings."""
    return name.partition(":")[0]
