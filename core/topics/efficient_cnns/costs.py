"""What a block costs: by a formula, and as counted and timed on the module itself."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from core.deployment.clock import Latency, in_turns
from core.probes.ledger import ledger
from core.topics.efficient_cnns.blocks import (
    Bottleneck,
    DenseBlock,
    Inception,
    InvertedResidual,
    MBConv,
    Plain,
    Separable,
)

PLAIN, RESNET, INCEPTION, DENSENET = "plain convolution", "ResNet bottleneck", "Inception", "DenseNet"
MOBILENET, MOBILENET2, EFFICIENTNET = "MobileNet", "MobileNetV2", "EfficientNet"
COUNTED = ("Conv1d", "Conv2d", "Linear")  # layers whose multiplications and additions are what papers call FLOPs
ROUNDS, PATIENCE = 40, 0.05  # rounds of timing at most; seconds after which no other round begins


@dataclass(frozen=True)
class Settings:
    """What blocks are made from: ``channels`` and ``size`` (height and width) of the maps that come in, the
    ``kernel``'s side, the ``expansion``; the ``growth`` and ``layers`` of a DenseNet block."""

    channels: int = 64
    size: int = 28
    kernel: int = 3
    expansion: int = 4
    growth: int = 16
    layers: int = 3


@dataclass(frozen=True)
class Cost:
    """Weights and offsets of a block, and the multiplications and additions of its convolutions for one picture."""

    parameters: int
    flops: int


def plain(s: Settings) -> Cost:
    """k² weights for each pair of channels, and two numbers of batch norm for each channel."""
    weights = s.kernel**2 * s.channels**2
    return Cost(weights + 2 * s.channels, 2 * s.size**2 * weights)


