"""A plain and a residual network trained on click, on the embedded digits of 8 × 8 pixels."""

import time
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from core.data.data import Data
from core.data.digits import digits
from core.models.resnet import ResNet
from core.provenance import ClosedForm, Measured, Sourced
from core.topics.resnet.networks import KINDS, RESIDUAL
from core.training import Recipe, Run, training

WIDTHS, SAMPLES, BATCH = (4, 8, 16), 768, 64


@dataclass(frozen=True)
class Plan:
    """What is to be trained."""

    depth: int
    rate: float
    epochs: int
    batch_norm: bool
    seed: int

    @property
    def weights(self) -> int:
        """How many numbers each of the two networks learns."""
        return sum(weight.numel() for weight in self.network(RESIDUAL).parameters())

    @property
    def provenance(self) -> str:
        return ClosedForm("the counts of a network's weights").provenance

    def network(self, kind: str) -> ResNet:
        """The untrained network of a kind."""
        return ResNet(self.depth, kind == RESIDUAL, WIDTHS, batch_norm=self.batch_norm, seed=self.seed)

    @property
    def recipe(self) -> Recipe:
        """How both are trained."""
        return Recipe(
            self.epochs, BATCH, "Momentum", self.rate, schedule="cosine", seed=self.seed, frames=min(self.epochs + 1, 7)
        )

    @property
    def data(self) -> Data:
        """Digits to learn and digits held out."""
        return digits(seed=self.seed, samples=SAMPLES + 256, held_out=0.25)


@dataclass(frozen=True)
class Pair(Sourced):
    """Both runs by kind."""

    plan: Plan
    runs: dict[str, Run]
    source: Measured

    def final(self, kind: str) -> float:
        """The training loss at the end, batch norm as it answers later."""
        return self.runs[kind].last.train_loss

    @property
    def epochs(self) -> list[int]:
        return self.runs[RESIDUAL].curve("train_loss")[0]

    def curve(self, kind: str) -> np.ndarray:
        """Training loss at the recorded epochs both runs have; cut at 3, where nothing is learned."""
        values = self.runs[kind].curve("train_loss")[1]
        return np.minimum(np.nan_to_num(np.array(values), nan=3.0), 3.0)


def trained_pair(plan: Plan) -> Generator[tuple[float, str], None, Pair]:
    """Train both; yields (fraction, message) on the way."""
    began, runs = time.perf_counter(), {}
    for place, kind in enumerate(KINDS):
        work = training(plan.network(kind), plan.data, plan.recipe, engine="torch")
        while kind not in runs:
            try:
                share, message = next(work)
                yield (place + share) / len(KINDS), f"{kind}: {message}"
            except StopIteration as end:
                runs[kind] = end.value
    return Pair(plan, runs, Measured((plan.seed,), time.perf_counter() - began))
