"""The lottery ticket hypothesis: prune, set what is left back to its first values, and train again.

Frankle and Carbin (2019): a trained network holds a small one that, *with its first weights*, learns as well. Networks
of all seeds and variants are trained as one stack: weights (networks, outputs, inputs).
"""

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from core.data.digits import mixed_digits
from core.deployment.small_cnn import KNOWN
from core.provenance import Measured, Sourced

WIDTHS, SEEDS, EPOCHS, BATCH, RATE = (64, 64, 32, 10), 8, 10, 32, 0.005
TICKET, FRESH, SHUFFLED, KEPT = VARIANTS = ("rewound", "new weights", "random weights kept", "fine-tuned")
ROUNDS = 8
Weights = list[Tensor]  # one (networks, outputs, inputs) per layer


@dataclass(frozen=True)
class Beginning(Sourced):
    """Held-out accuracy of the whole networks (seeds,), and of the same with all but the largest weights at zero and
    no training since, (seeds, rounds + 1); ``left`` (rounds + 1,) are the shares of weights left."""

    rate: float
    rewind: int
    whole: np.ndarray
    untrained: np.ndarray
    left: np.ndarray
    seed: int
    source: Measured


@dataclass(frozen=True)
class Tickets(Sourced):
    """Held-out accuracy (seeds, rounds + 1) by variant, after each round's training."""

    beginning: Beginning
    scores: dict[str, np.ndarray]
    source: Measured


def fresh(widths: Sequence[int], seeds: Sequence[int]) -> Weights:
    """First weights of a stack of perceptrons, one network per seed (He initialisation; no biases)."""
    draws = [torch.Generator().manual_seed(seed) for seed in seeds]
    return [torch.stack([torch.randn(outputs, inputs, generator=draw) * (2 / inputs) ** 0.5 for draw in draws])
            for inputs, outputs in pairwise(widths)]  # fmt: skip


def answered(weights: Weights, x: Tensor) -> Tensor:
    """Logits (networks, samples, classes) for inputs (samples, features) or (networks, samples, features)."""
    x = x.expand(len(weights[0]), *x.shape[-2:])
    for layer in weights[:-1]:
        x = torch.relu(x @ layer.mT)
    return x @ weights[-1].mT


def scores(weights: Weights, x: Tensor, y: Tensor) -> Tensor:
    """Accuracy (networks,)."""
    return (answered(weights, x).argmax(dim=2) == y).float().mean(dim=1)


def learned(weights: Weights, masks: Weights, x: Tensor, y: Tensor, epochs: int, seeds: Sequence[int]) -> Weights:
    """The stack after some epochs of Adam; weights outside the masks are zero and stay so. Each network meets the
    images in the order of its own seed."""
    values = [(layer * mask).requires_grad_() for layer, mask in zip(weights, masks, strict=True)]
    optimizer = torch.optim.Adam(values, lr=RATE, foreach=True)
    draws = [torch.Generator().manual_seed(seed) for seed in seeds]
    for _ in range(epochs):
        orders = torch.stack([torch.randperm(len(x), generator=draw) for draw in draws])
        for batch in orders.split(BATCH, dim=1):
            optimizer.zero_grad()
            logits = answered([value * mask for value, mask in zip(values, masks, strict=True)], x[batch])
            loss = functional.cross_entropy(logits.flatten(0, 1), y[batch].flatten(), reduction="sum")
            (loss / batch.shape[1]).backward()  # the sum over networks of each one's mean
            optimizer.step()
    return [(value * mask).detach() for value, mask in zip(values, masks, strict=True)]


def largest(weights: Weights, masks: Weights, rate: float) -> Weights:
    """Masks without the share ``rate`` of each layer's remaining weights that are smallest, network by network."""
    found = []
    for layer, mask in zip(weights, masks, strict=True):
        sizes = torch.where(mask > 0, layer.abs(), -1.0).flatten(1)
        gone = int((mask[0] == 0).sum())
        count = gone + round(rate * (sizes.shape[1] - gone))
        places = sizes.argsort(dim=1, stable=True)[:, :count]
        found.append(torch.ones_like(sizes).scatter(1, places, 0.0).view_as(mask))
    return found


def shuffled(masks: Weights, seeds: Sequence[int]) -> Weights:
    """Masks with as many weights per layer, at random places."""
    found = []
    for number, mask in enumerate(masks):
        draws = [torch.Generator().manual_seed(1000 * seed + number) for seed in seeds]
        orders = torch.stack([torch.randperm(mask[0].numel(), generator=draw) for draw in draws])
        found.append(mask.flatten(1).gather(1, orders).view_as(mask))
    return found


