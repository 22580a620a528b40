"""What a straight line makes of a layer's answers, and these answers drawn in two dimensions."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.data.data import Data
from core.probes.layers import activations
from core.probes.stacked import layers, moments
from core.training import Run


def standardised(features: Tensor, others: Tensor) -> tuple[Tensor, Tensor]:
    """Two sets of features flattened to (samples, features + 1): mean 0 and deviation 1 on the first, and a 1."""
    first, second = features.flatten(1), others.flatten(1)
    mean, deviation = first.mean(dim=0), first.std(dim=0, correction=0)
    scale = torch.where(deviation > 1e-6 * (1 + mean.abs()), 1 / deviation.clamp_min(1e-30), torch.zeros(()))
    return tuple(functional.pad((part - mean) * scale, (0, 1), value=1.0) for part in (first, second))


@torch.no_grad()
def linear_probe(features: Tensor, y: Tensor, features_test: Tensor, y_test: Tensor, steps: int = 150) -> float:
    """Held-out accuracy of a linear classifier on a layer's answers: how far the classes are already untangled.

    Softmax regression on standardised features with an L2 penalty of ½‖W‖² on the summed loss (Alain and Bengio
    2017), by accelerated gradient steps preconditioned with the bound ½XᵀX on the Hessian (Böhning 1992).
    Deterministic; nan where the features hold nan.
    """
    if not (features.isfinite().all() and features_test.isfinite().all()):
        return math.nan
    x, held_out = standardised(features, features_test)
    classes = int(max(y.max(), y_test.max())) + 1
    target = functional.one_hot(y, classes).to(x.dtype)
    penalty = torch.ones(x.shape[1], 1)
    penalty[-1] = 1e-4  # the intercept is free
    factor = torch.linalg.cholesky(0.5 * x.T @ x + torch.diag(penalty[:, 0]))
    weights = ahead = torch.zeros(x.shape[1], classes)
    pace = 1.0
    for _ in range(steps):
        gradient = x.T @ ((x @ ahead).softmax(dim=1) - target) + penalty * ahead
        updated = ahead - torch.cholesky_solve(gradient, factor)
        change = updated - weights
        if (gradient * change).sum() > 0:  # restart of the acceleration (O'Donoghue and Candès 2015)
            pace = 1.0
        following = (1 + math.sqrt(1 + 4 * pace * pace)) / 2
        weights, ahead, pace = updated, updated + (pace - 1) / following * change, following
        if change.abs().max() < 1e-4:
            break
    return ((held_out @ weights).argmax(dim=1) == y_test).float().mean().item()


def layer_accuracies(model: nn.Module, data: Data) -> list[float]:
    """Held-out accuracy of a linear probe on the input and on each hidden layer, first to last: where along the depth
    the classes become separable by straight lines."""
    seen, held_out = activations(model, data.x), activations(model, data.x_test)
    pairs = [(data.x, data.x_test), *zip(seen[:-1], held_out[:-1], strict=True)]
    return [linear_probe(x, data.y, x_test, data.y_test) for x, x_test in pairs]


@torch.no_grad()
def in_two_dimensions(features: Tensor) -> Tensor:
    """A layer's answers as points in the plane that keeps most of their variance (PCA), (samples, 2).

    The largest loading of each axis is positive, so that the same features always give the same picture. Features
    that are not finite come back as nan.
    """
    flat = features.flatten(1)
    if not flat.isfinite().all():
        return torch.full((len(flat), 2), math.nan)
    centred = functional.pad((flat - flat.mean(dim=0)).double(), (0, max(0, 2 - flat.shape[1])))
    axes = torch.linalg.svd(centred, full_matrices=False).Vh[:2]
    axes = functional.pad(axes, (0, 0, 0, 2 - len(axes)))
    largest = axes.gather(1, axes.abs().argmax(dim=1, keepdim=True))
    return (centred @ (axes * torch.where(largest < 0, -1.0, 1.0)).T).float()


def steadied(frames: Sequence[Tensor]) -> list[Tensor]:
    """Successive pictures (samples, 2), each turned or mirrored onto the one before it, so that a film does not flip
    where two axes change places (orthogonal Procrustes, Schönemann 1966). Distances within a picture are kept."""
    turned: list[Tensor] = []
    before = None
    for frame in frames:
        if before is not None and frame.isfinite().all():
            left, _, right = torch.linalg.svd(frame.double().T @ before.double())
            frame = (frame.double() @ left @ right).float()
        turned.append(frame)
        before = frame if frame.isfinite().all() else before
    return turned


def film(run: Run, x: Tensor, layer: int) -> list[Tensor]:
    """How one layer of a run sees the samples, as a steady picture in two dimensions per recorded moment."""
    weights, buffers = moments(run.history)
    return steadied([in_two_dimensions(frame) for frame in layers(run.model, weights, x, buffers)[layer]])
