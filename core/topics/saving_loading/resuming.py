"""A training that is stopped, saved and gone on with: with the optimizer's memory, and without it."""

from dataclasses import dataclass, replace

import numpy as np

from core.data import moons
from core.models import MLP
from core.training import Recipe, Run
from core.training.run import finished, training

EPOCHS, SEEDS = 60, 5
WITH, WITHOUT, UNBROKEN = "with the optimizer's memory", "weights alone", "never stopped"


@dataclass(frozen=True)
class Resumed:
    """Three futures per seed: ``runs[name]`` are whole trainings, ``stop`` the epoch at which two of them were
    stopped."""

    runs: dict[str, list[Run]]
    stop: int

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return self.runs[UNBROKEN][0].provenance

    def losses(self, name: str) -> np.ndarray:
        """Training loss (seeds, epochs + 1) from the first epoch on, whatever it was resumed from."""
        rows = []
        for run, whole in zip(self.runs[name], self.runs[UNBROKEN], strict=True):
            before = [] if run is whole else [epoch.train_loss for epoch in whole.history if epoch.number < self.stop]
            rows.append(before + [epoch.train_loss for epoch in run.history])
        return np.array(rows)

    def bump(self, name: str) -> np.ndarray:
        """The highest training loss after the stop as a multiple of that at the stop, (seeds,)."""
        rows = self.losses(name)[:, self.stop :]
        return rows.max(axis=1) / rows[:, 0]

    def apart(self, name: str) -> float:
        """The largest difference of any final weight from that of the training that was never stopped."""
        pairs = zip(self.runs[name], self.runs[UNBROKEN], strict=True)
        return max(float((run.last.weights - whole.last.weights).abs().max()) for run, whole in pairs)


def resume(optimizer: str, learning_rate: float, stop: int, seed: int) -> Resumed:
    """Train ``SEEDS`` networks, go on from ``stop`` with the whole state and with the weights alone. One step per
    epoch, on all samples: every step can be seen."""
    wholes, exact, bare = [], [], []
    for number in range(seed, seed + SEEDS):
        data, model = moons(samples=200, noise=0.2, seed=number), MLP(2, 16, 16, 2, activation="tanh", seed=number)
        recipe = Recipe(
            epochs=EPOCHS, batch_size=len(data.x), optimizer=optimizer, learning_rate=learning_rate, seed=number,
            frames=EPOCHS + 1,
        )  # fmt: skip
        whole = finished(training(model, data, recipe))
        saved = whole.recorded(stop)
        parts = (model, data, recipe)
        exact.append(finished(training(*parts, engine=whole.engine, parent=(whole, stop), start=saved)))
        forgot = replace(saved, moments=saved.moments[:0], age=0)
        bare.append(finished(training(*parts, engine=whole.engine, parent=(whole, stop), start=forgot)))
        wholes.append(whole)
    return Resumed({UNBROKEN: wholes, WITH: exact, WITHOUT: bare}, stop)
