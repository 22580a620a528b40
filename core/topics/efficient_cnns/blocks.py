"""The blocks that convolutional networks are made of, each written out in at most thirty lines.

A block takes maps (batch, channels, height, width) and keeps their height and width (at stride 1). ``outputs`` is how
many channels leave it.
"""

import torch
from torch import Tensor, nn


def convolution(
    inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1, activation: type = nn.ReLU
) -> nn.Sequential:
    """A convolution without offsets, batch norm, and an activation (``nn.Identity`` for none)."""
    filters = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(filters, nn.BatchNorm2d(outputs), activation())


class Plain(nn.Module):
    """One convolution that mixes all channels at every place of its kernel (Simonyan and Zisserman 2015)."""

    def __init__(self, channels: int, kernel: int = 3) -> None:
        super().__init__()
        self.convolution = convolution(channels, channels, kernel)
        self.outputs = channels

    def forward(self, x: Tensor) -> Tensor:
        return self.convolution(x)


class Bottleneck(nn.Module):
    """ResNet's block: narrow with 1×1, filter, widen with 1×1, add the input (He and others 2016)."""

    def __init__(self, channels: int, kernel: int = 3, expansion: int = 4) -> None:
        super().__init__()
        narrow = max(channels // expansion, 1)
        self.reduce = convolution(channels, narrow)
        self.filter = convolution(narrow, narrow, kernel)
        self.restore = convolution(narrow, channels, activation=nn.Identity)
        self.activation = nn.ReLU()
        self.outputs = channels

    def forward(self, x: Tensor) -> Tensor:
        return self.activation(self.restore(self.filter(self.reduce(x))) + x)


class Inception(nn.Module):
    """Four branches side by side, a quarter of the channels each, that see 1, k and 2k − 1 pixels and the largest of
    3 × 3 (Szegedy and others 2015; two filters in a row instead of a larger one: 2016)."""

    def __init__(self, channels: int, kernel: int = 3) -> None:
        super().__init__()
        quarter = channels // 4
        filters = [convolution(quarter, quarter, kernel) for _ in range(3)]
        self.near = convolution(channels, quarter)
        self.middle = nn.Sequential(convolution(channels, quarter), filters[0])
        self.far = nn.Sequential(convolution(channels, quarter), filters[1], filters[2])
        self.pool = nn.Sequential(nn.MaxPool2d(3, 1, padding=1), convolution(channels, quarter))
        self.outputs = 4 * quarter

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.near(x), self.middle(x), self.far(x), self.pool(x)], dim=1)


class DenseBlock(nn.Module):
    """DenseNet's block: every layer is given what all before it have answered, and adds ``growth`` channels (Huang and
    others 2017). Norm and activation stand behind the convolutions here, as in the other blocks."""

    def __init__(self, channels: int, kernel: int = 3, growth: int = 16, layers: int = 3) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Sequential(convolution(channels + number * growth, 4 * growth), convolution(4 * growth, growth, kernel))
            for number in range(layers)
        )
        self.outputs = channels + layers * growth

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = torch.cat([x, layer(x)], dim=1)
        return x


class Separable(nn.Module):
    """MobileNet's block: filter each channel by itself (depthwise), then mix the channels with 1×1 (Howard and others
    2017)."""

    def __init__(self, channels: int, kernel: int = 3) -> None:
        super().__init__()
        self.depthwise = convolution(channels, channels, kernel, groups=channels)
        self.pointwise = convolution(channels, channels)
        self.outputs = channels

    def forward(self, x: Tensor) -> Tensor:
        return self.pointwise(self.depthwise(x))


class InvertedResidual(nn.Module):
    """MobileNetV2's block: widen with 1×1, filter each channel by itself, narrow with 1×1 and no activation; add the
    input where shapes allow (Sandler and others 2018)."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, expansion: int = 6, stride: int = 1,
                 activation: type = nn.ReLU6) -> None:  # fmt: skip
        super().__init__()
        wide = inputs * expansion
        self.expand = convolution(inputs, wide, activation=activation) if expansion > 1 else nn.Identity()
        self.depthwise = convolution(wide, wide, kernel, stride, groups=wide, activation=activation)
        self.project = convolution(wide, outputs, activation=nn.Identity)
        self.residual = stride == 1 and inputs == outputs
        self.outputs = outputs

    def forward(self, x: Tensor) -> Tensor:
        answer = self.project(self.depthwise(self.expand(x)))
        return answer + x if self.residual else answer


class MBConv(InvertedResidual):
    """EfficientNet's block: the inverted residual with squeeze-and-excitation. The mean of each channel decides,
    through two 1×1 layers, how much of the channel goes on (Hu and others 2018; Tan and Le 2019)."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, expansion: int = 6, stride: int = 1) -> None:
        super().__init__(inputs, outputs, kernel, expansion, stride, nn.SiLU)
        wide, narrow = inputs * expansion, max(inputs // 4, 1)
        self.excite = nn.Sequential(nn.Conv2d(wide, narrow, 1), nn.SiLU(), nn.Conv2d(narrow, wide, 1), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        wide = self.depthwise(self.expand(x))
        answer = self.project(wide * self.excite(wide.mean(dim=(2, 3), keepdim=True)))
        return answer + x if self.residual else answer
