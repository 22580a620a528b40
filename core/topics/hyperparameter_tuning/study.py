"""A search on the learner's own problem: every trial trains a network, here or on all machines of a cluster."""

import time
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from core.data import PLANAR, Data
from core.data.own import points
from core.jobs import crew, spreading
from core.provenance import Measured, duration
from core.topics.hyperparameter_tuning.landscape import network, recipe
from core.topics.hyperparameter_tuning.searches import GRID, RANDOM, TPE, levels, quiet_study
from core.training import Run, train

OWN = "own points"
DATA = ("spiral", *(name for name in PLANAR if name != "spiral"), OWN)
METHODS = (TPE, RANDOM, GRID)
RATES, DECAYS, UNITS = (1e-4, 1.0), (1e-5, 10.0), (2, 32)  # the ranges that are searched, on logarithmic scales
FEWEST = 4  # own points


@dataclass(frozen=True)
class Problem:
    """What is to be learned, and for how long. Half of the samples validate; ``rows`` are the learner's own points."""

    data: str = "spiral"
    noise: float = 0.1
    epochs: int = 60
    rows: tuple[tuple[float, float, int], ...] = ()
    seed: int = 0

    def samples(self) -> Data:
        """The samples. Raises ``ValueError``, one sentence, for own points that make no problem."""
        if self.data == OWN:
            return points(self.rows, 0.5, self.seed)
        return PLANAR[self.data](samples=400, noise=self.noise, seed=self.seed)


def run_of(problem: Problem, rate: float, decay: float, units: int) -> Run:
    """One trial's training."""
    data = problem.samples()
    model = network(units, data.outputs, problem.seed)
    return train(model, data, recipe(rate, decay, problem.epochs, problem.seed))


def validated(problem: Problem, rate: float, decay: float, units: int) -> float:
    """One trial: the validation loss in the end, 10 at most, or if the training broke."""
    run = run_of(problem, rate, decay, units)
    whole = np.isfinite(run.last.train_loss) and np.isfinite(run.last.test_loss)
    return min(float(run.last.test_loss), 10.0) if whole else 10.0


@dataclass(frozen=True)
class Tried:
    """One finished trial."""

    number: int
    rate: float
    decay: float
    units: int
    loss: float


@dataclass(frozen=True)
class Study:
    """All trials of a search in the order in which they ended, and the best one trained again."""

    problem: Problem
    method: str
    tried: tuple[Tried, ...]
    run: Run
    at_once: int
    seconds: float

    @property
    def best(self) -> Tried:
        """The trial with the lowest validation loss."""
        return min(self.tried, key=lambda one: one.loss)

    @property
    def provenance(self) -> str:
        where = f"{self.at_once} at a time on the cluster" if self.at_once > 1 else "one after another"
        return f"{len(self.tried)} networks trained live, {where} · seed {self.problem.seed} · {duration(self.seconds)}"


def searching(method: str, trials: int, seed: int):
    """Optuna's study for a method; a grid's settings wait in its line."""
    import optuna

    if method == TPE:
        return quiet_study(optuna.samplers.TPESampler(seed=seed))
    found = quiet_study(optuna.samplers.RandomSampler(seed=seed))
    for settings in grid_of(trials) if method == GRID else ():
        found.enqueue_trial(settings)
    return found


def grid_of(trials: int) -> list[dict[str, float]]:
    """The settings of an even grid that fits the number of trials, on logarithmic scales."""
    counts = levels(trials)
    rates, decays, units = (
        np.geomspace(low, high, count + 2)[1:-1]
        for (low, high), count in zip((RATES, DECAYS, UNITS), counts, strict=True)
    )
    return [
        {"rate": float(rate), "decay": float(decay), "units": round(unit)}
        for rate in rates for decay in decays for unit in units
    ]  # fmt: skip


@spreading
def study(problem: Problem, method: str, trials: int) -> Generator[tuple[float, str], None, Study]:
    """Search with so many trials (a grid: as many as fit evenly), several at a time where there is a cluster.

    Yields (share done, message) and returns the ``Study``. Raises ``ValueError`` for samples that make no problem.
    """
    began = time.perf_counter()
    problem.samples()
    asking = searching(method, trials, problem.seed)
    count = int(np.prod(levels(trials))) if method == GRID else trials
    workers, tried, begun = crew(validated), [], 0
    at_once = workers.size
    try:
        while len(tried) < count:
            while workers.busy < at_once and begun < count:
                begun += 1
                trial = asking.ask()
                workers.send(trial, problem, *suggested(trial))
            trial, loss = workers.next()
            asking.tell(trial, loss)
            settings = trial.params
            tried.append(Tried(trial.number, settings["rate"], settings["decay"], settings["units"], loss))
            low = min(one.loss for one in tried)
            yield len(tried) / count, f"trial {len(tried)} of {count}, lowest validation loss {low:.3g}"
    finally:
        workers.close()
    best = min(tried, key=lambda one: one.loss)
    run = run_of(problem, best.rate, best.decay, best.units)
    return Study(problem, method, tuple(tried), run, at_once, time.perf_counter() - began)


def suggested(trial) -> tuple[float, float, int]:
    """The settings that a trial asks for."""
    rate, decay = trial.suggest_float("rate", *RATES, log=True), trial.suggest_float("decay", *DECAYS, log=True)
    return rate, decay, trial.suggest_int("units", *UNITS, log=True)


def missing(problem: Problem) -> str:
    """What is still missing before there is anything to search on, in one sentence; empty if nothing is."""
    colours = {colour for _, _, colour in problem.rows}
    if problem.data == OWN and (len(colours) < 2 or len(problem.rows) < 2 * FEWEST):
        return f"Click in the plane to set at least **{2 * FEWEST} points of two colours**; then the search can start."
    return ""


def where_set(problem: Problem) -> Measured:
    """The provenance of points that nothing was trained on yet."""
    return Measured((problem.seed,), 0.0, "Set by you")
