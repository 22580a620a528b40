"""Questions put to the layers of a trained network: what they answer, which units are dead, which are saturated.

Every probe works on a copy in evaluation mode and changes nothing. Numbers that are not finite come back as they are.
"""

import torch
from torch import Tensor, nn

from core.probes.stacked import own

SATURATED = 0.01  # a sigmoid within this of 0 or 1 (a tanh within twice this of −1 or 1) hardly moves any more


@torch.no_grad()
def activations(model: nn.Module, x: Tensor) -> list[Tensor]:
    """What each layer answers to x, (samples, …units) per layer, the output last."""
    return list(own(model).layers(x))


@torch.no_grad()
def outputs_of(model: nn.Module, x: Tensor, kinds: tuple[type[nn.Module], ...]) -> dict[str, tuple[nn.Module, Tensor]]:
    """Every module of certain kinds with what it answers to x, by name, in the order of the forward pass."""
    model, found = own(model), {}
    for name, module in model.named_modules():
        if isinstance(module, kinds):
            module.register_forward_hook(lambda m, _, answer, name=name: found.__setitem__(name, (m, answer)))
    model(x)
    return found


def dead_share(model: nn.Module, x: Tensor) -> dict[str, float]:
    """Share of the units (channels) of each ReLU layer that answer 0 to every sample: no gradient reaches them."""
    found = outputs_of(model, x, (nn.ReLU, nn.ReLU6))
    return {name: dead(answer).float().mean().item() for name, (_, answer) in found.items()}


def dead(answer: Tensor) -> Tensor:
    """Which units of a ReLU layer's answer (samples, units, …) are 0 for every sample, (units,)."""
    return (answer == 0).transpose(0, 1).flatten(1).all(dim=1)


def saturation(model: nn.Module, x: Tensor) -> dict[str, float]:
    """Share of the answers of each sigmoid or tanh layer that sit at an end, where the slope is below 4% of its
    largest value."""
    found = outputs_of(model, x, (nn.Sigmoid, nn.Tanh))
    return {name: saturated(module, answer).float().mean().item() for name, (module, answer) in found.items()}


def saturated(module: nn.Module, answer: Tensor) -> Tensor:
    """Which answers of a sigmoid or tanh layer sit at an end of its range, same shape."""
    share = (answer + 1) / 2 if isinstance(module, nn.Tanh) else answer
    return (share < SATURATED) | (share > 1 - SATURATED)
