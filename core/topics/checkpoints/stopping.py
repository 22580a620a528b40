"""Trainings that overfit, judged at every epoch on validation data and on fresh data: where patience would stop them,
and which weights would be kept."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from core import cores
from core.data import moons
from core.models import MLP
from core.objectives import natural
from core.probes.stacked import Loss, stacked
from core.provenance import duration
from core.training import Recipe, Run
from core.training.many import train_many

EPOCHS, SEEDS, UNITS, FRESH = 100, 8, 16, 500
FRESH_SEED = 10_000  # added to a training's seed: samples that nothing was trained or chosen on
BEST, LAST, AVERAGE, TAIL = "best on validation", "last", "moving average", "mean of the last"


def stop_at(losses: np.ndarray, patience: int, least: float = 0.0) -> tuple[int, int]:
    """Where a training stops that gives up after ``patience`` epochs without the validation loss falling by more than
    ``least`` below the lowest so far, and the epoch of that lowest: (stopped, kept), from losses (epochs + 1,)."""
    lowest, kept = np.inf, 0
    for epoch, loss in enumerate(losses):
        if loss < lowest - least:
            lowest, kept = loss, epoch
        elif epoch - kept >= patience:
            return epoch, kept
    return len(losses) - 1, kept


def moving_average(weights: Tensor, decay: float) -> Tensor:
    """Exponential moving average over epochs: weights (epochs + 1, parameters) → the same shape."""
    rows = [weights[0]]
    for row in weights[1:]:
        rows.append(decay * rows[-1] + (1 - decay) * row)
    return torch.stack(rows)


@dataclass(frozen=True)
class Trainings:
    """One problem, ``SEEDS`` trainings to the end, and the loss on fresh samples after every epoch."""

    runs: list[Run]
    fresh: list[tuple[Tensor, Tensor]]  # of every seed: samples and classes
    seconds: float

    @property
    def provenance(self) -> str:
        first = self.runs[0]
        seeds = f"seeds {first.recipe.seed} to {first.recipe.seed + len(self.runs) - 1}"
        return f"Live runs · {seeds} · {duration(self.seconds)} · {first.engine} engine"

    @cached_property
    def train(self) -> np.ndarray:
        """Training losses (seeds, epochs + 1)."""
        return np.array([run.curve("train_loss")[1] for run in self.runs])

    @cached_property
    def validation(self) -> np.ndarray:
        """Validation losses (seeds, epochs + 1)."""
        return np.array([run.curve("test_loss")[1] for run in self.runs])

    @cached_property
    def test(self) -> np.ndarray:
        """Losses on fresh samples (seeds, epochs + 1)."""
        places = range(len(self.runs))
        return np.array(cores.each(self.judged, places, map(self.weights, places)))

    def weights(self, place: int) -> Tensor:
        """What one training recorded: (epochs + 1, parameters)."""
        return torch.stack([epoch.weights for epoch in self.runs[place].history])

    def judged(self, place: int, weights: Tensor) -> np.ndarray:
        """Losses on one training's fresh samples of several settings of its weights, (settings, parameters)."""
        run = self.runs[place]
        losses = stacked(Loss(run.model, natural(run.data.classes)), weights, self.fresh[place])
        return np.asarray(losses, dtype=float).reshape(-1)

    def stops(self, patience: int, least: float) -> np.ndarray:
        """Where every training stops and what it keeps: (seeds, 2)."""
        return np.array([stop_at(row, patience, least) for row in self.validation])

    def kept(self, epochs: np.ndarray) -> np.ndarray:
        """Loss on fresh samples of the weights of one epoch per seed, (seeds,)."""
        return self.test[np.arange(len(self.test)), epochs]

    def choices(self, decay: float, tail: int) -> dict[str, np.ndarray]:
        """Loss on fresh samples (seeds,) of the weights that each habit would keep at the end."""
        whole = [self.weights(place) for place in range(len(self.runs))]
        means = [
            self.judged(place, torch.stack([moving_average(rows, decay)[-1], rows[-tail:].mean(0)]))
            for place, rows in enumerate(whole)
        ]
        best = self.validation.argmin(axis=1)
        averages = np.array(means)
        return {
            BEST: self.kept(best), LAST: self.test[:, -1], AVERAGE: averages[:, 0], TAIL: averages[:, 1],
        }  # fmt: skip


def trainings(
    samples: int, noise: float, optimizer: str, learning_rate: float, batch_size: int, seed: int
) -> Trainings:
    """Train ``SEEDS`` networks on ``samples`` noisy moons each, for all ``EPOCHS``."""
    seeds = range(seed, seed + SEEDS)
    data = [moons(samples=samples, noise=noise, seed=number) for number in seeds]
    models = [MLP(2, UNITS, UNITS, 2, activation="tanh", seed=number) for number in seeds]
    recipes = [
        Recipe(
            epochs=EPOCHS, batch_size=batch_size, optimizer=optimizer, learning_rate=learning_rate, seed=number,
            frames=EPOCHS + 1,
        )
        for number in seeds
    ]  # fmt: skip
    runs = train_many(models, data, recipes)
    others = [moons(samples=2 * FRESH, noise=noise, seed=FRESH_SEED + number) for number in seeds]
    fresh = [
        (torch.cat([other.x, other.x_test])[:FRESH], torch.cat([other.y, other.y_test])[:FRESH]) for other in others
    ]
    return Trainings(runs, fresh, sum(run.seconds for run in runs))
