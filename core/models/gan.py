"""A generative adversarial network of two multilayer perceptrons."""

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm as normalized

from core.models.layers import Model
from core.models.mlp import MLP


class GAN(Model):
    """A generator, noise (batch, latent) → samples (batch, features), and a discriminator, samples → one number.

    Each has ``layers`` hidden layers of ``units``. ``spectral_norm`` divides every weight matrix of the discriminator
    by its largest singular value, followed by one power iteration at each of its calls in training mode (Miyato et al.
    2018). Raises ``ValueError`` for widths or names that make no network.
    """

    def __init__(
        self,
        units: int = 32,
        layers: int = 2,
        activation: str = "LeakyReLU",
        spectral_norm: bool = False,
        latent: int = 2,
        features: int = 2,
        seed: int = 0,
    ) -> None:
        super().__init__()
        hidden = [units] * layers
        self.generator = MLP(latent, *hidden, features, activation=activation, seed=seed)
        self.discriminator = MLP(features, *hidden, 1, activation=activation, seed=seed + 1)
        self.spectral_norm, self.latent, self.features, self.seed = spectral_norm, latent, features, seed
        if spectral_norm:
            generator = torch.Generator().manual_seed(seed + 2)
            for linear in linears(self.discriminator):
                bound(linear, generator)

    def forward(self, noise: Tensor) -> Tensor:
        """noise (batch, latent) → samples (batch, features)."""
        return self.generator(noise)


def linears(network: MLP) -> list[nn.Linear]:
    """The linear layers of a perceptron, the first one first."""
    return [*(layer[0] for layer in network.hidden), network.output]


def bound(linear: nn.Linear, generator: torch.Generator) -> None:
    """Normalize a layer by its largest singular value, whose directions are sought from ``generator``'s numbers (torch
    would take them from the process-wide generator)."""
    part = normalized(linear).parametrizations.weight[0]
    original = linear.parametrizations.weight.original.detach()
    for name, size in zip(("_u", "_v"), original.shape, strict=True):
        setattr(part, name, nn.functional.normalize(torch.empty(size).normal_(generator=generator), dim=0))
    part._power_method(original, 15)


def parameters_of(network: MLP) -> list[nn.Parameter]:
    """Weight and bias of each layer in this order, with spectral norm the weights before it."""
    bounded = [hasattr(linear, "parametrizations") for linear in linears(network)]
    return [
        parameter
        for linear, is_bounded in zip(linears(network), bounded, strict=True)
        for parameter in (linear.parametrizations.weight.original if is_bounded else linear.weight, linear.bias)
    ]


def directions_of(network: MLP) -> list[Tensor]:
    """With spectral norm the vectors u and v of each layer, else nothing."""
    parts = [linear.parametrizations.weight[0] for linear in linears(network) if hasattr(linear, "parametrizations")]
    return [vector for part in parts for vector in (part._u, part._v)]
