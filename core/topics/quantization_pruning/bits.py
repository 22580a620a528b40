"""Weights of fewer bits, simulated: rounded to the numbers that so many bits can name, and kept as float32."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn

from core.topics.quantization_pruning.candidates import Accuracy, Candidate, judged

CHOICES = (1, 2, 3, 4, 6, 8, 16, 32)
WHOLE = 32


@dataclass(frozen=True)
class Quantised:
    """A network whose layers have ``bits`` each, by name; ``scales``: one per output channel, else one per layer.

    ``before`` and ``after`` are accuracies, ``values`` the rounded weights by layer, ``weights`` the original ones.
    """

    bits: dict[str, int]
    scales: bool
    before: Accuracy
    after: Accuracy
    weights: dict[str, np.ndarray]
    values: dict[str, np.ndarray]
    size: int
    size_before: int
    subject: Candidate

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return self.subject.provenance

    @property
    def points(self) -> float:
        """Points of accuracy lost."""
        return 100 * (self.before.share - self.after.share)


def rounded(weight: Tensor, bits: float, per_channel: bool) -> Tensor:
    """A weight (outputs, …) of so many bits: whole multiples of a scale, evenly on both sides of zero.

    The largest weight of a channel (or of the layer) sets the scale, and 2 bits have three values: −1, 0 and 1 times
    it. One bit keeps the sign, times the mean size (Rastegari and others 2016, *XNOR-Net*). 32 bits change nothing.
    """
    if bits == 32:
        return weight
    sizes = weight.abs().flatten(1) if per_channel else weight.abs().flatten()[None]
    shape = (-1, *[1] * (weight.dim() - 1))
    if bits == 1:
        return torch.where(weight >= 0, 1.0, -1.0) * sizes.mean(dim=1).view(shape)
    most = int(2 ** (bits - 1) - 1)
    scale = (sizes.amax(dim=1) / most).clamp(min=1e-12).view(shape)
    return (weight / scale).round().clamp(-most, most) * scale


def quantise(model: nn.Module, bits: Mapping[str, int], per_channel: bool) -> nn.Module:
    """The same network with rounded weights, changed in place; biases stay as they are."""
    with torch.no_grad():
        for name, layer in model.named_children():
            if name in bits:
                layer.weight.copy_(rounded(layer.weight, bits[name], per_channel))
    return model


def size_of(model: nn.Module, bits: Mapping[str, int], per_channel: bool) -> int:
    """Bytes of the weights as packed integers, their scales and the biases in float32."""
    total = 0.0
    for name, layer in model.named_children():
        if name in bits:
            count = 0 if bits[name] == 32 else len(layer.weight) if per_channel else 1
            total += layer.weight.numel() * bits[name] / 8 + 4 * count + 4 * layer.bias.numel()
    return round(total)


def with_bits(subject: Candidate, bits: Mapping[str, int], per_channel: bool) -> Quantised:
    """Round the trained network's weights and judge it again."""
    bits = dict(bits)
    model = quantise(subject.copied(), bits, per_channel)
    values, weights = (
        {name: getattr(net, name).weight.detach().numpy() for name in bits} for net in (model, subject.model)
    )
    sizes = (size_of(subject.model, each, per_channel) for each in (bits, dict.fromkeys(bits, WHOLE)))
    return Quantised(bits, per_channel, subject.whole, judged(model, subject), weights, values, *sizes,
                     subject)  # fmt: skip


@dataclass(frozen=True)
class Sensitivity:
    """Right answers (layers, levels, samples) with one layer at a time treated, the others as they were; ``whole``
    (samples,) those of the untouched network. ``levels`` are bits, or shares of weights set to zero."""

    levels: tuple[float, ...]
    answers: np.ndarray
    whole: np.ndarray
    per_channel: bool
    subject: Candidate

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return self.subject.provenance

    @property
    def accuracies(self) -> np.ndarray:
        """Accuracy (layers, levels)."""
        return self.answers.mean(axis=2)

    def ranking(self, level: float) -> list[tuple[str, float]]:
        """Layers and what each costs in points at a level, the most expensive first."""
        place = self.levels.index(level)
        costs = 100 * (self.whole.mean() - self.accuracies[:, place])
        return sorted(zip(self.subject.layers, costs.tolist(), strict=True), key=lambda pair: -pair[1])

    def told_apart(self, first: str, second: str, level: float) -> bool:
        """Whether the difference between two layers is more than chance (exact test of the samples on which just one
        of the two is right, at 5%; McNemar 1947)."""
        from scipy.stats import binomtest

        names, place = list(self.subject.layers), self.levels.index(level)
        one, other = (self.answers[names.index(name), place] for name in (first, second))
        wins, losses = int((one & ~other).sum()), int((other & ~one).sum())
        return wins + losses > 0 and binomtest(wins, wins + losses).pvalue < 0.05


def emptied(weight: Tensor, share: float) -> Tensor:
    """A weight with so large a share of its smallest numbers set to zero."""
    count = round(share * weight.numel())
    small = weight.abs().flatten().argsort(stable=True)[:count]
    return weight.flatten().index_fill(0, small, 0.0).view_as(weight)


@lru_cache(maxsize=16)
@torch.no_grad()
def sensitivity(subject: Candidate, treatment: str, per_channel: bool) -> Sensitivity:
    """Treat one layer at a time, with every level; what lies before that layer is computed once."""
    levels = CHOICES[:6] if treatment == "fewer bits" else (0.5, 0.7, 0.8, 0.9, 0.95, 0.98)
    steps, x, rows = list(subject.model.named_children()), subject.x_test, []
    for place, (name, layer) in enumerate(steps):
        if name in subject.layers:
            rest, row = nn.Sequential(*[step for _, step in steps[place + 1 :]]), []
            for level in levels:
                weight = (
                    rounded(layer.weight, level, per_channel)
                    if treatment == "fewer bits"
                    else emptied(layer.weight, level)
                )
                answer = torch.func.functional_call(layer, {"weight": weight}, (x,))
                row.append((rest(answer).argmax(1) == subject.y_test).numpy())
            rows.append(row)
        x = layer(x)
    whole = (x.argmax(1) == subject.y_test).numpy()
    return Sensitivity(tuple(levels), np.array(rows), whole, per_channel, subject)
