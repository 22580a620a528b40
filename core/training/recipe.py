"""How a network is trained: everything that is neither the network nor the data."""

import math
from dataclasses import dataclass

import numpy as np

from core.training import schedules
from core.training.schedules import Breakpoints
from core.training.updates import OPTIMIZERS

MEMORY = 16_000_000  # bytes that one recorded run may hold


@dataclass(frozen=True)
class Recipe:
    """Settings of one training.

    ``momentum`` is the velocity's memory and Adam's first moment (beta 1), ``beta2`` Adam's second moment,
    ``smoothing`` RMSProp's. ``schedule`` is a name (core.training.schedules) or breakpoints, (share done, factor).
    ``weight_decay`` is the L2 penalty's gradient factor (decoupled for AdamW), ``l1`` the L1 penalty's. ``clip`` bounds
    the gradient's norm (0: off). ``patience`` stops a run whose held-out loss has not improved for that many epochs (0:
    never); the held-out data then serve as validation data. At most ``frames`` moments are recorded. Raises
    ``ValueError`` with one sentence for a setting that cannot work.
    """

    epochs: int = 100
    batch_size: int = 32
    optimizer: str = "Adam"
    learning_rate: float = 0.01
    schedule: str | Breakpoints = "constant"
    momentum: float = 0.9
    beta2: float = 0.999
    smoothing: float = 0.99
    weight_decay: float = 0.0
    l1: float = 0.0
    clip: float = 0.0
    patience: int = 0
    seed: int = 0
    frames: int = 60

    def __post_init__(self) -> None:
        if self.optimizer not in OPTIMIZERS:
            raise ValueError(f"There is no optimizer {self.optimizer!r}; choose one of {', '.join(OPTIMIZERS)}.")
        schedules.check(self.schedule)
        if self.epochs < 1 or self.batch_size < 1 or self.frames < 2:
            raise ValueError("Epochs and batch size must be at least 1, and frames at least 2.")
        for name in ("learning_rate", "weight_decay", "l1", "clip", "patience"):
            if not (math.isfinite(value := getattr(self, name)) and value >= 0):
                raise ValueError(f"{name.replace('_', ' ').capitalize()} must be a finite number, zero or more.")
        for name in ("momentum", "beta2", "smoothing"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name.capitalize()} must be at least 0 and below 1.")


def learning_rates(recipe: Recipe, first: int, last: int, steps: int) -> np.ndarray:
    """The step sizes at the steps ``first`` (from 0) to ``last`` − 1 of ``steps``, float64.

    step: halved at every quarter. exponential: falls to 1%. cosine: half a cosine to 0 (Loshchilov and Hutter 2017).
    one-cycle: up from 1/25 over 30%, then cosine to almost 0 (Smith 2018). warm-up: linear over the first 10%, then
    constant or, "warm-up + linear", linear to 0. range test: up from a millionth (Smith 2017).
    """
    return recipe.learning_rate * schedules.factors(recipe.schedule, np.arange(first, last), steps)


def learning_rate(recipe: Recipe, step: int, steps: int) -> float:
    """The step size at ``step`` (from 0) of ``steps``."""
    return learning_rates(recipe, step, step + 1, steps).item()


def recorded_epochs(recipe: Recipe, first: int, numbers: int) -> set[int]:
    """Which epochs are recorded: spread evenly, at most ``recipe.frames`` and at most ``MEMORY`` bytes in all.

    ``numbers`` is how many float32 numbers a record holds; the first and the last epoch are always recorded. Raises
    ``ValueError`` if the training starts behind its end.
    """
    if first > recipe.epochs:
        raise ValueError(f"Epoch {first} lies behind the last one, {recipe.epochs}: ask for more epochs.")
    frames = max(2, min(recipe.frames, MEMORY // (4 * max(numbers, 1))))
    return {first + round(index * (recipe.epochs - first) / (frames - 1)) for index in range(frames)}
