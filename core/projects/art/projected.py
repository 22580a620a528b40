"""A discriminator that looks through a network which has seen ImageNet (Sauer et al. 2021, *Projected GANs*).

The pictures' features at four scales stay as they are; two fixed random mixtures, across channels and across scales,
keep small heads from judging by a few of them. Only the heads learn. They need far fewer pictures for that than a
discriminator which has to learn to see.
"""

import copy
import functools
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torch.nn.utils.parametrizations import spectral_norm

from core.models.efficientnet import MIDDLE, SPREAD, Convolution, EfficientNetLite0
from core.models.imagenet import efficientnet_lite0
from core.projects.art.network import SLOPE, Shape, variety

ENDS = (3, 5, 11, 16)  # blocks after which the features of a scale are taken: a quarter of the side, an eighth, …
FOUND = (24, 40, 112, 320)  # their channels
MIXED = (48, 64, 96, 128)  # channels after the mixtures
SEEN = 96  # pixels the pictures are enlarged to
WIDE = 96  # channels inside a head


class Features(nn.Module):
    """The frozen network with its batch norms folded into the convolutions before them, in channels-last order."""

    def __init__(self, network: EfficientNetLite0) -> None:
        super().__init__()
        self.network = copy.deepcopy(network)
        for part in self.network.modules():
            if isinstance(part, Convolution):
                part.weights, part.norm = fuse_conv_bn_eval(part.weights, part.norm), nn.Identity()
        self.to(memory_format=torch.channels_last).eval().requires_grad_(False)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Pictures (batch, 3, side, side) from −1 to 1 → what leaves ``ENDS``."""
        x = (pictures * 127.5 + (127.5 - MIDDLE)) / SPREAD
        x = functional.interpolate(x, size=(SEEN, SEEN), mode="bilinear", align_corners=False)
        x = self.network.stem(x.contiguous(memory_format=torch.channels_last))
        found = []
        for number, block in enumerate(self.network.blocks, 1):
            x = block(x)
            if number in ENDS:
                found.append(x)
        return found


@functools.lru_cache(maxsize=1)
def seeing() -> Features:
    """The one that everybody shares. Raises ``MissingWeightsError``."""
    return Features(efficientnet_lite0())


class Head(nn.Module):
    """Judges one scale: halved until it is small, compared among four pictures, then an answer for each place."""

    def __init__(self, inputs: int, halvings: int, classes: int) -> None:
        super().__init__()
        widths = [inputs, *[WIDE] * max(halvings, 1)]
        self.layers = nn.ModuleList(
            spectral_norm(nn.Conv2d(a, b, 4 if halvings else 3, 2 if halvings else 1, 1)) for a, b in pairwise(widths)
        )
        self.last = spectral_norm(nn.Conv2d(WIDE + 1, WIDE, 1))
        self.output = spectral_norm(nn.Conv2d(WIDE, 1, 1))
        self.classes = spectral_norm(nn.Linear(classes, WIDE, bias=False)) if classes > 1 else None

    def forward(self, x: Tensor, classes: Tensor) -> Tensor:
        """(batch, inputs, side, side), class weights (batch, classes) → (batch, places)."""
        for layer in self.layers:
            x = functional.leaky_relu(layer(x), SLOPE)
        x = functional.leaky_relu(self.last(torch.cat([x, variety(x)], dim=1)), SLOPE)
        answer = self.output(x)
        if self.classes is not None:
            answer = answer + (x * self.classes(classes)[:, :, None, None]).sum(dim=1, keepdim=True)
        return answer.flatten(1).float()


class Projected(nn.Module):
    """Pictures (batch, 3, side, side) from −1 to 1 and class weights (batch, classes) → (batch,); large means real."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        across = [torch.randn(wide, found, 1, 1) * (2 / found) ** 0.5 for wide, found in zip(MIXED, FOUND, strict=True)]
        between = [torch.randn(low, high, 3, 3) * (2 / (9 * high)) ** 0.5 for low, high in pairwise(MIXED)]
        for name, tensors in (("across", across), ("between", between)):
            for place, tensor in enumerate(tensors):
                self.register_buffer(f"{name}{place}", tensor)
        sides = [SEEN // 4, SEEN // 8, SEEN // 16, SEEN // 32]
        self.heads = nn.ModuleList(
            Head(wide, max((side // 3).bit_length() - 1, 0), shape.classes)
            for wide, side in zip(MIXED, sides, strict=True)
        )

    def mixed(self, found: list[Tensor]) -> list[Tensor]:
        """Features across channels, then from the coarsest scale to the finest."""
        across = [functional.conv2d(x, self.get_buffer(f"across{place}")) for place, x in enumerate(found)]
        mixed = [across[-1]]
        for place in reversed(range(len(across) - 1)):
            lower = functional.conv2d(mixed[0], self.get_buffer(f"between{place}"), padding=1)
            lower = functional.interpolate(lower, size=across[place].shape[2:], mode="bilinear", align_corners=False)
            mixed.insert(0, (across[place] + lower) * 0.5**0.5)
        return mixed

    def answers(self, mixed: list[Tensor], classes: Tensor) -> list[Tensor]:
        """What each head says of mixed features, (batch, places) each."""
        return [head(x, classes) for head, x in zip(self.heads, mixed, strict=True)]

    def forward(self, pictures: Tensor, classes: Tensor) -> Tensor:
        found = self.answers(self.mixed(seeing()(pictures)), classes)
        return torch.stack([one.mean(dim=1) for one in found]).mean(dim=0)
