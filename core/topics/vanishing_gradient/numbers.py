"""Three cells that must recall a letter, and how much of the loss's gradient reaches each step on the way back."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
import torch

from core import cores
from core.data.data import Data
from core.data.sequences import CUES, recall, recall_inputs
from core.diagnosis.through_time import sound
from core.models.recurrent import Recurrent
from core.probes import luck
from core.probes.recurrent import influences, state_gradients
from core.provenance import Measured, Sourced
from core.training import Recipe, Run, train, train_many

RNN, GRU, LSTM = NAMES = ("RNN", "GRU", "LSTM")
UNITS, SAMPLES, EPOCHS, BATCH = 16, 320, 30, 32  # 300 updates
FRAMES, PROBED, SEEDS = 11, 32, 10  # moments, samples and seeds that are looked at
FLOOR, TINY = 1e-18, 1e-40  # what is smaller is drawn like this; a gradient that has vanished altogether
RADII = tuple(round(0.1 * tenth, 1) for tenth in range(2, 21))
READ = (30, 24)  # the network that reads typed texts learns from this gap and spread


@dataclass(frozen=True)
class Setting:
    """How far back the letter lies, how the cells begin, and how they are trained."""

    gap: int = 40
    spectral_radius: float = 0.6
    keep_bias: float = 3.0
    learning_rate: float = 0.01
    clip: float = 1.0
    spread: int = 0

    def of(self, cell: str) -> "Setting":
        """What of it one cell knows: the plain one has no gates to keep by, and the others begin at radius 1."""
        return replace(self, keep_bias=1.0) if cell == RNN else replace(self, spectral_radius=1.0)


def variant(setting: Setting, cell: str, seed: int, frames: int = FRAMES) -> tuple[Recurrent, Data, Recipe]:
    """The network, the data and the recipe of one cell."""
    data = recall(SAMPLES, setting.gap, seed, spread=setting.spread)
    own = setting.of(cell)
    radius, bias = own.spectral_radius, own.keep_bias
    model = Recurrent(data.x.shape[2], UNITS, len(CUES), cell=cell, spectral_radius=radius, keep_bias=bias, seed=seed)
    rate, clip = setting.learning_rate, setting.clip
    return model, data, Recipe(EPOCHS, BATCH, learning_rate=rate, clip=clip, seed=seed, frames=frames)


@dataclass(frozen=True)
class Learned:
    """One cell, trained."""

    run: Run

    @cached_property
    def gradients(self) -> np.ndarray:
        """How long ∂L/∂(state) is after each step, as a share of that after the last, at each sound recorded moment,
        (moments, time)."""
        return shares_of(lengths_of(self.run))


@lru_cache(maxsize=64)
def learned(setting: Setting, cell: str, seed: int) -> Learned:
    """Train one cell; kept, since two of them do not change with the radius of the third, nor it with their bias."""
    return Learned(train(*variant(setting, cell, seed)))


@dataclass(frozen=True)
class Trio:
    """The three cells trained from one seed, by name."""

    cells: dict[str, Learned]
    source: Measured

    @property
    def runs(self) -> dict[str, Run]:
        """Their trainings."""
        return {name: cell.run for name, cell in self.cells.items()}

    @property
    def provenance(self) -> str:
        """Where these numbers come from."""
        return f"{self.source.provenance} · {self.runs[RNN].engine} engine"

    @property
    def gap(self) -> int:
        """Steps between the letter and the answer."""
        return self.runs[RNN].data.x.shape[1] - 1

    @property
    def gradients(self) -> dict[str, np.ndarray]:
        """Those of every cell."""
        return {name: cell.gradients for name, cell in self.cells.items()}

    def fall(self, name: str) -> float:
        """By how many powers of ten the gradient is shorter after the first step than after the last, at the end."""
        return fall(self.gradients[name][-1])

    def score(self, name: str) -> float:
        """The share of held-out letters that is recalled at the end."""
        return self.runs[name].last.test_score


def lengths_of(run: Run) -> np.ndarray:
    """How long ∂L/∂(state) is, (moments, time), on held-out samples."""
    x, y = run.data.x_test[:PROBED], run.data.y_test[:PROBED]
    return state_gradients(run.model, sound(run), x, y).numpy()


def shares_of(lengths: np.ndarray) -> np.ndarray:
    """Lengths (…, time) as shares of the last step's; 0 where that is 0."""
    return lengths / np.maximum(lengths[..., -1:], TINY)


