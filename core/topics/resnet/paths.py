"""A residual network as a sum over paths: how many there are of each length, and how much gradient they carry."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from core.models.resnet import Block, ResNet


@dataclass(frozen=True)
class Carried:
    """The gradient of the loss by the first layer's maps, taken apart by the number of residual branches passed.

    ``parts`` (blocks + 1, pictures, numbers) holds the sum over all paths of each length; their sum is the gradient.
    ``single`` (blocks + 1, draws) is the norm of single paths drawn at random, mean over the pictures.
    """

    parts: np.ndarray
    single: np.ndarray

    @property
    def blocks(self) -> int:
        return len(self.parts) - 1

    @property
    def counts(self) -> np.ndarray:
        """How many paths pass 0, 1, … branches."""
        return np.array([math.comb(self.blocks, length) for length in range(self.blocks + 1)], dtype=float)

    @property
    def norms(self) -> np.ndarray:
        """The norm of what all paths of a length carry together, mean over the pictures."""
        return np.linalg.norm(self.parts, axis=2).mean(axis=1)

    @property
    def shares(self) -> np.ndarray:
        """The same as shares of the sum over lengths."""
        return self.norms / self.norms.sum()

    @property
    def mean_length(self) -> float:
        """The mean length, weighted by what paths of a length carry."""
        return float((self.shares * np.arange(self.blocks + 1)).sum())

    def up_to(self, longest: int) -> float:
        """The cosine between the whole gradient and what paths of at most ``longest`` branches carry, mean over the
        pictures."""
        whole, short = self.parts.sum(axis=0), self.parts[: longest + 1].sum(axis=0)
        size = np.linalg.norm(whole, axis=1) * np.linalg.norm(short, axis=1)
        return float(((whole * short).sum(axis=1) / np.maximum(size, 1e-30)).mean())


@torch.no_grad()
def with_statistics(model: ResNet, x: Tensor) -> ResNet:
    """An untrained network, ready to answer: its batch norm takes the statistics of some pictures, in place."""
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 1.0
    model.train()(x)
    return model.eval().requires_grad_(False)


def pull(block: Block, x: Tensor, gradient: Tensor) -> Tensor:
    """A gradient (rows, pictures, …maps) by F(x) taken back to x through the branch F, row by row."""
    rows = len(gradient)
    maps = x.expand(rows, *x.shape).flatten(0, 1).detach().requires_grad_()
    return torch.autograd.grad(block.branch(maps), maps, gradient.flatten(0, 1))[0].unflatten(0, (rows, len(x)))


def past(block: Block, x: Tensor, gradient: Tensor) -> Tensor:
    """The same through the shortcut."""
    rows = len(gradient)
    if block.stride == 1:
        return gradient
    maps = x.expand(rows, *x.shape).flatten(0, 1).detach().requires_grad_()
    return torch.autograd.grad(block.shortcut(maps), maps, gradient.flatten(0, 1))[0].unflatten(0, (rows, len(x)))


def along(model: ResNet, x: Tensor, y: Tensor) -> tuple[list[Tensor], list[Tensor], Tensor]:
    """Every block's input, where its sum is above zero (the ReLU behind it is shared by both ways), and the gradient of
    each picture's loss by the last block's answer."""
    with torch.no_grad():
        maps, opened = [model.start(x)], []
        for block in model.blocks:
            maps.append(block(maps[-1]))
            opened.append((maps[-1] > 0).float())
    last = maps[-1].detach().requires_grad_()
    loss = functional.cross_entropy(model.end(last), y, reduction="sum")
    return maps[:-1], opened, torch.autograd.grad(loss, last)[0]


def by_length(model: ResNet, x: Tensor, y: Tensor) -> Tensor:
    """The gradient by the first layer's maps as one part for each number of branches passed, (blocks + 1, pictures,
    numbers): block by block, what came past the branch keeps its length, what came through it is one longer."""
    inputs, opened, gradient = along(model, x, y)
    parts = gradient[None]
    for block, maps, gate in zip(reversed(model.blocks), reversed(inputs), reversed(opened), strict=True):
        gated = parts * gate
        around, through = past(block, maps, gated), pull(block, maps, gated)
        none = torch.zeros_like(around[:1])
        parts = torch.cat([around, none]) + torch.cat([none, through])
    return parts.flatten(2)


def single_paths(model: ResNet, x: Tensor, y: Tensor, draws: int, seed: int) -> Tensor:
    """The norm of the gradient that single random paths carry, mean over the pictures, (blocks + 1, draws)
    (Veit et al. 2016, figure 6)."""
    count = len(model.blocks)
    generator = torch.Generator().manual_seed(seed)
    rank = torch.rand(count + 1, draws, count, generator=generator).argsort(dim=2).argsort(dim=2)
    taken = (rank < torch.arange(count + 1)[:, None, None]).flatten(0, 1)  # (paths, blocks)
    inputs, opened, gradient = along(model, x, y)
    parts = gradient.expand(len(taken), *gradient.shape).clone()
    for place in reversed(range(count)):
        block, maps, mine = model.blocks[place], inputs[place], taken[:, place]
        gated = parts * opened[place]
        parts = past(block, maps, gated) if block.stride == 1 else past(block, maps, gated).clone()
        if mine.any():
            parts = parts.clone()
            parts[mine] = pull(block, maps, gated[mine])
    return parts.flatten(2).norm(dim=2).mean(dim=1).unflatten(0, (count + 1, draws))


def carried(model: ResNet, x: Tensor, y: Tensor, draws: int, seed: int) -> Carried:
    """Take a residual network's gradient apart."""
    return Carried(by_length(model, x, y).numpy(), single_paths(model, x, y, draws, seed).numpy())
