"""The bowl of a linear model: how its shape follows from the inputs, and how fast gradient descent comes down."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from core.data.data import Data
from core.topics.normalize_inputs.inputs import PREPARATIONS, versions

MOST_STEPS, SHOWN_STEPS = 100_000, 200


def bowl(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """The bowl of a linear model's mean squared error on targets −1 and 1: the eigenvalues, ascending, of its Hessian
    2 XᵀX/n, X with a column of ones for the bias, and how far weights of 0 are from the best along each eigenvector,
    both (features + 1,) (LeCun and others 1998, *Efficient BackProp*, section 4)."""
    inputs = torch.cat([x, torch.ones(len(x), 1)], dim=1).double()
    values, vectors = torch.linalg.eigh(2 * inputs.T @ inputs / len(x))
    best = torch.linalg.lstsq(inputs, (2.0 * y - 1).double()[:, None]).solution[:, 0]
    return values, vectors.T @ -best


@dataclass(frozen=True)
class Bowl:
    """One linear model: ``values`` (3,) its curvatures, ascending, ``start`` (3,) the errors along them at the start,
    ``rate`` the learning rate."""

    values: np.ndarray
    start: np.ndarray
    rate: float

    @property
    def condition(self) -> float:
        """The largest curvature divided by the smallest."""
        return float(self.values[-1] / self.values[0])

    def way(self, steps: int) -> np.ndarray:
        """Errors along the curvatures (steps + 1, 3): each shrinks by its own 1 − ηλ per step."""
        with np.errstate(over="ignore"):
            return self.start * (1 - self.rate * self.values) ** np.arange(steps + 1)[:, None]

    def gaps(self, steps: int) -> np.ndarray:
        """Loss above the lowest, as a share of that at the start, (steps + 1,)."""
        with np.errstate(over="ignore", invalid="ignore"):
            gap = (self.values * self.way(steps) ** 2).sum(axis=1)
            return np.nan_to_num(gap / gap[0], nan=np.inf)

    @cached_property
    def needed(self) -> float:
        """Steps until a thousandth of the gap is left; infinite if more than ``MOST_STEPS``."""
        below = self.gaps(MOST_STEPS) <= 1e-3
        return float(below.argmax()) if below.any() else np.inf


@dataclass(frozen=True)
class Bowls:
    """A bowl for every preparation, with a learning rate that is the same share of each bowl's bound 2/λmax."""

    bowls: dict[str, Bowl]
    share: float
    data: Data  # the raw problem
    provenance: str = "Closed form: eigenvalues of 2 XᵀX/n of the samples shown"


def bowls(factor: float, shift: float, share: float, seed: int) -> Bowls:
    """The linear model's bowls; ``share`` 1 is the bound beyond which gradient descent diverges."""
    data = versions(factor, shift, seed)
    found = {}
    for name in PREPARATIONS:
        values, start = bowl(data[name].x, data[name].y)
        found[name] = Bowl(values.numpy(), start.numpy(), float(share * 2 / values[-1]))
    return Bowls(found, share, data["raw"])
