"""All trainable parameters of a network as one vector: one operation updates, clips, penalises or records them all."""

import torch
from torch import Tensor, nn


class ParameterVector:
    """Two flat vectors that the model's parameters and their gradients become views of; the order is
    ``model.parameters()``. Recording a moment is one copy."""

    def __init__(self, model: nn.Module) -> None:
        self.parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self.weights = torch.cat([parameter.detach().reshape(-1) for parameter in self.parameters])
        self.gradient = torch.zeros_like(self.weights)
        for parameter, weights, gradient in zip(
            self.parameters, self.split(self.weights), self.split(self.gradient), strict=True
        ):
            parameter.data, parameter.grad = weights, gradient

    def split(self, vector: Tensor) -> list[Tensor]:
        """A vector (…, parameters) cut into views of the parameters' shapes (…, *shape)."""
        sizes = [parameter.numel() for parameter in self.parameters]
        pieces = vector.split(sizes, dim=-1)
        return [
            piece.unflatten(-1, parameter.shape) if parameter.dim() else piece.squeeze(-1)
            for piece, parameter in zip(pieces, self.parameters, strict=True)
        ]


def load(model: nn.Module, weights: Tensor, buffers: tuple[Tensor, ...] = ()) -> nn.Module:
    """Put a vector of weights (and recorded buffers) into ``model``, in place; return it."""
    with torch.no_grad():
        offset = 0
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.copy_(weights[offset : offset + parameter.numel()].view_as(parameter))
                offset += parameter.numel()
        for buffer, recorded in zip(model.buffers(), buffers, strict=False):
            buffer.copy_(recorded)
    return model
