"""What reaches every layer of a network on the way back: how large the gradients are, and whether they agree."""

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.models.resnet import ResNet


@dataclass(frozen=True)
class Reached:
    """Of every convolution, first layer first: the norm of the loss's gradient by its kernels, and the cosine of the
    angle between the gradients of two halves of the pictures."""

    norms: tuple[float, ...]
    agreement: tuple[float, ...]

    @property
    def growth(self) -> float:
        """By what the norm is multiplied from the last convolution back to the second."""
        return self.norms[1] / self.norms[-1]


def by_kernels(model: ResNet, x: Tensor, y: Tensor) -> list[Tensor]:
    """The gradient of the cross-entropy by the kernels of every convolution."""
    kernels = [layer.weight for layer in model.modules() if isinstance(layer, nn.Conv2d)]
    return list(torch.autograd.grad(functional.cross_entropy(model(x), y), kernels))


def reached(model: ResNet, x: Tensor, y: Tensor) -> Reached:
    """Measure a copy of a network as in training, batch norm with the batch's own statistics; every second picture is
    in the first half."""
    model = copy.deepcopy(model).train().requires_grad_(True)
    first, second = (by_kernels(model, x[part::2], y[part::2]) for part in (0, 1))
    pairs = list(zip(first, second, strict=True))
    norms = tuple(float(((one + other) / 2).norm()) for one, other in pairs)
    return Reached(
        norms, tuple(float(functional.cosine_similarity(one.ravel(), other.ravel(), 0)) for one, other in pairs)
    )
