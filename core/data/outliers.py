"""Data that go wrong in a measured way: one point far from a line, labels that were swapped."""

from dataclasses import replace

import torch

from core.data.data import Data, sourced
from core.data.sampling import check_count, generator_of

SLOPE, REACH = 0.6, 2.0


@sourced
def line_with_outlier(
    height: float | None = 8.0, place: float = 1.5, samples: int = 20, noise: float = 0.2, seed: int = 0
) -> Data:
    """Regression: points around y = 0.6 x for x in [−2, 2], (samples, 1), and one more at (place, height), the last of
    the training samples (none if ``height`` is None). As many others, all sound, are held out."""
    generator = generator_of(seed)
    check_count(samples, 4, 2000)
    x = (torch.rand((2 * samples, 1), generator=generator) * 2 - 1) * REACH
    y = SLOPE * x + noise * torch.randn((2 * samples, 1), generator=generator)
    outlier = [] if height is None else [(place, height)]
    points = torch.cat([torch.cat([x, y], dim=1)[:samples], torch.tensor(outlier).reshape(-1, 2)])
    return Data(points[:, :1].contiguous(), points[:, 1:].contiguous(), x[samples:], y[samples:])


def with_flipped_labels(data: Data, share: float, seed: int = 0) -> Data:
    """A classification problem whose training labels are wrong for a share of the samples: each of them got the next
    class. Held-out labels stay right. Raises ``ValueError`` for a share outside [0, 1] or for regression."""
    if not data.classes or not 0 <= share <= 1:
        raise ValueError("Labels can be flipped in a classification problem only, for a share between 0 and 1.")
    turn = torch.randperm(len(data.y), generator=generator_of(seed))
    y = data.y.clone()
    wrong = turn[: round(share * len(y))]
    y[wrong] = (y[wrong] + 1) % len(data.classes)
    return replace(data, y=y, source=f"with_flipped_labels({data.source}, {share!r}, {seed!r})")
