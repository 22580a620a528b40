"""How good painted pictures are: what a classifier takes them for, how varied they are, how far from real ones."""

from dataclasses import dataclass

import torch
from torch import Tensor

from core.models.judge import judge
from core.probes.frechet import frechet
from core.topics.diffusion.latent import CLASSES, decoded, networks, noise_of, seen_in_codes
from core.topics.diffusion.painting import Walk, judged

TOGETHER = 250  # pictures walked at once


@torch.no_grad()
def features(pictures: Tensor) -> Tensor:
    """What the classifier's hidden layer answers to pictures (count, 1, 28, 28), (count, 64)."""
    return judge("fashion").hidden[0](pictures.flatten(1))


def variety(pictures: Tensor, kinds: Tensor) -> float:
    """The mean squared distance of two pictures (count, 1, 28, 28) of one class, per pixel: twice their variance."""
    each = [2 * pictures[kinds == kind].var(dim=0).mean() for kind in kinds.unique()]
    return torch.stack(each).mean().item()


@dataclass(frozen=True)
class Quality:
    """Painted pictures against as many held-out ones: the share taken for what was asked, the variety within a class
    as a share of theirs, and the Fréchet distance of features as a multiple of that of training pictures."""

    right: float
    variety: float
    distance: float


def sampled(count: int, guidance: float, walk: Walk) -> tuple[Tensor, Tensor]:
    """So many pictures (count, 1, 28, 28), of all classes in turn, and the classes."""
    kinds = torch.arange(count) % len(CLASSES)
    parts = []
    for place, part in enumerate(kinds.split(TOGETHER)):
        noise = seen_in_codes(networks()[1], part, guidance)
        start = noise_of(walk.seed + 1000 * place, len(part))
        *_, codes = walk.stations(noise, start)
        parts.append(decoded(codes))
    return torch.cat(parts), kinds


def quality(pictures: Tensor, kinds: Tensor, real: Tensor, labels: Tensor, training: Tensor) -> Quality:
    """Painted ``pictures`` of ``kinds``, ``real`` ones that nothing was trained on with their ``labels``, and as many
    ``training`` pictures; all (count, 1, 28, 28). Few pictures bias the distances upwards, all of them alike."""
    theirs = features(real)
    return Quality(
        (judged(pictures).argmax(dim=1) == kinds).float().mean().item(),
        variety(pictures, kinds) / variety(real, labels),
        frechet(features(pictures), theirs) / frechet(features(training), theirs),
    )
