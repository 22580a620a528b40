"""The training loop, a generator: it yields one recorded ``Epoch`` at a time and the caller decides what to do with it.

The caller draws, streams, keeps everything (``train``) or stops by leaving the loop.
"""

import copy
import math
import time
from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor, nn

from core.data.data import Data
from core.metrics import score
from core.models.layers import Dropout
from core.objectives import Objective, natural
from core.randomness import order
from core.training.recipe import Recipe, learning_rate
from core.training.run import Epoch, Run
from core.training.updates import MOMENTS, RULES
from core.training.vector import ParameterVector, load

MEMORY = 16_000_000  # bytes that one recorded run may hold


def epochs(
    model: nn.Module,
    data: Data,
    recipe: Recipe,
    objective: Objective | None = None,
    start: Epoch | None = None,
) -> Iterator[Epoch]:
    """Train ``model`` in place and yield its recorded moments, the untrained one first.

    ``start`` continues a recorded moment. Ends early when the loss is no longer a finite number (the last epoch then
    carries the broken loss and its step) or when the recipe's patience is over.
    """
    objective = objective or natural(data.classes)
    if start is not None:
        load(model, start.weights, start.buffers)
    vector = ParameterVector(model)
    moments = vector.weights.new_zeros(MOMENTS[recipe.optimizer], vector.weights.numel())
    if start is not None and start.moments.shape == moments.shape:
        moments.copy_(start.moments)
    rule, per_epoch = RULES[recipe.optimizer], math.ceil(len(data.x) / recipe.batch_size)
    step, first, rate = (start.step, start.number, start.learning_rate) if start else (0, 0, 0.0)
    dropouts = [module for module in model.modules() if isinstance(module, Dropout)]
    wanted = recorded_epochs(recipe, first, moments.numel() + vector.weights.numel())
    best, best_number, sound = math.inf, first, True
    for number in range(first, recipe.epochs + 1):
        if number > first:
            model.train()
            visit = order(len(data.x), recipe.seed, number)
            for batch in visit.split(recipe.batch_size):
                for layer, dropout in enumerate(dropouts):
                    dropout.place = (recipe.seed, 16 + layer, step)
                rate = learning_rate(recipe, step, recipe.epochs * per_epoch)
                step += 1
                vector.gradient.zero_()
                loss = objective(model, data.x[batch], data.y[batch])
                loss.backward()
                sound = math.isfinite(loss.item())
                if not sound:
                    break
                rule(vector.weights, penalised(vector, recipe), moments, step, rate, recipe)
        if number in wanted or not sound:
            epoch = measured(model, data, objective, vector, moments, number, step, rate)
            sound = sound and math.isfinite(epoch.train_loss)
            yield epoch
            if epoch.test_loss < best:
                best, best_number = epoch.test_loss, number
            if not sound or (recipe.patience and number - best_number >= recipe.patience):
                return


def recorded_epochs(recipe: Recipe, first: int, numbers: int) -> set[int]:
    """Which epochs are recorded: spread evenly, at most ``recipe.frames`` and at most ``MEMORY`` bytes in all."""
    frames = max(2, min(recipe.frames, MEMORY // (4 * max(numbers, 1))))
    span = max(recipe.epochs - first, 0)
    return {first + round(index * span / (frames - 1)) for index in range(frames)}


def penalised(vector: ParameterVector, recipe: Recipe) -> Tensor:
    """The gradient with its norm clipped and the penalties' gradients added (L2 only where not decoupled)."""
    gradient = vector.gradient
    if recipe.clip:
        gradient.mul_((recipe.clip / (gradient.norm() + 1e-6)).clamp(max=1.0))
    if recipe.weight_decay and recipe.optimizer != "AdamW":
        gradient.add_(vector.weights, alpha=recipe.weight_decay)
    if recipe.l1:
        gradient.add_(vector.weights.sign(), alpha=recipe.l1)
    return gradient


def measured(model, data, objective, vector, moments, number, step, rate) -> Epoch:
    """The moment as a record: everything measured with dropout off."""
    gradient_norm = vector.gradient.norm().item()
    train_loss, train_score = evaluate(model, data.x, data.y, objective)
    test_loss, test_score = evaluate(model, data.x_test, data.y_test, objective)
    return Epoch(
        number, step, train_loss, test_loss, train_score, test_score, rate, gradient_norm,
        vector.weights.clone(), moments.clone(), tuple(buffer.clone() for buffer in model.buffers()),
    )  # fmt: skip


@torch.no_grad()
def evaluate(model: nn.Module, x: Tensor, y: Tensor, objective: Objective) -> tuple[float, float]:
    """Loss and score (accuracy or R²) of a model on samples, dropout off; (nan, nan) without samples."""
    if len(x) == 0:
        return math.nan, math.nan
    model.eval()
    outputs = torch.cat([model(part) for part in x.split(2048)])
    return objective(Answered(model, x, outputs), x, y).item(), score(outputs, y)


class Answered:
    """A model whose answer to ``x`` is already known, so that loss and score share one forward pass."""

    def __init__(self, model: nn.Module, x: Tensor, outputs: Tensor) -> None:
        self.model, self.x, self.outputs = model, x, outputs

    def __call__(self, x: Tensor) -> Tensor:
        return self.outputs if x is self.x else self.model(x)

    def __getattr__(self, name: str):
        return getattr(self.model, name)


def train(
    model: nn.Module, data: Data, recipe: Recipe, objective: Objective | None = None, engine: str = "auto"
) -> Run:
    """Train a copy of ``model`` and keep every recorded moment.

    ``engine`` "torch" forces the loop above; "auto" takes the compiled trainer where it can do the same faster.
    """
    return _recorded(model, data, recipe, objective or natural(data.classes), None, None, engine)


def resume(parent: Run, start: Epoch, data: Data | None, model: nn.Module | None, changes: dict) -> Run:
    """A fork: see ``Run.fork``."""
    recipe = replace(parent.recipe, **changes)
    engine = "torch" if parent.engine == "torch" else "auto"
    return _recorded(
        model or parent.model, data or parent.data, recipe, parent.objective, start, (parent, start.number), engine
    )


def _recorded(model, data, recipe, objective, start, parent, engine) -> Run:
    began = time.perf_counter()
    history = tuple(epochs(copy.deepcopy(model), data, recipe, objective, start))
    return Run(model, data, recipe, objective, history, time.perf_counter() - began, "torch", parent)
