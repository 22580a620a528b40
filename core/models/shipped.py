"""Weights as they are shipped: in half precision, in a safetensors file, of which nothing is executed."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from safetensors.torch import load_file
from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)


def halved(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights as they are shipped, which halves the file; counts stay whole numbers."""
    return {name: (part.half() if part.is_floating_point() else part).contiguous() for name, part in weights.items()}


def whole(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights in single precision; counts stay whole numbers."""
    return {name: part.float() if part.is_floating_point() else part for name, part in weights.items()}


def rounded(model: Network) -> Network:
    """A network with its weights rounded as they are shipped: this is what is measured; in evaluation mode."""
    model.load_state_dict(whole(halved(model.state_dict())))
    return model.eval()


def loaded(model: Network, path: Path) -> Network:
    """A network with the weights of a file, frozen and in evaluation mode."""
    model.load_state_dict(whole(load_file(path)))
    return model.eval().requires_grad_(False)
