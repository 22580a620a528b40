"""The noun ``Data``: a supervised problem, already split, with its provenance."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from torch import Tensor

from core.provenance import written


@dataclass(frozen=True)
class Data:
    """A supervised problem.

    ``x`` (samples, …features) float32; ``y`` (samples,) int64 for classes, (samples, outputs) float32 for regression;
    ``x_test``, ``y_test`` the same, held out. ``classes`` names the classes, empty for regression. ``source`` is the
    call that made it, for example ``moons(noise=0.3, seed=1)``. ``made`` says how, for whoever writes it down: a
    ``Generated`` (core.data.generated), a ``Flipped`` (core.data.outliers), or None.
    """

    x: Tensor
    y: Tensor
    x_test: Tensor
    y_test: Tensor
    classes: tuple[str, ...] = ()
    source: str = ""
    made: Any = field(default=None, repr=False, compare=False)

    @property
    def outputs(self) -> int:
        """How many numbers a network must return: one per class, or one per regression target."""
        return len(self.classes) or self.y.shape[1]


@dataclass(frozen=True)
class Tabular(Data):
    """A problem from a table, standardised, with what leads back to its rows.

    ``columns`` are the inputs' names, ``target`` that of the column to learn, ``labels`` the classes as they stand in
    the table. ``scales`` has each input's mean and deviation, ``target_scale`` a regression target's: a number of the
    table is mean + deviation · value.
    """

    columns: tuple[str, ...] = ()
    target: str = ""
    labels: tuple[str, ...] = ()
    scales: tuple[tuple[float, float], ...] = ()
    target_scale: tuple[float, float] = (0.0, 1.0)


def sourced(function: Callable[..., Data]) -> Callable[..., Data]:
    """A data function whose result remembers the call that made it."""

    @functools.wraps(function)
    def call(*arguments, **keywords) -> Data:
        return replace(function(*arguments, **keywords), source=written(function, arguments, keywords))

    return call
