"""What a GAN does at every recorded moment: its samples, what the discriminator says everywhere, where it pulls."""

from dataclasses import dataclass

import torch
from torch import Tensor

from core.adversarial_losses import LOSSES
from core.models.gan import linears
from core.models.mlp import MLP
from core.probes.coverage import coverage, modes_covered, sliced_wasserstein
from core.probes.stacked import answers
from core.probes.surfaces import grid
from core.training.adversarial import GanRun

SAMPLES = 500  # generated ones that each moment is measured on, and as many held-out ones


def noise_of(run: GanRun, count: int = SAMPLES) -> Tensor:
    """The same noise for every moment of a run, (count, latent); no batch of the training has it."""
    generator = torch.Generator().manual_seed(run.recipe.seed + 20_000_000)
    return 2 * torch.rand(count, run.model.latent, generator=generator) - 1


def samples(run: GanRun, noise: Tensor) -> Tensor:
    """What the generator makes of noise (noise, latent) at every moment, (moments, noise, features)."""
    return answers(run.model.generator, torch.stack([moment.generator for moment in run.history]), noise)


def plain(network: MLP) -> MLP:
    """A perceptron of the same shape, without spectral norm."""
    return MLP(*network.widths, activation=network.activations)


def judges(run: GanRun) -> Tensor:
    """The weights with which the discriminator answers at every moment, (moments, parameters)."""
    if not run.model.spectral_norm:
        return torch.stack([moment.discriminator for moment in run.history])
    networks = [linears(run.at(moment.number).discriminator) for moment in run.history]
    rows = [
        [part.detach().reshape(-1) for linear in each for part in (linear.weight, linear.bias)] for each in networks
    ]
    return torch.stack([torch.cat(row) for row in rows])


def fields(run: GanRun, extent: float, resolution: int) -> Tensor:
    """What the discriminator answers everywhere in the plane at every moment, (moments, side, side)."""
    found = answers(plain(run.model.discriminator), judges(run), grid(extent, resolution))
    return found[..., 0].unflatten(1, (resolution, resolution))


def belief(loss: str, values: Tensor) -> Tensor:
    """The discriminator's answers as a share between 0 (generated) and 1 (real): a probability where the loss makes
    them one, the way between its two goals for others, and between lowest and highest where there is no goal."""
    if loss in ("minimax", "non-saturating"):
        return values.sigmoid()
    if loss == "Wasserstein":
        low, high = values.amin(dim=(-1, -2), keepdim=True), values.amax(dim=(-1, -2), keepdim=True)
        return (values - low) / (high - low).clamp_min(1e-12)
    return (values if loss == "least squares" else (values + 1) / 2).clamp(0, 1)


def pulls(run: GanRun, points: Tensor) -> Tensor:
    """Where the generator's loss would have each sample go, −∂L/∂sample of one sample's loss, at every moment;
    points (moments, samples, features) → the same shape."""
    loss, network = LOSSES[run.recipe.loss][1], plain(run.model.discriminator)
    shapes = [parameter.shape for parameter in network.parameters()]
    names = [name for name, _ in network.named_parameters()]

    def lost(weights: Tensor, x: Tensor) -> Tensor:
        parts = weights.split([shape.numel() for shape in shapes])
        state = {name: part.view(shape) for name, part, shape in zip(names, parts, shapes, strict=True)}
        return len(x) * loss(torch.func.functional_call(network, state, (x,))[:, 0])

    return -torch.func.vmap(torch.func.grad(lost, argnums=1))(judges(run), points)


@dataclass(frozen=True)
class Reach:
    """How much of the target is reached at every moment, (moments,) each: modes covered, share of held-out points
    covered, and the sliced Wasserstein distance to held-out points; ``best`` is that of as many training points."""

    modes: list[int]
    covered: list[float]
    distance: list[float]
    best: float


def reach(run: GanRun) -> Reach:
    """Measure every moment of a run on generated samples."""
    data, made = run.data, samples(run, noise_of(run))
    real = data.x_test[:SAMPLES]
    made = torch.nan_to_num(made, nan=1e3, posinf=1e3, neginf=-1e3)  # a broken generator is far from everything
    return Reach(
        modes_covered(made, data).tolist(),
        coverage(made[:, :300], real[:300]).tolist(),
        sliced_wasserstein(made, real).tolist(),
        sliced_wasserstein(data.x[: len(real)], real).item(),
    )


def warped(run: GanRun, lines: int = 9, along: int = 25) -> Tensor:
    """The lines of a grid over the square of noise, as the generator bends them, at every moment:
    (moments, 2 · lines, along, features)."""
    across, place = torch.linspace(-1, 1, lines), torch.linspace(-1, 1, along)
    still, moving = across[:, None].expand(lines, along), place.expand(lines, along)
    noise = torch.cat([torch.stack([still, moving], dim=-1), torch.stack([moving, still], dim=-1)])
    return samples(run, noise.reshape(-1, 2)).unflatten(1, (2 * lines, along))


def slopes(run: GanRun) -> list[float]:
    """How steep the generator's loss is at its own samples, on average, at every moment: what it can learn from."""
    made = samples(run, noise_of(run, 200))
    return pulls(run, made).norm(dim=-1).mean(dim=-1).tolist()
