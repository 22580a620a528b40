"""A network with some of its units switched off."""

import torch
from torch import Tensor, nn

from core.metrics import score
from core.probes.layers import activations
from core.probes.stacked import own


class Silenced(nn.Module):
    """Sets chosen units (channels) to 0."""

    def __init__(self, *units: int) -> None:
        super().__init__()
        self.units = units

    def forward(self, x: Tensor) -> Tensor:
        return x.index_fill(1, torch.tensor(self.units), 0.0)


def without(model: nn.Module, layer: int, *units: int) -> nn.Module:
    """A copy of the network in which some units of a hidden layer always answer 0. The weights stay as they are.

    Raises ``ValueError`` for a layer that is not there.
    """
    model = own(model)
    hidden = model.hidden if hasattr(model, "hidden") else model.blocks
    if not 0 <= layer < len(hidden):
        raise ValueError(f"There is no hidden layer {layer}: this network has {len(hidden)}, counted from 0.")
    hidden[layer] = nn.Sequential(hidden[layer], Silenced(*units))
    return model


def scores_without(model: nn.Module, x: Tensor, y: Tensor) -> list[Tensor]:
    """The network's score on samples with each hidden unit switched off in turn, per hidden layer (units,)."""
    with torch.no_grad():
        return [
            torch.tensor([score(without(model, layer, unit)(x), y) for unit in range(answer.shape[1])])
            for layer, answer in enumerate(activations(model, x)[:-1])
        ]
