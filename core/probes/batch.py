"""One mini-batch of a recorded run under the magnifying glass: forward, loss, backward, update.

The numbers are those of the training itself: the same weights, the same batch, the same dropout masks, the same rule.
"""

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.models.layers import Dropout
from core.randomness import order
from core.training import Epoch, Run, learning_rate
from core.training.loop import Answered, batches_per_epoch, beginning, penalised
from core.training.updates import RULES
from core.training.vector import ParameterVector, load

BEATS = ("1 forward", "2 loss", "3 backward", "4 update")
TERMS = 4  # products written out in a formula


@dataclass(frozen=True)
class Layer:
    """What one layer (the last is the output) saw and answered: ``given`` (batch, inputs), ``summed`` (batch, units)
    before the activation, ``answer`` after it, each with the loss's gradient by it."""

    name: str
    activation: str
    weights: Tensor
    biases: Tensor
    given: Tensor
    summed: Tensor
    answer: Tensor
    by_summed: Tensor
    by_answer: Tensor


@dataclass(frozen=True)
class Batch:
    """One update of a run: ``number`` of ``count`` in the epoch after ``epoch``, at ``step`` updates, on the training
    samples ``places``; ``before`` and ``after`` are the weights (parameters,), ``raw`` the loss's gradient and
    ``used`` that gradient clipped and with the penalties' added."""

    run: Run
    epoch: Epoch
    number: int
    count: int
    step: int
    rate: float
    places: Tensor
    loss: float
    loss_after: float
    layers: tuple[Layer, ...]
    before: Tensor
    after: Tensor
    raw: Tensor
    used: Tensor


def batches(run: Run) -> int:
    """How many mini-batches an epoch of a run has."""
    return batches_per_epoch(run.model, len(run.data.x), run.recipe)


def examined(run: Run, number: int, place: int, alone: int | None = None) -> Batch:
    """The batch ``place`` (from 1) of the epoch that follows the moment recorded at or before epoch ``number``, or
    the one sample ``alone`` (from 0) of it, as if it were a batch by itself."""
    usable = [epoch for epoch in run.history if epoch.weights.isfinite().all()] or [run.history[0]]
    epoch = [epoch for epoch in usable if epoch.number <= max(number, usable[0].number)][-1]
    model, recipe, data = load(copy.deepcopy(run.model), epoch.weights, epoch.buffers), run.recipe, run.data
    vector, count = ParameterVector(model), batches(run)
    moments, step, age, _, _ = beginning(vector.weights, recipe, epoch)
    split = order(len(data.x), recipe.seed, epoch.number + 1).split(recipe.batch_size)[:count]
    model.train()
    for index, chosen in enumerate(split, start=1):
        place_dropout(model, recipe.seed, step)
        rate = learning_rate(recipe, step, max(recipe.epochs, epoch.number + 1) * count)
        step, age = step + 1, age + 1
        vector.gradient.zero_()
        looked_at = index == min(place, count)
        if looked_at and alone is not None:
            chosen = chosen[min(alone, len(chosen) - 1)][None]
        if looked_at:
            loss, layers = unrolled(model, run, chosen)
        else:
            run.objective(model, data.x[chosen], data.y[chosen]).backward()
        before, raw = vector.weights.clone(), vector.gradient.clone()
        used = penalised(vector.weights, vector.gradient, recipe).clone()
        RULES[recipe.optimizer](vector.weights, used.clone(), moments, age, rate, recipe)
        if looked_at:
            place_dropout(model, recipe.seed, step - 1)
            with torch.no_grad():
                again = run.objective(model, data.x[chosen], data.y[chosen]).item()
            after = vector.weights.clone()
            return Batch(
                run, epoch, index, count, step, rate, chosen, loss, again, layers, before, after, raw, used
            )  # fmt: skip
    raise ValueError("This run has no batch to look at.")


def place_dropout(model: nn.Module, seed: int, step: int) -> None:
    """Let every dropout layer draw the mask of one update, as the training loop does."""
    for layer, module in enumerate(module for module in model.modules() if isinstance(module, Dropout)):
        module.place = (seed, 16 + layer, step)


def unrolled(model: nn.Module, run: Run, chosen: Tensor) -> tuple[float, tuple[Layer, ...]]:
    """Loss and gradients of one batch, everything on the way kept; the gradients reach the model's own."""
    x, y = run.data.x[chosen], run.data.y[chosen]
    steps, given = [], x
    for block, name in zip([*model.hidden, None], [*model.activations, "linear"], strict=True):
        linear = model.output if block is None else block[0]
        summed = linear(given)
        answer = summed if block is None else block[1:](summed)
        steps.append((linear, name, given, summed, answer))
        given = answer
    loss = run.objective(Answered(model, x, given), x, y)
    for _, _, _, summed, answer in steps:
        summed.retain_grad()
        answer.retain_grad()
    loss.backward()
    layers = tuple(
        Layer(
            f"hidden {place}" if place < len(steps) else "output", name, linear.weight.detach().clone(),
            linear.bias.detach().clone(), given.detach(), summed.detach(), answer.detach(), summed.grad, answer.grad,
        )
        for place, (linear, name, given, summed, answer) in enumerate(steps, start=1)
    )  # fmt: skip
    return loss.item(), layers


@dataclass(frozen=True)
class Unit:
    """One unit for one sample of a batch, everything as numbers: what it was given, its weights and bias, its sum and
    answer, the gradients, and the weights after the update. ``above`` and ``deltas`` are the weights to the units it
    feeds and the gradients by their sums."""

    name: str
    sample: int
    activation: str
    inputs: tuple[str, ...]
    given: Tensor
    weights: Tensor
    bias: float
    summed: float
    answer: float
    above: Tensor
    deltas: Tensor
    by_answer: float
    by_summed: float
    gradient: Tensor  # of the batch's loss by the weights and, last, the bias
    used: Tensor
    after: Tensor


def unit(batch: Batch, layer: int, place: int, sample: int, inputs: tuple[str, ...]) -> Unit:
    """Unit ``place`` (from 0) of layer ``layer`` (from 0; beyond the last: the output) for one sample of the batch."""
    layer = min(layer, len(batch.layers) - 1)
    one = batch.layers[layer]
    place, sample = min(place, len(one.biases) - 1), min(sample, len(batch.places) - 1)
    model = batch.run.model
    linear = model.output if layer == len(model.hidden) else model.hidden[layer][0]
    rows = [own_row(model, linear, vector, place) for vector in (batch.raw, batch.used, batch.after)]
    names = inputs if layer == 0 else tuple(f"unit {k + 1}" for k in range(one.given.shape[1]))
    upper = None if layer == len(batch.layers) - 1 else batch.layers[layer + 1]
    return Unit(
        f"{one.name} · unit {place + 1}", sample, one.activation, names, one.given[sample], one.weights[place],
        one.biases[place].item(), one.summed[sample, place].item(), one.answer[sample, place].item(),
        upper.weights[:, place] if upper else torch.zeros(0), upper.by_summed[sample] if upper else torch.zeros(0),
        one.by_answer[sample, place].item(), one.by_summed[sample, place].item(), *rows,
    )  # fmt: skip


def own_row(model: nn.Module, linear: nn.Linear, vector: Tensor, place: int) -> Tensor:
    """What a vector over all parameters says of one unit's weights and, last, its bias."""
    start, pieces = 0, {}
    for parameter in model.parameters():
        pieces[id(parameter)] = vector[start : start + parameter.numel()].view_as(parameter)
        start += parameter.numel()
    return torch.cat([pieces[id(linear.weight)][place], pieces[id(linear.bias)][place, None]])
