"""The true loss of a network in a plane of its weights."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.probes.stacked import ELEMENTS, losses
from core.training import Epoch, Run


@dataclass(frozen=True)
class Plane:
    """A plane in the space of weights: ``origin`` (parameters,), orthonormal ``axes`` (2, parameters), and the share
    of the paths' variance that lies in it."""

    origin: Tensor
    axes: Tensor
    explained: float

    def coordinates(self, weights: Tensor) -> Tensor:
        """Where weights (…, parameters) fall on the plane, (…, 2)."""
        return ((weights.double() - self.origin) @ self.axes.T).float()

    def weights(self, coordinates: Tensor) -> Tensor:
        """The weights at points of the plane (…, 2), (…, parameters)."""
        return (self.origin + coordinates.double() @ self.axes).float()

    def distances(self, weights: Tensor) -> Tensor:
        """How far weights (…, parameters) lie from the plane, (…)."""
        return (weights - self.weights(self.coordinates(weights))).norm(dim=-1)


def sound(run: Run) -> list[Epoch]:
    """The recorded moments whose weights are all finite."""
    return [epoch for epoch in run.history if epoch.weights.isfinite().all()]


def path_plane(*runs: Run) -> Plane:
    """The plane closest to the paths of one or several runs of the same network: PCA of all recorded weights (Li et
    al. 2018). Moments that are not finite are left out; raises ``ValueError`` if networks differ in size."""
    recorded = [epoch.weights for run in runs for epoch in sound(run)]
    if len({len(weights) for weights in recorded}) != 1:
        raise ValueError("Runs that share a plane need networks of the same size, and at least one sound moment.")
    points = torch.stack(recorded).double()
    origin = points.mean(dim=0)
    spread = points - origin
    values, vectors = torch.linalg.eigh(spread @ spread.T)  # small: one row per recorded moment
    axes = completed([*(spread.T @ vectors[:, -2:].flip(1)).T])
    share = values[-2:].clamp_min(0).sum() / values.clamp_min(0).sum().clamp_min(1e-30)
    return Plane(origin, axes, share.item())


def plane_through(first: Tensor, second: Tensor, third: Tensor | None = None) -> Plane:
    """The plane through two or three settings of the weights (parameters,); a missing direction is random."""
    spans = [second.double() - first, third.double() - first] if third is not None else [second.double() - first]
    return Plane(first.double(), completed(spans), math.nan)


def completed(directions: Sequence[Tensor]) -> Tensor:
    """Two orthonormal axes (2, parameters) that span the directions; random ones replace what is missing.

    The largest entry of each axis is positive, so that the same paths always give the same picture.
    """
    generator = torch.Generator().manual_seed(0)
    size, axes = len(directions[0]), []
    largest = max(direction.norm().item() for direction in directions)
    spares = [torch.randn(size, generator=generator).double() for _ in range(2)]
    for direction in [d for d in directions if d.norm() > 1e-9 * max(largest, 1e-30)] + spares:
        left = direction / direction.norm()
        for axis in axes * 2:
            left = left - (left @ axis) * axis
        if left.norm() > 1e-6 and len(axes) < 2:
            axes.append(left / left.norm() * torch.sign(left[left.abs().argmax()]))
    return torch.stack(axes + [torch.zeros(size).double()] * (2 - len(axes)))


@dataclass(frozen=True)
class Landscape:
    """The training loss over a rectangle of a plane: ``across`` and ``up`` (resolution,) are its coordinates,
    ``loss`` (resolution, resolution) has one row per value of ``up``; ``paths`` (moments, 2) per run."""

    plane: Plane
    across: Tensor
    up: Tensor
    loss: Tensor
    paths: tuple[Tensor, ...]


def loss_plane(*runs: Run, plane: Plane | None = None, resolution: int = 41, margin: float = 0.25) -> Landscape:
    """The true training loss of the first run around the paths of all of them, in one batch.

    The rectangle holds every finite point of the paths with a margin (a share of its width). The loss is that of the
    first run's data and objective, dropout off, with the buffers of its last sound moment.
    """
    plane = plane or path_plane(*runs)
    paths = tuple(plane.coordinates(torch.stack([epoch.weights for epoch in run.history])) for run in runs)
    points = torch.cat(paths)
    points = points[points.isfinite().all(dim=1)]
    low, high = points.amin(dim=0), points.amax(dim=0)
    room = torch.maximum((high - low) * margin, (high - low).max() * 0.1 + 1e-3)
    across, up = (torch.linspace(low[k] - room[k], high[k] + room[k], resolution) for k in range(2))
    rows, columns = torch.meshgrid(up, across, indexing="ij")
    places = torch.stack([columns, rows], dim=-1).reshape(-1, 2)
    parts = places.split(max(1, ELEMENTS // len(plane.origin)))
    loss = torch.cat([losses_at(runs[0], plane.weights(part)) for part in parts])
    return Landscape(plane, across, up, loss.reshape(resolution, -1), paths)


def losses_at(run: Run, weights: Tensor) -> Tensor:
    """The run's training loss at many settings of the weights (settings, parameters), (settings,)."""
    last = (sound(run) or [run.history[0]])[-1]
    buffers = [last.buffers] * len(weights) if last.buffers else ()
    return losses(run.model, run.objective, weights, run.data.x, run.data.y, buffers)
