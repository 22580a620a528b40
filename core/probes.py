"""Questions put to a trained network at one moment, and to a whole run at all its moments.

Every probe works on a copy in evaluation mode and changes nothing. Numbers that are not finite come back as they are.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.data.data import Data
from core.data.features import seen
from core.data.planar import EXTENT
from core.metrics import score
from core.objectives import Objective
from core.stacked import answers, layers, moments, own
from core.training import Epoch, Run
from core.training.loop import Answered

SATURATED = 0.01  # a sigmoid within this of 0 or 1 (a tanh within twice this of −1 or 1) hardly moves any more


@torch.no_grad()
def activations(model: nn.Module, x: Tensor) -> list[Tensor]:
    """What each layer answers to x, (samples, …units) per layer, the output last."""
    return list(own(model).layers(x))


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
    """Share of the answers of each sigmoid or tanh layer that sit at an end, where the slope is below 4 % of its
    largest value."""
    found = outputs_of(model, x, (nn.Sigmoid, nn.Tanh))
    return {name: saturated(module, answer).float().mean().item() for name, (module, answer) in found.items()}


def saturated(module: nn.Module, answer: Tensor) -> Tensor:
    """Which answers of a sigmoid or tanh layer sit at an end of its range, same shape."""
    share = (answer + 1) / 2 if isinstance(module, nn.Tanh) else answer
    return (share < SATURATED) | (share > 1 - SATURATED)


def standardised(features: Tensor, others: Tensor) -> tuple[Tensor, Tensor]:
    """Two sets of features flattened to (samples, features + 1): mean 0 and deviation 1 on the first, and a 1."""
    first, second = features.flatten(1), others.flatten(1)
    mean, deviation = first.mean(dim=0), first.std(dim=0, correction=0)
    scale = torch.where(deviation > 1e-6 * (1 + mean.abs()), 1 / deviation.clamp_min(1e-30), torch.zeros(()))
    return tuple(functional.pad((part - mean) * scale, (0, 1), value=1.0) for part in (first, second))


@torch.no_grad()
def linear_probe(features: Tensor, y: Tensor, features_test: Tensor, y_test: Tensor, steps: int = 150) -> float:
    """Held-out accuracy of a linear classifier on a layer's answers: how far the classes are already untangled.

    Softmax regression on standardised features with an L2 penalty of ½‖W‖² on the summed loss (Alain and Bengio
    2017), by accelerated gradient steps preconditioned with the bound ½XᵀX on the Hessian (Böhning 1992).
    Deterministic; nan where the features hold nan.
    """
    if not (features.isfinite().all() and features_test.isfinite().all()):
        return math.nan
    x, held_out = standardised(features, features_test)
    classes = int(max(y.max(), y_test.max())) + 1
    target = functional.one_hot(y, classes).to(x.dtype)
    penalty = torch.ones(x.shape[1], 1)
    penalty[-1] = 1e-4  # the intercept is free
    factor = torch.linalg.cholesky(0.5 * x.T @ x + torch.diag(penalty[:, 0]))
    weights = ahead = torch.zeros(x.shape[1], classes)
    pace = 1.0
    for _ in range(steps):
        gradient = x.T @ ((x @ ahead).softmax(dim=1) - target) + penalty * ahead
        updated = ahead - torch.cholesky_solve(gradient, factor)
        change = updated - weights
        if (gradient * change).sum() > 0:  # restart of the acceleration (O'Donoghue and Candès 2015)
            pace = 1.0
        following = (1 + math.sqrt(1 + 4 * pace * pace)) / 2
        weights, ahead, pace = updated, updated + (pace - 1) / following * change, following
        if change.abs().max() < 1e-4:
            break
    return ((held_out @ weights).argmax(dim=1) == y_test).float().mean().item()


@torch.no_grad()
def in_two_dimensions(features: Tensor) -> Tensor:
    """A layer's answers as points in the plane that keeps most of their variance (PCA), (samples, 2).

    The largest loading of each axis is positive, so that the same features always give the same picture. Features
    that are not finite come back as nan.
    """
    flat = features.flatten(1)
    if not flat.isfinite().all():
        return torch.full((len(flat), 2), math.nan)
    centred = functional.pad((flat - flat.mean(dim=0)).double(), (0, max(0, 2 - flat.shape[1])))
    axes = torch.linalg.svd(centred, full_matrices=False).Vh[:2]
    axes = functional.pad(axes, (0, 0, 0, 2 - len(axes)))
    largest = axes.gather(1, axes.abs().argmax(dim=1, keepdim=True))
    return (centred @ (axes * torch.where(largest < 0, -1.0, 1.0)).T).float()


def steadied(frames: Sequence[Tensor]) -> list[Tensor]:
    """Successive pictures (samples, 2), each turned or mirrored onto the one before it, so that a film does not flip
    where two axes change places (orthogonal Procrustes, Schönemann 1966). Distances within a picture are kept."""
    turned: list[Tensor] = []
    before = None
    for frame in frames:
        if before is not None and frame.isfinite().all():
            left, _, right = torch.linalg.svd(frame.double().T @ before.double())
            frame = (frame.double() @ left @ right).float()
        turned.append(frame)
        before = frame if frame.isfinite().all() else before
    return turned


def film(run: Run, x: Tensor, layer: int) -> list[Tensor]:
    """How one layer of a run sees the samples, as a steady picture in two dimensions per recorded moment."""
    weights, buffers = moments(run.history)
    return steadied([in_two_dimensions(frame) for frame in layers(run.model, weights, x, buffers)[layer]])


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


def largest_eigenvalue(product, size: int, steps: int, tolerance: float, seed: int) -> float:
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


def unit_pictures(model: nn.Module, extent: float = EXTENT, resolution: int = 40) -> list[Tensor]:
    """Each unit's own picture of the plane, per layer (units, resolution, resolution), rows from below."""
    answered = activations(model, grid(extent, resolution))
    return [answer.T.reshape(-1, resolution, resolution) for answer in answered]


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


def layer_accuracies(model: nn.Module, data: Data) -> list[float]:
    """Held-out accuracy of a linear probe on the input and on each hidden layer, first to last: where along the depth
    the classes become separable by straight lines."""
    seen, held_out = activations(model, data.x), activations(model, data.x_test)
    pairs = [(data.x, data.x_test), *zip(seen[:-1], held_out[:-1], strict=True)]
    return [linear_probe(x, data.y, x_test, data.y_test) for x, x_test in pairs]
