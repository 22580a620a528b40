"""The noun ``Data``: a supervised problem, already split, with its provenance."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace

from torch import Tensor

from core.provenance import written


@dataclass(frozen=True)
class Data:
    """A supervised problem.

    ``x`` (samples, …features) float32; ``y`` (samples,) int64 for classes, (samples, outputs) float32 for regression;
    ``x_test``, ``y_test`` the same, held out. ``classes`` names the classes, empty for regression. ``source`` is the
    call that made it, for example ``moons(noise=0.3, seed=1)``: the script of a run repeats it.
    """

    x: Tensor
    y: Tensor
    x_test: Tensor
    y_test: Tensor
    classes: tuple[str, ...] = ()
    source: str = ""

    @property
    def outputs(self) -> int:
        """How many numbers a network must return: one per class, or one per regression target."""
        return len(self.classes) or self.y.shape[1]


def sourced(function: Callable[..., Data]) -> Callable[..., Data]:
    """A data function whose result remembers the call that made it."""

    @functools.wraps(function)
    def call(*arguments, **keywords) -> Data:
        return replace(function(*arguments, **keywords), source=written(function, arguments, keywords))

    return call
