"""The loss around a trained network, in a plane of two random directions with the size of its filters."""

import copy
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from core.models.resnet import ResNet

REACH = 1.0  # how far the plane goes: at 1 every filter is changed by as much as it is long


@dataclass(frozen=True)
class LossPlane:
    """The loss over a square: ``along`` (points,) are both coordinates, ``loss`` (points, points) has a row for each
    step along the second direction; the trained network lies in the middle."""

    along: np.ndarray
    loss: np.ndarray

    @property
    def centre(self) -> float:
        """The loss of the trained network itself."""
        return float(self.loss[len(self.along) // 2, len(self.along) // 2])

    def within(self, factor: float) -> float:
        """The share of the square where the loss is at most ``factor`` times that of the trained network."""
        return float((self.loss <= factor * self.centre).mean())


def direction(model: nn.Module, generator: torch.Generator) -> list[Tensor]:
    """A random change of all weights, each filter (each row of the last layer) as long as the network's own; batch norm
    and biases stay (Li et al. 2018, section 4)."""
    changes = []
    for weight in model.parameters():
        change = torch.zeros_like(weight)
        if weight.dim() > 1:
            drawn = torch.randn(weight.shape, generator=generator).flatten(1)
            length = weight.detach().flatten(1).norm(dim=1, keepdim=True)
            change = (drawn / drawn.norm(dim=1, keepdim=True) * length).view_as(weight)
        changes.append(change)
    return changes


@torch.no_grad()
def loss_at(model: nn.Module, x: Tensor, y: Tensor) -> float:
    """Mean cross-entropy, in whatever mode the network is."""
    return functional.cross_entropy(model(x), y).item()


@torch.no_grad()
def moved(model: nn.Module, own: list[Tensor], steps: list[tuple[float, list[Tensor]]]) -> None:
    """Put the weights ``own`` plus some steps along directions into a network, in place."""
    for place, weight in enumerate(model.parameters()):
        weight.copy_(own[place] + sum(step * changes[place] for step, changes in steps))


def surface(
    model: ResNet, x: Tensor, y: Tensor, points: int, seed: int
) -> Generator[tuple[float, str], None, LossPlane]:
    """Measure a square of ``points`` by ``points`` settings of the weights; yields (fraction, message) on the way.

    Batch norm takes the statistics of these pictures at every setting, as in training: with the trained network's own,
    what a changed layer lets through grows from layer to layer without bound.
    """
    generator = torch.Generator().manual_seed(seed)
    model = copy.deepcopy(model).train()
    own = [weight.detach().clone() for weight in model.parameters()]
    first, second = direction(model, generator), direction(model, generator)
    along = np.linspace(-REACH, REACH, points)
    loss = np.zeros((points, points))
    for row, up in enumerate(along):
        yield row / points, f"row {row + 1} of {points}"
        for column, across in enumerate(along):
            moved(model, own, [(float(across), first), (float(up), second)])
            loss[row, column] = loss_at(model, x, y)
    return LossPlane(along, np.nan_to_num(loss, nan=1e6, posinf=1e6))
