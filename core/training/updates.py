"""The update rules, written out by hand. Each changes the weights in place.

``weights`` and ``gradient`` are vectors (parameters,) or stacks (variants, parameters); ``moments`` holds the rule's
memory, (moments, …same shape); ``step`` counts from 1; ``rate`` is a number or (variants, 1). They equal
``torch.optim`` step by step (tests/test_training.py). What they work out on the way is overwritten, not allocated: of a
million weights that takes half the time.
"""

import math
from collections.abc import Callable
from functools import lru_cache

from torch import Tensor

EPSILON = 1e-8
Rule = Callable[[Tensor, Tensor, Tensor, int, "float | Tensor", object], None]  # the last is a recipe


def sgd(weights, gradient, moments, step, rate, recipe) -> None:
    """w ← w − ηg (Robbins and Monro 1951)."""
    weights.sub_(rate * gradient)


def momentum(weights, gradient, moments, step, rate, recipe) -> None:
    """v ← μv + g, w ← w − ηv (Polyak 1964)."""
    velocity = moments[0].mul_(recipe.momentum).add_(gradient)
    weights.sub_(rate * velocity)


def nesterov(weights, gradient, moments, step, rate, recipe) -> None:
    """v ← μv + g, w ← w − η(g + μv) (Nesterov 1983, in Sutskever's form)."""
    velocity = moments[0].mul_(recipe.momentum).add_(gradient)
    weights.sub_(rate * (gradient + recipe.momentum * velocity))


def rmsprop(weights, gradient, moments, step, rate, recipe) -> None:
    """s ← αs + (1−α)g², w ← w − ηg/(√s + ε) (Tieleman and Hinton 2012)."""
    square = moments[0].mul_(recipe.smoothing).addcmul_(gradient, gradient, value=1 - recipe.smoothing)
    weights.sub_((rate * gradient).div_(square.sqrt().add_(EPSILON)))


def adagrad(weights, gradient, moments, step, rate, recipe) -> None:
    """s ← s + g², w ← w − ηg/(√s + ε) (Duchi, Hazan and Singer 2011)."""
    square = moments[0].addcmul_(gradient, gradient)
    weights.sub_((rate * gradient).div_(square.sqrt().add_(1e-10)))


def adam(weights, gradient, moments, step, rate, recipe) -> None:
    """m ← β₁m + (1−β₁)g, s ← β₂s + (1−β₂)g², w ← w − η m̂/(√ŝ + ε), hats undo the start at 0 (Kingma and Ba 2015)."""
    mean = moments[0].mul_(recipe.momentum).add_(gradient, alpha=1 - recipe.momentum)
    square = moments[1].mul_(recipe.beta2).addcmul_(gradient, gradient, value=1 - recipe.beta2)
    scale = square.sqrt().div_(math.sqrt(1 - recipe.beta2**step)).add_(EPSILON)
    weights.sub_((rate / (1 - recipe.momentum**step) * mean).div_(scale))


def adamw(weights, gradient, moments, step, rate, recipe) -> None:
    """Adam whose weight decay acts on the weights, not through the gradient (Loshchilov and Hutter 2019)."""
    weights.sub_(rate * recipe.weight_decay * weights)
    adam(weights, gradient, moments, step, rate, recipe)


@lru_cache(maxsize=64)
def nadam_factors(beta1: float, blocks: int) -> tuple[list[float], list[float]]:
    """Nadam's momentum schedule μₜ = β₁(1 − ½·0.96^{t/250}) and its running products, for 1024·blocks steps."""
    factors, products, product = [], [], 1.0
    for t in range(1, 1024 * blocks + 2):
        factors.append(beta1 * (1 - 0.5 * 0.96 ** (t * 0.004)))
        products.append(product := product * factors[-1])
    return factors, products


def nadam(weights, gradient, moments, step, rate, recipe) -> None:
    """Adam with Nesterov's look-ahead in the first moment (Dozat 2016)."""
    mean = moments[0].mul_(recipe.momentum).add_(gradient, alpha=1 - recipe.momentum)
    square = moments[1].mul_(recipe.beta2).addcmul_(gradient, gradient, value=1 - recipe.beta2)
    factors, products = nadam_factors(recipe.momentum, 1 + step // 1024)
    scale = (square / (1 - recipe.beta2**step)).sqrt_().add_(EPSILON)
    now = rate * (1 - factors[step - 1]) / (1 - products[step - 1])
    ahead = rate * factors[step] / (1 - products[step])
    weights.sub_((now * gradient).add_(ahead * mean).div_(scale))


TABLE: dict[str, tuple[Rule, int]] = {  # each rule and how many numbers it remembers for each weight
    "SGD": (sgd, 0), "Momentum": (momentum, 1), "Nesterov": (nesterov, 1), "RMSProp": (rmsprop, 1),
    "Adam": (adam, 2), "AdamW": (adamw, 2), "Nadam": (nadam, 2), "Adagrad": (adagrad, 1),
}  # fmt: skip
RULES = {name: rule for name, (rule, _) in TABLE.items()}
MOMENTS = {name: count for name, (_, count) in TABLE.items()}
OPTIMIZERS = tuple(TABLE)
