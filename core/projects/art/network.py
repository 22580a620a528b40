"""A generator with styles and a discriminator, both small enough to be trained on one processor core.

The generator follows StyleGAN2 (Karras et al. 2020): a mapping network turns noise and class into a style w, and w
scales the channels of every convolution. The discriminator judges with a projection of the class (Miyato and Koyama
2018).
"""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

SLOPE = 0.2  # of the leaky ReLU
GAIN = math.sqrt(2)  # keeps the variance through a leaky ReLU


@dataclass(frozen=True)
class Shape:
    """Sizes of both networks: side of the pictures in pixels, number of classes, channels at sides 4, 8, 16, … of the
    generator and of the discriminator, length of noise and style, layers of the mapping, whether the style also says
    what is at side 4, where it else is the same for all pictures."""

    side: int = 64
    classes: int = 17
    channels: tuple[int, ...] = (128, 128, 96, 64, 32)
    judging: tuple[int, ...] = (128, 128, 96, 64, 32)
    noise: int = 64
    style: int = 128
    mapping: int = 2
    layout: bool = False

    def __post_init__(self) -> None:
        if not len(self.channels) == len(self.judging) == int(math.log2(self.side)) - 1:
            raise ValueError(f"Pictures of side {self.side} need channels for the sides 4, 8, … {self.side}.")

    @property
    def layers(self) -> int:
        """How many convolutions of the generator take a style: one at side 4, two at each further side."""
        return 2 * len(self.channels) - 1


class Scaled(nn.Module):
    """A linear layer (one number as ``kernel`` 0) or a convolution whose weights are stored with variance one and
    scaled when used, so that Adam's steps suit all layers alike (Karras et al. 2018, section 4.1)."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 0, offset: float = 0.0, rate: float = 1.0) -> None:
        super().__init__()
        shape = (outputs, inputs, kernel, kernel) if kernel else (outputs, inputs)
        self.weight = nn.Parameter(torch.randn(shape) / rate)
        self.bias = nn.Parameter(torch.full((outputs,), offset / rate))
        self.scale, self.rate, self.kernel = rate / math.sqrt(inputs * max(kernel, 1) ** 2), rate, kernel

    def forward(self, x: Tensor, stride: int = 1) -> Tensor:
        weight, bias = self.weight * self.scale, self.bias * self.rate
        if not self.kernel:
            return functional.linear(x, weight, bias)
        return functional.conv2d(x, weight, bias, stride, (self.kernel - 1) // 2)


def leaky(x: Tensor) -> Tensor:
    """Leaky ReLU that keeps the variance."""
    return functional.leaky_relu(x, SLOPE) * GAIN


def unit(x: Tensor) -> Tensor:
    """Rows of mean square one."""
    return x * torch.rsqrt(x.square().mean(dim=1, keepdim=True) + 1e-8)


class Mapping(nn.Module):
    """Noise (batch, noise) and class weights (batch, classes) → style (batch, style)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.classes = Scaled(shape.classes, shape.noise) if shape.classes > 1 else None
        widths = [shape.noise * (2 if shape.classes > 1 else 1), *[shape.style] * shape.mapping]
        self.layers = nn.ModuleList(Scaled(a, b, rate=0.1) for a, b in pairwise(widths))

    def forward(self, noise: Tensor, classes: Tensor) -> Tensor:
        x = unit(noise)
        if self.classes is not None:
            x = torch.cat([x, unit(self.classes(classes))], dim=1)
        for layer in self.layers:
            x = leaky(layer(x))
        return x


