"""The network that all methods train: an encoder whose features are used later, and the heads that only train it."""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from core.models.initialization import initialize

FEATURES, EMBEDDING = 64, 32  # numbers that the encoder gives a picture, and those the losses compare
DIGIT, CLOTHES = 8, 28  # pixels of a picture's side


def head(inputs: int, batch_norm: bool) -> nn.Sequential:
    """A small network of one hidden layer: (batch, inputs) → (batch, ``EMBEDDING``)."""
    norm = [nn.BatchNorm1d(FEATURES)] if batch_norm else []
    return nn.Sequential(nn.Linear(inputs, FEATURES), *norm, nn.ReLU(), nn.Linear(FEATURES, EMBEDDING))


def dense(widths: Sequence[int], batch_norm: bool) -> nn.Sequential:
    """Linear layers with relu on flattened pictures, for digits."""
    layers: list[nn.Module] = [nn.Flatten()]
    for inputs, outputs in pairwise(widths):
        layers += [nn.Linear(inputs, outputs), *([nn.BatchNorm1d(outputs)] if batch_norm else []), nn.ReLU()]
    return nn.Sequential(*layers)


def convolutional(channels: Sequence[int]) -> nn.Sequential:
    """Convolutions of stride 2 with batch norm and relu, then one linear layer, for 28 × 28 pixels."""
    layers: list[nn.Module] = []
    for place, (inputs, outputs) in enumerate(pairwise(channels)):
        size = 3 if place else 5
        layers += [nn.Conv2d(inputs, outputs, size, 2, size // 2), nn.BatchNorm2d(outputs), nn.ReLU()]
    last = [nn.Flatten(), nn.Linear(16 * channels[-1], FEATURES), nn.BatchNorm1d(FEATURES), nn.ReLU()]
    return nn.Sequential(*layers, *last)


class Network(nn.Module):
    """Pictures (batch, 1, side, side) → features (batch, 64) by the ``encoder``, which is kept. The ``projector`` makes
    embeddings (batch, 32) of them, which the losses compare; BYOL's ``predictor`` guesses one embedding from another.
    ``labels`` (batch, 10) are only answered by a network that is trained with labels. ``side`` is 8 or 28."""

    def __init__(self, side: int = DIGIT, batch_norm: bool = True, seed: int = 0) -> None:
        super().__init__()
        self.encoder = dense((64, 128, FEATURES), batch_norm) if side == DIGIT else convolutional((1, 16, 32, 32))
        self.projector, self.predictor = head(FEATURES, batch_norm), head(EMBEDDING, batch_norm)
        self.labels = nn.Linear(FEATURES, 10)
        initialize(self, "He", seed)

    def embedded(self, x: Tensor) -> Tensor:
        """The embeddings (batch, 32) of pictures."""
        return self.projector(self.encoder(x))
