"""Whether certainty can be believed: intervals of counted shares, and probabilities that mean what they say."""

import math

import torch
from torch import Tensor
from torch.nn import functional


def interval(right: int, count: int) -> tuple[float, float]:
    """95% interval of a share (Wilson 1927)."""
    z, share = 1.96, right / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return middle - half, middle + half


def temperature(outputs: Tensor, y: Tensor, doubt: float = 0.0) -> float:
    """The divisor of the logits (samples, classes) that makes their likelihood of the right classes (samples,) highest
    (Guo et al. 2017), between 0.2 and 5. Of few samples all may be right by luck: ``doubt`` is the share of the
    probability that is asked for elsewhere; Platt (1999) has it fall as one over their number."""
    candidates = torch.logspace(-0.7, 0.7, 141)
    losses = [functional.cross_entropy(outputs / value, y, label_smoothing=doubt) for value in candidates]
    return float(candidates[torch.stack(losses).argmin()])


def calibration_error(chances: Tensor, y: Tensor, bins: int = 15) -> float:
    """Mean distance between certainty and accuracy over equally wide bins of certainty (Naeini et al. 2015)."""
    sure, answers = chances.max(dim=1)
    right = (answers == y).float()
    place = (sure * bins).long().clamp(max=bins - 1)
    gaps = [(sure[place == one].mean() - right[place == one].mean()).abs() * (place == one).float().mean()
            for one in range(bins) if bool((place == one).any())]  # fmt: skip
    return float(sum(gaps))
