"""Why a deep plain network is worse: losses that its layers could have, and those that training finds."""

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch.nn import functional

from core.models.resnet import ResNet
from core.topics.resnet.identity import deepened
from core.topics.resnet.networks import PLAIN, network, pictures, standardised
from core.topics.resnet.record import Trainings, recorded


@torch.no_grad()
def loss_of(model: ResNet, part: str = "training") -> float:
    """Mean cross-entropy on the shipped pictures of the "training" or "test" set."""
    x, y = pictures(part)
    return functional.cross_entropy(model(standardised(x)), y).item()


@lru_cache(maxsize=16)
def sheet_loss(kind: str, depth: int) -> float:
    """That of a shipped network on training pictures."""
    return loss_of(network(kind, depth))


@dataclass(frozen=True)
class Possible:
    """A plain network of ``depth`` layers that was put together from the trained one of ``shallow``: its loss on the
    shipped training pictures, and how far its answers are from the shallow network's at most."""

    shallow: int
    depth: int
    loss: float
    shallow_loss: float
    apart: float
    trainings: Trainings

    @property
    def provenance(self) -> str:
        return f"Computed live from the shipped networks · {self.trainings.source.provenance}"


@lru_cache(maxsize=32)
def possible(shallow: int, depth: int) -> Possible:
    """Build the deep network and judge it."""
    own = network(PLAIN, shallow)
    deep = deepened(own, depth)
    x, _ = pictures("training")
    with torch.no_grad():
        apart = float((deep(standardised(x)) - own(standardised(x))).abs().max())
    return Possible(shallow, depth, loss_of(deep), sheet_loss(PLAIN, shallow), apart, recorded())
