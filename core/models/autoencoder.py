"""Networks that write a picture as a few numbers and draw it again: the autoencoder and the variational one."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from core.models.mlp import MLP


def autoencoder(
    pixels: int, hidden: Sequence[int] = (64,), latent: int = 2, activation: str = "tanh", seed: int = 0
) -> MLP:
    """A perceptron that returns its input through a layer of ``latent`` linear units, the code.

    Encoder and decoder mirror each other: ``autoencoder(64, (32,), 2)`` has the widths 64, 32, 2, 32, 64. With squared
    error and the activation "linear" its best code spans the plane of the first principal components (Baldi and Hornik
    1989; Goodfellow et al., chapter 14). Raises ``ValueError`` for widths or names that make no network.
    """
    names = [activation] * len(hidden)
    return MLP(pixels, *hidden, latent, *reversed(hidden), pixels, activation=(*names, "linear", *names), seed=seed)


def encode(model: MLP, x: Tensor) -> Tensor:
    """The codes (pictures, latent) of pictures x (pictures, pixels)."""
    for layer in model.hidden[: len(model.widths) // 2]:
        x = layer(x)
    return x


def decode(model: MLP, codes: Tensor) -> Tensor:
    """The pictures (codes, pixels) that codes (codes, latent) stand for; not cut off at black and white."""
    for layer in model.hidden[len(model.widths) // 2 :]:
        codes = layer(codes)
    return model.output(codes)


class VAE(nn.Module):
    """A variational autoencoder: ``VAE(64, 48, 2)`` encodes 64 pixels by 48 hidden units as a Gaussian over 2 numbers.

    ``encode`` gives its mean and the logarithm of its variance, ``decode`` turns a code into one logit for each pixel.
    Weights are drawn from ``seed`` (Kingma and Welling 2014; Goodfellow et al., chapter 20).
    """

    def __init__(self, pixels: int, hidden: int, latent: int, seed: int = 0) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(pixels, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent))
        self.decoder = nn.Sequential(nn.Linear(latent, hidden), nn.Tanh(), nn.Linear(hidden, pixels))
        generator = torch.Generator().manual_seed(seed)
        for layer in (self.encoder[0], self.encoder[2], self.decoder[0], self.decoder[2]):
            nn.init.xavier_uniform_(layer.weight, generator=generator)
            nn.init.zeros_(layer.bias)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """x (pictures, pixels) → mean and log-variance, each (pictures, latent)."""
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        return mean, log_variance

    def decode(self, codes: Tensor) -> Tensor:
        """Codes (codes, latent) → logits (codes, pixels)."""
        return self.decoder(codes)

    def forward(self, x: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits, mean and log-variance for pictures x, the code drawn with standard normal ``noise``
        (pictures, latent): code = mean + deviation · noise."""
        mean, log_variance = self.encode(x)
        return self.decode(mean + (log_variance / 2).exp() * noise), mean, log_variance
