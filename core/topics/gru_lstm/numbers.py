"""Networks that count open brackets: what their gates do, which unit counts, and what happens without it."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from core import cores
from core.data.data import Data
from core.data.sequences import DEEPEST, bracket_inputs, brackets, depths
from core.models.recurrent import CELLS, Recurrent
from core.probes import luck
from core.provenance import Measured, Sourced
from core.training import Recipe, Run, train, train_many

GATED, NAMES = ("GRU", "LSTM"), ("RNN", "GRU", "LSTM")
SAMPLES, LENGTH, EPOCHS, RATE = 320, 24, 60, 0.02
LONGER = 80  # characters of the sequences that nobody was trained on
SYMBOLS = ("(", ")", "another")


def variant(cell: str, units: int, seed: int, frames: int = 2) -> tuple[Recurrent, Data, Recipe]:
    """The network, the data and the recipe of one counter."""
    data = brackets(SAMPLES, LENGTH, seed)
    model = Recurrent(data.x.shape[2], units, DEEPEST + 1, cell=cell, every=True, seed=seed)
    return model, data, Recipe(EPOCHS, learning_rate=RATE, clip=1.0, seed=seed, frames=frames)


@dataclass(frozen=True)
class Reading:
    """A text as a network read it: depths (characters,), and gates, states and memory (characters, units)."""

    text: str
    truth: np.ndarray
    counted: np.ndarray
    gates: dict[str, np.ndarray]
    states: np.ndarray

    @property
    def right(self) -> int:
        """How many characters the depth is right at."""
        return int((self.truth == self.counted).sum())

    def change(self, since: int) -> float:
        """The largest change of any unit from one character to the next, from character ``since`` on."""
        return float(np.abs(np.diff(self.states[max(since - 1, 0) :], axis=0)).max(initial=0.0))


@dataclass(frozen=True)
class Counter:
    """A network that was taught to count brackets, or brought along, with sequences that it has not seen."""

    model: Recurrent
    data: Data
    seed: int
    provenance: str
    run: Run | None = None

    @property
    def gates(self) -> tuple[str, ...]:
        """The names of its gates."""
        return CELLS[self.model.cell].gates

    @property
    def keeping(self) -> str:
        """The gate that keeps the state."""
        return self.gates[CELLS[self.model.cell].keeps]

    @torch.no_grad()
    def read(
        self, text: str, held: Mapping[str, float] | None = None, since: int = 0, silent: int | None = None
    ) -> Reading:
        """What it makes of a typed text, with gates held or a unit silent (core.models.Recurrent.trace)."""
        truth = np.array(checked(text))
        trace = self.model.trace(bracket_inputs(text), held, since, silent)
        counted = self.model.answers(trace.hidden)[0].argmax(dim=0).numpy()
        gates = {name: values[0].numpy() for name, values in trace.gates.items()}
        return Reading(text, truth, counted, gates, kept(trace)[0].numpy())

    @torch.no_grad()
    def score(self, held: Mapping[str, float] | None = None, silent: int | None = None) -> float:
        """The share of held-out characters at which the depth is right."""
        trace = self.model.trace(self.data.x_test, held, 0, silent)
        right = self.model.answers(trace.hidden).argmax(dim=1) == self.data.y_test
        return right.double().mean().item()

    @cached_property
    def correlations(self) -> np.ndarray:
        """How closely each unit's state follows the depth on held-out sequences, (units,); 0 where it never moves."""
        with torch.no_grad():
            states = kept(self.model.trace(self.data.x_test)).flatten(0, 1).numpy()
        depth = self.data.y_test.flatten().numpy().astype(float)
        moved = states.std(axis=0) > 1e-6
        return np.array(
            [np.corrcoef(states[:, unit], depth)[0, 1] if moved[unit] else 0.0 for unit in range(len(moved))]
        )

    @cached_property
    def silenced(self) -> np.ndarray:
        """The share that stays right with each unit silent, (units,)."""
        return np.array([self.score(silent=unit) for unit in range(self.model.units)])

    @cached_property
    def openings(self) -> dict[str, np.ndarray]:
        """How far each gate is open, mean over units, at each of ``SYMBOLS``, (3,)."""
        with torch.no_grad():
            gates = self.model.trace(self.data.x_test).gates
        kinds = self.data.x_test.argmax(dim=2)
        return {
            name: np.array([values[kinds == kind].mean().item() for kind in range(3)]) for name, values in gates.items()
        }

    @property
    def counting(self) -> int:
        """The unit that follows the depth most closely, counted from 0."""
        return int(np.abs(self.correlations).argmax())