def fall(lengths: np.ndarray) -> float:
    """Powers of ten between the last and the first length of a row."""
    first, last = (max(float(lengths[place]), TINY) for place in (0, -1))
    return math.log10(last / first)


def trio(
    gap: int, spectral_radius: float, clip: float, learning_rate: float, keep_bias: float, seed: int
) -> Trio:  # fmt: skip
    """Train all three cells on the same letters."""
    began, setting = time.perf_counter(), Setting(gap, spectral_radius, keep_bias, learning_rate, clip)

    def measured(name: str) -> Learned:
        cell = learned(setting.of(name), name, seed)
        _ = cell.gradients  # here, where there are two cores for them
        return cell

    cells = cores.each(measured, NAMES[::-1])[::-1]  # so that no core waits for the LSTM at the end
    return Trio(dict(zip(NAMES, cells, strict=True)), Measured((seed,), time.perf_counter() - began))


@dataclass(frozen=True)
class Race(Sourced):
    """The cells over several seeds: the share recalled and the fall of the gradient before training, (seeds,) each."""

    scores: dict[str, np.ndarray]
    falls: dict[str, np.ndarray]
    runs: dict[str, Run]  # of the first seed
    source: Measured

    @property
    def best(self) -> str:
        """The cell that recalls most."""
        return max(NAMES, key=lambda name: self.scores[name].mean())

    def sentence(self) -> str:
        """Who recalls most, and who cannot be told from it."""
        ahead = f"Best here: **{self.best}**, {self.scores[self.best].mean():.0%} recalled on average."
        return f"{ahead} {luck.sentence(self.scores, self.best, 'The others are behind by more than seed noise.')}"


def race(gap: int, spectral_radius: float, keep_bias: float, seeds: Sequence[int]) -> Race:
    """Train all three cells from several seeds."""
    began, setting = time.perf_counter(), Setting(gap, spectral_radius, keep_bias)
    cases = [(name, seed) for name in NAMES for seed in seeds]
    models, data, recipes = zip(*(variant(setting, *case, frames=2) for case in cases), strict=True)
    runs = np.array(train_many(models, data, recipes), dtype=object).reshape(len(NAMES), len(seeds))
    named = dict(zip(NAMES, runs, strict=True))
    scores = {name: np.array([run.last.test_score for run in row]) for name, row in named.items()}
    falls = {name: np.array([fall(lengths_of(run)[0]) for run in row]) for name, row in named.items()}
    firsts = {name: row[0] for name, row in named.items()}
    return Race(scores, falls, firsts, Measured(tuple(seeds), time.perf_counter() - began))


@dataclass(frozen=True)
class Untrained:
    """Plain cells before training, at every radius of ``RADII`` and from several seeds: how long ∂L/∂h is after each
    step, (radii, seeds, time)."""

    lengths: np.ndarray
    source: Measured

    @property
    def provenance(self) -> str:
        """Where these numbers come from."""
        return f"{self.source.provenance} · untrained networks"

    @property
    def factors(self) -> np.ndarray:
        """By what the gradient is multiplied with each step back, on average over the steps, (radii, seeds)."""
        steps = self.lengths.shape[2] - 1
        return (np.maximum(self.lengths[..., 0], TINY) / np.maximum(self.lengths[..., -1], TINY)) ** (1 / steps)

    def place(self, radius: float) -> int:
        """Where a radius stands in ``RADII``."""
        return min(range(len(RADII)), key=lambda place: abs(RADII[place] - radius))

    def factor(self, radius: float) -> float:
        """The factor of a radius, mean over the seeds."""
        return float(self.factors[self.place(radius)].mean())


