"""EfficientNets of any depth, width and resolution, really built and counted: does the rule d w² r² hold?"""

import math
import time
from collections.abc import Generator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.deployment.clock import Latency
from core.models.efficientnet import CLASSES, STAGES, STEM, EfficientNetLite0
from core.probes.ledger import ledger
from core.provenance import Measured, Sourced
from core.topics.efficient_cnns.blocks import MBConv, convolution
from core.topics.efficient_cnns.costs import COUNTED, Cost, timed

DIVISOR = 8  # widths are multiples of it
# Depth, width and side of the picture of the Lite family: the stem, the last convolution, and how often the first and
# last kind of block is repeated stay as they are (Liu 2020, the models' own repository).
LITE = {"Lite0": (1.0, 1.0, 224), "Lite1": (1.1, 1.0, 240), "Lite2": (1.2, 1.1, 260), "Lite3": (1.4, 1.2, 280),
        "Lite4": (1.8, 1.4, 300)}  # fmt: skip
SHARED = 2.0  # how many times the FLOPs the four ways may spend
WAYS = ("depth alone", "width alone", "resolution alone", "all three")


def widened(channels: int, width: float) -> int:
    """A number of channels scaled to a multiple of eight, never below nine tenths of what was asked (Sandler and
    others 2018, their published code)."""
    wanted = channels * width
    near = max(DIVISOR, int(wanted + DIVISOR / 2) // DIVISOR * DIVISOR)
    return near if near >= 0.9 * wanted else near + DIVISOR


def deepened(count: int, depth: float) -> int:
    """How often a block is repeated, rounded up."""
    return math.ceil(round(depth * count, 6))


class EfficientNet(nn.Sequential):
    """EfficientNet-B0 made deeper and wider: (batch, 3, height, width) → logits (batch, classes) (Tan and Le 2019)."""

    def __init__(self, depth: float = 1.0, width: float = 1.0, classes: int = CLASSES) -> None:
        channels = widened(STEM, width)
        layers: list[nn.Module] = [convolution(3, channels, 3, 2, activation=nn.SiLU)]
        for count, kernel, stride, expansion, outputs in STAGES:
            for number in range(deepened(count, depth)):
                layers.append(MBConv(channels, widened(outputs, width), kernel, expansion, 1 if number else stride))
                channels = widened(outputs, width)
        layers += [convolution(channels, 4 * channels, activation=nn.SiLU), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        super().__init__(*layers, nn.Linear(4 * channels, classes))


def lite(depth: float, width: float) -> EfficientNetLite0:
    """A network of the Lite family, without weights that have learned."""
    last = len(STAGES) - 1
    stages = [
        (count if place in (0, last) else deepened(count, depth), kernel, stride, expansion, widened(outputs, width))
        for place, (count, kernel, stride, expansion, outputs) in enumerate(STAGES)
    ]
    return EfficientNetLite0(stages=stages).eval()


@dataclass(frozen=True)
class Built:
    """A network really built: depth, width and side of its picture, blocks, the widest block's channels, its cost, and
    the numbers in all its layers' answers."""

    depth: float
    width: float
    side: int
    blocks: int
    widest: int
    cost: Cost
    answers: int


@torch.no_grad()
def built(depth: float, width: float, side: int) -> Built:
    """Build the network and send a picture through it; hooks count."""
    model = EfficientNet(depth, width).eval()
    entries = ledger(model, (3, side, side))
    cost = Cost(
        sum(each.weights + each.biases for each in entries),
        sum(each.flops for each in entries if each.kind in COUNTED),
    )
    blocks = [each for each in model if isinstance(each, MBConv)]
    answers = sum(math.prod(each.shape) for each in entries if each.kind in COUNTED)
    return Built(depth, width, side, len(blocks), blocks[-1].outputs, cost, answers)


@dataclass(frozen=True)
class Scaled:
    """The bases α, β, γ to the power φ, and the networks before and after."""

    phi: float
    bases: tuple[float, float, float]
    base: Built
    network: Built
    seconds: float

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return Measured((0,), self.seconds, "Built here, counted by hooks").provenance

    @property
    def factors(self) -> tuple[float, float, float]:
        """Depth d, width w and resolution r."""
        alpha, beta, gamma = self.bases
        return alpha**self.phi, beta**self.phi, gamma**self.phi

    @property
    def rule(self) -> dict[str, float]:
        """By what FLOPs, parameters and the layers' answers should grow."""
        d, w, r = self.factors
        return {"FLOPs": d * w**2 * r**2, "parameters": d * w**2, "activations": d * w * r**2}

    @property
    def counted(self) -> dict[str, float]:
        """By what they grow as counted."""
        new, old = self.network, self.base
        return {
            "FLOPs": new.cost.flops / old.cost.flops,
            "parameters": new.cost.parameters / old.cost.parameters,
            "activations": new.answers / old.answers,
        }


BASES: dict[int, Built] = {}


def scaled(phi: float, bases: tuple[float, float, float], side: int) -> Scaled:
    """The network for a compound coefficient, beside the one that it begins with."""
    began = time.perf_counter()
    if side not in BASES:
        BASES[side] = built(1.0, 1.0, side)
    d, w, r = (base**phi for base in bases)
    return Scaled(phi, bases, BASES[side], built(d, w, round(side * r)), time.perf_counter() - began)


@dataclass(frozen=True)
class Ways(Sourced):
    """The same growth in FLOPs spent four ways: what each network costs, and its latency beside the base's."""

    networks: dict[str, Built]
    latencies: dict[str, Latency]
    source: Measured


def ways(side: int, alpha: float, beta: float, gamma: float) -> Generator[tuple[float, str], None, Ways]:
    """Build and time the base and four networks of about ``SHARED`` times its FLOPs; yields (fraction, message)."""
    began = time.perf_counter()
    power = math.log(SHARED) / max(math.log(alpha * beta**2 * gamma**2), 1e-9)
    factors = {
        "base": (1.0, 1.0, 1.0), WAYS[0]: (SHARED, 1.0, 1.0), WAYS[1]: (1.0, SHARED**0.5, 1.0),
        WAYS[2]: (1.0, 1.0, SHARED**0.5), WAYS[3]: (alpha**power, beta**power, gamma**power),
    }  # fmt: skip
    networks, calls = {}, {}
    for number, (name, (d, w, r)) in enumerate(factors.items()):
        yield number / 8, f"building: {name}"
        networks[name] = built(d, w, round(side * r))
        calls[name] = call_of(EfficientNet(d, w).eval(), torch.zeros(1, 3, networks[name].side, networks[name].side))
    yield 0.6, "timing"
    return Ways(networks, timed(calls, 4.0), Measured((0,), time.perf_counter() - began, "Built and timed here"))


def call_of(model: nn.Module, x: Tensor):
    """A call that can be timed."""
    return lambda: model(x)