def kept(trace) -> Tensor:
    """What a cell keeps from step to step: the LSTM's memory, the others' state."""
    return trace.hidden if trace.memory is None else trace.memory


def checked(text: str) -> list[int]:
    """The depths of a typed text. Raises ``ValueError``, one sentence, for one that cannot be counted."""
    if not text:
        raise ValueError("Type a text of at least one character: the network has nothing to read.")
    answer = depths(text)
    if min(answer) < 0:
        place = next(at for at, depth in enumerate(answer) if depth < 0)
        raise ValueError(f"The bracket at place {place + 1} closes nothing: open one before it.")
    if max(answer) > DEEPEST:
        place = next(at for at, depth in enumerate(answer) if depth > DEEPEST)
        raise ValueError(f"At place {place + 1} more than {DEEPEST} brackets stand open: the network never met that.")
    return answer


def counter(cell: str, units: int, seed: int) -> Counter:
    """Teach a network to count."""
    run = train(*variant(cell, units, seed))
    return Counter(run.at(), run.data, seed, run.provenance, run)


@dataclass(frozen=True)
class Pair:
    """A counter of each gated cell, by name."""

    counters: dict[str, Counter]

    @property
    def provenance(self) -> str:
        """Where these numbers come from."""
        return self.counters["LSTM"].provenance

    def of(self, gate: str) -> tuple[Counter, str]:
        """The counter that has a gate, called "LSTM forget", and the gate's own name."""
        cell, name = gate.split(" ")
        return self.counters[cell], name


def pair(units: int, seed: int) -> Pair:
    """Teach both gated cells to count."""
    return Pair(dict(zip(GATED, cores.each(lambda cell: counter(cell, units, seed), GATED), strict=True)))


def brought(model: Recurrent, seed: int = 0) -> Counter:
    """A learner's own network, tried on the same sequences."""
    return Counter(model, brackets(SAMPLES, LENGTH, seed), seed, f"Your weights · {model.cell}, {model.units} units")


@dataclass(frozen=True)
class Race(Sourced):
    """Counters of every cell over several seeds: the share right on sequences of the length they learned from, and on
    longer ones, (seeds,) each."""

    usual: dict[str, np.ndarray]
    longer: dict[str, np.ndarray]
    runs: dict[str, Run]  # of the first seed
    source: Measured

    @property
    def best(self) -> str:
        """The cell that counts best where sequences are longer."""
        return max(NAMES, key=lambda name: self.longer[name].mean())

    def sentence(self) -> str:
        """Who counts best, and who cannot be told from it."""
        ahead = f"Best on the longer sequences: **{self.best}**, {self.longer[self.best].mean():.1%} on average."
        return f"{ahead} {luck.sentence(self.longer, self.best, 'The others are behind by more than seed noise.')}"


def race(units: int, seeds: Sequence[int]) -> Race:
    """Teach every cell to count, from several seeds."""
    began, cases = time.perf_counter(), [(name, seed) for name in NAMES for seed in seeds]
    models, data, recipes = zip(*(variant(name, units, seed) for name, seed in cases), strict=True)
    runs = np.array(train_many(models, data, recipes), dtype=object).reshape(len(NAMES), len(seeds))
    named = dict(zip(NAMES, runs, strict=True))
    usual = {name: np.array([run.last.test_score for run in row]) for name, row in named.items()}
    longer = {name: np.array([beyond(run) for run in row]) for name, row in named.items()}
    firsts = {name: row[0] for name, row in named.items()}
    return Race(usual, longer, firsts, Measured(tuple(seeds), time.perf_counter() - began))


@torch.no_grad()
def beyond(run: Run) -> float:
    """The share right on longer sequences."""
    data = brackets(60, LONGER, run.recipe.seed + 1_000_000, 1)
    return (run.at()(data.x).argmax(dim=1) == data.y).double().mean().item()
