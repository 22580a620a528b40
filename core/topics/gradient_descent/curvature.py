"""How strongly a loss curves: the largest eigenvalue of its Hessian, by power iteration on products with vectors, for
one point or for all recorded moments of a training at once."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.func import functional_call, vmap

from core.probes.stacked import Loss, named, own
from core.training import Run

ITERATIONS = 40


def power_iteration(product: Callable[[Tensor], Tensor], start: Tensor, iterations: int) -> tuple[Tensor, Tensor]:
    """Multiply vectors by symmetric matrices again and again: they turn towards the eigenvectors whose eigenvalues are
    largest in absolute value (von Mises and Pollaczek-Geiringer 1929).

    ``start`` (…, size) holds one vector per matrix, ``product`` multiplies each by its own. Returns the estimates
    vᵀHv after every iteration, (iterations, …), and the last unit vectors (…, size).
    """
    vector, estimates = start / start.norm(dim=-1, keepdim=True), []
    for _ in range(iterations):
        image = product(vector)
        estimates.append((vector * image).sum(dim=-1))
        vector = image / image.norm(dim=-1, keepdim=True).clamp_min(1e-30)
    return torch.stack(estimates), vector


def largest(product: Callable[[Tensor], Tensor], start: Tensor, iterations: int = ITERATIONS) -> Tensor:
    """The largest (not the largest absolute) eigenvalues, (…).

    A search may end at a negative one, or between a positive and a negative one of the same size. Then a second one,
    on the matrix with its norm added to all eigenvalues, finds the upper end. No estimate is above the truth, so that
    the larger of the two is the better.
    """
    vector = power_iteration(product, start, iterations)[1]
    image = product(vector)
    first, norm = (vector * image).sum(dim=-1), image.norm(dim=-1)
    if (first >= 0.99 * norm).all():
        return first
    second = power_iteration(lambda v: product(v) + norm[..., None] * v, start, iterations)[0][-1] - norm
    return torch.maximum(first, second)


def hessian_products(run: Run, weights: Tensor) -> Callable[[Tensor], Tensor]:
    """A function that multiplies vectors (moments, parameters) by the Hessians of the run's training loss at weights
    (moments, parameters), without ever writing a Hessian down: the gradient is derived once more, along the vector
    (Pearlmutter 1994). The moments' losses are summed, so that one derivation serves them all."""
    module = Loss(own(run.model), run.objective)
    weights = weights.clone().requires_grad_()
    call = vmap(lambda state: functional_call(module, state, (run.data.x, run.data.y)))
    gradient = torch.autograd.grad(call(named(module, weights)).sum(), weights, create_graph=True)[0]
    return lambda vectors: torch.autograd.grad(gradient, weights, vectors, retain_graph=True)[0]


def sharpness_along(run: Run, iterations: int = ITERATIONS) -> tuple[list[int], Tensor]:
    """λmax of the training loss at every recorded moment whose weights are finite: epochs and values (moments,)."""
    sound = [epoch for epoch in run.history if epoch.weights.isfinite().all()]
    weights = torch.stack([epoch.weights for epoch in sound])
    start = torch.randn(weights.shape[1], generator=torch.Generator().manual_seed(0)).expand_as(weights)
    values = largest(hessian_products(run, weights), start, iterations)
    return [epoch.number for epoch in sound], values
