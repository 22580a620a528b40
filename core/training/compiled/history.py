"""The call of the compiled trainer: a training as arrays, and the recorded moments that come back."""

import math
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core import objectives
from core.cancel import Cancel
from core.data.data import Data
from core.objectives import Objective
from core.provenance import name_of
from core.randomness import SEEDS, orders
from core.training.compiled.kernel import codes
from core.training.compiled.kernel.records import MEASURES, SETTINGS, STATE
from core.training.compiled.loading import trained
from core.training.compiled.networks import NUMBERS, Layers, Linears
from core.training.epoch import Epoch
from core.training.recipe import Recipe, learning_rates, recorded_epochs
from core.training.updates import MOMENTS

PADDING = 16  # numbers that vector loads may touch behind an array's end


def flat(*parts: np.ndarray) -> np.ndarray:
    """Numbers in one row, with padding."""
    row = np.zeros(sum(part.size for part in parts) + PADDING, np.float32)
    begin = 0
    for part in parts:
        row[begin : begin + part.size] = part.ravel()
        begin += part.size
    return row


def arrays(x: Tensor, y: Tensor, objective: Objective) -> tuple[np.ndarray, ...]:
    """A set as the kernel reads it: columns (features × samples), targets (outputs × samples), classes (samples,)."""
    inputs, targets = x.detach().numpy(), y.detach().numpy()
    if objective in NUMBERS:
        return flat(inputs.T), flat(targets.T), np.empty(0, np.int64)
    one_logit = objective is objectives.binary_cross_entropy
    return flat(inputs.T), flat(targets) if one_logit else flat(), np.ascontiguousarray(targets)


def aligned(count: int) -> np.ndarray:
    """Zeros that begin where a line of the processor's cache does."""
    room = np.zeros(count + PADDING, np.float32)
    begin = -room.ctypes.data % (4 * PADDING) // 4
    return room[begin : begin + count]


