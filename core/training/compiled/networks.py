"""Which trainings the compiled trainer does: exactly as the loop would, and faster."""

from typing import NamedTuple, Protocol

import torch
from torch import nn

from core import objectives
from core.data.data import Data
from core.models.layers import ACTIVATIONS, Dropout
from core.models.mlp import MLP
from core.objectives import Objective
from core.training.compiled.kernel import codes
from core.training.compiled.loading import ready
from core.training.recipe import Recipe

NAMES = {module: name for name, module in ACTIVATIONS.items()}
NUMBERS = (objectives.mean_squared_error, objectives.mean_absolute_error, objectives.huber)  # what predicts numbers
CROSSOVER = 10_000_000  # parameters × batch beyond which torch's matrix products catch up (benchmarks/results)


class Linears(Protocol):
    """What every network that is trained here has: linear layers, in the order of their weights, and dropout."""

    @property
    def linears(self) -> list[nn.Linear]: ...

    @property
    def dropout(self) -> float: ...


class Layers(NamedTuple):
    """A plain multilayer perceptron as the kernel reads it."""

    linears: list[nn.Linear]
    activations: list[str]
    dropout: float

    @property
    def widths(self) -> list[int]:
        """Inputs, hidden units, outputs."""
        return [self.linears[0].in_features, *(linear.out_features for linear in self.linears)]


def layers_of(model: nn.Module) -> Layers | None:
    """The layers of a plain multilayer perceptron, None for another network."""
    if type(model) is not MLP or any(type(layer) is not nn.Sequential or len(layer) < 2 for layer in model.hidden):
        return None
    stacks = [list(layer) for layer in model.hidden]
    linears = [*(stack[0] for stack in stacks), model.output]
    if not all(map(plain, linears, model.widths[:-1], model.widths[1:])):
        return None
    if any(map(hooked, (model, model.hidden, *model.hidden, *(module for stack in stacks for module in stack)))):
        return None
    names, rates = [], set()
    for _, activation, *silence in stacks:
        if type(activation) not in NAMES or len(silence) > 1 or any(type(module) is not Dropout for module in silence):
            return None
        if getattr(activation, "negative_slope", 0.01) != 0.01 or getattr(activation, "approximate", "none") != "none":
            return None
        names.append(NAMES[type(activation)])
        rates.add(silence[0].rate if silence else 0.0)
    return None if len(rates) > 1 else Layers(linears, names, max(rates, default=0.0))


def plain(linear: nn.Module, inputs: int, units: int) -> bool:
    """Whether a layer is torch's own, of these widths, with biases, float32 and trainable."""
    if type(linear) is not nn.Linear or linear.bias is None or linear.weight.shape != (units, inputs) or hooked(linear):
        return False
    return all(p.dtype == torch.float32 and p.requires_grad for p in (linear.weight, linear.bias))


def hooked(module: nn.Module) -> bool:
    """Whether something listens to, or changes, what a module answers."""
    return bool(module._forward_hooks or module._forward_pre_hooks or module._backward_hooks)


def fits(data: Data, widths: tuple[int, ...], objective: Objective) -> bool:
    """Whether inputs, targets and outputs are what the objective's compiled form expects."""
    sets = ((data.x, data.y), (data.x_test, data.y_test))
    if not len(data.x) or any(x.dim() != 2 or x.shape[1] != widths[0] or x.dtype != torch.float32 for x, _ in sets):
        return False
    if any(len(x) != len(y) for x, y in sets):
        return False
    outputs, one_logit = widths[-1], objective is objectives.binary_cross_entropy
    if objective in NUMBERS:
        return all(y.dtype == torch.float32 and y.dim() == 2 and y.shape[1] == outputs for _, y in sets)
    classes = 2 if one_logit else outputs
    if (outputs == 1) != one_logit:
        return False
    if any(y.dtype != torch.int64 or y.dim() != 1 for _, y in sets):
        return False
    labels = [y.numpy() for _, y in sets if len(y)]  # torch would give Python's lock away for every look at them
    return all(y.min() >= 0 and y.max() < classes for y in labels)


def supported(model: nn.Module, data: Data, objective: Objective) -> Layers | None:
    """The network's layers, if the compiled trainer does exactly what the loop would do; else None."""
    layers = layers_of(model) if objective in codes.OBJECTIVES else None
    return layers if layers and fits(data, model.widths, objective) else None


def preferred(model: nn.Module, data: Data, recipe: Recipe, objective: Objective) -> Layers | None:
    """The network's layers, if the compiled trainer can be called now and is expected to be faster than torch."""
    layers = supported(model, data, objective) if ready() else None
    if not layers:
        return None
    parameters = sum((inputs + 1) * units for inputs, units in zip(model.widths[:-1], model.widths[1:], strict=True))
    return layers if parameters * min(recipe.batch_size, len(data.x)) <= CROSSOVER else None
