"""Surfaces to descend, in closed form."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from core.provenance import name_of
from core.training import Recipe, learning_rate
from core.training.updates import MOMENTS, RULES

FLOOR, CEILING = 1e-7, 1e4  # what float32 can tell from the minimum; where a way counts as lost


@dataclass(frozen=True)
class Surface:
    """A height over the plane: ``height`` maps points (…, 2) to (…), smooth enough for autograd.

    ``extent`` is the half-width worth drawing, ``minimum`` the lowest point (the stationary point of a saddle),
    ``start`` a telling place to begin, ``formula`` LaTeX; ``gradient``, where it is short in closed form, saves what
    autograd takes to find it, (…, 2) to (…, 2).
    """

    name: str
    height: Callable[[Tensor], Tensor]
    extent: float
    minimum: tuple[float, float]
    start: tuple[float, float]
    formula: str
    gradient: Callable[[Tensor], Tensor] | None = None


def bowl_height(point: Tensor, condition: float) -> Tensor:
    """Height (…) of a bowl at points (…, 2), with curvatures 1 and ``condition``."""
    return 0.5 * (point[..., 0] ** 2 + condition * point[..., 1] ** 2)


def bowl(condition: float = 10.0) -> Surface:
    """A quadratic whose curvatures are 1 and ``condition``: gradient descent needs about that many steps."""
    if not condition >= 1:
        raise ValueError("A condition number is at least 1.")
    curvatures = torch.tensor([1.0, condition], dtype=torch.float64)
    return Surface(
        "bowl", partial(bowl_height, condition=condition), 2.0, (0.0, 0.0), (-1.6, 1.2),
        rf"\tfrac12\left(x^2 + {condition:g}\,y^2\right)", lambda point: point * curvatures.to(point.dtype),
    )  # fmt: skip


def ravine_height(point: Tensor) -> Tensor:
    """Height (…) of a ravine at points (…, 2), with curvatures 0.2 along it and 20 across."""
    cosine, sine = math.cos(math.pi / 6), 0.5
    along, across = cosine * point[..., 0] + sine * point[..., 1], cosine * point[..., 1] - sine * point[..., 0]
    return 0.1 * along**2 + 10 * across**2


def ravine_gradient(point: Tensor) -> Tensor:
    """Its gradient at points (…, 2), same shape."""
    cosine, sine = math.cos(math.pi / 6), 0.5
    axes = torch.tensor([[cosine, sine], [-sine, cosine]], dtype=point.dtype)
    turned = torch.tensor([0.2, 20.0], dtype=point.dtype)[:, None] * axes
    return point @ (axes.T @ turned)


def ravine() -> Surface:
    """A narrow valley along a slanted line: curvatures 0.2 and 20 at 30°."""
    formula = r"\tfrac{1}{10}u^2 + 10\,v^2,\quad (u,v)\text{ turned by }30°"
    return Surface("ravine", ravine_height, 2.0, (0.0, 0.0), (-1.8, 0.2), formula, ravine_gradient)


def saddle_height(point: Tensor) -> Tensor:
    """Height (…) of a saddle at points (…, 2)."""
    x, y = point[..., 0], point[..., 1]
    return 0.5 * x**2 - 0.5 * y**2 + 0.05 * y**4


def saddle_gradient(point: Tensor) -> Tensor:
    """Its gradient at points (…, 2), same shape."""
    x, y = point[..., 0], point[..., 1]
    return torch.stack([x, 0.2 * y**3 - y], dim=-1)


def saddle() -> Surface:
    """Down along y, up along x: the gradient is 0 in the middle, and the ground is bounded far out."""
    formula = r"\tfrac12 x^2 - \tfrac12 y^2 + \tfrac1{20} y^4"
    return Surface("saddle", saddle_height, 3.0, (0.0, math.sqrt(5)), (-2.0, 0.001), formula, saddle_gradient)


def plateau_height(point: Tensor) -> Tensor:
    """Height (…) of a plateau with one hole at points (…, 2)."""
    return 1 - torch.exp(-0.5 * (point**2).sum(dim=-1))


def plateau_gradient(point: Tensor) -> Tensor:
    """Its gradient at points (…, 2), same shape."""
    return point * torch.exp(-0.5 * (point**2).sum(dim=-1, keepdim=True))


def plateau() -> Surface:
    """Flat almost everywhere, with one hole: far away the gradient is nearly 0."""
    formula = r"1 - e^{-(x^2+y^2)/2}"
    return Surface("plateau", plateau_height, 4.0, (0.0, 0.0), (-2.5, 1.5), formula, plateau_gradient)


def rosenbrock_height(point: Tensor) -> Tensor:
    """Height (…) of Rosenbrock's valley at points (…, 2), scaled down by 10."""
    x, y = point[..., 0], point[..., 1]
    return 0.1 * (1 - x) ** 2 + 10 * (y - x**2) ** 2


def rosenbrock_gradient(point: Tensor) -> Tensor:
    """Its gradient at points (…, 2), same shape."""
    x, y = point[..., 0], point[..., 1]
    off = 20 * (y - x**2)
    return torch.stack([0.2 * (x - 1) - 2 * x * off, off], dim=-1)


def rosenbrock() -> Surface:
    """A curved valley: easy to find, hard to follow (Rosenbrock 1960), scaled down by 10."""
    formula = r"\tfrac1{10}(1-x)^2 + 10\,(y-x^2)^2"
    return Surface("Rosenbrock", rosenbrock_height, 2.0, (1.0, 1.0), (-1.2, 1.0), formula, rosenbrock_gradient)


def height_lines(surface: Surface) -> tuple[Callable[..., Tensor], str]:
    """The function of a surface's height, and statements that name it ``height`` in a program."""
    if not isinstance(surface.height, partial):
        return surface.height, f"height = {name_of(surface.height)}"
    function, settings = surface.height.func, surface.height.keywords
    written = ", ".join(f"{name}={value!r}" for name, value in settings.items())
    call = f"{name_of(function)}(point, {written})"
    return function, f"def height(point: Tensor) -> Tensor:\n    return {call}\n\n"


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
def start_of(text: str, surface: Surface) -> tuple[float, float]:
    """A start typed as two numbers, "-1.5, 0.8"; nothing typed is the surface's own start. Raises ``ValueError``."""
    if not text.strip():
        return surface.start
    match = re.fullmatch(r"\s*([-+]?\d*\.?\d+)\s*[,; ]\s*([-+]?\d*\.?\d+)\s*", text)
    if not match or max(abs(float(group)) for group in match.groups()) > surface.extent:
        raise ValueError(f"A start is two numbers between −{surface.extent:g} and {surface.extent:g}: -1.5, 0.8")
    return float(match[1]), float(match[2])


def heights(surface: Surface, resolution: int = 60) -> Tensor:
    """The surface on a square grid over [−extent, extent]², (resolution, resolution), rows from below."""
    along = torch.linspace(-surface.extent, surface.extent, resolution)
    up, right = torch.meshgrid(along, along, indexing="ij")
    return surface.height(torch.stack([right, up], dim=-1))


def slope(surface: Surface, points: Tensor) -> Tensor:
    """The gradient at points (…, 2), same shape."""
    if surface.gradient is not None:
        return surface.gradient(points.detach())
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
