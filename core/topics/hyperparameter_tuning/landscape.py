"""1,600 recorded trainings over learning rate, weight decay and width: the landscape on which searches race.

``python -m core.topics.hyperparameter_tuning.landscape`` trains them all again (assets/recorded/hyperparameters.json).
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np
import torch

from core.data import PLANAR, Data
from core.lessons.record import Record, finished
from core.models import MLP
from core.objectives import cross_entropy
from core.provenance import Recorded
from core.training import Recipe, Run, train, train_many, warm

RATES = tuple(float(f"{10 ** (k / 5 - 4):.2g}") for k in range(20))  # 0.0001 … 0.63, five per decade
DECAYS = tuple(float(f"{10 ** (k / 2 - 3.5):.2g}") for k in range(10))  # 0.00032 … 10, two per decade
WIDTHS = (2, 3, 4, 6, 8, 12, 16, 32)
MOMENTS = (1, 2, 3, 5, 9, 15, 27, 45, 81)  # epochs after which the validation loss is kept
EPOCHS = MOMENTS[-1]
SETTINGS: dict[str, Any] = {
    "data": "spiral", "samples": 500, "noise": 0.15, "held_out": 0.8, "seed": 0, "fresh_samples": 2000,
    "fresh_seed": 1, "network": "MLP(2, units, units, 2, tanh, Xavier)", "optimizer": "AdamW", "batch_size": 10,
    "rates": RATES, "decays": DECAYS, "widths": WIDTHS, "moments": MOMENTS, "engine": "compiled", "version": 1,
}  # fmt: skip
WORST = 9999  # thousandths: what a loss that is larger, or no number, is kept as

Cell = tuple[int, int, int]  # places of the learning rate, the weight decay and the width


def problem() -> Data:
    """100 samples to train on and 400 to validate with."""
    return PLANAR[SETTINGS["data"]](
        samples=SETTINGS["samples"], noise=SETTINGS["noise"], seed=SETTINGS["seed"], held_out=SETTINGS["held_out"]
    )


@cache
def fresh() -> Data:
    """Samples that no search and no training has seen."""
    return PLANAR[SETTINGS["data"]](
        samples=SETTINGS["fresh_samples"], noise=SETTINGS["noise"], seed=SETTINGS["fresh_seed"], held_out=0.5
    )


def recipe(rate: float, decay: float, epochs: int = EPOCHS, seed: int = 0) -> Recipe:
    """One cell's training; every epoch is recorded."""
    return Recipe(
        epochs=epochs, batch_size=SETTINGS["batch_size"], optimizer=SETTINGS["optimizer"], learning_rate=rate,
        weight_decay=decay, seed=seed, frames=epochs + 1,
    )  # fmt: skip


def network(units: int, outputs: int = 2, seed: int = 0) -> MLP:
    """Two hidden layers."""
    return MLP(2, units, units, outputs, activation="tanh", init="Xavier", seed=seed)


def thousandths(loss: float) -> int:
    """A loss as the record keeps it."""
    return min(WORST, round(1000 * loss)) if np.isfinite(loss) else WORST


def validated(run: Run) -> list[int]:
    """Validation losses at ``MOMENTS``; those behind the end of a training that broke are the worst."""
    losses = dict(zip(*run.curve("test_loss"), strict=True))
    broken = not np.isfinite(run.last.train_loss)
    return [WORST if broken and epoch >= run.last.number else thousandths(losses[epoch]) for epoch in MOMENTS]


@torch.no_grad()
def on_fresh(run: Run) -> int:
    """The trained network's loss on samples that nobody has seen."""
    data, model = fresh(), run.at()
    x, y = torch.cat([data.x, data.x_test]), torch.cat([data.y, data.y_test])
    return thousandths(cross_entropy(model, x, y).item())


def measured() -> Generator[tuple[float, str], None, dict]:
    """All trainings: "loss" (rates, decays, widths, moments) and "fresh" (rates, decays, widths), in thousandths;
    yields (fraction, message) on the way."""
    data, shape = problem(), (len(RATES), len(DECAYS), len(WIDTHS))
    losses, unseen = np.zeros((*shape, len(MOMENTS)), int), np.zeros(shape, int)
    for rate_at, rate in enumerate(RATES):
        yield rate_at / len(RATES), f"learning rate {rate:g}"
        cells = [(decay, width) for decay in range(len(DECAYS)) for width in range(len(WIDTHS))]
        models = [network(WIDTHS[width]) for _, width in cells]
        runs = train_many(models, data, [recipe(rate, DECAYS[decay]) for decay, _ in cells], engine="compiled")
        for (decay, width), run in zip(cells, runs, strict=True):
            losses[rate_at, decay, width], unseen[rate_at, decay, width] = validated(run), on_fresh(run)
    return {"loss": losses, "fresh": unseen}


def cheapest() -> tuple[tuple[str | int, ...], float]:
    """One small network's validation loss after one epoch, measured again."""
    warm()
    (run,) = train_many(network(WIDTHS[0]), problem(), recipe(RATES[10], DECAYS[0]), engine="compiled")
    return ("loss", 10, 0, 0, 0), validated(run)[0]


RECORD = Record("hyperparameters", SETTINGS, cheapest)


@dataclass(frozen=True)
class Landscape:
    """Validation losses ``loss`` (rates, decays, widths, moments) and losses on fresh samples at the end, ``fresh``
    (rates, decays, widths)."""

    loss: np.ndarray
    fresh: np.ndarray
    source: Recorded

    @property
    def ends(self) -> np.ndarray:
        """Validation losses after the whole training, (rates, decays, widths)."""
        return self.loss[..., -1]

    @property
    def best(self) -> Cell:
        """The cell with the lowest validation loss."""
        rate, decay, width = np.unravel_index(int(self.ends.argmin()), self.ends.shape)
        return int(rate), int(decay), int(width)

    def better(self, loss: float) -> float:
        """Which percentage of all cells end with a lower loss."""
        return 100 * float((self.ends < loss).mean())


@cache
def recorded() -> Landscape:
    """The shipped landscape."""
    contents = RECORD.contents
    return Landscape(np.array(contents["loss"]) / 1000, np.array(contents["fresh"]) / 1000, RECORD.source)


@lru_cache(maxsize=32)
def trained(cell: Cell) -> Run:
    """A cell's training, made again."""
    rate, decay, width = cell
    return train(network(WIDTHS[width]), problem(), recipe(RATES[rate], DECAYS[decay]))


def named(cell: Cell) -> dict[str, str]:
    """A cell in words, by the names of its three settings."""
    rate, decay, width = cell
    return {
        "Learning rate": f"{RATES[rate]:g}",
        "Weight decay": f"{DECAYS[decay]:g}",
        "Hidden units": f"{WIDTHS[width]}",
    }


def sizes() -> Sequence[int]:
    """How many values each setting has."""
    return len(RATES), len(DECAYS), len(WIDTHS)


def main() -> None:
    """Train the shipped landscape again."""
    torch.set_num_threads(1)
    warm()
    RECORD.write(finished(measured()))
    print(f"{RECORD.path.name}: {RECORD.path.stat().st_size:,} bytes.")


if __name__ == "__main__":
    main()
