"""The ledger of a network: what each layer returns, holds and costs, measured by hooks on a real forward pass."""

from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor, nn

from core.probes.stacked import own


@dataclass(frozen=True)
class Entry:
    """One layer. ``shape`` is its answer's without the batch (empty if it was not called), ``weights`` and ``biases``
    count its trainable and frozen numbers, ``flops`` its multiplications and additions for one sample, ``code`` is
    the line that makes it."""

    name: str
    kind: str
    shape: tuple[int, ...]
    weights: int
    biases: int
    flops: int
    code: str


def ledger(model: nn.Module, input_shape: tuple[int, ...]) -> list[Entry]:
    """The layers of a network in the order they are called, for inputs of a shape without the batch.

    The counts add up to ``sum(p.numel() for p in model.parameters())``.
    """
    model, calls = own(model), {}
    for name, module in model.named_modules():
        if not [*module.children()] or module._parameters:
            module.register_forward_hook(
                lambda m, taken, answer, name=name: calls.setdefault(name, []).append((taken, answer))
            )
    with torch.no_grad():
        model(torch.zeros(1, *input_shape))
    modules = dict(model.named_modules())
    silent = [name for name, module in modules.items() if name not in calls and owned(module)]
    return [entry(name, modules[name], calls.get(name, [])) for name in (*calls, *silent)]


def owned(module: nn.Module) -> dict[str, int]:
    """How many numbers each parameter holds that belongs to the module itself."""
    return {name: parameter.numel() for name, parameter in module.named_parameters(recurse=False)}


def entry(name: str, module: nn.Module, calls: list) -> Entry:
    """A module and its calls as one line of the ledger; a layer called twice costs twice and is held once."""
    counts = owned(module)
    answers = [answer for _, answer in calls if isinstance(answer, Tensor)]
    biases = sum(count for key, count in counts.items() if "bias" in key)
    return Entry(
        name or "network", type(module).__name__, tuple(answers[-1].shape[1:]) if answers else (),
        sum(counts.values()) - biases, biases, sum(flops(module, answer) for answer in answers), code(module),
    )  # fmt: skip


def flops(module: nn.Module, answer: Tensor) -> int:
    """Multiplications and additions behind one answer.

    A dense or convolution unit: one of each per weight (the bias takes the place of the missing first addition).
    Batch norm at evaluation: two per value. Pooling: one per value it looks at. An activation: one per value.
    """
    values = answer.numel()
    if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d):
        return 2 * module.weight[0].numel() * values
    if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d | nn.LayerNorm):
        return 2 * values
    if isinstance(module, nn.MaxPool2d | nn.AvgPool2d):
        size = module.kernel_size
        return values * (size * size if isinstance(size, int) else prod(size))
    moves = (nn.Identity, nn.Flatten, nn.Unflatten, nn.Dropout)
    activations = type(module).__module__ == "torch.nn.modules.activation"
    return values if activations and not isinstance(module, moves) else 0


def code(module: nn.Module) -> str:
    """The line that makes the layer."""
    if isinstance(module, nn.Linear):
        tail = "" if module.bias is not None else ", bias=False"
        return f"nn.Linear({module.in_features}, {module.out_features}{tail})"
    if [*module.children()]:
        return f"{type(module).__name__}(…)"
    return ("nn." if type(module).__module__.startswith("torch.nn") else "") + repr(module)
