"""Whole numbers from end to end, simulated: weights and what flows between layers as 8-bit integers."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn

from core.topics.quantization_pruning.bits import quantise
from core.topics.quantization_pruning.candidates import Accuracy, Candidate, judged

RANGES = {"all values": 1.0, "without the largest 0.1%": 0.999, "without the largest 1%": 0.99,
          "without the largest 5%": 0.95, "without the largest 10%": 0.9}  # fmt: skip


@dataclass(frozen=True)
class Calibrated:
    """Ranges of every layer's input by name, from ``images`` calibration samples; ``accuracies`` by how the network is
    run; ``inputs`` a sample of each layer's inputs on held-out samples; ``clipped`` the share of them beyond the range.
    """

    images: int
    bits: int
    batch: int
    ranges: dict[str, tuple[float, float]]
    accuracies: dict[str, Accuracy]
    inputs: dict[str, np.ndarray]
    clipped: dict[str, float]
    rule: str
    subject: Candidate

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return self.subject.provenance

    @property
    def cost(self) -> float:
        """Points that static quantisation loses."""
        whole, static = (self.accuracies[name].share for name in (FLOAT, STATIC))
        return 100 * (whole - static)


FLOAT, WEIGHTS, STATIC, DYNAMIC = "float32", "weights int8", "static", "dynamic"


def affine(low: float, high: float, bits: int) -> tuple[float, int]:
    """Scale and zero point with which the integers 0 … 2^bits − 1 span a range that is widened to hold 0, so that a
    zero stays exactly zero (Jacob and others 2018, equation 1)."""
    low, high, most = min(low, 0.0), max(high, 0.0), 2**bits - 1
    scale = max((high - low) / most, 1e-12)
    return scale, round(-low / scale)


def through(x: Tensor, low: float, high: float, bits: int) -> Tensor:
    """Values rounded to such integers and back; what lies beyond the range is clipped to its ends."""
    scale, zero = affine(low, high, bits)
    return ((x / scale).round().add(zero).clamp(0, 2**bits - 1) - zero) * scale


@torch.no_grad()
def layer_inputs(model: nn.Module, x: Tensor) -> dict[str, Tensor]:
    """What each layer with weights is given."""
    found = {}
    for name, layer in model.named_children():
        if hasattr(layer, "weight"):
            found[name] = x
        x = layer(x)
    return found


def ranges_of(inputs: dict[str, Tensor], share: float) -> dict[str, tuple[float, float]]:
    """From the smallest value to the quantile ``share`` of each layer's inputs; 1 is the largest."""
    return {name: (float(x.min()), float(np.quantile(x.numpy(), share))) for name, x in inputs.items()}


@torch.no_grad()
def run_quantised(model: nn.Module, x: Tensor, ranges: dict[str, tuple[float, float]], bits: int) -> Tensor:
    """The logits with every layer's input rounded. A layer without a range takes that of the batch: dynamic."""
    for name, layer in model.named_children():
        if hasattr(layer, "weight"):
            low, high = ranges.get(name) or (float(x.min()), float(x.max()))
            x = through(x, low, high, bits)
        x = layer(x)
    return x


def correct(logits: Tensor, y: Tensor) -> int:
    """How many answers are right."""
    return int((logits.argmax(1) == y).sum())


@lru_cache(maxsize=64)
def calibrated(subject: Candidate, images: int, rule: str, bits: int, batch: int) -> Calibrated:
    """Look at some training inputs, fix the ranges, and judge the network on the held-out ones."""
    small, whole = with_small_weights(subject)
    ranges = ranges_of(layer_inputs(small, subject.x[:images]), RANGES[rule])
    static = correct(run_quantised(small, subject.x_test, ranges, bits), subject.y_test)
    accuracies = {FLOAT: subject.whole, WEIGHTS: whole, STATIC: Accuracy(static, len(subject.y_test)),
                  DYNAMIC: dynamic(subject, bits)}  # fmt: skip
    inputs, clipped = clipped_by(small, subject, ranges)
    return Calibrated(images, bits, batch, ranges, accuracies, inputs, clipped, rule, subject)


@lru_cache(maxsize=16)
def with_small_weights(subject: Candidate) -> tuple[nn.Module, Accuracy]:
    """The network with weights of 8 bits, and its accuracy."""
    small = quantise(subject.copied(), dict.fromkeys(subject.layers, 8), True)
    return small, judged(small, subject)


@lru_cache(maxsize=32)
def dynamic(subject: Candidate, bits: int) -> Accuracy:
    """The accuracy if every batch, here all held-out samples, sets its own ranges."""
    small, _ = with_small_weights(subject)
    return Accuracy(correct(run_quantised(small, subject.x_test, {}, bits), subject.y_test), len(subject.y_test))


def clipped_by(
    model: nn.Module, subject: Candidate, ranges: dict[str, tuple[float, float]]
) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """A sample of every layer's inputs on held-out samples, and which share of them lies beyond the range."""
    inputs = {name: x.flatten().numpy() for name, x in layer_inputs(model, subject.x_test).items()}
    clipped = {name: float(((x > ranges[name][1]) | (x < ranges[name][0])).mean()) for name, x in inputs.items()}
    return {name: x[:: max(len(x) // 20_000, 1)] for name, x in inputs.items()}, clipped
