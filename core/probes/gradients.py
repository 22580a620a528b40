"""How much gradient reaches each layer of a network."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from core.objectives import Objective
from core.probes.stacked import Loss, own
from core.training.loop import Answered


@dataclass(frozen=True)
class GradientNorms:
    """Sizes of gradients, first layer first: of the loss with respect to each weight matrix (``names`` names it), and
    of one sample's own loss with respect to each layer's answer, averaged over the samples."""

    names: tuple[str, ...]
    weights: tuple[float, ...]
    activations: tuple[float, ...]


def gradient_norms(model: nn.Module, x: Tensor, y: Tensor, objective: Objective) -> GradientNorms:
    """How much gradient reaches each layer, measured by one backward pass over the samples."""
    model = own(model) if model.training else model
    answered = model.layers(x)
    loss = objective(Answered(model, x, answered[-1]), x, y)
    matrices = {name: p for name, p in model.named_parameters() if p.dim() > 1 and p.requires_grad}
    wanted = [*matrices.values(), *answered]
    found = torch.autograd.grad(loss, wanted, allow_unused=True)
    found = [torch.zeros_like(w) if g is None else g for w, g in zip(wanted, found, strict=True)]
    weights, reached = found[: len(matrices)], found[len(matrices) :]
    return GradientNorms(
        tuple(name.removesuffix(".weight") for name in matrices),
        tuple(gradient.norm().item() for gradient in weights),
        tuple(gradient.flatten(1).norm(dim=1).sum().item() for gradient in reached),
    )


def sample_gradients(model: nn.Module, x: Tensor, y: Tensor, objective: Objective) -> Tensor:
    """The gradient of every sample's own loss, (samples, parameters): their mean is the gradient of the loss."""
    loss = Loss(own(model), objective)
    weights = {name: parameter.detach() for name, parameter in loss.named_parameters()}

    def of_sample(weights: dict[str, Tensor], x: Tensor, y: Tensor) -> Tensor:
        return functional_call(loss, weights, (x[None], y[None]))

    rows = vmap(grad(of_sample), in_dims=(None, 0, 0))(weights, x, y)
    return torch.cat([row.flatten(1) for row in rows.values()], dim=1)
