"""Small networks on samples that a study has split: what each one scores."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from core.data import Data
from core.models import MLP
from core.training import Recipe, Run
from core.training.many import train_many

UNITS, RATE = 16, 0.03
Samples = tuple[np.ndarray, np.ndarray]  # inputs (samples, features) float, classes (samples,) 0 or 1


@dataclass(frozen=True)
class Split:
    """What a network learns from, and the sets that it is judged on."""

    train: Samples
    judged: tuple[Samples, ...]


def tensors(samples: Samples) -> tuple[torch.Tensor, torch.Tensor]:
    """Samples as torch wants them."""
    return torch.from_numpy(samples[0].astype(np.float32)), torch.from_numpy(samples[1].astype(np.int64))


def runs_of(splits: Sequence[Split], seed: int, epochs: int = 60) -> list[Run]:
    """Train one network for every split; what is held out of a run is the first set that the split is judged on.

    Inputs are prepared with the mean and the deviation of what is learned from, as they should be.
    """
    problems, models, recipes = [], [], []
    for place, split in enumerate(splits):
        (x, y), (x_test, y_test) = tensors(split.train), tensors(split.judged[0])
        data = Data(standard(x, x), y, standard(x_test, x), y_test, ("orange", "blue"), f"study, split {place}")
        problems.append(data)
        models.append(MLP(x.shape[1], UNITS, 2, activation="tanh", seed=seed + place))
        recipes.append(Recipe(epochs=epochs, batch_size=10, learning_rate=RATE, seed=seed + place, frames=2))
    return train_many(models, problems, recipes)


def scores(runs: Sequence[Run], splits: Sequence[Split]) -> np.ndarray:
    """The share that each network gets right of every set it is judged on, (splits, sets)."""
    return np.array([judged(run.at(), split) for run, split in zip(runs, splits, strict=True)])


def standard(x: torch.Tensor, learned: torch.Tensor) -> torch.Tensor:
    """Inputs with the mean and deviation of those that are learned from taken out."""
    return (x - learned.mean(dim=0)) / (learned.std(dim=0) + 1e-6)


def judged(model: torch.nn.Module, split: Split) -> list[float]:
    """Accuracies on every set."""
    learned, _ = tensors(split.train)
    with torch.no_grad():
        return [
            float((model(standard(x, learned)).argmax(dim=1) == y).float().mean())
            for x, y in map(tensors, split.judged)
        ]
