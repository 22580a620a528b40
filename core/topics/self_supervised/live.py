"""Trainings on click: on the embedded digits, turned and cut at random so that pixels alone tell little."""

import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice

import numpy as np
import torch

from core.data.data import Data
from core.data.digits import digits
from core.provenance import Measured, Sourced
from core.topics.self_supervised.augmentations import CROP, ROTATION, view_of
from core.topics.self_supervised.judged import (
    COLLAPSED,
    effective_rank,
    embeddings_of,
    features_of,
    nearest_labelled,
    spread,
)
from core.topics.self_supervised.learning import Plan, learned
from core.topics.self_supervised.networks import Network
from core.wording import counted

FEW = 50  # labelled digits of which the nearest is asked
BEGINNING = 5  # steps that the program repeats
EVERY = 20  # steps from one look to the next


@lru_cache(maxsize=16)
def askew(seed: int) -> Data:
    """Digits to learn from and held-out ones, (count, 1, 8, 8), each turned by up to 25° and cut at random once."""
    data = digits(seed=seed, held_out=0.25)
    chance = torch.Generator().manual_seed(seed)
    kinds = (CROP, ROTATION)
    return replace(data, x=view_of(data.x, kinds, chance), x_test=view_of(data.x_test, kinds, chance))


def by_nearest(features: torch.Tensor, tests: torch.Tensor, data: Data) -> float:
    """The share of held-out digits whose nearest of 50 labelled ones is the same digit."""
    return nearest_labelled(features, data.y, tests, data.y_test, FEW)


@lru_cache(maxsize=16)
def by_pixels(seed: int) -> float:
    """The same share where nearness is that of the pixels."""
    data = askew(seed)
    return by_nearest(data.x.flatten(1), data.x_test.flatten(1), data)


@dataclass(frozen=True)
class Moment:
    """What was true after some steps: the share that the nearest labelled digit gets right, how widely the embeddings
    of held-out digits point and in how many directions, and the mean loss since the last moment."""

    step: int
    nearest: float
    spread: float
    rank: float
    loss: float = 0.0


def moment(model: Network, data: Data, step: int, loss: float = 0.0) -> Moment:
    """Look at a network."""
    embeddings = embeddings_of(model, data.x_test)
    nearest = by_nearest(features_of(model, data.x), features_of(model, data.x_test), data)
    return Moment(step, nearest, spread(embeddings), effective_rank(embeddings), loss)


def fresh(plan: Plan) -> Network:
    """The untrained network of a plan."""
    return Network(batch_norm=plan.batch_norm, seed=plan.seed)


def watched(plan: Plan) -> Iterator[Moment]:
    """Train by a plan, and look at it every ``EVERY`` steps."""
    data, model = askew(plan.seed), fresh(plan)
    yield moment(model, data, 0)
    losses, step = learned(plan, model, data.x, data.y), 0
    while recent := list(islice(losses, EVERY)):
        step += len(recent)
        yield moment(model, data, step, float(np.mean(recent)))


@lru_cache(maxsize=64)
def beginning(plan: Plan) -> tuple[float, ...]:
    """The losses of the first steps, for the program to repeat."""
    return tuple(islice(learned(plan, fresh(plan), askew(plan.seed).x), BEGINNING))


@lru_cache(maxsize=64)
def untrained(plan: Plan) -> Moment:
    """The network of a plan before its first step."""
    return moment(fresh(plan), askew(plan.seed), 0)


@dataclass(frozen=True)
class Lived(Sourced):
    """Several trainings side by side, by name."""

    runs: dict[str, tuple[Moment, ...]]
    plans: dict[str, Plan]
    source: Measured

    @property
    def first(self) -> str:
        """The name of the training that the others are compared with."""
        return next(iter(self.runs))

    @property
    def steps(self) -> list[int]:
        """The steps at which all were looked at."""
        return [each.step for each in self.runs[self.first]]

    def curve(self, name: str, what: str) -> np.ndarray:
        """One quantity of one training over its moments; the loss begins at the second."""
        return np.array([getattr(each, what) for each in self.runs[name]])

    def alarm(self, name: str) -> int | None:
        """The first step at which the embeddings had collapsed; None if they did not."""
        return next((each.step for each in self.runs[name] if each.spread < COLLAPSED), None)

    def rings(self, name: str) -> str:
        """The alarm in a sentence (Markdown)."""
        step, last = self.alarm(name), self.runs[name][-1]
        if step is None:
            directions = counted(round(last.rank), "direction")
            return f"No alarm for {name}: the spread ends at {last.spread:.2f}, in {directions}."
        return f"**Alarm at step {step}: {name} has collapsed**, the spread ends at {last.spread:.3f}."


def trained(plans: tuple[tuple[str, Plan], ...]) -> Generator[tuple[float, str], None, Lived]:
    """Train one after the other, as a job that says how far it is."""
    began, runs = time.perf_counter(), {}
    for place, (name, plan) in enumerate(plans):
        moments = []
        for now in watched(plan):
            moments.append(now)
            yield (place + now.step / plan.steps) / len(plans), f"{name}: step {now.step}"
        runs[name] = tuple(moments)
    seconds = time.perf_counter() - began
    return Lived(runs, dict(plans), Measured((plans[0][1].seed,), seconds, "Trained live"))