def bottleneck(s: Settings) -> Cost:
    """In and out of n = c / t channels by 1×1, and k × k between n and n."""
    n = max(s.channels // s.expansion, 1)
    weights = 2 * s.channels * n + s.kernel**2 * n**2
    return Cost(weights + 2 * (2 * n + s.channels), 2 * s.size**2 * weights)


def inception(s: Settings) -> Cost:
    """Four 1×1 from c to q = c / 4, and three k × k between q and q."""
    q = s.channels // 4
    weights = 4 * s.channels * q + 3 * s.kernel**2 * q**2
    return Cost(weights + 14 * q, 2 * s.size**2 * weights)


def dense(s: Settings) -> Cost:
    """Layer l takes c + l g channels to 4 g by 1×1 and those to g by k × k; l is summed from 0 to L − 1."""
    g, many = s.growth, s.layers
    weights = 4 * g * (many * s.channels + g * many * (many - 1) // 2) + 4 * s.kernel**2 * g**2 * many
    return Cost(weights + 10 * g * many, 2 * s.size**2 * weights)


def separable(s: Settings) -> Cost:
    """k² weights for each channel, and one for each pair of channels."""
    weights = s.kernel**2 * s.channels + s.channels**2
    return Cost(weights + 4 * s.channels, 2 * s.size**2 * weights)


def inverted(s: Settings) -> Cost:
    """Out to w = t c channels and back by 1×1, and k² weights for each of the w; nothing to widen where t = 1."""
    wide, widens = s.expansion * s.channels, s.expansion > 1
    weights = (1 + widens) * s.channels * wide + s.kernel**2 * wide
    return Cost(weights + 2 * ((1 + widens) * wide + s.channels), 2 * s.size**2 * weights)


def mbconv(s: Settings) -> Cost:
    """The inverted residual, and two layers between its w channels and c / 4, once for the picture, with offsets."""
    base, wide, narrow = inverted(s), s.expansion * s.channels, max(s.channels // 4, 1)
    return Cost(base.parameters + 2 * wide * narrow + narrow + wide, base.flops + 4 * wide * narrow)


@dataclass(frozen=True)
class Kind:
    """A kind of block: its class, how ``Settings`` make it, its cost as a formula, and that formula (FLOPs) as text."""

    block: type
    arguments: Callable[[Settings], dict[str, int]]
    cost: Callable[[Settings], Cost]
    formula: str

    def made(self, settings: Settings) -> nn.Module:
        """The block in evaluation mode."""
        return self.block(**self.arguments(settings)).eval()


def channelled(s: Settings) -> dict[str, int]:
    """Channels and kernel."""
    return {"channels": s.channels, "kernel": s.kernel}


def narrowing(s: Settings) -> dict[str, int]:
    """Channels, kernel and expansion."""
    return channelled(s) | {"expansion": s.expansion}


def growing(s: Settings) -> dict[str, int]:
    """Channels, kernel, growth and layers."""
    return channelled(s) | {"growth": s.growth, "layers": s.layers}


def widening(s: Settings) -> dict[str, int]:
    """As many channels out as in, kernel and expansion."""
    return {"inputs": s.channels, "outputs": s.channels, "kernel": s.kernel, "expansion": s.expansion}


KINDS = {
    PLAIN: Kind(Plain, channelled, plain, "2 h² · k² c²"),
    RESNET: Kind(Bottleneck, narrowing, bottleneck, "2 h² · (2 c n + k² n²),  n = c / t"),
    INCEPTION: Kind(Inception, channelled, inception, "2 h² · (4 c q + 3 k² q²),  q = c / 4"),
    DENSENET: Kind(DenseBlock, growing, dense, "2 h² · Σ (4 g (c + l g) + 4 k² g²),  l = 0 … L − 1"),
    MOBILENET: Kind(Separable, channelled, separable, "2 h² · (k² c + c²)"),
    MOBILENET2: Kind(InvertedResidual, widening, inverted, "2 h² · (2 c w + k² w),  w = t c > c"),
    EFFICIENTNET: Kind(MBConv, widening, mbconv, "2 h² · (2 c w + k² w) + w c,  w = t c > c"),
}


def counted(model: nn.Module, shape: tuple[int, ...]) -> Cost:
    """The cost of a network as hooks count it during a forward pass for inputs of a shape without the batch."""
    entries = ledger(model, shape)
    return Cost(
        sum(each.weights + each.biases for each in entries),
        sum(each.flops for each in entries if each.kind in COUNTED),
    )


def kept_for_backward(model: nn.Module, x: Tensor) -> int:
    """Bytes that autograd really keeps of a forward pass in training mode, the parameters themselves left out."""
    own = {parameter.data_ptr() for parameter in model.parameters()}
    held: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        if tensor.data_ptr() not in own:
            held[tensor.data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    model.train()
    with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        answer = model(x)  # alive until all is counted, so that no place in memory is used twice
    model.eval()
    return sum(held.values()) if answer.requires_grad else 0


@torch.no_grad()
def timed(calls: Mapping[str, Callable[[], object]], patience: float = PATIENCE) -> dict[str, Latency]:
    """How much of a processor's time each call takes, in turns, until patience or the rounds are at an end: three
    rounds at least, in each of which a call comes once untimed. All of it is one thread's, so that whoever else uses
    the machine is not counted."""
    began, found = time.perf_counter(), {}
    turns = in_turns(calls, ROUNDS, each=1, warming=0, clock=time.thread_time)
    for number, found in enumerate(turns, start=1):  # noqa: B007
        if number >= 3 and time.perf_counter() - began > patience:
            break
    return found


def random_maps(channels: int, size: int, seed: int, batch: int = 1) -> Tensor:
    """Maps (batch, channels, size, size) of normal numbers."""
    return torch.randn(batch, channels, size, size, generator=torch.Generator().manual_seed(seed))


def band(latency: Latency) -> np.ndarray:
    """The median in the middle of its 95% interval: (low, median, high)."""
    low, high = latency.middle
    return np.array([low, latency.median, high])
