"""Variants of one training as one stack of weights: one operation trains them all (``torch.func.vmap``)."""

import copy
import math
import time
from collections.abc import Sequence
from dataclasses import fields

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from core import objectives
from core.cancel import go_on
from core.data.data import Data
from core.metrics import score
from core.models.layers import Dropout
from core.objectives import Objective
from core.randomness import order
from core.training.loop import Answered, recorded_epochs
from core.training.recipe import Recipe, learning_rates
from core.training.run import Epoch, Run
from core.training.updates import MOMENTS, RULES

OBJECTIVES = (
    objectives.mean_squared_error, objectives.mean_absolute_error, objectives.huber, objectives.cross_entropy,
    objectives.binary_cross_entropy, objectives.hinge, objectives.focal,
)  # fmt: skip
LAYERS = (
    nn.Identity, nn.Sigmoid, nn.Tanh, nn.ReLU, nn.LeakyReLU, nn.GELU, nn.Linear, nn.Flatten, nn.LayerNorm,
)  # fmt: skip
OWN = {"seed", "learning_rate", "schedule", "weight_decay", "l1", "clip", "patience"}  # may differ within a stack


def stackable(model: nn.Module, objective: Objective) -> bool:
    """Whether variants of this model can be trained as one stack."""
    leaves = [module for module in model.modules() if not list(module.children())]
    plain = all(type(leaf) in LAYERS or (isinstance(leaf, Dropout) and leaf.rate == 0) for leaf in leaves)
    trained = all(parameter.requires_grad for parameter in model.parameters())
    return plain and trained and objective in OBJECTIVES and not list(model.buffers())


def likeness(model: nn.Module, data: Data, recipe: Recipe, objective: Objective) -> tuple:
    """What variants of one stack have in common."""
    shapes = tuple((tuple(tensor.shape), tensor.dtype) for tensor in (data.x, data.y, data.x_test, data.y_test))
    settings = tuple(getattr(recipe, field.name) for field in fields(recipe) if field.name not in OWN)
    return type(model), repr(model), shapes, settings, objective


