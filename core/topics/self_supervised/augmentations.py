"""Views of a picture: the same thing seen differently, at random.

Crop: a window of 60 to 100% of the side, brought to full size. Rotation: up to 25° either way. Mirror: half of them.
Brightness: 50 to 150%. Noise: normal, deviation 0.15. Erased square: 40% of the side, black.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional

CROP, ROTATION, FLIP, BRIGHTNESS, NOISE, ERASE = KINDS = (
    "crop", "rotation", "mirror", "brightness", "noise", "erased square",
)  # fmt: skip
SMALLEST, TURN, GAIN, GRAIN, HOLE = 0.6, 25, 0.5, 0.15, 0.4


def view_of(x: Tensor, kinds: tuple[str, ...], generator: torch.Generator) -> Tensor:
    """Pictures (batch, 1, height, width) in [0, 1], each changed at random in the ways named (of ``KINDS``).

    As many numbers are drawn whatever is named, so that adding a kind leaves the others as they were."""
    zoom, across, down, turn, side, gain, column, row = torch.rand(8, len(x), generator=generator)
    grain = torch.randn(x.shape, generator=generator)
    zoom = SMALLEST + (1 - SMALLEST) * zoom if "crop" in kinds else torch.ones(len(x))
    turn = (2 * turn - 1) * math.radians(TURN) * ("rotation" in kinds)
    side = torch.where((side < 0.5) & ("mirror" in kinds), -1.0, 1.0)
    place = (1 - zoom) * (2 * torch.stack([across, down]) - 1)  # of the window's middle
    cosine, sine = zoom * turn.cos(), zoom * turn.sin()
    where = torch.stack([side * cosine, -sine, place[0], side * sine, cosine, place[1]], dim=1).view(-1, 2, 3)
    grid = functional.affine_grid(where, list(x.shape), align_corners=False)
    x = functional.grid_sample(x, grid, align_corners=False)
    if "brightness" in kinds:
        x = x * (1 + GAIN * (2 * gain - 1))[:, None, None, None]
    if "noise" in kinds:
        x = x + GRAIN * grain
    if "erased square" in kinds:
        line = (torch.arange(x.shape[2]) + 0.5) / x.shape[2]
        middle = HOLE / 2 + (1 - HOLE) * torch.stack([row, column])[..., None]
        away = (line - middle).abs() > HOLE / 2  # (2, batch, side)
        x = x * (away[0][:, None, :, None] | away[1][:, None, None, :])
    return x.clamp(0, 1)
