"""The multilayer perceptron."""

from collections.abc import Sequence

from torch import Tensor, nn

from core.models.initialization import initialize
from core.models.layers import ACTIVATIONS, Dropout, Model


class MLP(Model):
    """Fully connected layers: ``MLP(2, 8, 8, 3)`` takes 2 numbers, has two hidden layers of 8 units, returns 3.

    ``activation`` is one name for all hidden layers or one per layer (``core.models.ACTIVATIONS``); the output is
    linear. Order in a hidden layer: linear, batch norm, activation, dropout. Weights are drawn by ``init`` from
    ``seed`` (Goodfellow et al., chapter 6). Raises ``ValueError`` for widths or names that make no network.
    """

    def __init__(
        self,
        *widths: int,
        activation: str | Sequence[str] = "ReLU",
        dropout: float = 0.0,
        batch_norm: bool = False,
        init: str = "He",
        seed: int = 0,
    ) -> None:
        super().__init__()
        if len(widths) < 2 or min(widths) < 1:
            raise ValueError("A network needs at least an input and an output width, each 1 or more.")
        names = [activation] * (len(widths) - 2) if isinstance(activation, str) else list(activation)
        if len(names) != len(widths) - 2 or not set(names) <= set(ACTIVATIONS):
            raise ValueError(f"Give one activation per hidden layer, from {', '.join(ACTIVATIONS)}.")
        self.hidden = nn.ModuleList()
        for inputs, units, name in zip(widths[:-2], widths[1:-1], names, strict=True):
            norm = [nn.BatchNorm1d(units)] if batch_norm else []
            silence = [Dropout(dropout)] if dropout else []
            self.hidden.append(nn.Sequential(nn.Linear(inputs, units), *norm, ACTIVATIONS[name](), *silence))
        self.output = nn.Linear(widths[-2], widths[-1])
        self.widths, self.activations = widths, tuple(names)
        self.init, self.seed = init, seed
        initialize(self, init, seed)

    def forward(self, x: Tensor) -> Tensor:
        """x (batch, features) → (batch, outputs)."""
        for layer in self.hidden:
            x = layer(x)
        return self.output(x)

    def layers(self, x: Tensor) -> list[Tensor]:
        """What each layer answers to x: hidden activations (batch, units) and the output."""
        answers = []
        for layer in self.hidden:
            answers.append(x := layer(x))
        return [*answers, self.output(x)]
