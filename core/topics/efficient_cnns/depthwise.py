"""Plain against depthwise-separable: FLOPs by formula and by count, and where the time goes."""

import time
from dataclasses import dataclass

import torch
from torch import nn

from core.deployment.clock import Latency
from core.deployment.costs import Machine, this_machine
from core.provenance import Measured
from core.topics.efficient_cnns.costs import Cost, counted, random_maps, timed

FLOAT = 4  # bytes of a number
PLAIN, DEPTHWISE, POINTWISE, BOTH = "plain", "depthwise", "pointwise", "separable"


def plain(channels: int, outputs: int, kernel: int) -> nn.Conv2d:
    """Every output is a sum over the kernel and over all channels."""
    return nn.Conv2d(channels, outputs, kernel, padding=kernel // 2, bias=False)


def separable(channels: int, outputs: int, kernel: int) -> nn.Sequential:
    """Each channel filtered by itself, then mixed by 1×1: MobileNet's pair, without norms and activations."""
    depthwise = nn.Conv2d(channels, channels, kernel, padding=kernel // 2, groups=channels, bias=False)
    return nn.Sequential(depthwise, nn.Conv2d(channels, outputs, 1, bias=False))


def saving(outputs: int, kernel: int) -> float:
    """FLOPs of the pair as a share of those of the plain convolution (Howard and others 2017, section 3.1)."""
    return 1 / outputs + 1 / kernel**2


def moved(layer: nn.Module, maps_in: int, maps_out: int) -> int:
    """Bytes that a layer has to read and write at least: its input, weights and output, of so many numbers."""
    weights = sum(parameter.numel() for parameter in layer.parameters())
    return FLOAT * (maps_in + weights + maps_out)


@dataclass(frozen=True)
class Layer:
    """A layer's FLOPs and the bytes that it moves for one call, and its latency."""

    flops: int
    bytes: int
    latency: Latency

    @property
    def intensity(self) -> float:
        """FLOPs for each byte moved: arithmetic intensity."""
        return self.flops / self.bytes

    @property
    def rate(self) -> float:
        """Billions of FLOPs a second."""
        return self.flops / self.latency.median / 1e6


@dataclass(frozen=True)
class Compared:
    """The three layers and the pair, the counts for one picture, the machine's roof, and the seconds of a call that
    has next to nothing to do."""

    channels: int
    outputs: int
    kernel: int
    size: int
    batch: int
    counts: dict[str, Cost]
    layers: dict[str, Layer]
    machine: Machine
    empty: Latency
    seed: int
    seconds: float

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return Measured((self.seed,), self.seconds, "Counted and timed live, processor time of one thread").provenance

    @property
    def formula(self) -> float:
        """The saving that the formula promises."""
        return saving(self.outputs, self.kernel)

    @property
    def by_count(self) -> float:
        """FLOPs of the pair as a share of the plain layer's, as hooks count them."""
        return self.counts[BOTH].flops / self.counts[PLAIN].flops

    @property
    def by_weights(self) -> float:
        """The same of the weights."""
        return self.counts[BOTH].parameters / self.counts[PLAIN].parameters

    @property
    def by_clock(self) -> float:
        """The same of the median times."""
        return self.layers[BOTH].latency.median / self.layers[PLAIN].latency.median

    @property
    def by_clock_band(self) -> tuple[float, float]:
        """From the least to the most that the intervals of both medians allow."""
        low, high = self.layers[BOTH].latency.middle
        least, most = self.layers[PLAIN].latency.middle
        return low / most, high / least


@torch.no_grad()
def measure(input_channels: int, output_channels: int, kernel: int, size: int, batch_size: int, seed: int) -> Compared:
    """Count the layers by hooks and time them in turns."""
    began = time.perf_counter()
    models = {PLAIN: plain(input_channels, output_channels, kernel),
              BOTH: separable(input_channels, output_channels, kernel)}  # fmt: skip
    depthwise, pointwise = models[BOTH]
    x = random_maps(input_channels, size, seed, batch_size)
    nothing, pixel = nn.Conv2d(1, 1, 1, bias=False), torch.zeros(1, 1, 1, 1)
    calls = {**models, DEPTHWISE: depthwise, POINTWISE: pointwise}
    clock = timed({**{name: lambda each=each: each(x) for name, each in calls.items()},
                   "empty": lambda: nothing(pixel)})  # fmt: skip
    shape = (input_channels, size, size)
    counts = {name: counted(model, shape) for name, model in calls.items()}
    maps = {name: batch_size * width * size**2 for name, width in (("in", input_channels), ("out", output_channels))}
    ends = {PLAIN: "out", DEPTHWISE: "in", POINTWISE: "out"}
    sizes = {name: moved(calls[name], maps["in"], maps[end]) for name, end in ends.items()}
    sizes[BOTH] = sizes[DEPTHWISE] + sizes[POINTWISE]
    layers = {name: Layer(batch_size * counts[name].flops, sizes[name], clock[name]) for name in calls}
    return Compared(input_channels, output_channels, kernel, size, batch_size, counts, layers, this_machine(),
                    clock["empty"], seed, time.perf_counter() - began)  # fmt: skip
