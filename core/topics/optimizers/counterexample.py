"""A problem on which Adam walks the wrong way (after Reddi, Kale and Kumar 2018): rare large gradients point to the
minimum, frequent small ones point away from it, and the root of the squared gradients makes the rare ones count too
little."""

import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.provenance import Measured, Sourced
from core.topics.optimizers.races import recipe_of
from core.training import Recipe
from core.training.updates import EPSILON, MOMENTS, RULES

SEEDS = 20
LARGE = 100.0  # the rare gradient; all others are −1
PLAYERS = ("SGD", "Adam", "AMSGrad")


def amsgrad(weights: Tensor, gradient: Tensor, moments: Tensor, step: int, rate: float, recipe: Recipe) -> None:
    """Adam that divides by the largest memory so far, so that a rare large gradient is not forgotten: s̃ ← max(s̃, s),
    w ← w − η m̂/(√(s̃/(1−β₂ᵗ)) + ε) (Reddi, Kale and Kumar 2018)."""
    mean = moments[0].mul_(recipe.momentum).add_(gradient, alpha=1 - recipe.momentum)
    square = moments[1].mul_(recipe.beta2).addcmul_(gradient, gradient, value=1 - recipe.beta2)
    largest = torch.maximum(moments[2], square, out=moments[2])
    scale = (largest / (1 - recipe.beta2**step)).sqrt_().add_(EPSILON)
    weights.sub_(rate / (1 - recipe.momentum**step) * mean / scale)


@dataclass(frozen=True)
class Game(Sourced):
    """Positions between −1 and 1 over time, (seeds, steps + 1) per optimizer; the loss falls on average towards −1."""

    ways: dict[str, np.ndarray]
    every: int
    rate: float
    beta2: float
    source: Measured

    @property
    def slope(self) -> float:
        """The average gradient: positive, so that the minimum lies at −1."""
        return (LARGE - (self.every - 1)) / self.every

    @property
    def ends(self) -> dict[str, np.ndarray]:
        """Mean position over the last third of the steps, (seeds,)."""
        return {name: way[:, -way.shape[1] // 3 :].mean(axis=1) for name, way in self.ways.items()}

    @property
    def loser(self) -> bool:
        """Whether Adam ends on the wrong side in most of the seeds."""
        return bool(np.median(self.ends["Adam"]) > 0)


def game(every: int = 50, beta2: float = 0.9, learning_rate: float = 0.02, steps: int = 1500, seed: int = 0) -> Game:
    """Let the optimizers walk on [−1, 1]: the gradient is 100 once in ``every`` steps, by chance, and −1 otherwise.

    The average gradient, (100 − (every − 1))/every, is positive, so the loss is least at −1. All start at 0 and meet
    the same gradients. SGD's step is the learning rate divided by 10.
    """
    began = time.perf_counter()
    draws = torch.stack([
        torch.rand(steps, generator=torch.Generator().manual_seed(one)) for one in range(seed, seed + SEEDS)
    ])  # fmt: skip
    gradients = torch.where(draws < 1 / every, LARGE, -1.0).T.contiguous()
    recipe, rules = recipe_of("Adam", beta2=beta2), {**RULES, "AMSGrad": amsgrad}
    ways = {}
    for name in PLAYERS:
        point, memory = torch.zeros(SEEDS), torch.zeros(MOMENTS.get(name, 3), SEEDS)
        rate, way = learning_rate / 10 if name == "SGD" else learning_rate, torch.zeros(steps + 1, SEEDS)
        for step, gradient in enumerate(gradients):
            rules[name](point, gradient, memory, step + 1, rate, recipe)
            way[step + 1] = point.clamp_(-1, 1)
        ways[name] = way.T.numpy()
    return Game(
        ways, every, learning_rate, beta2, Measured(tuple(range(seed, seed + SEEDS)), time.perf_counter() - began)
    )
