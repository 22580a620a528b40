"""Inputs computed from points of the plane: squares, products, waves, the distance from the middle."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from core.data.data import Data

FEATURES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "x": lambda u, v: u,
    "y": lambda u, v: v,
    "x²": lambda u, v: u * u,
    "y²": lambda u, v: v * v,
    "xy": lambda u, v: u * v,
    "sin 3x": lambda u, v: torch.sin(3 * u),
    "sin 3y": lambda u, v: torch.sin(3 * v),
    "radius": lambda u, v: torch.hypot(u, v),
    "angle": lambda u, v: torch.atan2(v, u) / torch.pi,
}


@dataclass(frozen=True)
class Featured(Data):
    """A problem whose ``inputs`` are computed from the points of a ``plane`` problem, which it keeps."""

    inputs: tuple[str, ...] = ("x", "y")
    plane: Data | None = None


def with_inputs(data: Data, inputs: tuple[str, ...]) -> Data:
    """A problem of points (samples, 2) with inputs named in ``FEATURES`` instead of x and y, (samples, inputs).

    Raises ``ValueError`` for no input, an unknown one, or data that are no points of the plane.
    """
    if not inputs or not set(inputs) <= set(FEATURES):
        raise ValueError(f"Choose at least one input, from {', '.join(FEATURES)}.")
    if data.x.dim() != 2 or data.x.shape[1] != 2:
        raise ValueError("Inputs can be computed from points of the plane only.")
    if tuple(inputs) == ("x", "y"):
        return data
    x, x_test = computed(data.x, inputs), computed(data.x_test, inputs)
    source = f"with_inputs({data.source}, {tuple(inputs)!r})"
    return Featured(x, data.y, x_test, data.y_test, data.classes, source, inputs=tuple(inputs), plane=data)


def computed(points: Tensor, inputs: tuple[str, ...]) -> Tensor:
    """The named inputs of points (samples, 2), (samples, inputs)."""
    return torch.stack([FEATURES[name](points[:, 0], points[:, 1]) for name in inputs], dim=1)


def seen(data: Data, points: Tensor) -> Tensor:
    """What a network trained on ``data`` is given for points of the plane (samples, 2)."""
    return computed(points, data.inputs) if isinstance(data, Featured) else points


def in_plane(data: Data) -> Data:
    """The problem as points of the plane: itself, unless its inputs were computed from them."""
    return data.plane if isinstance(data, Featured) and data.plane else data


def input_names(data: Data) -> tuple[str, ...]:
    """What the inputs of a problem in the plane are called."""
    return data.inputs if isinstance(data, Featured) else ("x", "y")
