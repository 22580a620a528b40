"""Normalisation inside a network: what reaches its hidden units, and what that does to the training."""

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from core.models.initialization import initialize
from core.models.layers import Model
from core.topics.normalize_inputs.inputs import uneven_moons
from core.training import Recipe, train

UNITS, EPOCHS, SEEDS = 8, 40, 3
NORMS = {"none": nn.Identity, "batch norm": nn.BatchNorm1d, "layer norm": nn.LayerNorm}


class Normed(Model):
    """Two inputs, ``UNITS`` tanh units behind a normalising layer ("none", "batch norm": Ioffe and Szegedy 2015,
    "layer norm": Ba and others 2016), two outputs."""

    def __init__(self, norm: str, seed: int = 0) -> None:
        super().__init__()
        self.first, self.norm = nn.Linear(2, UNITS), NORMS[norm](UNITS)
        self.output = nn.Linear(UNITS, 2)
        initialize(self, "Xavier", seed)

    def forward(self, x: Tensor) -> Tensor:
        """x (batch, 2) → (batch, 2)."""
        return self.output(torch.tanh(self.norm(self.first(x))))


@dataclass(frozen=True)
class Arriving:
    """What reaches the hidden units' activation before training: ``sums[norm]`` (samples, units)."""

    sums: dict[str, np.ndarray]
    factor: float
    shift: float
    seed: int
    provenance: str

    def asleep(self, norm: str) -> float:
        """The share of answers at which tanh is all but flat: its slope is under 0.01."""
        return float((np.abs(self.sums[norm]) > np.arctanh(np.sqrt(0.99))).mean())

    def spread(self, norm: str) -> float:
        """Largest standard deviation of a unit's sums, divided by the smallest."""
        each = self.sums[norm].std(axis=0)
        return float(each.max() / each.min())


def arriving(factor: float, shift: float, seed: int) -> Arriving:
    """The sums that the raw inputs give, with each layer in between."""
    x = uneven_moons(factor=factor, shift=shift, seed=seed).x
    sums = {}
    for norm in NORMS:
        model = Normed(norm, seed=seed)
        with torch.no_grad():
            sums[norm] = model.norm(model.first(x)).numpy()
    return Arriving(sums, factor, shift, seed, f"Live · seed {seed}")


def kind(norm: str, preparation: str) -> str:
    """Inputs and the layer behind which they are summed, in words."""
    return f"{preparation} alone" if norm == "none" else f"{preparation} with {norm}"


@dataclass(frozen=True)
class Trained:
    """Training loss (seeds, epochs + 1) and held-out accuracy (seeds,) of each kind."""

    losses: dict[str, np.ndarray]
    scores: dict[str, np.ndarray]


def training(factor: float, shift: float, seed: int) -> Generator[tuple[float, str], None, Trained]:
    """Train each kind of network on the raw inputs and on standardised ones, reporting after each."""
    kinds = [(norm, preparation) for preparation in ("raw", "standardised") for norm in NORMS]
    losses, scores = {}, {}
    for place, (norm, preparation) in enumerate(kinds):
        runs = []
        for k in range(SEEDS):
            data = uneven_moons(preparation=preparation, factor=factor, shift=shift, seed=seed + k)
            recipe = Recipe(EPOCHS, 20, "SGD", learning_rate=0.1, seed=seed + k, frames=EPOCHS + 1)
            runs.append(train(Normed(norm, seed=seed + k), data, recipe))
            yield (place * SEEDS + k + 1) / (len(kinds) * SEEDS), f"{kind(norm, preparation)}, seed {seed + k}"
        rows = np.array([run.curve("train_loss")[1] for run in runs])
        losses[kind(norm, preparation)] = np.nan_to_num(rows, nan=10, posinf=10).clip(0, 10)
        scores[kind(norm, preparation)] = np.array([run.last.test_score for run in runs])
    return Trained(losses, scores)
