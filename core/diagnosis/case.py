"""A recorded run under examination: what a diagnosis asks about it, each thing measured at most once."""

import ast
import inspect
import math
from collections.abc import Callable
from functools import cached_property
from itertools import pairwise

import torch
from torch import Tensor, nn

from core.diagnosis.stability import Step, judged_step
from core.metrics import score
from core.training import Epoch, Run

BEHIND = 0.08  # a training score this much below that of five nearest neighbours counts as badly fitted


class Case:
    """A run and what has been measured on it, each thing at most once."""

    def __init__(self, run: Run) -> None:
        self.run, self.data, self.first = run, run.data, run.history[0]
        finite = [math.isfinite(epoch.train_loss) and bool(epoch.weights.isfinite().all()) for epoch in run.history]
        self.broken = None if all(finite) else run.history[finite.index(False)]
        self.moments = [epoch for epoch, fine in zip(run.history, finite, strict=True) if fine] or [self.first]
        self.sound = self.moments[-1]

    @cached_property
    def model(self) -> nn.Module:
        """The network at the last sound moment."""
        return self.run.at(self.sound.number)

    @cached_property
    def untrained(self) -> nn.Module:
        return self.run.at(self.first.number)

    @cached_property
    def step(self) -> Step:
        return judged_step(self.run, self.sound)

    @cached_property
    def guess(self) -> float:
        """The score of the best constant answer: the largest class's share, or R² = 0."""
        y = self.data.y
        return 0.0 if y.is_floating_point() else (y.bincount().max() / len(y)).item()

    @cached_property
    def guess_loss(self) -> float:
        """About the loss of a guesser: log of the number of classes, or the targets' variance."""
        y = self.data.y
        return y.var(correction=0).item() if y.is_floating_point() else math.log(max(len(self.data.classes), 2))

    @cached_property
    def level(self) -> float:
        """How far the training score is on the way from guessing (0) to perfect (1)."""
        return (self.sound.train_score - self.guess) / max(1 - self.guess, 1e-6)

    @cached_property
    def behind(self) -> bool:
        """Whether the network fits its own training samples clearly worse than their neighbours would."""
        return neighbours(self.data.x, self.data.y) - self.sound.train_score >= BEHIND

    @cached_property
    def moved(self) -> float:
        """How far the weights have moved, as a share of their size at the start."""
        return ((self.sound.weights - self.first.weights).norm() / self.first.weights.norm().clamp_min(1e-12)).item()

    def leap(self, until: Epoch) -> tuple[float, Epoch]:
        """The largest move between two recorded moments up to a given one, as a share of the weights' size, and the
        moment after it."""
        moments = [epoch for epoch in self.moments if epoch.number <= until.number]
        moves = [
            ((after.weights - before.weights).norm() / torch.max(before.weights.norm(), after.weights.norm())).item()
            for before, after in pairwise(moments)
        ]
        largest = max(range(len(moves)), key=lambda place: moves[place], default=None)
        return (0.0, until) if largest is None else (moves[largest], moments[largest + 1])

    @cached_property
    def falling(self) -> bool:
        """Whether the training loss fell by 2% or more from the last fifth of the moments but one to the last."""
        losses = torch.tensor([epoch.train_loss for epoch in self.moments])
        part = max(len(losses) // 5, 2)
        return len(losses) >= 4 and bool(losses[-part:].mean() < 0.98 * losses[-2 * part : -part].mean())

    def crossing(self, above: Callable[[nn.Module], bool]) -> Epoch:
        """A recorded moment at which a condition holds and just before which it did not (the first if it always
        did). It must hold at the last sound moment."""
        if above(self.untrained):
            return self.first
        low, high = 0, len(self.moments) - 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if above(self.run.at(self.moments[middle].number)) else (middle, high)
        return self.moments[high]

    def takes(self, name: str) -> bool:
        """Whether the network can be made anew with this argument."""
        made = getattr(self.run.model, "source", "")
        return bool(made) and name in inspect.signature(type(self.run.model)).parameters

    def argument(self, name: str):
        """What the network's own call says about an argument, or its default."""
        call = ast.parse(self.run.model.source, mode="eval").body
        given = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
        return given.get(name, inspect.signature(type(self.run.model)).parameters[name].default)


def neighbours(x: Tensor, y: Tensor, count: int = 5) -> float:
    """The score of ``count`` nearest neighbours on the samples themselves, each one left out in turn (at most 1,000):
    a measure of how much the inputs can tell."""
    x, y = x[:1000].flatten(1), y[:1000]
    if len(x) <= count or not x.isfinite().all():
        return -math.inf
    distances = torch.cdist(x, x).fill_diagonal_(math.inf)
    near = y[distances.topk(count, largest=False).indices]
    if y.is_floating_point():
        return score(near.mean(dim=1), y)
    return (near.mode(dim=1).values == y).float().mean().item()


def rebuilt(model: nn.Module, **changes) -> nn.Module:
    """A fresh network made by the same call with some arguments changed; ``widths`` replaces an MLP's."""
    call = ast.parse(model.source, mode="eval").body
    arguments = [ast.literal_eval(argument) for argument in call.args]
    keywords = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
    return type(model)(*changes.pop("widths", arguments), **keywords | changes)
