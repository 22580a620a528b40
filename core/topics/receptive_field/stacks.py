"""Stacks of convolutions: the box that one answer can see, and how much it really looks where."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from core.programs import Program, Step
from core.provenance import Measured, Sourced

PLAIN, DILATED, DOUBLING, STRIDED = SPACINGS = (
    "side by side", "dilation 2", "dilation doubling: 1, 2, 4 …", "stride 2 in every layer",
)  # fmt: skip
DEEPEST, CHANNELS, PICTURES = 5, 4, 8
MARGIN = 4  # pixels around the box, to see that nothing outside is looked at
SHARE = 0.5  # of all looking that the core of a field holds; of an even field that takes 71 % of the side


@dataclass(frozen=True)
class Layer:
    """One convolution: its kernel's side, its stride, its dilation."""

    kernel: int
    stride: int = 1
    dilation: int = 1


def stack_of(layers: int, kernel: int, spacing: str) -> tuple[Layer, ...]:
    """So many layers of one kernel, spaced as one of ``SPACINGS`` says."""
    dilations = {DILATED: [2] * layers, DOUBLING: [2**place for place in range(layers)]}.get(spacing, [1] * layers)
    stride = 2 if spacing == STRIDED else 1
    return tuple(Layer(kernel, stride, dilation) for dilation in dilations)


def boxes(stack: Sequence[Layer]) -> list[int]:
    """The side of the box that one answer sees, after each layer: every layer adds dilation × (kernel − 1) steps, and
    a step is as wide as all strides below it multiplied (Goodfellow et al., section 9.2; Araujo et al. 2019)."""
    side, step, sides = 1, 1, []
    for layer in stack:
        side += layer.dilation * (layer.kernel - 1) * step
        step *= layer.stride
        sides.append(side)
    return sides


def network(stack: Sequence[Layer], channels: int, activation: bool, seed: int) -> nn.Sequential:
    """The stack with random weights (He initialization), a ReLU after each layer but the last, and no padding."""
    generator, parts, before = torch.Generator().manual_seed(seed), [], 1
    for place, layer in enumerate(stack):
        convolution = nn.Conv2d(before, channels, layer.kernel, layer.stride, dilation=layer.dilation)
        nn.init.kaiming_normal_(convolution.weight, generator=generator)
        nn.init.zeros_(convolution.bias)
        rectified = [nn.ReLU()] if activation and place < len(stack) - 1 else []
        parts, before = [*parts, convolution, *rectified], channels
    return nn.Sequential(*parts)


def effective_field(answers: Tensor, x: Tensor) -> Tensor:
    """How much the answers (pictures, channels) of one place look at each pixel of x (pictures, 1, height, width):
    the mean size of ∂answer/∂pixel over pictures and channels (Luo et al. 2016), (height, width)."""
    looks = [torch.autograd.grad(each.sum(), x, retain_graph=True)[0].abs() for each in answers.T]
    return torch.stack(looks).mean(dim=(0, 1, 2))


@dataclass(frozen=True)
class Field(Sourced):
    """A stack, the side of its box after each layer, and the effective field in and around it, (side, side): the box
    is what is left without ``MARGIN`` pixels on the left and on top."""

    stack: tuple[Layer, ...]
    activation: bool
    boxes: list[int]
    looks: np.ndarray
    weights: int
    source: Measured

    @property
    def box(self) -> int:
        """The side of the whole stack's box."""
        return self.boxes[-1]

    @property
    def inside(self) -> np.ndarray:
        """The field inside the box, (box, box)."""
        return self.looks[MARGIN : MARGIN + self.box, MARGIN : MARGIN + self.box]

    @property
    def outside(self) -> float:
        """The largest look at a pixel outside the box."""
        rest = self.looks.copy()
        rest[MARGIN : MARGIN + self.box, MARGIN : MARGIN + self.box] = 0
        return float(rest.max())

    @property
    def core(self) -> int:
        """The side of the smallest middle square that holds ``SHARE`` of all looking."""
        return core_of(self.inside)

    @property
    def skipped(self) -> float:
        """The share of the box's pixels that are never looked at: the holes of a dilation."""
        return float((self.inside == 0).mean())