def untrained(gap: int, seed: int) -> Untrained:
    """Measure the gradient in untrained plain cells of every radius."""
    began, seeds = time.perf_counter(), tuple(range(seed, seed + SEEDS))
    data = recall(PROBED, gap, seed, 1)
    rows = [weights_of(radius, each) for radius in RADII for each in seeds]
    model = Recurrent(data.x.shape[2], UNITS, len(CUES), cell=RNN)
    lengths = state_gradients(model, torch.stack(rows), data.x, data.y).numpy()
    return Untrained(lengths.reshape(len(RADII), SEEDS, -1), Measured(seeds, time.perf_counter() - began))


def weights_of(radius: float, seed: int) -> torch.Tensor:
    """The starting weights of a plain cell as one vector."""
    model = Recurrent(9, UNITS, len(CUES), cell=RNN, spectral_radius=radius, seed=seed)
    return torch.cat([parameter.detach().reshape(-1) for parameter in model.parameters()])


@dataclass(frozen=True)
class Clipped:
    """One training twice, recorded at every update: without and with clipping."""

    free: Run
    bounded: Run

    @property
    def provenance(self) -> str:
        """Where these numbers come from."""
        return self.bounded.provenance

    @property
    def longest(self) -> float:
        """The longest gradient without clipping; infinite where the loss broke."""
        norms = [epoch.gradient_norm for epoch in self.free.history[1:]]
        return max(norm if math.isfinite(norm) else math.inf for norm in norms)


def clipped(gap: int, spectral_radius: float, learning_rate: float, clip: float, seed: int) -> Clipped:
    """Train a plain cell on all samples at once, with momentum and a constant step, without and with clipping."""
    data = recall(SAMPLES, gap, seed)
    model = Recurrent(data.x.shape[2], UNITS, len(CUES), cell=RNN, spectral_radius=spectral_radius, seed=seed)
    recipes = [
        Recipe(100, SAMPLES, "Momentum", learning_rate, clip=each, seed=seed, frames=101) for each in (0.0, clip)
    ]
    return Clipped(*train_many(model, data, recipes))


@dataclass(frozen=True)
class Reader:
    """A network that has learned to recall a letter from anywhere in the first half of a text."""

    run: Run

    @property
    def provenance(self) -> str:
        """Where these numbers come from."""
        return self.run.provenance

    def read(self, text: str) -> "Reading":
        """What it answers to a typed text, and how much each character counts."""
        if not text.strip():
            raise ValueError("Type a text of at least one character: the network has nothing to read.")
        chances, counts = influences(self.run.at(), recall_inputs(text))
        return Reading(text, dict(zip(CUES, chances.tolist(), strict=True)), counts.numpy())


@dataclass(frozen=True)
class Reading:
    """A text as a network read it: the probability of each answer, how much each character counts, (characters,)."""

    text: str
    chances: dict[str, float]
    counts: np.ndarray

    @property
    def answer(self) -> str:
        """The likeliest answer."""
        return max(self.chances, key=lambda letter: self.chances[letter])

    @property
    def shares(self) -> np.ndarray:
        """Each character's share of all influence."""
        return self.counts / max(float(self.counts.sum()), 1e-30)

    @property
    def wanted(self) -> str:
        """The cue that stands first in the text; empty if there is none."""
        return next((character for character in self.text if character in CUES), "")

    @property
    def tail(self) -> float:
        """The share of the last five characters."""
        return float(self.shares[-5:].sum())


def reader_of(cell: str, seed: int) -> Reader:
    """Train one cell to recall a letter that may stand anywhere in the first half."""
    gap, spread = READ
    return Reader(train(*variant(Setting(gap=gap, spread=spread), cell, seed)))
