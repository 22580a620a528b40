"""Overfitting, measured: bias and variance of networks trained on fresh samples, and errors that fall twice.

``python -m core.topics.overfitting.numbers`` measures the shipped record again (assets/recorded/overfitting.json).
"""

import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from core.data.rules import REACH, loud_and_quiet, ripple, truth
from core.data.sampling import generator_of
from core.lessons.record import Record, finished
from core.models.mlp import MLP
from core.probes.stacked import answers
from core.provenance import Measured, Recorded
from core.training import Recipe, Run, train, train_many, warm
from core.wording import counted

WIDTHS = (1, 2, 3, 4, 8, 16, 32)
SAMPLES = (10, 15, 20, 30, 50, 100, 200)
UPDATES = (30, 100, 300, 1000)
BATCH, FRESH, DRAWS = 16, 200, 10  # FRESH inputs with DRAWS noisy labels each judge every network
MEMBERS = 10  # networks per width
CHOICES = ("the smallest", "one in the middle", "the largest")
FUTURES = ("it goes on rising", "it stays where it is", "it falls below where it was")
SCALES = (0.05, 0.1, 0.2, 0.5, 1.0)


def recipe(samples: int, updates: int, seed: int, frames: int = 2) -> Recipe:
    """As many epochs as make about so many updates, with a step that fades out."""
    epochs = max(2, round(updates / -(-samples // BATCH)))
    return Recipe(
        epochs=epochs, batch_size=BATCH, learning_rate=0.03, schedule="cosine", seed=seed, frames=min(frames, epochs)
    )


def network(units: int, seed: int) -> MLP:
    """Two hidden layers of tanh units."""
    return MLP(1, units, units, 1, activation="tanh", seed=seed)


def single(units: int, samples: int, noise: float, updates: int, seed: int) -> Run:
    """One network on one sample, recorded at 60 moments."""
    return train(network(units, seed), ripple(samples, noise, seed), recipe(samples, updates, seed, 60))


@dataclass(frozen=True)
class Ensemble:
    """Networks of one width, each trained on a fresh sample: their answers (members, points) at ``x`` (points,), the
    rule there, fresh noisy labels (draws, members, points) and the mean training error."""

    units: int
    x: np.ndarray
    rule: np.ndarray
    answers: np.ndarray
    labels: np.ndarray
    train_error: float

    @property
    def bias(self) -> float:
        """Squared distance of the mean network from the rule, averaged over the points."""
        return float(np.mean((self.answers.mean(axis=0) - self.rule) ** 2))

    @property
    def variance(self) -> float:
        """Mean squared distance of the networks from their mean."""
        return float(self.answers.var(axis=0).mean())

    @property
    def test_error(self) -> float:
        """Mean squared error of the networks on noisy labels that none of them has seen."""
        return float(np.mean((self.answers - self.labels) ** 2))


@dataclass(frozen=True)
class Sweep:
    """Ensembles over widths on samples of one kind, and where they come from."""

    ensembles: tuple[Ensemble, ...]
    noise: float
    source: Measured

    def at(self, units: int) -> Ensemble:
        """The ensemble of a width."""
        return next(ensemble for ensemble in self.ensembles if ensemble.units == units)

    @property
    def best(self) -> Ensemble:
        """The width with the lowest error on fresh data."""
        return min(self.ensembles, key=lambda one: one.test_error)

    def curves(self) -> dict[str, np.ndarray]:
        """Squared errors over the widths."""
        bias, variance = (
            np.array([getattr(ensemble, name) for ensemble in self.ensembles]) for name in ("bias", "variance")
        )
        return {
            "bias²": bias,
            "variance": variance,
            "bias² + variance + noise": bias + variance + self.noise**2,
            "measured test error": np.array([ensemble.test_error for ensemble in self.ensembles]),
            "training error": np.array([ensemble.train_error for ensemble in self.ensembles]),
        }

    def answer(self) -> str:
        """Where the best width lies, as one of ``CHOICES``."""
        place = self.ensembles.index(self.best)
        return CHOICES[0 if place == 0 else 2 if place == len(self.ensembles) - 1 else 1]

    def excess(self, units: int) -> float:
        """By which share a width's test error lies above the best width's."""
        return self.at(units).test_error / self.best.test_error - 1

    def sentence(self, units: int) -> str:
        """The error of a width in its parts."""
        one = self.at(units)
        parts = one.bias + one.variance + self.noise**2
        return (
            f"With **{counted(units, 'unit')}** per layer: bias² {one.bias:.3f} + variance {one.variance:.3f} + noise "
            f"{self.noise**2:.3f} = **{parts:.3f}**; measured on fresh data: **{one.test_error:.3f}**. "
            f"The best width is **{self.best.units}**."
        )


def sweep(samples: int, noise: float, updates: int, seed: int, members: int = MEMBERS) -> Sweep:
    """Train an ensemble at each of ``WIDTHS``; every member draws its own sample and its own starting weights."""
    began = time.perf_counter()
    seeds = [1000 * seed + member for member in range(members)]
    samples_of = [ripple(samples, noise, seed) for seed in seeds]
    models = [network(units, seed) for units in WIDTHS for seed in seeds]
    recipes = [recipe(samples, updates, seed) for seed in seeds] * len(WIDTHS)
    runs = train_many(models, samples_of * len(WIDTHS), recipes)
    x = torch.linspace(-REACH, REACH, FRESH)[:, None]
    shaken = noise * torch.randn(DRAWS, members, FRESH, generator=generator_of(seed)).numpy()
    ensembles = tuple(
        ensemble(units, runs[place * members : (place + 1) * members], x, shaken) for place, units in enumerate(WIDTHS)
    )
    return Sweep(ensembles, noise, Measured((seed,), time.perf_counter() - began, f"{len(runs)} networks trained live"))


def ensemble(units: int, runs: list[Run], x: torch.Tensor, shaken: np.ndarray) -> Ensemble:
    """What trained networks of one width answer at x (points, 1); ``shaken`` is the noise of the fresh labels."""
    weights = torch.stack([run.last.weights for run in runs])
    answered = answers(runs[0].model, weights, x)[..., 0].numpy()
    rule = truth(x)[:, 0].numpy()
    error = float(np.mean([run.last.train_loss for run in runs]))
    return Ensemble(units, x[:, 0].numpy(), rule, answered, rule + shaken, error)


def long_run(scale: float, noise: float, epochs: int, seed: int) -> Run:
    """Two tanh units trained for a very long time, on all samples at once."""
    settings = Recipe(epochs=epochs, batch_size=240, optimizer="SGD", learning_rate=0.03, seed=seed, frames=600)
    data = loud_and_quiet(scale=scale, noise=noise, seed=seed)
    return train(MLP(85, 2, 1, activation="tanh", seed=seed), data, settings)


@dataclass(frozen=True)
class Descent:
    """Training and held-out error over a long training: ``errors[name]`` (seeds, epochs), and their source."""

    epochs: np.ndarray
    errors: dict[str, np.ndarray]
    source: Recorded | Measured

    @property
    def held_out(self) -> np.ndarray:
        """Held-out errors (seeds, epochs)."""
        return self.errors["held-out error"]

    def twice(self) -> list[bool]:
        """Of each run: whether its error rises by a tenth or more from a first valley, then falls below that valley."""
        heights = [row[list(turns(row))] for row in self.held_out]
        return [bool(peak > 1.1 * first and last < first) for first, peak, last in heights]

    @property
    def falls_twice(self) -> bool:
        """Whether most runs do."""
        return sum(self.twice()) > len(self.held_out) / 2

    def answer(self) -> str:
        """What happens behind the peak of the mean error, as one of ``FUTURES``."""
        first, peak, last = self.held_out.mean(axis=0)[list(turns(self.held_out.mean(axis=0)))]
        return FUTURES[2 if last < first else 1 if last < peak / 1.1 else 0]

    def sentence(self) -> str:
        """How many runs fall twice, and where the mean error ends."""
        end = f"The mean held-out error ends at **{self.held_out[:, -1].mean():.2f}**."
        return (
            f"In **{sum(self.twice())} of {len(self.held_out)}** runs the held-out error falls, rises by a tenth or "
            f"more and then falls below its first valley. {end}"
        )


def turns(error: np.ndarray) -> tuple[int, int, int]:
    """Places of the first valley, the peak and the last valley of an error (epochs,): the peak is what rises highest
    above the lower of what came before and what comes behind."""
    before, behind = np.minimum.accumulate(error), np.minimum.accumulate(error[::-1])[::-1]
    peak = int(np.argmax(np.minimum(error / before, error / behind)))
    return int(np.argmin(error[: peak + 1])), peak, peak + int(np.argmin(error[peak:]))


def errors_of(run: Run) -> dict[int, tuple[float, float]]:
    """Training and held-out error of a long run, at epochs about evenly spread on a logarithmic scale."""
    numbers = [epoch.number for epoch in run.history[1:]]
    wanted = {min(numbers, key=lambda number: abs(number - at)) for at in np.geomspace(numbers[0], numbers[-1], 70)}
    return {epoch.number: (epoch.train_loss, epoch.test_loss) for epoch in run.history if epoch.number in wanted}


def descending(
    scale: float, noise: float, epochs: int, seeds: tuple[int, ...]
) -> Generator[tuple[float, str], None, Descent]:
    """Long runs over several seeds, returned as a ``Descent``; yields (fraction, message) on the way."""
    began, rows = time.perf_counter(), []
    for place, seed in enumerate(seeds):
        yield place / len(seeds), f"{epochs:,} epochs with seed {seed}"
        rows.append(errors_of(long_run(scale, noise, epochs, seed)))
    errors = np.array([list(row.values()) for row in rows])
    named = {"training error": errors[..., 0], "held-out error": errors[..., 1]}
    return Descent(np.array(list(rows[0])), named, Measured(tuple(seeds), time.perf_counter() - began))


def cheapest() -> tuple[tuple[str | int, ...], float]:
    """The first seed's held-out error at the first recorded epoch, measured again."""
    warm()
    run = long_run(LONG["scale"], LONG["noise"], RECORD.contents["epochs"][0], seed=0)
    return ("errors", "held-out error", 0, 0), run.last.test_loss


LONG: dict[str, Any] = {"scale": 0.1, "noise": 0.3, "epochs": 12_000, "seeds": tuple(range(10))}
RECORD = Record(
    "overfitting",
    {"data": "loud_and_quiet", "network": "MLP(85, 2, 1, tanh)", "engine": "compiled", **LONG, "version": 3},
    cheapest,
)


def recorded() -> Descent:
    """The shipped measurement."""
    errors = {name: np.array(rows) for name, rows in RECORD.contents["errors"].items()}
    return Descent(np.array(RECORD.contents["epochs"]), errors, RECORD.source)


def main() -> None:
    """Measure the shipped record again."""
    torch.set_num_threads(1)
    warm()
    found = finished(descending(**LONG))
    RECORD.write({"epochs": found.epochs, "errors": found.errors})


if __name__ == "__main__":
    main()