def shares(rate: float) -> np.ndarray:
    """The share of weights left after each round."""
    masks = [torch.ones(1, outputs, inputs) for inputs, outputs in pairwise(WIDTHS)]
    total, found = sum(mask.numel() for mask in masks), [1.0]
    for _ in range(ROUNDS):
        masks = largest(masks, masks, rate)
        found.append(float(sum(mask.sum() for mask in masks)) / total)
    return np.array(found)


def problem(seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Digits to learn from and digits held out: x, y, x_test, y_test; images flat, (images, 64)."""
    x, y = mixed_digits(seed, flat=True)
    return x[:KNOWN], y[:KNOWN], x[KNOWN:], y[KNOWN:]


def dense(seeds: Sequence[int], rewind: int, x: Tensor, y: Tensor) -> tuple[Weights, Weights]:
    """Whole networks: their weights after ``rewind`` epochs (0: the first ones), and after ``EPOCHS`` more."""
    first = fresh(WIDTHS, seeds)
    ones = [torch.ones_like(layer) for layer in first]
    early = learned(first, ones, x, y, rewind, seeds) if rewind else first
    return early, learned(early, ones, x, y, EPOCHS, seeds)


@lru_cache(maxsize=8)
def whole(rewind: int, seed: int) -> tuple[Weights, Weights]:
    """The whole networks of ``SEEDS`` seeds from one on: weights to go back to, and weights after the training."""
    x, y, _, _ = problem(seed)
    return dense([seed + k for k in range(SEEDS)], rewind, x, y)


def beginning(rate: float, rewind: int, seed: int) -> Beginning:
    """Train the whole networks, and prune them round by round without training again."""
    began, (_, _, x_test, y_test) = time.perf_counter(), problem(seed)
    seeds = [seed + k for k in range(SEEDS)]
    _, last = whole(rewind, seed)
    masks, rows = [torch.ones_like(layer) for layer in last], [scores(last, x_test, y_test)]
    for _ in range(ROUNDS):
        masks = largest(last, masks, rate)
        rows.append(scores([layer * mask for layer, mask in zip(last, masks, strict=True)], x_test, y_test))
    untrained = torch.stack(rows, dim=1).numpy()
    source = Measured(tuple(seeds), time.perf_counter() - began)
    return Beginning(rate, rewind, untrained[:, 0], untrained, shares(rate), seed, source)


def drawn_tickets(rate: float, rewind: int, seed: int) -> Generator[tuple[float, str], None, Tickets]:
    """Round by round: prune, then train all variants again; yields (fraction, message)."""
    began, (x, y, x_test, y_test) = time.perf_counter(), problem(seed)
    start = beginning(rate, rewind, seed)
    seeds = [seed + k for k in range(SEEDS)]
    early, last = whole(rewind, seed)
    ones = [torch.ones_like(layer) for layer in last]
    rows = {name: [start.whole] for name in VARIANTS}
    won, tuned, won_masks, tuned_masks = last, last, ones, ones
    for number in range(ROUNDS):
        yield (number + 0.5) / (ROUNDS + 0.5), f"round {number + 1} of {ROUNDS}"
        won_masks, tuned_masks = largest(won, won_masks, rate), largest(tuned, tuned_masks, rate)
        others = fresh(WIDTHS, [each + 7919 * (number + 1) for each in seeds])
        begun, masks = (
            stacked(early, others, early, tuned),
            stacked(won_masks, won_masks, shuffled(won_masks, [each + number for each in seeds]), tuned_masks),
        )
        every = learned(begun, masks, x, y, EPOCHS, seeds * len(VARIANTS))
        parts = scores(every, x_test, y_test).view(len(VARIANTS), SEEDS).numpy()
        for name, part in zip(VARIANTS, parts, strict=True):
            rows[name].append(part)
        won, tuned = [layer[:SEEDS] for layer in every], [layer[-SEEDS:] for layer in every]
    found = {name: np.stack(row, axis=1) for name, row in rows.items()}
    return Tickets(start, found, Measured(tuple(seeds), time.perf_counter() - began))


def stacked(*parts: Weights) -> Weights:
    """Several stacks as one."""
    return [torch.cat(layers) for layers in zip(*parts, strict=True)]
