"""Why this digit: the pixels that spoke for it, training digits like it, the smallest edit that changes the answer."""

import functools
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.models.digits import DigitNetwork, recognizer, training_digits

SIDE = 28


def saliency(seen: Tensor, answer: int, model: nn.Module | None = None, steps: int = 64) -> Tensor:
    """How much each pixel's ink spoke for ``answer`` (0…10), (28, 28); negative speaks against it.

    Integrated gradients from the empty picture (Sundararajan, Taly and Yan 2017): the sum over pixels is the logit's
    difference to that of the empty picture, up to the error of a midpoint sum of ``steps`` terms.
    """
    model = model or recognizer()[0]
    parts = (torch.arange(steps) + 0.5) / steps
    path = (parts[:, None, None, None] * seen.view(1, 1, SIDE, SIDE)).requires_grad_()
    (gradient,) = torch.autograd.grad(model(path)[:, answer].sum(), path)
    return gradient.mean(dim=(0, 1)) * seen


@dataclass(frozen=True)
class Neighbour:
    """A training digit: its picture (28, 28), its class, and how like it is (cosine of features, 1 is the same)."""

    picture: Tensor
    digit: int
    likeness: float


def neighbours(seen: Tensor, count: int = 8) -> list[Neighbour]:
    """The training digits whose features are nearest, most alike first."""
    pictures, digits, features = index()
    with torch.no_grad():
        own = directions(recognizer()[0], seen.view(1, 1, SIDE, SIDE))[0]
    likeness, places = (features @ own).topk(count)
    return [
        Neighbour(pictures[place, 0], int(digits[place]), float(value))
        for place, value in zip(places.tolist(), likeness.tolist(), strict=True)
    ]


@functools.lru_cache(maxsize=1)
def index() -> tuple[Tensor, Tensor, Tensor]:
    """The shipped training digits (samples, 1, 28, 28), their classes (samples,) and their features' directions."""
    pictures, digits = training_digits()
    with torch.no_grad():
        features = torch.cat([directions(recognizer()[0], part) for part in pictures.split(250)])
    return pictures, digits, features


def directions(model: DigitNetwork, images: Tensor) -> Tensor:
    """Features scaled to length 1, (batch, features)."""
    return nn.functional.normalize(model.features(images), dim=1)


@dataclass(frozen=True)
class Edit:
    """A changed picture (28, 28), whether it now reads as wished, and how much it took: the change's length relative
    to the picture's (both Euclidean)."""

    picture: Tensor
    reached: bool
    size: float


def smallest_edit(seen: Tensor, wanted: int, rounds: int = 30) -> Edit:
    """The smallest change of grey levels, within 0 and 1, after which the network answers ``wanted`` (0…9).

    First across the boundary by linearised steps (DeepFool; Moosavi-Dezfooli, Fawzi and Frossard 2016), then along it
    towards the original for as long as that shortens the way. A local minimum: a smaller edit may exist.
    """
    model, calibration = recognizer()
    offset = torch.zeros(11)
    offset[10] = calibration.shift
    original = seen.view(1, 1, SIDE, SIDE)
    best, reach = shortened(model, original, crossed(model, original, wanted, offset), wanted, offset), 0.5
    for _ in range(rounds):
        if reach < 0.02:
            break
        slope = lag(model, best, wanted, offset)[1]
        back = original - best
        along = back - (back * slope).sum() / slope.square().sum().clamp_min(1e-12) * slope
        across = crossed(model, (best + reach * along).clamp(0, 1), wanted, offset)
        tried = shortened(model, original, across, wanted, offset)
        nearer = (tried - original).norm() < (best - original).norm()
        if nearer and answered(model, tried, wanted, offset):
            best = tried
        else:
            reach /= 2
    return Edit(
        best[0, 0],
        answered(model, best, wanted, offset),
        float((best - original).norm() / original.norm().clamp_min(1e-6)),
    )


def lag(model: nn.Module, image: Tensor, wanted: int, offset: Tensor) -> tuple[float, Tensor]:
    """How far the wanted logit lies behind the best other one, and that difference's gradient."""
    image = image.detach().requires_grad_()
    logits = model(image)[0] + offset
    others = logits.masked_fill(torch.arange(11) == wanted, -torch.inf)
    behind = others.max() - logits[wanted]
    (slope,) = torch.autograd.grad(behind, image)
    return behind.item(), slope


def crossed(model: nn.Module, image: Tensor, wanted: int, offset: Tensor, most: int = 100) -> Tensor:
    """The image moved, within 0 and 1, until the network answers ``wanted``, or after ``most`` steps as it is then."""
    for _ in range(most):
        behind, slope = lag(model, image, wanted, offset)
        if behind <= 0:
            break
        length = slope.norm().clamp_min(1e-9)
        image = (image - min((behind + 0.05) / float(length), 0.5) * slope / length).clamp(0, 1)
    return image


@torch.no_grad()
def answered(model: nn.Module, image: Tensor, wanted: int, offset: Tensor) -> bool:
    """Whether the network answers ``wanted``."""
    return int((model(image)[0] + offset).argmax()) == wanted


def shortened(model: nn.Module, original: Tensor, edited: Tensor, wanted: int, offset: Tensor) -> Tensor:
    """The edit cut back along its own line to where the answer just changes."""
    low, high = 0.0, 1.0
    for _ in range(8):
        middle = (low + high) / 2
        reached = answered(model, original.lerp(edited, middle), wanted, offset)
        low, high = (low, middle) if reached else (middle, high)
    return original.lerp(edited, high)
