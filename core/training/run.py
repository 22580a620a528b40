"""What a training leaves behind: recorded moments that can be revisited and forked."""

import copy
import math
from dataclasses import dataclass, field

from torch import Tensor, nn

from core.data.data import Data
from core.objectives import Objective
from core.provenance import duration
from core.training.recipe import Recipe
from core.training.vector import load


@dataclass(frozen=True)
class Epoch:
    """What was true at one recorded moment, after ``number`` epochs and ``step`` updates.

    Losses and scores (accuracy or R²) are those of the recorded weights on all training and held-out samples, with
    dropout off. ``gradient_norm`` (of the loss, before clipping and penalties) and ``learning_rate`` belong to the last
    update. ``weights`` (parameters,), the optimizer's ``moments`` (moments, parameters), their ``age`` in updates and
    the ``best`` held-out loss so far with its epoch (kept where there is patience) are enough to go on exactly.
    """

    number: int
    step: int
    train_loss: float
    test_loss: float
    train_score: float
    test_score: float
    learning_rate: float
    gradient_norm: float
    weights: Tensor = field(repr=False)
    moments: Tensor = field(repr=False)
    buffers: tuple[Tensor, ...] = field(default=(), repr=False)
    age: int = 0
    best: tuple[float, int] = (math.inf, 0)


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
        from core.training.engines import resume

        return resume(self, self.recorded(number), data, model, changes)
