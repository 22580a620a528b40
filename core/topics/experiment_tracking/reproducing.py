"""A run trained again from its record; and what becomes of it when the record lacks something."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from core.data import moons
from core.models import MLP
from core.provenance import Measured
from core.training import Recipe, Run, train_many
from core.training.logbook import Value

RERUNS, UNITS, SAMPLES = 5, 8, 200
ASSUMED: dict[str, Value] = {  # what this program assumes where nothing is said
    "Learning rate": 0.01, "Batch size": 32, "Optimizer": "Adam", "Noise": 0.2, "Epochs": 100,
}  # fmt: skip
SEED, ENGINE = "Seed", "Engine"
FIELDS = (SEED, *ASSUMED, ENGINE)
OTHER = {"compiled": "torch", "torch": "compiled"}


@dataclass(frozen=True)
class Reproduced:
    """A run, its ``record`` without what was left out, and what five trainings from it gave."""

    run: Run
    record: dict[str, Value]
    left_out: tuple[str, ...]
    again: tuple[Run, ...]
    seconds: float

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return Measured(
            (self.run.recipe.seed,), self.seconds, f"Trained live and {len(self.again)} times again"
        ).provenance

    @property
    def same(self) -> list[bool]:
        """Which reruns agree with the record to the last bit, in their loss and in every weight."""
        return [is_same(self.run, each) for each in self.again]

    @property
    def apart(self) -> float:
        """How far the furthest rerun's held-out loss is from the recorded one."""
        return max(abs(each.last.test_loss - self.run.last.test_loss) for each in self.again)


def is_same(run: Run, other: Run) -> bool:
    """Whether two runs ended with the same bits."""
    return run.last.test_loss == other.last.test_loss and torch.equal(run.last.weights, other.last.weights)


def trained_from(settings: Sequence[Mapping[str, Value]]) -> list[Run]:
    """One run per complete record."""
    by_engine: dict[str, list[int]] = {}
    for place, each in enumerate(settings):
        by_engine.setdefault(str(each[ENGINE]), []).append(place)
    runs: dict[int, Run] = {}
    for engine, places in by_engine.items():
        models, data, recipes = zip(*(parts_of(settings[place]) for place in places), strict=True)
        runs |= dict(zip(places, train_many(models, data, recipes, engine=engine), strict=True))
    return [runs[place] for place in range(len(settings))]


def parts_of(settings: Mapping[str, Value]) -> tuple:
    """Network, data and recipe."""
    seed, epochs = int(settings[SEED]), int(settings["Epochs"])
    recipe = Recipe(
        epochs=epochs, batch_size=int(settings["Batch size"]), optimizer=str(settings["Optimizer"]),
        learning_rate=float(settings["Learning rate"]), seed=seed, frames=epochs + 1,
    )  # fmt: skip
    data = moons(samples=SAMPLES, noise=float(settings["Noise"]), seed=seed)
    return MLP(2, UNITS, UNITS, 2, activation="tanh", init="Xavier", seed=seed), data, recipe


def completed(record: Mapping[str, Value], engine: str, seed: int, number: int) -> dict[str, Value]:
    """What somebody trains who has only this record: the missing is assumed, a missing seed is drawn, a missing engine
    is another one."""
    drawn = np.random.default_rng([seed, number, 7]).integers(10_000, 2**31)
    return {**ASSUMED, SEED: int(drawn), ENGINE: OTHER[engine], **record}


def reproduce(
    left_out_of_the_record: Sequence[str], optimizer: str, learning_rate: float, batch_size: int, noise: float,
    epochs: int, seed: int,
) -> Reproduced:  # fmt: skip
    """Train a run, write its record, leave something out, and train five times from what is left."""
    began = time.perf_counter()
    whole = {"Learning rate": learning_rate, "Batch size": batch_size, "Optimizer": optimizer, "Noise": noise,
             "Epochs": epochs, SEED: seed, ENGINE: "auto"}  # fmt: skip
    (run,) = trained_from([whole])
    whole[ENGINE] = run.engine
    record = {name: value for name, value in whole.items() if name not in left_out_of_the_record}
    again = trained_from([completed(record, run.engine, seed, number) for number in range(RERUNS)])
    return Reproduced(run, record, tuple(left_out_of_the_record), tuple(again), time.perf_counter() - began)
