"""What was true at one recorded moment of a training."""

import math
from dataclasses import dataclass, field

from torch import Tensor


@dataclass(frozen=True)
class Epoch:
    """What was true at one recorded moment, after ``number`` epochs and ``step`` updates.

    Losses and scores (accuracy or R²) are those of the recorded weights on all training and held-out samples, with
    dropout off. ``gradient_norm`` (of the loss, before clipping and penalties) and ``learning_rate`` belong to the last
    update. ``weights`` (parameters,), the optimizer's ``moments`` (moments, parameters), their ``age`` in updates and
    the ``best`` held-out loss so far with its epoch (kept where there is patience) are enough to go on exactly.
    """

    number: int
    step: int
    train_loss: float
    test_loss: float
    train_score: float
    test_score: float
    learning_rate: float
    gradient_norm: float
    weights: Tensor = field(repr=False)
    moments: Tensor = field(repr=False)
    buffers: tuple[Tensor, ...] = field(default=(), repr=False)
    age: int = 0
    best: tuple[float, int] = (math.inf, 0)
