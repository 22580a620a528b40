"""Loss functions as objectives: ``objective(model, x, y)`` is the number that training lowers.

``x`` (batch, …features), ``y`` (batch,) class numbers or (batch, outputs) targets; the result is a scalar tensor.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

Objective = Callable[[nn.Module, Tensor, Tensor], Tensor]


def mean_squared_error(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Mean of squared errors over samples and outputs."""
    return functional.mse_loss(model(x), y)


def mean_absolute_error(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Mean of absolute errors over samples and outputs."""
    return functional.l1_loss(model(x), y)


def huber(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Squared error near zero, absolute beyond 1 (Huber 1964)."""
    return functional.huber_loss(model(x), y)


def cross_entropy(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Mean of −log softmax(outputs)[y]; outputs (batch, classes)."""
    return functional.cross_entropy(model(x), y)


def binary_cross_entropy(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Mean of −log of the sigmoid of one logit; outputs (batch, 1), classes 0 and 1."""
    return functional.binary_cross_entropy_with_logits(model(x)[:, 0], y.to(x.dtype))


def focal(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Cross-entropy that counts sample i (1 − pᵢ)² times, pᵢ being the probability given to its class: what is already
    right hardly counts (Lin et al. 2017, with γ = 2)."""
    right = functional.log_softmax(model(x), dim=1).gather(1, y[:, None])
    return -(torch.expm1(right).square() * right).mean()


def hinge(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Multi-class margin loss with margin 1 (Crammer and Singer 2001): the best wrong class must stay 1 below."""
    outputs = model(x)
    right = outputs.gather(1, y[:, None])
    wrong = outputs.scatter(1, y[:, None], -torch.inf).amax(dim=1, keepdim=True)
    return torch.relu(1 + wrong - right).mean()


def natural(classes: tuple[str, ...]) -> Objective:
    """The usual objective of a problem: cross-entropy for classes, squared error for numbers."""
    return cross_entropy if classes else mean_squared_error


def gaussian_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Kullback-Leibler divergence in nats of Gaussians from the standard normal, entry by entry, in closed form:
    (mean² + variance − 1 − log variance) / 2 (Kingma and Welling 2014, appendix B)."""
    return (mean.square() + log_variance.exp() - 1 - log_variance) / 2