def core_of(looks: np.ndarray) -> int:
    """The side of the smallest middle square that holds ``SHARE`` of a field (side, side); 0 of a field of zeros."""
    middle = (len(looks) - 1) / 2
    line = np.abs(np.arange(len(looks)) - middle)
    distance, total = np.maximum(line[:, None], line[None, :]), looks.sum()
    if not total:
        return 0
    return next(
        len(looks) - 2 * ring
        for ring in reversed(range((len(looks) + 1) // 2))
        if looks[distance <= middle - ring].sum() >= SHARE * total
    )


def field(stack: tuple[Layer, ...], activation: bool, seed: int, channels: int = CHANNELS) -> Field:
    """The effective field of an untrained stack on noise."""
    began, sides = time.perf_counter(), boxes(stack)
    model, x = network(stack, channels, activation, seed), inputs(sides[-1] + 2 * MARGIN, seed)
    places = model(x)  # (pictures, channels, height, width)
    step = int(np.prod([layer.stride for layer in stack]))
    start = MARGIN % step  # strided answers stand on a raster: take the one whose box begins nearest to the margin
    place = MARGIN // step
    looks = effective_field(places[:, :, place, place], x).numpy()
    looks = np.roll(looks, (start, start), (0, 1)) if start else looks
    weights = sum(parameter.numel() for parameter in model.parameters())
    return Field(stack, activation, sides, looks, weights, Measured((seed,), time.perf_counter() - began))


def inputs(side: int, seed: int) -> Tensor:
    """Noise to look at, (PICTURES, 1, side, side)."""
    generator = torch.Generator().manual_seed(seed + 1)
    return torch.randn(PICTURES, 1, side, side, generator=generator).requires_grad_()


def written(stack: Sequence[Layer]) -> str:
    """A stack as a list of settings for ``nn.Conv2d``."""
    return repr([(layer.kernel, layer.stride, layer.dilation) for layer in stack])


BUILD = """generator, parts, before = torch.Generator().manual_seed({seed}), [], 1
for place, (kernel, stride, dilation) in enumerate(stack):
    convolution = nn.Conv2d(before, {channels}, kernel, stride, dilation=dilation)
    nn.init.kaiming_normal_(convolution.weight, generator=generator)
    nn.init.zeros_(convolution.bias)
    parts.append(convolution)
    if {activation} and place < len(stack) - 1:
        parts.append(nn.ReLU())
    before = {channels}
model = nn.Sequential(*parts)"""
LOOK = """answer = model(x)[:, :, 0, 0]  # what one place says, (pictures, channels)
looks = effective_field(answer, x)
result = {"box": box, "total": looks.sum().item(), "middle": looks[box // 2].tolist()}"""


def program_of_field(measured: Field) -> Program:
    """The same network and the gradient of one answer; its input is as large as the box, so that the answer is one."""
    stack = [
        f"stack = {written(measured.stack)}  # kernel, stride, dilation",
        "box, step = 1, 1",
        "for kernel, stride, dilation in stack:",
        "    box += dilation * (kernel - 1) * step",
        "    step *= stride",
    ]
    seed = measured.source.seeds[0]
    noise = [
        f"generator = torch.Generator().manual_seed({seed + 1})",
        f"x = torch.randn({PICTURES}, 1, box + {2 * MARGIN}, box + {2 * MARGIN}, generator=generator)",
        f"start = {corner(measured.stack)}",
        "x = x[..., start : start + box, start : start + box].clone().requires_grad_()",
    ]
    steps = (
        Step("The box", "\n".join(stack)),
        Step("The network", BUILD.format(seed=seed, channels=CHANNELS, activation=measured.activation)),
        Step("Noise to look at", "\n".join(noise)),
        Step("Where it looks", LOOK),
    )
    shown = {"box": measured.box, "total": measured.looks.sum(), "middle": measured.inside[measured.box // 2].tolist()}
    return Program("Effective receptive field", steps, (effective_field,), shown)


def corner(stack: Sequence[Layer]) -> int:
    """Where the measured box begins in the noise: the last place of the answers' raster inside the margin."""
    step = int(np.prod([layer.stride for layer in stack]))
    return MARGIN // step * step