class Stack:
    """K networks of one architecture as one tensor of weights, (variants, parameters), with their data."""

    def __init__(self, models: Sequence[nn.Module], data: Sequence[Data], objective: Objective) -> None:
        self.model, self.objective = copy.deepcopy(models[0]), objective
        self.shapes = {name: parameter.shape for name, parameter in self.model.named_parameters()}
        rows = [torch.cat([parameter.detach().reshape(-1) for parameter in model.parameters()]) for model in models]
        self.weights = torch.stack(rows).requires_grad_()
        self.x, self.y, self.x_test, self.y_test = (
            torch.stack([getattr(problem, name) for problem in data]) for name in ("x", "y", "x_test", "y_test")
        )

    def parameters(self) -> dict[str, Tensor]:
        """The stack cut into the network's parameters, {name: (variants, …shape)}."""
        pieces = self.weights.split([shape.numel() for shape in self.shapes.values()], dim=1)
        return {
            name: piece.reshape(-1, *shape) for piece, (name, shape) in zip(pieces, self.shapes.items(), strict=True)
        }

    def outputs(self, x: Tensor) -> Tensor:
        """All networks' answers; x (variants, batch, …features) → (variants, batch, outputs)."""
        return vmap(lambda parameters, x: functional_call(self.model, parameters, (x,)))(self.parameters(), x)

    def losses(self, outputs: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """The objective of each variant, (variants,)."""
        return vmap(lambda outputs, x, y: self.objective(Answered(self.model, x, outputs), x, y))(outputs, x, y)

    def gradient(self, visits: Tensor) -> tuple[Tensor, Tensor]:
        """Losses (variants,) and gradients (variants, parameters) on a batch each; visits (variants, batch)."""
        row = torch.arange(len(visits))[:, None]
        x, y = self.x[row, visits], self.y[row, visits]
        losses = self.losses(self.outputs(x), x, y)
        return losses.detach(), torch.autograd.grad(losses.sum(), self.weights)[0]

    @torch.no_grad()
    def measured(self, x: Tensor, y: Tensor) -> list[tuple[float, float]]:
        """Loss and score of each variant on all its samples; (nan, nan) without samples."""
        if x.shape[1] == 0:
            return [(math.nan, math.nan)] * len(x)
        outputs = torch.cat([self.outputs(part) for part in x.split(2048, dim=1)], dim=1)
        losses = self.losses(outputs, x, y).tolist()
        return [(loss, score(answer, target)) for loss, answer, target in zip(losses, outputs, y, strict=True)]


class Columns:
    """A stack's recipes as one: what may differ between variants is a column (variants, 1)."""

    def __init__(self, recipes: Sequence[Recipe]) -> None:
        self.recipes, first = recipes, recipes[0]
        self.optimizer, self.momentum = first.optimizer, first.momentum
        self.beta2, self.smoothing = first.beta2, first.smoothing
        self.weight_decay, self.l1, self.clip = (
            torch.tensor([[getattr(recipe, name)] for recipe in recipes]) for name in ("weight_decay", "l1", "clip")
        )

    def rates(self, first: int, last: int, steps: int) -> Tensor:
        """Each variant's step size at the steps ``first`` to ``last`` − 1, (steps, variants, 1)."""
        rows = np.stack([learning_rates(recipe, first, last, steps) for recipe in self.recipes], axis=1)
        return torch.from_numpy(rows.astype(np.float32))[..., None]

    def penalised(self, weights: Tensor, gradient: Tensor) -> Tensor:
        """As ``loop.penalised``, row by row."""
        if self.clip.any():
            shrink = (self.clip / (gradient.norm(dim=1, keepdim=True) + 1e-6)).clamp(max=1.0)
            gradient = torch.where(self.clip > 0, gradient * shrink, gradient)
        if self.weight_decay.any() and self.optimizer != "AdamW":
            gradient = gradient + self.weight_decay * weights
        return gradient + self.l1 * weights.sign() if self.l1.any() else gradient


def train_stack(members: Sequence[tuple[nn.Module, Data, Recipe, Objective]]) -> list[Run]:
    """Train alike variants together; each run equals ``train`` of its variant to float32 rounding."""
    began = time.perf_counter()
    models, data, recipes, (objective, *_) = zip(*members, strict=True)
    histories = _histories(Stack(models, data, objective), recipes)
    seconds = time.perf_counter() - began
    return [
        Run(model, problem, recipe, objective, tuple(history), seconds, "torch")
        for (model, problem, recipe, _), history in zip(members, histories, strict=True)
    ]


def _histories(stack: Stack, recipes: Sequence[Recipe]) -> list[list[Epoch]]:
    """The training loop of a stack; a variant that breaks or runs out of patience is recorded and left alone."""
    columns, leader, samples = Columns(recipes), recipes[0], stack.x.shape[1]
    weights, rule = stack.weights.detach(), RULES[leader.optimizer]  # the same memory, without autograd
    moments = weights.new_zeros(MOMENTS[leader.optimizer], *weights.shape)
    gradient, rates, step = torch.zeros_like(weights), torch.zeros(len(recipes), 1), 0
    wanted = recorded_epochs(leader, 0, weights.shape[1] * (1 + len(moments)))
    best, histories, training = [(math.inf, 0)] * len(recipes), [[] for _ in recipes], set(range(len(recipes)))
    per_epoch = math.ceil(samples / leader.batch_size)

    def record(places: set[int], number: int, broken: dict[int, float]) -> None:
        norms = gradient.norm(dim=1).tolist()
        pairs = list(zip(stack.measured(stack.x, stack.y), stack.measured(stack.x_test, stack.y_test), strict=True))
        for place in sorted(places):
            (train_loss, train_score), (test_loss, test_score) = pairs[place]
            train_loss = broken.get(place, train_loss)
            histories[place].append(Epoch(
                number, step, train_loss, test_loss, train_score, test_score, rates[place].item(), norms[place],
                weights[place].clone(), moments[:, place].clone(), (), step, best[place],
            ))  # fmt: skip
            if not math.isfinite(train_loss):
                training.discard(place)

    for number in range(leader.epochs + 1):
        go_on()
        visits = torch.stack([order(samples, recipe.seed, max(number, 1)) for recipe in recipes])
        stretch = columns.rates(step, step + per_epoch, leader.epochs * per_epoch)
        for batch, rates in zip(visits.split(leader.batch_size, dim=1), stretch, strict=True) if number else ():
            step += 1
            losses, gradient = stack.gradient(batch)
            broken = {place: losses[place].item() for place in training if not math.isfinite(losses[place])}
            if broken:
                record(set(broken), number, broken)
            rule(weights, columns.penalised(weights, gradient), moments, step, rates, columns)
        over = set()
        if any(recipe.patience for recipe in recipes) and stack.x_test.shape[1]:
            for place, (loss, _) in enumerate(stack.measured(stack.x_test, stack.y_test)):
                best[place] = min(best[place], (loss, number)) if recipes[place].patience else best[place]
                if 0 < recipes[place].patience <= number - best[place][1]:
                    over.add(place)
        if ending := training if number in wanted else over & training:
            record(set(ending), number, {})
        training -= over
        if not training:
            break
    return histories
