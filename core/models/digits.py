"""The digit recogniser's network: six convolutions, small enough for a page to run at every stroke; and as shipped."""

import functools
import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors import safe_open
from torch import Tensor, nn
from torch.nn import functional

from core.models.initialization import initialize
from core.models.layers import Model

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "mnist"
SIDE = 28  # pixels of a digit
NAMES = (*"0123456789", "none of these")


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


@dataclass(frozen=True)
class Calibration:
    """What turns logits into probabilities: one ``temperature`` (Guo et al. 2017) and a ``shift`` of the last logit,
    chosen on validation images so that "none of these" costs the stated share of real digits."""

    temperature: float
    shift: float

    def __call__(self, logits: Tensor) -> Tensor:
        """Logits (batch, 11) → probabilities (batch, 11)."""
        moved = torch.cat([logits[:, :10], logits[:, 10:] + self.shift], dim=1)
        return torch.softmax(moved / self.temperature, dim=1)


@functools.lru_cache(maxsize=1)
def recognizer() -> tuple[DigitNetwork, Calibration]:
    """The shipped network and its calibration, loaded once per process."""
    return loaded(FOLDER / "weights.safetensors")


def loaded(path: Path) -> tuple[DigitNetwork, Calibration]:
    """A trained network and its calibration from a safetensors file; nothing in it is executed."""
    with safe_open(path, "pt") as file:
        settings = json.loads(file.metadata()["settings"])
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    model = DigitNetwork(*settings["widths"])
    model.load_state_dict(weights)
    return model.eval(), Calibration(settings["temperature"], settings["shift"])


@functools.lru_cache(maxsize=1)
def training_digits() -> tuple[Tensor, Tensor]:
    """Training digits that are shipped beside the weights: (samples, 1, 28, 28) and their classes (samples,).

    The sheet holds one class after the other, equally many of each, row by row.
    """
    with Image.open(FOLDER / "neighbours.png") as sheet:
        grey = np.asarray(sheet)
    tiles = grey.reshape(grey.shape[0] // SIDE, SIDE, grey.shape[1] // SIDE, SIDE).swapaxes(1, 2)
    pictures = torch.from_numpy(tiles.reshape(-1, 1, SIDE, SIDE).astype(np.float32) / 255)
    return pictures, torch.arange(10).repeat_interleave(len(pictures) // 10)
