"""Recurrent networks for the compiled trainer: which it does, and the call of their kernel."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from core import objectives
from core.cancel import Cancel
from core.data.data import Data
from core.models.recurrent import CELLS, Recurrent
from core.objectives import Objective
from core.training.compiled import history
from core.training.compiled.kernel import codes
from core.training.compiled.kernel.records import NETWORK
from core.training.compiled.loading import trained_through_time
from core.training.compiled.networks import hooked, plain
from core.training.epoch import Epoch
from core.training.recipe import Recipe

LANES = 16
WIDEST = 64  # units beyond which torch's matrix products catch up


class Unrolled(NamedTuple):
    """A recurrent network as the kernel reads it: its three linear layers, its cell, whether each step is answered."""

    linears: list[nn.Linear]
    cell: str
    every: bool
    dropout: float = 0.0


def unrolled(model: nn.Module, data: Data, objective: Objective) -> Unrolled | None:
    """The network, if the compiled trainer does exactly what the loop would do; else None."""
    if type(model) is not Recurrent or objective is not objectives.cross_entropy or hooked(model):
        return None
    linears, sums = [model.input, model.recurrent, model.output], CELLS[model.cell].sums * model.units
    shapes = (model.input.in_features, sums), (model.units, sums), (model.units, model.output.out_features)
    if not all(plain(linear, *shape) for linear, shape in zip(linears, shapes, strict=True)):
        return None
    return Unrolled(linears, model.cell, model.every) if fits(model, data) else None


def fits(model: Recurrent, data: Data) -> bool:
    """Whether inputs and classes are what the kernel expects."""
    time = data.x.shape[1] if data.x.dim() == 3 else 0
    sides = ((data.x, data.y), (data.x_test, data.y_test))
    return bool(len(data.x) and time) and all(
        x.dtype == torch.float32 and x.shape[1:] == (time, model.input.in_features) and y.dtype == torch.int64
        and y.shape == (x.shape[:2] if model.every else x.shape[:1])
        and (not len(y) or (y.numpy().min() >= 0 and y.numpy().max() < model.output.out_features))
        for x, y in sides
    )  # fmt: skip


def laid_out(network: Unrolled, time: int, samples: int) -> tuple[np.ndarray, int]:
    """Where each part of the work begins (one record), and how many numbers that are."""
    first, recurrent, output = network.linears
    inputs, units, outputs, sums = first.in_features, recurrent.in_features, output.out_features, first.out_features
    width = -(-samples // LANES) * LANES
    row = (time + 1) * width
    row += LANES if row % 1024 == 0 else 0  # rows that far apart would share a few places of the processor's cache
    net: np.ndarray = np.zeros(1, NETWORK)
    recurrent_at = (inputs + 1) * sums
    output_at = recurrent_at + (units + 1) * sums
    count = output_at + (units + 1) * outputs
    sizes = {
        "x_at": inputs * row, "gates_at": sums * row, "sums_at": sums * row, "states_at": units * row,
        "memories_at": units * row, "squashed_at": units * row, "answers_at": outputs * row,
        "deltas_at": 2 * units * width, "room_at": LANES, "gradient_at": count + LANES,
    }  # fmt: skip
    begin = 0
    for name, size in sizes.items():
        net[name], begin = begin, begin + size + 4 * row  # what is read four rows at a time may lie behind
    values = {
        "cell": codes.CELLS[network.cell], "time": time, "inputs": inputs, "units": units, "sums": sums,
        "outputs": outputs, "early": 0 if network.every else time - 1, "width": width, "row": row,
        "recurrent_at": recurrent_at, "output_at": output_at, "count": count,
    }  # fmt: skip
    for name, value in values.items():
        net[name] = value
    return net, begin


def sequences(x: Tensor, y: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """A set as the kernel reads it."""
    return np.ascontiguousarray(x.detach().numpy()).reshape(-1), np.ascontiguousarray(y.numpy()).reshape(-1)


def epochs(
    network: Unrolled,
    data: Data,
    recipe: Recipe,
    objective: Objective,
    start: Epoch | None = None,
    cancel: Cancel | None = None,
) -> Iterator[Epoch]:
    """The recorded moments of a training, as ``core.training.loop.epochs`` yields them; ``warm`` comes first."""
    settings, state = history.settings_of(network, data, recipe, objective, start), history.state_of(start)
    weights, moments, state["age"] = history.beginning(network, recipe, start)
    time, samples = data.x.shape[1], len(data.x)
    net, size = laid_out(network, time, min(recipe.batch_size, samples))
    first = start.number if start else 0
    records, done = history.Records(recipe, first, int(net["count"][0])), 0
    fixed = (
        *sequences(data.x, data.y), *sequences(data.x_test, data.y_test), weights, moments,
        records.weights.reshape(-1), records.moments.reshape(-1), records.measures, records.wanted,
        (cancel or Cancel()).flag, history.aligned(size), np.zeros(int(net["width"][0]) * time, np.int64),
    )  # fmt: skip
    for number, last, visits, rates in history.stretches(recipe, samples, first, state):
        trained_through_time(settings, state, net, number, last, visits, rates, *fixed)
        yield from records.epochs(done, done := state["filled"].item())
        if state["ended"]:
            return
