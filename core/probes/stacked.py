"""One network at many weights at once: every recorded moment of a run, every point of a plane of weights."""

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from core.objectives import Objective
from core.training import Epoch

Buffers = Sequence[tuple[Tensor, ...]]  # of each setting; none: the network's own

ELEMENTS = 2_000_000  # numbers that one part of a stack may hold at a time


class Loss(nn.Module):
    """An objective as a module, so that whatever part of the model it uses sees the stacked weights."""

    def __init__(self, model: nn.Module, objective: Objective) -> None:
        super().__init__()
        self.model, self.objective = model, objective

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return self.objective(self.model, x, y)


class Layers(nn.Module):
    """What every layer answers, as a module."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.model.layers(x))


def own(model: nn.Module) -> nn.Module:
    """A copy in evaluation mode: a network shared between learners is never touched."""
    return copy.deepcopy(model).eval()


def named(module: nn.Module, weights: Tensor) -> dict[str, Tensor]:
    """Weights (settings, parameters) as stacked parameters {name: (settings, …shape)}."""
    trained = {name: parameter for name, parameter in module.named_parameters() if parameter.requires_grad}
    pieces = weights.split([parameter.numel() for parameter in trained.values()], dim=1)
    return {
        name: piece.reshape(-1, *parameter.shape)
        for (name, parameter), piece in zip(trained.items(), pieces, strict=True)
    }


@torch.no_grad()
def stacked(
    module: nn.Module,
    weights: Tensor,
    inputs: tuple[Tensor, ...],
    buffers: Buffers = (),
    elements: int = 64,
):
    """What ``module(*inputs)`` returns at each of many settings of its weights, in parts that fit the memory.

    ``weights`` (settings, parameters); ``buffers`` one tuple per setting, or empty for the module's own; ``elements``
    how many numbers one sample takes on its way. Returns (settings, …) or a tuple of such. The module must be the
    caller's own copy.
    """
    module = module.eval()
    part = max(1, ELEMENTS // max(weights.shape[1] + len(inputs[0]) * elements, 1))
    state = named(module, weights)
    if buffers and buffers[0]:
        names = [name for name, _ in module.named_buffers()]
        state |= {name: torch.stack(values) for name, values in zip(names, zip(*buffers, strict=True), strict=True)}
    call = vmap(lambda values: functional_call(module, values, inputs))
    parts = [
        call({name: value[start : start + part] for name, value in state.items()})
        for start in range(0, len(weights), part)
    ]
    if isinstance(parts[0], tuple):
        return tuple(torch.cat(pieces) for pieces in zip(*parts, strict=True))
    return torch.cat(parts)


def moments(epochs: Sequence[Epoch]) -> tuple[Tensor, list[tuple[Tensor, ...]]]:
    """The weights (moments, parameters) and the buffers of recorded moments."""
    return torch.stack([epoch.weights for epoch in epochs]), [epoch.buffers for epoch in epochs]


def losses(
    model: nn.Module,
    objective: Objective,
    weights: Tensor,
    x: Tensor,
    y: Tensor,
    buffers: Buffers = (),
) -> Tensor:
    """The loss on samples at each of many settings of the weights, (settings,)."""
    return stacked(Loss(own(model), objective), weights, (x, y), buffers)


def layers(model: nn.Module, weights: Tensor, x: Tensor, buffers: Buffers = ()) -> tuple[Tensor, ...]:
    """What every layer answers to x at each setting of the weights: (settings, samples, …units) per layer."""
    return stacked(Layers(own(model)), weights, (x,), buffers)


def answers(model: nn.Module, weights: Tensor, x: Tensor, buffers: Buffers = ()) -> Tensor:
    """The network's outputs at each setting of the weights, (settings, samples, outputs)."""
    return stacked(own(model), weights, (x,), buffers)