class Styled(nn.Module):
    """A 3×3 (or 1×1) convolution whose input channels are scaled by a style, its outputs scaled back to variance one.

    Scaling the input instead of the weights is the same sum and needs no weights of its own for each picture.
    """

    def __init__(self, inputs: int, outputs: int, style: int, kernel: int = 3, plain: bool = False) -> None:
        super().__init__()
        self.affine = Scaled(style, inputs, offset=1.0)
        self.convolution = Scaled(inputs, outputs, kernel)
        self.plain = plain

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """(batch, inputs, side, side), (batch, style) → (batch, outputs, side, side)."""
        scales, own = self.affine(style), self.convolution
        weight = own.weight * own.scale
        x = functional.conv2d(x * scales[:, :, None, None].to(x.dtype), weight, None, 1, own.kernel // 2)
        if not self.plain:
            power = scales.square() @ weight.square().sum(dim=(2, 3)).T
            x = x * torch.rsqrt(power + 1e-8)[:, :, None, None].to(x.dtype)
        x = x + own.bias[:, None, None].to(x.dtype)
        return x if self.plain else leaky(x)


class Generator(nn.Module):
    """Styles → pictures (batch, 3, side, side), −1 to 1; each side adds to an enlarged picture of the one before."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape, wide = shape, shape.channels
        self.mapping = Mapping(shape)
        self.start = nn.Parameter(torch.randn(1, wide[0], 4, 4))
        self.layout = Scaled(shape.style, wide[0] * 16) if shape.layout else None
        if self.layout is not None:
            nn.init.zeros_(self.layout.weight)
        pairs = list(pairwise(wide))
        self.convolutions = nn.ModuleList([Styled(wide[0], wide[0], shape.style)])
        for before, after in pairs:
            self.convolutions += [Styled(before, after, shape.style), Styled(after, after, shape.style)]
        self.colours = nn.ModuleList(Styled(each, 3, shape.style, 1, plain=True) for each in wide)

    def forward(self, noise: Tensor, classes: Tensor) -> Tensor:
        """Noise (batch, noise), class weights (batch, classes)."""
        return self.painted(self.mapping(noise, classes))

    def painted(self, styles: Tensor) -> Tensor:
        """One style for all layers, (batch, style), or one for each, (batch, layers, style)."""
        if styles.ndim == 2:
            styles = styles[:, None].expand(-1, self.shape.layers, -1)
        x = self.start.expand(len(styles), -1, -1, -1)
        if self.layout is not None:
            x = x + self.layout(styles[:, 0]).unflatten(1, x.shape[1:])
        x = x.contiguous(memory_format=torch.channels_last)
        x = self.convolutions[0](x, styles[:, 0])
        picture = self.colours[0](x, styles[:, 0])
        for place, colour in enumerate(self.colours[1:]):
            low, high = 2 * place + 1, 2 * place + 2
            x = enlarged(self.convolutions[low](x, styles[:, low]))
            x = self.convolutions[high](x, styles[:, high])
            picture = enlarged(picture) + colour(x, styles[:, high])
        return picture.float()


def enlarged(x: Tensor) -> Tensor:
    """Twice the side, between pixels linear."""
    return functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


class Halving(nn.Module):
    """Two convolutions, the second with stride two, beside a shortcut of averages (Karras et al. 2020, figure 7)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.main = Scaled(inputs, outputs, 4)
        self.shortcut = Scaled(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, side, side) → (batch, outputs, side / 2, side / 2)."""
        return (leaky(self.main(x, 2)) + self.shortcut(functional.avg_pool2d(x, 2))) / GAIN


class Discriminator(nn.Module):
    """Pictures (batch, 3, side, side) from −1 to 1 and class weights (batch, classes) → (batch,); large means real."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape, wide = shape, shape.judging[::-1]
        self.first = Scaled(3, wide[0], 3)
        self.halvings = nn.ModuleList(Halving(a, b) for a, b in pairwise(wide))
        self.last = Scaled(wide[-1] + 1, wide[-1], 3)
        self.dense = Scaled(wide[-1] * 16, shape.style)
        self.output = Scaled(shape.style, 1)
        self.classes = Scaled(shape.classes, shape.style) if shape.classes > 1 else None

    def forward(self, pictures: Tensor, classes: Tensor) -> Tensor:
        x = leaky(self.first(pictures.contiguous(memory_format=torch.channels_last)))
        for halving in self.halvings:
            x = halving(x)
        x = leaky(self.last(torch.cat([x, variety(x)], dim=1)))
        x = leaky(self.dense(x.flatten(1))).float()
        answer = self.output(x)[:, 0]
        if self.classes is not None:
            answer = answer + (x * unit(self.classes(classes))).mean(dim=1) * GAIN
        return answer


def variety(x: Tensor, group: int = 4) -> Tensor:
    """Mean standard deviation among four pictures that follow each other, as one more channel (Karras et al. 2018,
    section 3). Real and generated pictures that are judged one after the other are not compared with each other."""
    group = group if len(x) % group == 0 else len(x)
    parts = x.float().unflatten(0, (-1, group))
    deviation = (parts.var(dim=1, unbiased=False) + 1e-8).sqrt().mean(dim=(1, 2, 3))
    return deviation.repeat_interleave(group)[:, None, None, None].expand(-1, 1, *x.shape[2:]).to(x.dtype)


def networks(shape: Shape, seed: int) -> tuple[Generator, Discriminator]:
    """Both with weights drawn from a seed, in channels-last order."""
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        pair = Generator(shape), Discriminator(shape)
    return pair[0].to(memory_format=torch.channels_last), pair[1].to(memory_format=torch.channels_last)


def saved(generator: Generator, path: Path, about: dict, dtype: torch.dtype = torch.float16) -> None:
    """Write a generator as safetensors with its shape and what else is known ``about`` it."""
    tensors = {name: tensor.detach().to(dtype).contiguous() for name, tensor in generator.state_dict().items()}
    save_file(tensors, path, {"shape": json.dumps(asdict(generator.shape)), "about": json.dumps(about)})


def loaded(path: Path) -> tuple[Generator, dict]:
    """A generator from such a file, in float32 and ready to paint, and what is known about it."""
    with safe_open(path, "pt") as file:
        tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
        shape, about = (json.loads(file.metadata()[name]) for name in ("shape", "about"))
    generator = Generator(shape_of(shape))
    generator.load_state_dict(tensors)
    return generator.to(memory_format=torch.channels_last).eval().requires_grad_(False), about


def shape_of(record: dict[str, Any]) -> Shape:
    """A shape from what JSON made of it."""
    lists: dict[str, Any] = {name: tuple(record[name]) for name in ("channels", "judging")}
    return Shape(**(record | lists))


def one_hot(labels: Sequence[int] | Tensor, classes: int) -> Tensor:
    """Labels (batch,) as class weights (batch, classes)."""
    return functional.one_hot(torch.as_tensor(labels), classes).float()


def parts(noise: Tensor, classes: Tensor, size: int = 50) -> Iterator[tuple[Tensor, Tensor]]:
    """Noise and classes in portions."""
    return zip(noise.split(size), classes.split(size), strict=True)


def as_pixels(pictures: Tensor) -> np.ndarray:
    """Pictures (count, 3, side, side) from −1 to 1 as (count, side, side, 3) uint8."""
    return ((pictures.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).contiguous().numpy()


def numbered(generator: Generator, seeds: list[int]) -> Tensor:
    """The noise of seeds, (count, noise)."""
    draws = [torch.Generator().manual_seed(seed) for seed in seeds]
    return torch.stack([torch.randn(generator.shape.noise, generator=draw) for draw in draws])
