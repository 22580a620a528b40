"""How near generated pictures come to painted ones: distances of what a network that has seen ImageNet makes of them.

The same formulas between training pictures and held-out ones say what is the nearest that can be asked for. The network
saw photographs, not watercolours, and its answers are not what is usually taken (Inception's): compare these numbers
with each other, not with numbers of papers.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from core import cores
from core.models.imagenet import efficientnet_lite0
from core.probes.frechet import frechet

SIDE = 96  # pixels that a picture is enlarged to before the network sees it
TOGETHER = 32  # pictures the network looks at in one go
NEIGHBOURS = 3  # of precision and recall


def features(pixels: np.ndarray) -> Tensor:
    """Pictures (count, side, side, 3) uint8 → its last answers, averaged over each picture, (count, 1280)."""
    return torch.cat(cores.each(looked_at, cores.parts(torch.from_numpy(pixels), TOGETHER)))


@torch.no_grad()  # every thread has a switch of its own
def looked_at(pixels: Tensor) -> Tensor:
    """The same in one go."""
    return efficientnet_lite0().features(enlarged(pixels))


def enlarged(pixels: Tensor) -> Tensor:
    """Pictures (count, side, side, 3) uint8 as the network takes them, (count, 3, SIDE, SIDE), bicubic."""
    return functional.interpolate(
        efficientnet_lite0().normalised(pixels), size=(SIDE, SIDE), mode="bicubic", align_corners=False
    )


def coarse(pixels: np.ndarray) -> Tensor:
    """Pictures (count, side, side, 3) uint8 as means of 8 × 8 × 3 patches, (count, 192): colours and where they are.

    No network stands between: what a discriminator that looks through the measuring network cannot have learned from.
    """
    count, side = pixels.shape[:2]
    patches = pixels.reshape(count, 8, side // 8, 8, side // 8, 3).astype(np.float32).mean(axis=(2, 4)) / 255
    return torch.from_numpy(patches.reshape(count, -1))


def kernel_distance(a: Tensor, b: Tensor) -> float:
    """KID (Bińkowski et al. 2018): the unbiased squared distance of two sets of rows (samples, features) under
    the kernel (x·y / features + 1)³. About 0 for two samples of one distribution, also slightly below."""
    a, b = a.double(), b.double()
    own = [(kernel(one, one).sum() - kernel(one, one).diagonal().sum()) / (len(one) * (len(one) - 1)) for one in (a, b)]
    return (own[0] + own[1] - 2 * kernel(a, b).mean()).item()


def kernel(a: Tensor, b: Tensor) -> Tensor:
    """(x·y / features + 1)³ of all pairs of rows."""
    return (a @ b.T / a.shape[1] + 1) ** 3


def covered(points: Tensor, by: Tensor, neighbours: int = NEIGHBOURS) -> float:
    """Share of points that lie in one of the balls around ``by``'s rows, each as wide as to its own third neighbour.

    Generated points by real ones: precision; real points by generated ones: recall (Kynkäänniemi et al. 2019).
    """
    reach = torch.cdist(by, by).kthvalue(neighbours + 1, dim=1).values
    return (torch.cdist(points, by) <= reach).any(dim=1).float().mean().item()


def nearest(points: Tensor, among: Tensor) -> tuple[Tensor, Tensor]:
    """For each row the distance (1 − cosine) to the most similar one ``among`` others, and that one's place."""
    alike = functional.normalize(points, dim=1) @ functional.normalize(among, dim=1).T
    best = alike.max(dim=1)
    return 1 - best.values, best.indices


def variety(rows: Tensor, labels: np.ndarray) -> float:
    """Mean distance (1 − cosine) of two pictures of one class, over classes of two pictures or more, each picture
    counting alike."""
    total, count = 0.0, 0
    for label in np.unique(labels):
        own = functional.normalize(rows[torch.from_numpy(labels == label)], dim=1)
        if len(own) > 1:
            pairs = len(own) * (len(own) - 1)
            total += len(own) * (1 - ((own @ own.T).sum() - len(own)).item() / pairs)
            count += len(own)
    return total / count if count else math.nan


@dataclass(frozen=True)
class Copies:
    """Whether pictures were learned by heart: distances to the most similar training picture, of generated pictures
    and of held-out ones, which cannot have been copied."""

    generated: np.ndarray
    held_out: np.ndarray

    @property
    def nearer(self) -> float:
        """Chance that a generated picture is nearer to a training picture than a held-out one is (Mann and Whitney's
        U as a share; Meehan et al. 2020 call a share well above one half data copying)."""
        below = np.searchsorted(np.sort(self.generated), self.held_out, side="left")
        level = np.searchsorted(np.sort(self.generated), self.held_out, side="right") - below
        return float((below + level / 2).mean() / len(self.generated))

    @property
    def closest(self) -> tuple[float, float]:
        """The smallest distance of a generated and of a held-out picture."""
        return float(self.generated.min()), float(self.held_out.min())

    @property
    def suspects(self) -> int:
        """How many generated pictures are nearer to a training picture than the nearest held-out one."""
        return int((self.generated < self.held_out.min()).sum())

    @property
    def sentence(self) -> str:
        """What that says."""
        told = (
            f"A generated picture is nearer to its training picture than a held-out one in {self.nearer:.0%} of pairs"
        )
        if self.suspects:
            return f"{told}; {self.suspects} of {len(self.generated)} are nearer than any held-out picture."
        return f"{told}; none of {len(self.generated)} is nearer than the nearest held-out picture."


def compared(found: Tensor, reference: Tensor) -> dict[str, float]:
    """All measures between two sets of features, the first judged by the second."""
    return {
        "frechet": frechet(found, reference), "kid": kernel_distance(found, reference),
        "precision": covered(found, reference), "recall": covered(reference, found),
    }  # fmt: skip
