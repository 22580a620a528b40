"""A training kept whole: recorded moments that can be revisited and forked."""

import copy
import math
import time
from collections.abc import Generator
from dataclasses import dataclass, replace

from torch import nn

from core.cancel import Cancel
from core.data.data import Data
from core.objectives import Objective, natural
from core.provenance import duration
from core.training.engines import engine_of, recorded
from core.training.epoch import Epoch
from core.training.recipe import Recipe
from core.training.vector import load

__all__ = ["Epoch", "Run", "train", "training"]


@dataclass(frozen=True)
class Run:
    """A recorded training. ``model`` is the network as it was at the start and is never changed; ``parent`` is the
    run and the epoch this one was forked from."""

    model: nn.Module
    data: Data
    recipe: Recipe
    objective: Objective
    history: tuple[Epoch, ...]
    seconds: float
    engine: str
    parent: "tuple[Run, int] | None" = None

    @property
    def last(self) -> Epoch:
        """The final recorded moment."""
        return self.history[-1]

    @property
    def best(self) -> Epoch:
        """The recorded moment with the lowest held-out loss."""
        return min(self.history, key=lambda epoch: epoch.test_loss if epoch.test_loss == epoch.test_loss else 1e300)

    @property
    def specification(self) -> str:
        """Everything that determines this run, as text: equal text, equal run."""
        origin = f"{self.parent[0].specification}@{self.parent[1]} " if self.parent else ""
        name = getattr(self.objective, "__name__", repr(self.objective))
        return f"{origin}{getattr(self.model, 'source', self.model)} {self.data.source} {name} {self.recipe}"

    @property
    def provenance(self) -> str:
        """Where this run's numbers come from, for the line under a figure."""
        return f"Live run · seed {self.recipe.seed} · {duration(self.seconds)} · {self.engine} engine"

    def recorded(self, number: int | None = None) -> Epoch:
        """The last moment recorded at or before epoch ``number`` (the final one by default)."""
        if number is None:
            return self.last
        return [epoch for epoch in self.history if epoch.number <= max(number, self.history[0].number)][-1]

    def at(self, number: int | None = None) -> nn.Module:
        """The network as it was then: a copy in evaluation mode."""
        epoch = self.recorded(number)
        return load(copy.deepcopy(self.model), epoch.weights, epoch.buffers).eval()

    def curve(self, name: str) -> tuple[list[int], list[float]]:
        """Epoch numbers and one recorded quantity: ``train_loss``, ``test_score``, ``gradient_norm``, …"""
        return [epoch.number for epoch in self.history], [getattr(epoch, name) for epoch in self.history]

    def fork(self, number: int, data: Data | None = None, model: nn.Module | None = None, **changes) -> "Run":
        """Go on from a recorded moment with a changed recipe (and data, or a model with the same parameters).

        Without changes the future is the same, to the bit on the same engine. A new optimizer starts with an empty
        memory. Raises ``ValueError`` or ``TypeError`` for a setting ``Recipe`` does not take.
        """
        recipe, start = replace(self.recipe, **changes), self.recorded(number)
        if recipe.optimizer != self.recipe.optimizer:
            start = replace(start, moments=start.moments[:0], age=0)
        if data is not None:
            start = replace(start, best=(math.inf, 0))
        engine = "torch" if self.engine == "torch" else "auto"
        parts = model or self.model, data or self.data, recipe, self.objective
        return finished(training(*parts, engine, parent=(self, start.number), start=start))


def train(
    model: nn.Module,
    data: Data,
    recipe: Recipe,
    objective: Objective | None = None,
    engine: str = "auto",
    cancel: Cancel | None = None,
) -> Run:
    """Train a copy of ``model`` and keep every recorded moment.

    ``engine`` "torch" forces the loop of core.training.loop, "compiled" the compiled trainer, waiting for its
    compilation; "auto" takes the compiled one where it does the same, faster, and is ready. ``cancel``, set from
    another thread, ends the training at what is recorded by then. Raises ``ValueError`` for what an engine cannot do.
    """
    return finished(training(model, data, recipe, objective, engine, cancel))


def training(
    model: nn.Module,
    data: Data,
    recipe: Recipe,
    objective: Objective | None = None,
    engine: str = "auto",
    cancel: Cancel | None = None,
    parent: "tuple[Run, int] | None" = None,
    start: Epoch | None = None,
) -> Generator[tuple[float, str], None, Run]:
    """``train`` as long work: yields (share done, message) at every recorded moment and returns the run."""
    objective, began, history = objective or natural(data.classes), time.perf_counter(), []
    chosen = engine_of(model, data, recipe, objective, engine)
    for epoch in recorded(chosen, model, data, recipe, objective, start, cancel):
        history.append(epoch)
        yield epoch.number / recipe.epochs, message(epoch, recipe, bool(data.classes))
    return Run(model, data, recipe, objective, tuple(history), time.perf_counter() - began, chosen, parent)


def message(epoch: Epoch, recipe: Recipe, has_classes: bool) -> str:
    """How far a training is, and how well it does on held-out samples, if there are any."""
    place = f"epoch {epoch.number} of {recipe.epochs}"
    if math.isnan(epoch.test_score):
        return place
    return f"{place}, held out {f'{epoch.test_score:.1%} right' if has_classes else f'loss {epoch.test_loss:.3g}'}"


def finished(work: Generator[tuple[float, str], None, Run]) -> Run:
    """The run that a training returns at its end."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value
