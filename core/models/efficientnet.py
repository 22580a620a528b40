"""EfficientNet-Lite0, written out: sixteen inverted residual blocks between a first and a last convolution.

Tan and Le (2019), *EfficientNet*; the Lite variant (Liu 2020) leaves out squeeze-and-excitation and answers with ReLU6,
so that it can be quantised. The block is MobileNetV2's (Sandler et al. 2018).
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

FEATURES, STEM = 1280, 32
CLASSES = 1000  # of ImageNet
MIDDLE, SPREAD = 127.0, 128.0  # a pixel's grey 0…255 goes in as (grey - MIDDLE) / SPREAD


# For each stage of blocks: how many, the depthwise kernel's side, the stride of the first, how many times as wide the
# inside of a block is, and the channels that leave it.
STAGES = (
    (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)  # fmt: skip


class Convolution(nn.Module):
    """A convolution without offsets, batch norm, and ReLU6 unless it is ``linear``.

    (batch, inputs, height, width) → (batch, outputs, ⌈height / stride⌉, ⌈width / stride⌉). Zeros are added as
    TensorFlow does ("same"): where their number is odd, the last side gets one more.
    """

    def __init__(
        self, inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1, linear: bool = False
    ) -> None:
        super().__init__()
        self.kernel, self.stride, self.linear = kernel, stride, linear
        self.weights = nn.Conv2d(inputs, outputs, kernel, stride, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.01)

    def forward(self, x: Tensor) -> Tensor:
        if self.kernel > 1:  # padding by nothing would still copy the picture
            x = functional.pad(x, (*self.zeros(x.shape[3]), *self.zeros(x.shape[2])))
        answer = self.norm(self.weights(x))
        return answer if self.linear else functional.relu6(answer)

    def zeros(self, length: int) -> tuple[int, int]:
        """How many zeros come before and after a side of so many pixels."""
        missing = max((-(-length // self.stride) - 1) * self.stride + self.kernel - length, 0)
        return missing // 2, missing - missing // 2


class InvertedResidual(nn.Module):
    """Widen with 1×1, filter each channel by itself (depthwise), narrow with 1×1; add the input where shapes allow."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inputs * expansion
        self.expand = Convolution(inputs, wide) if expansion > 1 else nn.Identity()
        self.depthwise = Convolution(wide, wide, kernel, stride, groups=wide)
        self.project = Convolution(wide, outputs, linear=True)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, height, width) → (batch, outputs, ⌈height / stride⌉, ⌈width / stride⌉)."""
        answer = self.project(self.depthwise(self.expand(x)))
        return answer + x if self.residual else answer


class EfficientNetLite0(nn.Module):
    """(batch, 3, height, width), pixels as (grey − 127) / 128, → (batch, classes) logits; made for 224 × 224.

    ``maps`` stops before the average over the picture: (batch, 1280, ⌈height / 32⌉, ⌈width / 32⌉); ``features`` is that
    average, (batch, 1280). Other ``stages`` make the larger ones of its family.
    """

    def __init__(self, classes: int = CLASSES, stages: Sequence[tuple[int, int, int, int, int]] = STAGES) -> None:
        super().__init__()
        self.stem = Convolution(3, STEM, 3, 2)
        self.blocks, channels = nn.ModuleList(), STEM
        for count, kernel, stride, expansion, outputs in stages:
            for number in range(count):
                self.blocks.append(InvertedResidual(channels, outputs, kernel, 1 if number else stride, expansion))
                channels = outputs
        self.top = Convolution(channels, FEATURES)
        self.output = nn.Linear(FEATURES, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.output(self.features(x))

    def features(self, x: Tensor) -> Tensor:
        """The answers of the last convolution, averaged over the picture."""
        return self.maps(x).mean(dim=(2, 3))

    def maps(self, x: Tensor) -> Tensor:
        """The answers of the last convolution, place by place."""
        return self.top(self.through(x, len(self.blocks)))

    def through(self, x: Tensor, blocks: int) -> Tensor:
        """What leaves the first so many blocks."""
        x = self.stem(x)
        for block in self.blocks[:blocks]:
            x = block(x)
        return x

    def normalised(self, pixels: Tensor) -> Tensor:
        """Pictures (batch, height, width, 3), uint8, as the network takes them: (batch, 3, height, width), float32."""
        return (pixels.permute(0, 3, 1, 2).to(torch.float32) - MIDDLE) / SPREAD


TOGETHER = {"_conv_stem": "stem.weights", "_bn0": "stem.norm", "_conv_head": "top.weights", "_bn1": "top.norm",
            "_fc": "output"}  # fmt: skip
INSIDE = {
    "_expand_conv": "expand.weights", "_bn0": "expand.norm", "_depthwise_conv": "depthwise.weights",
    "_bn1": "depthwise.norm", "_project_conv": "project.weights", "_bn2": "project.norm",
}  # fmt: skip


def renamed(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights under the names of the package efficientnet-pytorch (``_blocks.3._bn1.bias``) under ours."""
    return {ours(name): tensor for name, tensor in tensors.items()}


def ours(name: str) -> str:
    """One of those names in ours. Raises ``KeyError`` for a name that is none of them."""
    first, *rest = name.split(".")
    if first != "_blocks":
        return ".".join((TOGETHER[first], *rest))
    return ".".join(("blocks", rest[0], INSIDE[rest[1]], *rest[2:]))
