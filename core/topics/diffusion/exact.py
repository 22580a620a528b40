"""What a perfect network would answer: the noise and the score of a noised mixture of Gaussians, in closed form."""

import torch
from torch import Tensor

from core.topics.diffusion.noising import WIDTH, centres, kept


def exact_noise(x: Tensor, time: int | Tensor, shape: str, cells: str = "", kind: int = 2) -> Tensor:
    """The expected noise in points x (samples, 2) at a time, or at one for each, given the class (2: any). With the
    score s of the noised target it is −√(1 − ᾱ) s (Song and Ermon 2019)."""
    return -(1 - kept()[torch.as_tensor(time)]).sqrt().reshape(-1, 1) * score(x, time, shape, cells, kind)


def score(x: Tensor, time: int | Tensor, shape: str, cells: str = "", kind: int = 2) -> Tensor:
    """The gradient of the log density of the noised target, (samples, 2)."""
    away, variance = ways(x, time, shape, cells, kind)
    weight = (-away.square().sum(dim=2) / (2 * variance)).softmax(dim=1)
    return -(weight[..., None] * away).sum(dim=1) / variance


def log_density(x: Tensor, time: int | Tensor, shape: str, cells: str = "", kind: int = 2) -> Tensor:
    """The log density of the noised target, (samples,)."""
    away, variance = ways(x, time, shape, cells, kind)
    logits = -away.square().sum(dim=2) / (2 * variance)
    return logits.logsumexp(dim=1) - torch.log(2 * torch.pi * variance[:, 0] * away.shape[1])


def ways(x: Tensor, time: int | Tensor, shape: str, cells: str, kind: int) -> tuple[Tensor, Tensor]:
    """From every centre of the noised target to every point, (samples, components, 2), and the variance around it,
    (samples or 1, 1)."""
    centre, kinds = centres(shape, cells)
    if kind < 2:
        centre = centre[kinds == kind]
    share = kept()[torch.as_tensor(time)].reshape(-1, 1)
    return x[:, None] - share[..., None].sqrt() * centre, share * WIDTH**2 + 1 - share
