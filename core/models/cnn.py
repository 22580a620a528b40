"""The small convolutional network."""

from collections.abc import Sequence

from torch import Tensor, nn

from core.models.initialization import initialize
from core.models.layers import ACTIVATIONS, Dropout, Model


class CNN(Model):
    """Convolutions for images: ``CNN(10, channels=(8, 16), size=8)`` takes (batch, 1, 8, 8) and returns (batch, 10).

    One block per entry of ``channels``, in this order: 3×3 convolution that keeps the size, batch norm, activation,
    2×2 maximum pooling while at least 2 pixels are left. Then dropout and one linear layer. ``size`` is the images'
    height and width, ``inputs`` their channels. Weights are drawn by ``init`` from ``seed`` (LeCun et al. 1998;
    Goodfellow et al., chapter 9). Raises ``ValueError`` for settings that make no network.
    """

    source = "CNN()"  # a call without arguments

    def __init__(
        self,
        classes: int = 10,
        channels: Sequence[int] = (8, 16),
        size: int = 8,
        inputs: int = 1,
        activation: str = "ReLU",
        pool: bool = True,
        dropout: float = 0.0,
        batch_norm: bool = False,
        init: str = "He",
        seed: int = 0,
    ) -> None:
        super().__init__()
        if len(channels) < 1 or min(classes, size, inputs, *channels) < 1:
            raise ValueError("A convolutional network needs at least one block, and 1 or more of everything else.")
        if activation not in ACTIVATIONS:
            raise ValueError(f"There is no activation {activation!r}; choose one of {', '.join(ACTIVATIONS)}.")
        self.channels, self.size = (inputs, *channels), size
        self.blocks = nn.ModuleList()
        for before, after in zip(self.channels[:-1], self.channels[1:], strict=True):
            norm = [nn.BatchNorm2d(after)] if batch_norm else []
            shrink = [nn.MaxPool2d(2)] if pool and size >= 2 else []
            size = size // 2 if shrink else size
            convolution = nn.Conv2d(before, after, kernel_size=3, padding=1)
            self.blocks.append(nn.Sequential(convolution, *norm, ACTIVATIONS[activation](), *shrink))
        self.silence = Dropout(dropout)
        self.output = nn.Linear(channels[-1] * size * size, classes)
        self.init, self.seed = init, seed
        initialize(self, init, seed)

    def forward(self, x: Tensor) -> Tensor:
        """x (batch, channels, height, width) → (batch, classes)."""
        for block in self.blocks:
            x = block(x)
        return self.output(self.silence(x.flatten(1)))

    def layers(self, x: Tensor) -> list[Tensor]:
        """What each block answers to x: feature maps (batch, channels, height, width) and the output."""
        answers = []
        for block in self.blocks:
            answers.append(x := block(x))
        return [*answers, self.output(self.silence(x.flatten(1)))]
