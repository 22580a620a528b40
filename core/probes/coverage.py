"""How much of a target a generator reaches: modes counted, points covered, and a distance between two clouds."""

import math

import numpy as np
import torch
from torch import Tensor

from core.data.data import Data

SIGMAS = 3  # how many standard deviations from its centre a sample belongs to a mode
FAIR = 0.25  # which part of its fair share of the samples makes a mode count as covered
NEIGHBOURS = 5
DIRECTIONS = 32
WIDTHS = (0.1, 0.3, 1.0)  # of the bumps of the mean discrepancy


def centres_of(data: Data) -> tuple[Tensor, float]:
    """Each mode's centre (modes, features) and the standard deviation around it, from samples and their modes."""
    count = len(data.classes)
    centres = torch.stack([data.x[data.y == mode].mean(dim=0) for mode in range(count)])
    return centres, (data.x - centres[data.y]).square().mean().sqrt().item()


def shares(samples: Tensor, centres: Tensor, deviation: float) -> Tensor:
    """Which share of samples (…, samples, features) lies within three standard deviations of each mode, (…, modes)."""
    distances = torch.cdist(samples, centres)
    return (distances <= SIGMAS * deviation).float().mean(dim=-2)


def modes_covered(samples: Tensor, data: Data) -> Tensor:
    """How many modes get at least a quarter of their fair share of samples (…, samples, features), (…)."""
    return (shares(samples, *centres_of(data)) >= FAIR / len(data.classes)).sum(dim=-1)


def coverage(samples: Tensor, real: Tensor) -> Tensor:
    """Which share of the real points (real, features) has a sample nearer than its fifth nearest real neighbour
    (Naeem et al. 2020); samples (…, samples, features) → (…)."""
    radius = torch.cdist(real, real).kthvalue(NEIGHBOURS + 1, dim=1).values
    nearest = torch.cdist(real.expand(*samples.shape[:-2], *real.shape), samples).amin(dim=-1)
    return (nearest <= radius).float().mean(dim=-1)


def sliced_wasserstein(samples: Tensor, real: Tensor) -> Tensor:
    """How far two clouds of as many points in the plane are apart: the mean over 32 directions of the distance that
    their shadows must be moved (Rabin et al. 2011); samples (…, points, 2), real (points, 2) → (…)."""
    turn = torch.arange(DIRECTIONS) * math.pi / DIRECTIONS
    directions = torch.stack([turn.cos(), turn.sin()])  # (2, directions)
    shadows = ((cloud @ directions).mT.numpy() for cloud in (samples, real))
    ours, theirs = (torch.from_numpy(np.sort(each, axis=-1)) for each in shadows)  # eight times as fast as torch's
    return (ours - theirs).abs().mean(dim=(-1, -2))


def mmd(samples: Tensor, real: Tensor) -> Tensor:
    """The maximum mean discrepancy of two clouds in the plane, (…, samples, 2) and (real, 2) → (…): how far apart the
    means of Gaussian bumps of three widths are (Gretton et al. 2012). 0 for equal clouds; not corrected for their size,
    so two clouds of one target are a little apart."""
    kernels = [likeness(*pair) for pair in ((samples, samples), (real, real), (samples, real))]
    return (kernels[0] + kernels[1] - 2 * kernels[2]).clamp_min(0).sqrt()


def likeness(one: Tensor, other: Tensor) -> Tensor:
    """The mean over all pairs of two clouds of three Gaussian bumps of their distance."""
    squares = torch.cdist(one, other.expand(*one.shape[:-2], *other.shape[-2:])).square()
    return torch.stack([torch.exp(-squares / (2 * width**2)).mean(dim=(-1, -2)) for width in WIDTHS]).mean(dim=0)
