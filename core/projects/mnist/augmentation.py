"""The same digit in another hand: shift, rotation, scale, shear, elastic bending and stroke width.

All numbers are drawn by place (seed, step), so a resumed training meets the pictures it would have met.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional

from core.randomness import uniform

STREAM = 64  # the stream of `core.randomness` that augmentation draws from
ROTATION, SHEAR, SCALE, SHIFT = math.radians(14), 0.2, 0.16, 2.2  # largest; shift in pixels
ELASTIC = (0.9, 5)  # pixels of bending (standard deviation), control points a side (Simard, Steinkraus and Platt 2003)
WIDTH = 0.45  # share of pictures whose strokes are made thicker or thinner


def augmented(images: Tensor, seed: int, step: int) -> Tensor:
    """Images (batch, 1, height, width), each changed at random; the same for the same seed and step."""
    draw = uniform(seed, STREAM, step, (len(images), 8 + 2 * ELASTIC[1] ** 2)).to(images.device)
    return stroked(bent(images, draw[:, :6], draw[:, 8:]), draw[:, 6], draw[:, 7])


def bent(images: Tensor, draw: Tensor, bends: Tensor) -> Tensor:
    """One resampling for the affine map and the elastic field; ``draw`` (batch, 6), ``bends`` (batch, 2·points²)."""
    size, points = images.shape[-1], ELASTIC[1]
    angle, shear, wide, high, right, down = (2 * draw - 1).T
    angle, shear = ROTATION * angle, SHEAR * shear
    wide, high = torch.exp(SCALE * wide), torch.exp(SCALE * high)
    across = torch.stack([angle.cos() * wide, (shear - angle.sin()) * high, 2 * SHIFT / size * right], dim=1)
    along = torch.stack([angle.sin() * wide, angle.cos() * high, 2 * SHIFT / size * down], dim=1)
    grid = functional.affine_grid(torch.stack([across, along], dim=1), list(images.shape), align_corners=False)
    field = (bends.view(-1, 2, points, points) - 0.5) * math.sqrt(12) * ELASTIC[0] * 2 / size
    field = functional.interpolate(field, images.shape[-2:], mode="bicubic", align_corners=True)
    return functional.grid_sample(images, grid + field.permute(0, 2, 3, 1), align_corners=False)


def stroked(images: Tensor, chance: Tensor, amount: Tensor) -> Tensor:
    """Some pictures mixed with their dilation or erosion by one pixel; ``chance``, ``amount`` (batch,) in [0, 1)."""
    thick, thin = crossed(images), -crossed(-images)
    amount, chance = amount[:, None, None, None], chance[:, None, None, None]
    changed = torch.where(chance < WIDTH / 2, images.lerp(thick, amount), images.lerp(thin, 0.7 * amount))
    return torch.where(chance < WIDTH, changed, images)


def crossed(images: Tensor) -> Tensor:
    """The largest value among each pixel and its four neighbours: dilation by a cross."""
    down = functional.max_pool2d(images, (3, 1), 1, (1, 0))
    return torch.maximum(down, functional.max_pool2d(images, (1, 3), 1, (0, 1)))
