"""The training loop, a generator: it yields one recorded ``Epoch`` at a time and the caller decides what to do with it.

The caller draws, streams, keeps everything (``core.training.train``) or stops by leaving the loop.
"""

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from core.cancel import steps
from core.data.data import Data
from core.metrics import score
from core.objectives import Objective, natural
from core.randomness import order
from core.training.epoch import Epoch
from core.training.recipe import Recipe, learning_rates, recorded_epochs
from core.training.updates import MOMENTS, RULES
from core.training.vector import ParameterVector, load


def epochs(
    model: nn.Module,
    data: Data,
    recipe: Recipe,
    objective: Objective | None = None,
    start: Epoch | None = None,
) -> Iterator[Epoch]:
    """Train ``model`` in place and yield its recorded moments, the untrained one first.

    ``start`` continues a recorded moment. Ends early when the loss is no longer a finite number (the last epoch then
    carries the broken loss and its step) or when the recipe's patience is over. Raises ``ValueError`` if ``start``
    lies behind the recipe's last epoch, or for batch norm with a batch of one sample.
    """
    objective = objective or natural(data.classes)
    if start is not None:
        load(model, start.weights, start.buffers)
    vector = ParameterVector(model)
    moments, step, age, rate, best = beginning(vector.weights, recipe, start)
    rule, per_epoch = RULES[recipe.optimizer], batches_per_epoch(model, len(data.x), recipe)
    placed = [module for module in model.modules() if hasattr(module, "place")]
    first, broken = start.number if start else 0, None
    wanted = recorded_epochs(recipe, first, moments.numel() + vector.weights.numel())
    for number in steps(range(first, recipe.epochs + 1)):
        if number > first:
            model.train()
            batches = order(len(data.x), recipe.seed, number).split(recipe.batch_size)[:per_epoch]
            rates = learning_rates(recipe, step, step + per_epoch, recipe.epochs * per_epoch).tolist()
            for batch, rate in zip(batches, rates, strict=True):
                for layer, module in enumerate(placed):
                    module.place = (recipe.seed, 16 + layer, step)
                step, age = step + 1, age + 1
                vector.gradient.zero_()
                loss = objective(model, data.x[batch], data.y[batch])
                loss.backward()
                if not math.isfinite(value := loss.item()):
                    broken = value
                    break
                rule(vector.weights, penalised(vector.weights, vector.gradient, recipe), moments, age, rate, recipe)
        if recipe.patience and len(data.x_test) and broken is None:
            best = min(best, (evaluate(model, data.x_test, data.y_test, objective)[0], number))
        over = 0 < recipe.patience <= number - best[1] and len(data.x_test) > 0
        if number in wanted or over or broken is not None:
            train_loss, train_score = evaluate(model, data.x, data.y, objective)
            test_loss, test_score = evaluate(model, data.x_test, data.y_test, objective)
            norm = start.gradient_norm if start and number == first else vector.gradient.norm().item()
            yield Epoch(
                number, step, train_loss if broken is None else broken, test_loss, train_score, test_score, rate, norm,
                vector.weights.clone(), moments.clone(), tuple(buffer.clone() for buffer in model.buffers()), age, best,
            )  # fmt: skip
            if over or broken is not None or not math.isfinite(train_loss):
                return


def beginning(weights: Tensor, recipe: Recipe, start: Epoch | None) -> tuple:
    """Where a training begins: moments (moments, …weights), step, age of the moments, rate, best held-out loss."""
    moments = weights.new_zeros(MOMENTS[recipe.optimizer], *weights.shape)
    if start is None:
        return moments, 0, 0, 0.0, (math.inf, 0)
    remembered = start.moments.shape == moments.shape
    if remembered:
        moments.copy_(start.moments)
    return moments, start.step, start.age if remembered else 0, start.learning_rate, start.best


def batches_per_epoch(model: nn.Module, samples: int, recipe: Recipe) -> int:
    """How many updates an epoch has; batch norm leaves out a last batch of one sample, which has no variance."""
    batches = math.ceil(samples / recipe.batch_size)
    if not any(isinstance(module, nn.BatchNorm1d) for module in model.modules()):
        return batches
    if min(samples, recipe.batch_size) < 2:
        raise ValueError("Batch norm needs at least two samples in a batch.")
    return batches - (samples % recipe.batch_size == 1)


def penalised(weights: Tensor, gradient: Tensor, recipe: Recipe) -> Tensor:
    """The gradient with its norm clipped and the penalties' gradients added (L2 only where not decoupled)."""
    if recipe.clip:
        gradient = gradient * (recipe.clip / (gradient.norm() + 1e-6)).clamp(max=1.0)
    if recipe.weight_decay and recipe.optimizer != "AdamW":
        gradient = gradient.add(weights, alpha=recipe.weight_decay)
    if recipe.l1:
        gradient = gradient.add(weights.sign(), alpha=recipe.l1)
    return gradient


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
