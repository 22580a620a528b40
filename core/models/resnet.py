"""Residual networks for small pictures, and the plain ones of the same weights without shortcuts."""

from collections.abc import Collection, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.models.initialization import initialize
from core.models.layers import Model


class Block(nn.Module):
    """Two 3×3 convolutions F, each followed by batch norm: ``relu(F(x) + shortcut(x))``, or ``relu(F(x))`` if plain.

    Takes (batch, inputs, height, width) and returns (batch, outputs, height / stride, width / stride).
    """

    def __init__(self, inputs: int, outputs: int, stride: int, residual: bool, batch_norm: bool) -> None:
        super().__init__()
        norm = nn.BatchNorm2d if batch_norm else nn.Identity
        self.first = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.first_norm = norm(outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.second_norm = norm(outputs)
        self.added, self.stride, self.residual = outputs - inputs, stride, residual

    def shortcut(self, x: Tensor) -> Tensor:
        """x itself; where the block makes the map smaller, every second pixel, and empty channels for the new ones."""
        if self.stride == 1:
            return x
        return functional.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.added))

    def branch(self, x: Tensor) -> Tensor:
        """F(x), what the two convolutions make of x."""
        return self.second_norm(self.second(functional.relu(self.first_norm(self.first(x)))))

    def forward(self, x: Tensor) -> Tensor:
        if self.residual:
            return functional.relu(self.branch(x) + self.shortcut(x))
        return functional.relu(self.branch(x))


class ResNet(Model):
    """A network of 6n + 2 layers: ``ResNet(20)`` takes (batch, 1, height, width) and returns (batch, 10).

    One convolution, three stages of n blocks each (``widths`` channels; the second and the third stage begin with
    stride 2), the mean over all pixels and a linear layer (He et al. 2016, section 4.2, with shortcuts of kind A, which
    have no weights: a plain network, ``residual`` False, has exactly as many). Weights are drawn by He's rule from
    ``seed``. Raises ``ValueError`` for a depth that is not 6n + 2.
    """

    def __init__(
        self,
        depth: int = 20,
        residual: bool = True,
        widths: Sequence[int] = (8, 16, 32),
        classes: int = 10,
        inputs: int = 1,
        batch_norm: bool = True,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if depth < 8 or depth % 6 != 2:
            raise ValueError("A residual network of this kind has 6n + 2 layers: 8, 14, 20, …")
        each = (depth - 2) // 6
        self.depth, self.residual, self.seed = depth, residual, seed
        self.stem = nn.Conv2d(inputs, widths[0], 3, padding=1, bias=False)
        self.stem_norm = nn.BatchNorm2d(widths[0]) if batch_norm else nn.Identity()
        plan, before = [], widths[0]
        for stage, width in enumerate(widths):
            for place in range(each):
                plan.append(Block(before, width, 2 if stage and not place else 1, residual, batch_norm))
                before = width
        self.blocks = nn.ModuleList(plan)
        self.output = nn.Linear(before, classes)
        initialize(self, "He", seed)

    def start(self, x: Tensor) -> Tensor:
        """What the first convolution makes of pictures; channels last in memory, a third faster with few of them."""
        return functional.relu(self.stem_norm(self.stem(x))).contiguous(memory_format=torch.channels_last)

    def end(self, x: Tensor) -> Tensor:
        """The classes' scores (batch, classes) from the last block's maps."""
        return self.output(x.mean(dim=(2, 3)))

    def forward(self, x: Tensor) -> Tensor:
        """x (batch, channels, height, width) → (batch, classes)."""
        return self.end(self.after(self.start(x)))

    def after(self, x: Tensor, first: int = 0, deleted: Collection[int] = ()) -> Tensor:
        """The maps behind all blocks from number ``first`` on; of a deleted one only the shortcut is left."""
        for place, block in enumerate(self.blocks[first:], first):
            x = block.shortcut(x) if place in deleted else block(x)
        return x

    def layers(self, x: Tensor) -> list[Tensor]:
        """What the first layer, each block and the output answer to x."""
        answers = [self.start(x)]
        for block in self.blocks:
            answers.append(block(answers[-1]))
        return [*answers, self.end(answers[-1])]
