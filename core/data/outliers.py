"""Data that go wrong in a measured way: one point far from a line, labels that were swapped."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from core.data.data import Data
from core.data.generated import generated
from core.data.sampling import check_count, check_seed

REACH = 2.0


@generated(
    lambda settings: check_count(settings["samples"], 4, 2000),
    training=lambda settings: settings["samples"] + (settings["height"] is not None),
)
def line_with_outlier(
    height: float | None = 8.0, place: float = 1.5, samples: int = 20, noise: float = 0.2, seed: int = 0
) -> tuple[Tensor, Tensor]:
    """Regression: points around y = 0.6 x for x in [−2, 2], (samples, 1), and one more at (place, height), the last of
    the training samples (none if ``height`` is None). As many others, all sound, are held out."""
    generator = torch.Generator().manual_seed(seed)
    x = 2 * REACH * torch.rand(2 * samples, 1, generator=generator) - REACH
    y = 0.6 * x + noise * torch.randn(2 * samples, 1, generator=generator)
    if height is not None:
        x = torch.cat([x[:samples], torch.tensor([[place]]), x[samples:]])
        y = torch.cat([y[:samples], torch.tensor([[height]]), y[samples:]])
    return x, y


@dataclass(frozen=True)
class Flipped:
    """How labels went wrong: those of ``data``, for a share of the samples drawn by ``seed``."""

    data: Data
    share: float
    seed: int


def with_flipped_labels(data: Data, share: float, seed: int = 0) -> Data:
    """A classification problem whose training labels are wrong for a share of the samples: each of them got the next
    class. Held-out labels stay right. Raises ``ValueError`` for a share outside [0, 1] or for regression."""
    if not data.classes or not 0 <= share <= 1:
        raise ValueError("Labels can be flipped in a classification problem only, for a share between 0 and 1.")
    check_seed(seed)
    y = flipped(data.y, share, seed, len(data.classes))
    source = f"with_flipped_labels({data.source}, {share!r}, {seed!r})"
    return replace(data, y=y, source=source, made=Flipped(data, share, seed))


def flipped(y: Tensor, share: float, seed: int, classes: int) -> Tensor:
    """Labels (samples,) of which a share became the next class."""
    turn = torch.randperm(len(y), generator=torch.Generator().manual_seed(seed))
    wrong = torch.zeros(len(y), dtype=torch.bool)
    wrong[turn[: round(share * len(y))]] = True
    return torch.where(wrong, (y + 1) % classes, y)
