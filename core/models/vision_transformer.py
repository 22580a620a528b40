"""The vision transformer: a picture cut into patches, each patch a token of a transformer that looks both ways.

Dosovitskiy et al. (2021), *An image is worth 16x16 words*; the blocks are those of ``core.models.transformer``.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.models.initialization import initialize
from core.models.layers import Model
from core.models.transformer import Block, Trace

SPREAD = 0.02  # deviation of the class token and the position embeddings at the start, as in the paper


class VisionTransformer(Model):
    """A classifier of square grey pictures: ``VisionTransformer(10, size=28, patch=4)`` takes (batch, 1, 28, 28) and
    returns logits (batch, 10).

    Each of the (size / patch)² patches becomes a token by one linear layer (a convolution whose stride is its size); a
    learned class token is set before them, and a learned vector for each place is added, unless there are no
    ``positions``: then the network cannot tell where a patch stands. The class token's last state is classified.
    Weights are drawn from ``seed``. Raises ``ValueError`` for settings that make no network.
    """

    source = "VisionTransformer()"

    def __init__(
        self,
        classes: int = 10,
        size: int = 28,
        patch: int = 4,
        width: int = 48,
        heads: int = 4,
        layers: int = 4,
        positions: bool = True,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if min(classes, size, patch, width, heads, layers) < 1 or width % heads or size % patch:
            raise ValueError("Patches must tile the picture, and heads share out the width; all at least 1.")
        self.size, self.patch, self.heads = size, patch, heads
        self.side = size // patch
        self.patches = nn.Conv2d(1, width, kernel_size=patch, stride=patch)
        self.class_token = nn.Parameter(torch.zeros(width))
        self.positions = nn.Parameter(torch.zeros(self.side**2 + 1, width)) if positions else None
        self.blocks = nn.ModuleList(Block(width, heads, widening=2) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.output = nn.Linear(width, classes)
        initialize(self, "Xavier", seed)
        generator = torch.Generator().manual_seed(seed)
        for drawn in (self.class_token, self.positions):
            if drawn is not None:
                nn.init.normal_(drawn, 0, SPREAD, generator=generator)

    def forward(self, x: Tensor) -> Tensor:
        """x (batch, 1, size, size) → logits (batch, classes)."""
        return self.answers(self.tokens(x))

    def tokens(self, x: Tensor, kept: Sequence[int] | None = None, table: Tensor | None = None) -> Tensor:
        """The stream before the first block, (batch, 1 + patches, width): class token first, patches row by row.

        Of the patches only those ``kept`` are read, the others are not there at all. ``table`` stands in for the
        network's own position embeddings, (1 + patches, width).
        """
        patches = self.patches(x).flatten(2).transpose(1, 2)
        stream = torch.cat([self.class_token.expand(len(x), 1, -1), patches], dim=1)
        table = self.positions if table is None else table
        stream = stream if table is None else stream + table
        return stream if kept is None else stream[:, [0, *(place + 1 for place in kept)]]

    def answers(self, stream: Tensor) -> Tensor:
        """Through all blocks; what the class token's state is classified as, (batch, classes)."""
        for block in self.blocks:
            stream = stream + block.attend(stream, None, causal=False)[0]
            stream = stream + block.mlp(block.mlp_norm(stream))
        return self.output(self.norm(stream[:, 0]))

    @torch.no_grad()
    def trace(self, x: Tensor) -> Trace:
        """Look at one picture (1, 1, size, size) and keep everything: the stream (layers + 1, tokens, width), attention
        weights (layers, heads, tokens, tokens), logits (classes,)."""
        stream = self.tokens(x)
        hidden, looked = [stream], []
        for block in self.blocks:
            added, weights, _ = block.attend(stream, None, causal=False)
            stream = stream + added
            stream = stream + block.mlp(block.mlp_norm(stream))
            hidden.append(stream)
            looked.append(weights)
        return Trace(torch.cat(hidden), torch.cat(looked), self.output(self.norm(stream[:, 0]))[0])


def cut(x: Tensor, patch: int) -> Tensor:
    """Pictures (batch, 1, size, size) as patches (batch, (size / patch)², patch²), row by row."""
    return functional.unfold(x, kernel_size=patch, stride=patch).transpose(1, 2)


def joined(patches: Tensor, size: int, patch: int) -> Tensor:
    """Patches (batch, (size / patch)², patch²) as pictures (batch, 1, size, size): ``cut`` turned round."""
    return functional.fold(patches.transpose(1, 2), (size, size), kernel_size=patch, stride=patch)
