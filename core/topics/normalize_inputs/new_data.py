"""New samples must be prepared with the old numbers: what happens if they are prepared with their own."""

from dataclasses import dataclass

import numpy as np
import torch

from core.topics.normalize_inputs.inputs import LEARNED, STANDARDISED, prepared, uneven_moons
from core.topics.normalize_inputs.races import Problem, train_all
from core.training import Run

SHARES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
SEEDS, POOL, BATCH = 5, 800, 200
TRAINING, OWN = "training's numbers", "their own numbers"


@dataclass(frozen=True)
class Shift:
    """Accuracy on new samples by the share of class 1 among them, (seeds, shares), prepared in two ways."""

    scores: dict[str, np.ndarray]
    moved: np.ndarray  # (seeds, shares): how far the new samples' mean stands from the training's, in deviations
    run: Run
    provenance: str

    def gap(self, share: float) -> np.ndarray:
        """How much accuracy the new samples' own numbers cost, (seeds,)."""
        place = SHARES.index(share)
        return self.scores[TRAINING][:, place] - self.scores[OWN][:, place]


def new_samples(factor: float, share: float, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """``BATCH`` raw samples (batch, 2) and their classes, of which a share is of class 1."""
    pool = uneven_moons(factor=factor, samples=POOL, seed=seed)
    count = round(share * BATCH)
    places = [(pool.y == 0).nonzero()[: BATCH - count, 0], (pool.y == 1).nonzero()[:count, 0]]
    chosen = torch.cat(places)
    return pool.x[chosen], pool.y[chosen]


def shift(factor: float, learning_rate: float, seed: int) -> Shift:
    """A network per seed, trained on standardised samples, meets new ones with other shares of the classes."""
    problem, seeds = Problem(factor, 0.0, "Adam"), [seed + k for k in range(SEEDS)]
    runs = train_all(problem, [(STANDARDISED, learning_rate, each) for each in seeds])
    scores = {TRAINING: np.zeros((SEEDS, len(SHARES))), OWN: np.zeros((SEEDS, len(SHARES)))}
    moved = np.zeros((SEEDS, len(SHARES)))
    for row, (each, run) in enumerate(zip(seeds, runs, strict=True)):
        known, model = uneven_moons(factor=factor, samples=LEARNED, seed=each).x, run.at()
        for column, share in enumerate(SHARES):
            x, y = new_samples(factor, share, each + 10_000)
            for name, numbers in ((TRAINING, known), (OWN, x)):
                with torch.no_grad():
                    answers = model(prepared(x, numbers, STANDARDISED)).argmax(dim=1)
                scores[name][row, column] = (answers == y).double().mean()
            moved[row, column] = ((x.mean(dim=0) - known.mean(dim=0)) / known.std(dim=0)).norm()
    return Shift(scores, moved, runs[0], runs[0].provenance)