def rooms(widths: list[int], count: int, recipe: Recipe, samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Room for the kernel to work in: for values of a batch and of 128 samples, for places."""
    size = min(recipe.batch_size, samples)
    batch, chunk = (sum(width * row + 2 * PADDING for width in widths) + PADDING for row in (size + PADDING, 128))
    numbers = 3 * batch + 2 * chunk + count + widths[-1] * (size + PADDING) + 128 + 4 * PADDING
    return aligned(numbers), np.empty(4 * len(widths) + size + 2 * PADDING, np.int64)


def deviation(y: np.ndarray) -> float:
    """What R² is measured against (see core.metrics)."""
    return max(float(np.square(y - y.mean(axis=0)).sum()), 1e-12) if y.dtype.kind == "f" and len(y) else 1.0


class Records:
    """Room for the recorded moments: which epochs are ``wanted``, what is measured, weights and moments."""

    def __init__(self, recipe: Recipe, start: int, count: int) -> None:
        rows = MOMENTS[recipe.optimizer]
        chosen = recorded_epochs(recipe, start, count * (1 + rows))
        self.wanted = np.zeros(recipe.epochs - start + 1, np.uint8)
        self.wanted[[number - start for number in chosen]] = 1
        frames = len(chosen) + 1  # patience, a broken loss or a cancel may add one
        self.measures = np.zeros(frames, MEASURES)
        self.weights, self.moments = np.empty((frames, count), np.float32), np.empty((frames, rows, count), np.float32)

    def epochs(self, first: int, last: int) -> Iterator[Epoch]:
        """The records number ``first`` to ``last`` − 1. Each has tensors of its own: rows of one tensor would each
        carry all the others along when stored."""
        memoryless = torch.empty(self.moments.shape[1:])
        for place, (*numbers, age, best, best_number) in enumerate(self.measures[first:last].tolist(), start=first):
            weights = torch.from_numpy(self.weights[place].copy())
            moments = torch.from_numpy(self.moments[place].copy()) if self.moments.size else memoryless
            yield Epoch(*numbers, weights, moments, (), age, (best, best_number))


def epochs(
    layers: Layers,
    data: Data,
    recipe: Recipe,
    objective: Objective,
    start: Epoch | None = None,
    cancel: Cancel | None = None,
) -> Iterator[Epoch]:
    """The recorded moments of a training, as ``core.training.loop.epochs`` yields them; ``warm`` comes first."""
    settings, state = settings_of(layers, data, recipe, objective, start), state_of(start)
    weights, moments, state["age"] = beginning(layers, recipe, start)
    count, first = len(weights) - PADDING, start.number if start else 0
    records, done = Records(recipe, first, count), 0
    fixed = (
        *arrays(data.x, data.y, objective), *arrays(data.x_test, data.y_test, objective), weights, moments,
        records.weights.reshape(-1), records.moments.reshape(-1), records.measures, records.wanted,
        (cancel or Cancel()).flag, *rooms(layers.widths, count, recipe, len(data.x)),
    )  # fmt: skip
    kinds = [codes.ACTIVATIONS[name] for name in layers.activations]
    structure = np.array(layers.widths, np.int64), np.array(kinds, np.int64)
    for number, last, visits, rates in stretches(recipe, len(data.x), first, state):
        trained(settings, state, number, last, *structure, visits, rates, *fixed)
        yield from records.epochs(done, done := state["filled"].item())
        if state["ended"]:
            return


def settings_of(layers: Linears, data: Data, recipe: Recipe, objective: Objective, start: Epoch | None) -> np.ndarray:
    """What does not change during a training, one record."""
    settings: Any = np.zeros(1, SETTINGS)  # a record: fields by name
    for name in set(SETTINGS.names or ()) & {field.name for field in fields(Recipe)} - {"seed"}:
        settings[name] = getattr(recipe, name)
    settings["loss"], settings["rule"] = codes.LOSSES[name_of(objective)], codes.RULES[recipe.optimizer]
    settings["samples"], settings["held_out"] = len(data.x), len(data.x_test)
    settings["moments"], settings["start"] = MOMENTS[recipe.optimizer], start.number if start else 0
    settings["seed"], settings["dropout"] = recipe.seed % SEEDS, layers.dropout
    settings["deviation"] = deviation(data.y.detach().numpy())
    settings["held_out_deviation"] = deviation(data.y_test.detach().numpy())
    return settings


def state_of(start: Epoch | None) -> np.ndarray:
    """What changes during a training, one record, as it is at the start."""
    state: Any = np.zeros(1, STATE)
    for name in ("step", "learning_rate", "gradient_norm") if start else ():
        state[name] = getattr(start, name)
    state["best"], state["best_number"] = start.best if start else (math.inf, 0)
    return state


def beginning(layers: Linears, recipe: Recipe, start: Epoch | None) -> tuple[np.ndarray, np.ndarray, int]:
    """Weights, the optimizer's memory and its age, with room behind them."""
    parameters = [p for linear in layers.linears for p in (linear.weight, linear.bias)]
    weights = flat(*(p.detach().numpy() for p in (parameters if start is None else [start.weights])))
    count, rows = len(weights) - PADDING, MOMENTS[recipe.optimizer]
    moments = np.zeros((2, len(weights)), np.float32)
    if start is None or start.moments.shape != (rows, count):
        return weights, moments.reshape(-1), 0
    moments[:rows, :count] = start.moments.numpy()
    return weights, moments.reshape(-1), start.age


def stretches(recipe: Recipe, samples: int, start: int, state: np.ndarray) -> Iterator[tuple]:
    """The epochs in stretches: the first and the last one, all visits and the rates of all steps. The first stretch is
    the epoch that is there already, which is only recorded."""
    yield start, start, np.empty(0, np.int32), np.empty(0)
    number, per_epoch = start + 1, -(-samples // recipe.batch_size)
    for visits in orders(samples, recipe.seed, number, recipe.epochs):
        step, last = state["step"].item(), number + len(visits) - 1
        rates = learning_rates(recipe, step, step + len(visits) * per_epoch, recipe.epochs * per_epoch)
        yield number, last, visits.reshape(-1), rates
        number = last + 1
