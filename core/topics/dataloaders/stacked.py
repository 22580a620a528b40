"""The same small network trained many times at once, each with its own order of samples, as DataLoader's samplers give
it."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

HIDDEN = 24


@dataclass(frozen=True)
class Stack:
    """``members`` trainings side by side: ``x`` (members, samples, inputs) and ``y`` (members, samples) to learn from,
    ``orders`` (members, epochs, samples) in which they are visited, ``weights`` (members, classes) of the classes in
    the loss, ``seeds`` (members) of the networks."""

    x: Tensor
    y: Tensor
    orders: Tensor
    weights: Tensor
    seeds: tuple[int, ...]


def network(inputs: int, classes: int, seed: int) -> nn.Sequential:
    """One hidden layer, float64, so that roundings do not show."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers = nn.Linear(inputs, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, classes)
    return nn.Sequential(*layers).double()


def outputs(parameters: list[Tensor], x: Tensor) -> Tensor:
    """All networks' logits (members, samples, classes)."""
    first, bias, second, shift = parameters
    return torch.baddbmm(shift, torch.baddbmm(bias, x, first).relu(), second)


def losses(logits: Tensor, y: Tensor, weights: Tensor) -> Tensor:
    """Each member's weighted cross-entropy as torch defines it: the weighted mean, (members,)."""
    each = -functional.log_softmax(logits, dim=-1).gather(-1, y[..., None])[..., 0]
    importance = weights.gather(1, y)
    return (each * importance).sum(dim=1) / importance.sum(dim=1)


def trained(stack: Stack, x_test: Tensor, batch_size: int, learning_rate: float) -> np.ndarray:
    """Logits (epochs + 1, members, held-out samples, classes) before and after each epoch of plain descent."""
    classes = stack.weights.shape[1]
    members = [list(network(stack.x.shape[2], classes, seed).parameters()) for seed in stack.seeds]
    parameters = [
        torch.stack([part.detach().T if part.ndim == 2 else part.detach()[None] for part in parts]).requires_grad_()
        for parts in zip(*members, strict=True)
    ]
    at = torch.arange(len(stack.seeds))[:, None]
    with torch.no_grad():
        history = [outputs(parameters, x_test)]
    for epoch in range(stack.orders.shape[1]):
        for batch in stack.orders[:, epoch].split(batch_size, dim=1):
            loss = losses(outputs(parameters, stack.x[at, batch]), stack.y[at, batch], stack.weights)
            gradients = torch.autograd.grad(loss.sum(), parameters)
            with torch.no_grad():
                for parameter, gradient in zip(parameters, gradients, strict=True):
                    parameter -= learning_rate * gradient
        with torch.no_grad():
            history.append(outputs(parameters, x_test))
    return torch.stack(history).numpy()
