"""Searches over a landscape that they see only cell by cell, and pay for: grid, random, TPE, ASHA, median pruning."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from core.topics.hyperparameter_tuning.landscape import MOMENTS, Cell, Landscape, sizes

BUDGET = 27  # whole trainings that a search may spend in the race
GRID, RANDOM, TPE, ASHA, MEDIAN = "grid", "random", "TPE", "ASHA", "median pruning"
REDUCTION = 3  # of ASHA: one in three goes on
NAMES = ("rate", "decay", "width")  # of a cell's places, as Optuna is told


class SpentError(Exception):
    """The budget does not pay for what was asked."""


@dataclass
class Trial:
    """One training of a search: its cell, the losses seen so far, at the first of ``MOMENTS``, and what the search had
    ``spent`` by then, in whole trainings."""

    cell: Cell
    losses: list[float] = field(default_factory=list)
    spent: float = 0.0

    @property
    def is_whole(self) -> bool:
        """Whether it was trained to the end."""
        return len(self.losses) == len(MOMENTS)


class Counter:
    """A landscape behind a counter: a search sees the losses that it asks for, pays in epochs, and nothing else.

    ``trials`` keeps every training that was begun, and so every loss that was ever looked at.
    """

    def __init__(self, landscape: Landscape, trainings: float) -> None:
        self._landscape = landscape
        self.budget, self.epochs = round(trainings * MOMENTS[-1]), 0
        self.trials: list[Trial] = []

    def begin(self, cell: Cell) -> Trial:
        """A training that costs nothing yet."""
        self.trials.append(Trial(cell))
        return self.trials[-1]

    def go_on(self, trial: Trial) -> float:
        """Train on to the next of ``MOMENTS``; the validation loss there. Raises ``SpentError`` if there is no budget
        for it."""
        at = len(trial.losses)
        cost = MOMENTS[at] - (MOMENTS[at - 1] if at else 0)
        if self.epochs + cost > self.budget:
            raise SpentError
        self.epochs += cost
        trial.losses.append(float(self._landscape.loss[(*trial.cell, at)]))
        trial.spent = self.epochs / MOMENTS[-1]
        return trial.losses[-1]

    def whole(self, cell: Cell) -> float:
        """Train a cell to its end; the validation loss there."""
        trial = self.begin(cell)
        while not trial.is_whole:
            self.go_on(trial)
        return trial.losses[-1]


@dataclass(frozen=True)
class Search:
    """What a search has asked for, in order."""

    name: str
    trials: tuple[Trial, ...]
    budget: float

    @property
    def wholes(self) -> list[Trial]:
        """The trainings that went to their end."""
        return [trial for trial in self.trials if trial.is_whole]

    @property
    def best(self) -> Trial | None:
        """The whole training with the lowest loss."""
        return min(self.wholes, key=lambda trial: trial.losses[-1], default=None)

    @property
    def cells(self) -> int:
        """How many different cells were looked at."""
        return len({trial.cell for trial in self.trials if trial.losses})

    def anytime(self, trainings: np.ndarray, before: float) -> np.ndarray:
        """The lowest final loss found by the time that so many trainings were paid for, (budgets,); ``before`` while
        no training has ended."""
        spent = np.array([trial.spent for trial in self.wholes])
        losses = np.array([trial.losses[-1] for trial in self.wholes])
        return np.array([losses[spent <= paid + 1e-9].min(initial=before) for paid in trainings])


def levels(trainings: int) -> tuple[int, int, int]:
    """How many rates, decays and widths a grid tries: as even as fits the budget, rates first."""
    counts = [1, 1, 1]
    while True:
        for place in sorted(range(3), key=lambda place: (counts[place], place)):
            more = int(np.prod(counts)) // counts[place] * (counts[place] + 1)
            if counts[place] < sizes()[place] and more <= trainings:
                counts[place] += 1
                break
        else:
            return counts[0], counts[1], counts[2]


def grid(counter: Counter, trainings: int, seed: int) -> None:
    """Evenly spread values of every setting, all combinations in random order."""
    axes = [((2 * np.arange(count) + 1) * size) // (2 * count)
            for count, size in zip(levels(trainings), sizes(), strict=True)]  # fmt: skip
    cells = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    for cell in np.random.default_rng(seed).permutation(cells):
        rate, decay, width = cell.tolist()
        counter.whole((rate, decay, width))


def random(counter: Counter, trainings: int, seed: int) -> None:
    """Cells at random, none of them twice (Bergstra and Bengio 2012)."""
    for place in np.random.default_rng(seed).permutation(int(np.prod(sizes()))):
        rate, decay, width = np.unravel_index(int(place), sizes())
        counter.whole((int(rate), int(decay), int(width)))


def tpe(counter: Counter, trainings: int, seed: int) -> None:
    """Optuna's tree-structured Parzen estimator (Bergstra and others 2011): ten cells at random, then where good ones
    are more likely than bad ones."""
    import optuna

    study = quiet_study(optuna.samplers.TPESampler(seed=seed))
    while True:
        trial, cell = asked(study)
        study.tell(trial, counter.whole(cell))


def asha(counter: Counter, trainings: int, seed: int) -> None:
    """Optuna's asynchronous successive halving (Li and others 2020) of cells at random: after 1, 3, 9 and 27 epochs
    only the best third goes on."""
    import optuna

    pruned(counter, seed, optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=REDUCTION))


def median(counter: Counter, trainings: int, seed: int) -> None:
    """Optuna's median rule on cells at random: what is worse than the median of those before it is stopped."""
    import optuna

    pruned(counter, seed, optuna.pruners.MedianPruner())


def pruned(counter: Counter, seed: int, pruner) -> None:
    """Cells at random, each trained on from moment to moment until a pruner stops it."""
    import optuna

    study = quiet_study(optuna.samplers.RandomSampler(seed=seed), pruner)
    while True:
        trial, cell = asked(study)
        begun = counter.begin(cell)
        for moment in MOMENTS:
            trial.report(counter.go_on(begun), moment)
            if moment < MOMENTS[-1] and trial.should_prune():
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
                break
        else:
            study.tell(trial, begun.losses[-1])


def quiet_study(sampler, pruner=None):
    """A study in memory that lowers a loss and writes no log."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(sampler=sampler, pruner=pruner or optuna.pruners.NopPruner())


def asked(study) -> tuple:
    """A study's next trial and the cell that it asks for."""
    trial = study.ask()
    rate, decay, width = (trial.suggest_int(name, 0, size - 1) for name, size in zip(NAMES, sizes(), strict=True))
    return trial, (rate, decay, width)


SEARCHES: dict[str, Callable[[Counter, int, int], None]] = {
    GRID: grid, RANDOM: random, TPE: tpe, ASHA: asha, MEDIAN: median,
}  # fmt: skip


def search(name: str, landscape: Landscape, trainings: int = BUDGET, seed: int = 0) -> Search:
    """Let a search spend its budget on a landscape."""
    counter = Counter(landscape, trainings)
    with suppress(SpentError):
        SEARCHES[name](counter, trainings, seed)
    return Search(name, tuple(counter.trials), trainings)
