"""What a network, and each of its units, says everywhere in the plane."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from core.data.features import seen
from core.data.planar import EXTENT
from core.probes.stacked import answers, moments, own
from core.training import Epoch, Run


def grid(extent: float = EXTENT, resolution: int = 60) -> Tensor:
    """Points of a square grid over [−extent, extent]², row by row from below, (resolution², 2)."""
    along = torch.linspace(-extent, extent, resolution)
    up, right = torch.meshgrid(along, along, indexing="ij")
    return torch.stack([right, up], dim=-1).reshape(-1, 2)


def probabilities(outputs: Tensor) -> Tensor:
    """Class probabilities of outputs (…, classes); one logit (…, 1) becomes two classes."""
    if outputs.shape[-1] > 2:
        return outputs.softmax(dim=-1)
    logit = outputs[..., 1] - outputs[..., 0] if outputs.shape[-1] == 2 else outputs[..., 0]
    return torch.stack([torch.sigmoid(-logit), torch.sigmoid(logit)], dim=-1)  # much faster than softmax over two


@torch.no_grad()
def surface(model: nn.Module, classes: bool = True, extent: float = EXTENT, resolution: int = 60) -> Tensor:
    """What a network says everywhere in the plane: class probabilities, or plain outputs, (resolution², outputs)."""
    outputs = own(model)(grid(extent, resolution))
    return probabilities(outputs) if classes else outputs


def surfaces(run: Run, epochs: Sequence[Epoch] | None = None, extent: float = EXTENT, resolution: int = 60) -> Tensor:
    """``surface`` at all recorded moments of a run (or given ones) in one batch, (moments, resolution², outputs)."""
    weights, buffers = moments(epochs or run.history)
    outputs = answers(run.model, weights, seen(run.data, grid(extent, resolution)), buffers)
    return probabilities(outputs) if run.data.classes else outputs
