"""Surfaces to descend: a few in closed form, and the true loss of a network in a plane of its weights."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.stacked import ELEMENTS, losses
from core.training import Epoch, Recipe, Run, learning_rate
from core.training.updates import MOMENTS, RULES


@dataclass(frozen=True)
class Surface:
    """A height over the plane: ``height`` maps points (…, 2) to (…), smooth enough for autograd.

    ``extent`` is the half-width worth drawing, ``minimum`` the lowest point (the stationary point of a saddle),
    ``start`` a telling place to begin, ``formula`` LaTeX.
    """

    name: str
    height: Callable[[Tensor], Tensor]
    extent: float
    minimum: tuple[float, float]
    start: tuple[float, float]
    formula: str


def bowl(condition: float = 10.0) -> Surface:
    """A quadratic whose curvatures are 1 and ``condition``: gradient descent needs about that many steps."""
    if not condition >= 1:
        raise ValueError("A condition number is at least 1.")
    return Surface(
        "bowl", lambda p: 0.5 * (p[..., 0] ** 2 + condition * p[..., 1] ** 2), 2.0, (0.0, 0.0), (-1.6, 1.2),
        rf"\tfrac12\left(x^2 + {condition:g}\,y^2\right)",
    )  # fmt: skip


def ravine() -> Surface:
    """A narrow valley along a slanted line: curvatures 0.2 and 20 at 30°."""
    cosine, sine = math.cos(math.pi / 6), 0.5

    def height(p: Tensor) -> Tensor:
        along, across = cosine * p[..., 0] + sine * p[..., 1], cosine * p[..., 1] - sine * p[..., 0]
        return 0.1 * along**2 + 10 * across**2

    return Surface(
        "ravine", height, 2.0, (0.0, 0.0), (-1.8, 0.2), r"\tfrac{1}{10}u^2 + 10\,v^2,\quad (u,v)\text{ turned by }30°"
    )


def saddle() -> Surface:
    """Down along y, up along x: the gradient is 0 in the middle, and the ground is bounded far out."""
    return Surface(
        "saddle", lambda p: 0.5 * p[..., 0] ** 2 - 0.5 * p[..., 1] ** 2 + 0.05 * p[..., 1] ** 4, 3.0,
        (0.0, math.sqrt(5)), (-2.0, 0.001), r"\tfrac12 x^2 - \tfrac12 y^2 + \tfrac1{20} y^4",
    )  # fmt: skip


def plateau() -> Surface:
    """Flat almost everywhere, with one hole: far away the gradient is nearly 0."""
    return Surface(
        "plateau", lambda p: 1 - torch.exp(-0.5 * (p**2).sum(dim=-1)), 4.0, (0.0, 0.0), (-2.5, 1.5),
        r"1 - e^{-(x^2+y^2)/2}",
    )  # fmt: skip


def rosenbrock() -> Surface:
    """A curved valley: easy to find, hard to follow (Rosenbrock 1960), scaled down by 10."""
    return Surface(
        "Rosenbrock", lambda p: 0.1 * (1 - p[..., 0]) ** 2 + 10 * (p[..., 1] - p[..., 0] ** 2) ** 2, 2.0,
        (1.0, 1.0), (-1.2, 1.0), r"\tfrac1{10}(1-x)^2 + 10\,(y-x^2)^2",
    )  # fmt: skip


def bumpy(depth: float = 0.3) -> Surface:
    """A round bowl with many small hollows of a given depth (Rastrigin's function, scaled)."""
    return Surface(
        "bumpy bowl", lambda p: (0.5 * p**2 + depth * (1 - torch.cos(6 * p))).sum(dim=-1), 2.0, (0.0, 0.0), (-1.7, 1.4),
        rf"\sum_i \tfrac12 x_i^2 + {depth:g}\,(1 - \cos 6x_i)",
    )  # fmt: skip


SURFACES: dict[str, Callable[..., Surface]] = {
    "bowl": bowl, "ravine": ravine, "saddle": saddle, "plateau": plateau, "Rosenbrock": rosenbrock, "bumpy bowl": bumpy,
}  # fmt: skip


@torch.no_grad()
def heights(surface: Surface, resolution: int = 60) -> Tensor:
    """The surface on a square grid over [−extent, extent]², (resolution, resolution), rows from below."""
    along = torch.linspace(-surface.extent, surface.extent, resolution)
    up, right = torch.meshgrid(along, along, indexing="ij")
    return surface.height(torch.stack([right, up], dim=-1))


def slope(surface: Surface, points: Tensor) -> Tensor:
    """The gradient at points (…, 2), same shape."""
    points = points.detach().requires_grad_()
    return torch.autograd.grad(surface.height(points).sum(), points)[0]


def curvature(surface: Surface, point: Tensor) -> Tensor:
    """The Hessian's two eigenvalues at a point (2,), ascending: plain descent is stable below 2/the larger."""
    hessian = torch.autograd.functional.hessian(surface.height, point.detach().double())
    return torch.linalg.eigvalsh(hessian) if hessian.isfinite().all() else torch.full((2,), math.nan)


def descent(
    surface: Surface, recipe: Recipe, steps: int, start: Tensor | None = None, noise: float = 0.0, seed: int = 0
) -> Tensor:
    """The way of an optimizer down a surface, (steps + 1, 2), or (steps + 1, variants, 2) for starts (variants, 2).

    The recipe gives the update rule, the step size and its schedule; ``noise`` is the standard deviation of normal
    noise added to every gradient, as mini-batches would. Far-gone points come back as inf or nan.
    """
    point = torch.tensor(surface.start) if start is None else start.clone().float()
    memory = point.new_zeros(MOMENTS[recipe.optimizer], *point.shape)
    generator = torch.Generator().manual_seed(seed)
    way = [point.clone()]
    for step in range(steps):
        gradient = slope(surface, point) + noise * torch.randn(point.shape, generator=generator)
        RULES[recipe.optimizer](point, gradient, memory, step + 1, learning_rate(recipe, step, steps), recipe)
        way.append(point.clone())
    return torch.stack(way)


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
