"""How a network is trained: everything that is neither the network nor the data."""

import math
from dataclasses import dataclass

MEMORY = 16_000_000  # bytes that one recorded run may hold
OPTIMIZERS = ("SGD", "Momentum", "Nesterov", "RMSProp", "Adam", "AdamW", "Nadam", "Adagrad")
SCHEDULES = ("constant", "step", "exponential", "cosine", "one-cycle", "warm-up")


@dataclass(frozen=True)
class Recipe:
    """Settings of one training.

    ``momentum`` is the velocity's memory and Adam's first moment (beta 1), ``beta2`` Adam's second moment,
    ``smoothing`` RMSProp's. ``weight_decay`` is the L2 penalty's gradient factor (decoupled for AdamW), ``l1`` the
    L1 penalty's. ``clip`` bounds the gradient's norm (0: off). ``patience`` stops a run whose held-out loss has not
    improved for that many epochs (0: never); the held-out data then serve as validation data. At most ``frames``
    moments are recorded. Raises ``ValueError`` with one sentence for a setting that cannot work.
    """

    epochs: int = 100
    batch_size: int = 32
    optimizer: str = "Adam"
    learning_rate: float = 0.01
    schedule: str = "constant"
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
        if self.schedule not in SCHEDULES:
            raise ValueError(f"There is no schedule {self.schedule!r}; choose one of {', '.join(SCHEDULES)}.")
        if self.epochs < 1 or self.batch_size < 1 or self.frames < 2:
            raise ValueError("Epochs and batch size must be at least 1, and frames at least 2.")
        for name in ("learning_rate", "weight_decay", "l1", "clip", "patience"):
            if not (math.isfinite(value := getattr(self, name)) and value >= 0):
                raise ValueError(f"{name.replace('_', ' ').capitalize()} must be a finite number, zero or more.")
        for name in ("momentum", "beta2", "smoothing"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name.capitalize()} must be at least 0 and below 1.")


def learning_rate(recipe: Recipe, step: int, steps: int) -> float:
    """The step size at ``step`` (from 0) of ``steps``.

    step: halved at every quarter. exponential: falls to 1 %. cosine: half a cosine to 0 (Loshchilov and Hutter 2017).
    one-cycle: up from 1/25 over 30 %, then cosine to almost 0 (Smith 2018). warm-up: linear over the first 10 %.
    """
    done = step / max(steps, 1)
    factor = {
        "constant": lambda: 1.0,
        "step": lambda: 0.5 ** int(4 * done),
        "exponential": lambda: 0.01**done,
        "cosine": lambda: 0.5 * (1 + math.cos(math.pi * done)),
        "one-cycle": lambda: (
            1 / 25 + (24 / 25) * 0.5 * (1 - math.cos(math.pi * done / 0.3))
            if done < 0.3
            else 1e-4 + (1 - 1e-4) * 0.5 * (1 + math.cos(math.pi * (done - 0.3) / 0.7))
        ),
        "warm-up": lambda: min(1.0, (step + 1) / max(0.1 * steps, 1)),
    }[recipe.schedule]()
    return recipe.learning_rate * factor


def recorded_epochs(recipe: Recipe, first: int, numbers: int) -> set[int]:
    """Which epochs are recorded: spread evenly, at most ``recipe.frames`` and at most ``MEMORY`` bytes in all.

    ``numbers`` is how many float32 numbers a record holds; the first and the last epoch are always recorded. Raises
    ``ValueError`` if the training starts behind its end.
    """
    if first > recipe.epochs:
        raise ValueError(f"Epoch {first} lies behind the last one, {recipe.epochs}: ask for more epochs.")
    frames = max(2, min(recipe.frames, MEMORY // (4 * max(numbers, 1))))
    return {first + round(index * (recipe.epochs - first) / (frames - 1)) for index in range(frames)}
