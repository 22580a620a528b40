"""Why this digit: the pixels that spoke for it, training digits like it, the smallest edit that changes the answer."""

import functools
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from core.projects.mnist.network import DigitNetwork
from core.projects.mnist.recognizer import FOLDER, recognizer

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
    """The shipped training digits (samples, 1, 28, 28), their classes (samples,) and their features' directions.

    The sheet holds one class after the other, equally many of each, row by row.
    """
    with Image.open(FOLDER / "neighbours.png") as sheet:
        grey = np.asarray(sheet)
    tiles = grey.reshape(grey.shape[0] // SIDE, SIDE, grey.shape[1] // SIDE, SIDE).swapaxes(1, 2)
    pictures = torch.from_numpy(tiles.reshape(-1, 1, SIDE, SIDE).astype(np.float32) / 255)
    digits = torch.arange(10).repeat_interleave(len(pictures) // 10)
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


def smallest_edit(seen: Tensor, wanted: int, rounds: int = 60) -> Edit:
    """The smallest change of grey levels, within 0 and 1, after which the network answers ``wanted`` (0…9).

    Step by step to the nearest point of the linearised boundary, as DeepFool does (Moosavi-Dezfooli, Fawzi and Frossard
    2016), from the original each time, so that early detours are forgotten; then shortened by bisection.
    """
    model, calibration = recognizer()
    offset = torch.zeros(11)
    offset[10] = calibration.shift
    original = seen.view(1, 1, SIDE, SIDE)
    now, best = original.clone(), None
    for _ in range(rounds):
        behind, slope = lag(model, now, wanted, offset)
        if behind <= 0 and (best is None or (now - original).norm() < (best - original).norm()):
            best = now.clone()
        now = projected(original, now, behind + 0.05, slope)
    picture = shortened(model, original, now if best is None else best, wanted, offset)
    reached = lag(model, picture, wanted, offset)[0] <= 0
    return Edit(picture[0, 0], reached, float((picture - original).norm() / original.norm().clamp_min(1e-6)))


def lag(model: nn.Module, image: Tensor, wanted: int, offset: Tensor) -> tuple[float, Tensor]:
    """How far the wanted logit lies behind the best other one, and that difference's gradient."""
    image = image.detach().requires_grad_()
    logits = model(image)[0] + offset
    others = logits.masked_fill(torch.arange(11) == wanted, -torch.inf)
    behind = others.max() - logits[wanted]
    (slope,) = torch.autograd.grad(behind, image)
    return behind.item(), slope


def projected(original: Tensor, now: Tensor, behind: float, slope: Tensor) -> Tensor:
    """The point nearest the original where the linearised lag is zero, within 0 and 1.

    Pixels already at 0 or 1 that would leave the range are held, and the others go further for them.
    """
    target = (slope * now).sum() - behind  # all points p with slope·p = target
    free = torch.ones_like(slope, dtype=torch.bool)
    point = original
    for _ in range(6):
        missing = (slope * torch.where(free, original, point)).sum() - target
        strength = slope[free].square().sum().clamp_min(1e-9)
        step = torch.where(free, original - missing / strength * slope, point)
        point = step.clamp(0, 1)
        free = free & (step == point)
        if not bool(free.any()):
            break
    return point


def shortened(model: nn.Module, original: Tensor, edited: Tensor, wanted: int, offset: Tensor) -> Tensor:
    """The edit cut back along its own line to where the answer just changes."""
    low, high = 0.0, 1.0
    for _ in range(12):
        middle = (low + high) / 2
        reached = lag(model, original.lerp(edited, middle), wanted, offset)[0] <= 0
        low, high = (low, middle) if reached else (middle, high)
    return original.lerp(edited, high)
