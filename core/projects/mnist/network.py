"""The digit recogniser's network: six convolutions, small enough for a page to run at every stroke."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.models import Model, initialize


class DigitNetwork(Model):
    """Three pairs of 3×3 convolutions with batch norm and ReLU, halved in size after the first two, then averaged.

    (batch, 1, 28, 28) → (batch, 11): one logit per digit and a last one for "none of these". With the default widths
    241,475 parameters. After Simonyan and Zisserman (2015) and Lin, Chen and Yan (2014, global average pooling).
    """

    def __init__(self, first: int = 24, second: int = 48, third: int = 128, seed: int = 0) -> None:
        super().__init__()
        widths = [1, first, first, second, second, third, third]
        self.convolutions = nn.ModuleList(
            nn.Conv2d(inputs, outputs, 3, padding=1, bias=False) for inputs, outputs in pairwise(widths)
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(outputs) for outputs in widths[1:])
        self.output = nn.Linear(third, 11)
        initialize(self, "He", seed)

    def forward(self, x: Tensor) -> Tensor:
        """x (batch, 1, 28, 28) → logits (batch, 11)."""
        return self.output(self.features(x))

    def features(self, x: Tensor) -> Tensor:
        """What the last convolution answers, averaged over the picture: (batch, third)."""
        return self.maps(x)[-1].mean(dim=(2, 3))

    def maps(self, x: Tensor) -> list[Tensor]:
        """Each convolution's feature maps after norm and ReLU: (batch, channels, height, width)."""
        answers = []
        for number, (convolution, norm) in enumerate(zip(self.convolutions, self.norms, strict=True)):
            x = functional.relu(norm(convolution(x)))
            answers.append(x := x.to(memory_format=torch.channels_last))  # the faster order on a CPU
            if number in (1, 3):
                x = functional.max_pool2d(x, 2)
        return answers
