"""The curvature of a loss: the largest eigenvalue of its Hessian."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from core.objectives import Objective
from core.probes.stacked import own


def sharpness(
    model: nn.Module, x: Tensor, y: Tensor, objective: Objective,
    scale: Tensor | None = None, steps: int = 60, tolerance: float = 1e-3, seed: int = 0,
) -> float:  # fmt: skip
    """The largest eigenvalue λmax of the loss's Hessian: gradient descent is stable only below the step 2/λmax.

    Lanczos iterations on Hessian-vector products (Pearlmutter 1994), from a seeded start, until the estimate settles
    within ``tolerance``. With ``scale`` s (parameters,) the Hessian is that of the scaled weights, diag(s) H diag(s).
    nan where the loss or its gradient is not finite.
    """
    model = own(model)
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    pieces = torch.autograd.grad(objective(model, x, y), parameters, create_graph=True, allow_unused=True)
    gradient = flat(pieces, parameters)
    if not gradient.requires_grad or not gradient.isfinite().all():
        return 0.0 if gradient.isfinite().all() else math.nan
    scale = torch.ones_like(gradient) if scale is None else scale

    def product(vector: Tensor) -> Tensor:
        found = torch.autograd.grad(gradient, parameters, scale * vector, retain_graph=True, allow_unused=True)
        return scale * flat(found, parameters)

    return largest_eigenvalue(product, len(gradient), min(steps, len(gradient)), tolerance, seed)


def flat(pieces: Sequence[Tensor | None], parameters: Sequence[Tensor]) -> Tensor:
    """Gradients as one vector (parameters,), 0 where a parameter plays no part."""
    pairs = zip(pieces, parameters, strict=True)
    return torch.cat([(torch.zeros_like(p) if piece is None else piece).reshape(-1) for piece, p in pairs])


def largest_eigenvalue(
    product: Callable[[Tensor], Tensor], size: int, steps: int, tolerance: float, seed: int
) -> float:
    """The largest eigenvalue of a symmetric map given by its products: Lanczos with full reorthogonalisation."""
    vector = torch.randn(size, generator=torch.Generator().manual_seed(seed))
    basis, diagonal, beside, estimate = [vector / vector.norm()], [], [], -math.inf
    for _ in range(steps):
        image = product(basis[-1])
        if not image.isfinite().all():
            return math.nan
        diagonal.append(float(image @ basis[-1]))
        matrix = torch.diag(torch.tensor(diagonal, dtype=torch.float64))
        for place, value in enumerate(beside):
            matrix[place, place + 1] = matrix[place + 1, place] = value
        previous, estimate = estimate, torch.linalg.eigvalsh(matrix)[-1].item()
        known = torch.stack(basis)
        for _ in range(2):
            image = image - known.T @ (known @ image)
        beside.append(image.norm().item())
        if beside[-1] < 1e-7 * max(abs(estimate), 1e-12) or abs(estimate - previous) < 0.1 * tolerance * abs(estimate):
            break
        basis.append(image / beside[-1])
    return estimate
