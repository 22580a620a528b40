"""Differentiable augmentation: real and generated pictures are changed alike before they are judged, so that a
discriminator cannot learn a small set by heart (Zhao et al. 2020)."""

import torch
from torch import Tensor
from torch.nn import functional

SHIFT, CUT = 0.125, 0.4  # at most, in shares of the side


def augmented(pictures: Tensor, draw: torch.Generator) -> Tensor:
    """Pictures (batch, 3, side, side): colour, shift and a grey square, each drawn anew for every picture."""
    return cut(shifted(coloured(pictures, draw), draw), draw)


def uniform(count: int, draw: torch.Generator) -> Tensor:
    """Numbers from 0 to 1, (count, 1, 1, 1)."""
    return torch.rand(count, 1, 1, 1, generator=draw)


def coloured(x: Tensor, draw: torch.Generator) -> Tensor:
    """Another brightness, saturation and contrast."""
    x = x + (uniform(len(x), draw) - 0.5) * 0.6
    grey = x.mean(dim=1, keepdim=True)
    x = (x - grey) * (uniform(len(x), draw) * 1.2 + 0.4) + grey
    middle = x.mean(dim=(1, 2, 3), keepdim=True)
    return (x - middle) * (uniform(len(x), draw) * 0.8 + 0.6) + middle


def shifted(x: Tensor, draw: torch.Generator) -> Tensor:
    """Moved by some pixels, zeros where nothing was."""
    side = x.shape[2]
    reach = round(side * SHIFT)
    padded = functional.pad(x, [reach] * 4)
    moves = torch.randint(0, 2 * reach + 1, (len(x), 2), generator=draw)
    rows = moves[:, :1] + torch.arange(side)
    columns = moves[:, 1:] + torch.arange(side)
    flat = padded.permute(0, 2, 3, 1)
    return flat[torch.arange(len(x))[:, None, None], rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def cut(x: Tensor, draw: torch.Generator) -> Tensor:
    """With a square of zeros."""
    side = x.shape[2]
    width = round(side * CUT)
    corners = torch.randint(-width // 2, side - width // 2, (len(x), 2), generator=draw)
    line = torch.arange(side)
    inside = (line >= corners[:, :, None]) & (line < corners[:, :, None] + width)
    return x * ~(inside[:, 0, None, :, None] & inside[:, 1, None, None, :])
