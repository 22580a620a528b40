"""The network that drives: one picture in, steering, gas and brake out.

A small relative of PilotNet (Bojarski et al. 2016) with two branches. Convolutions look at the road; one linear layer
reads the instruments that CarRacing draws along the bottom edge (speed, wheel speeds, steering angle, yaw rate).
"""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from core.models.layers import Model

VIEW = 48  # the network sees the picture at half size
ROAD = 42  # rows of road; below them the instruments
SCORE = 6  # columns of the instruments that show the score, which would tell training tracks apart: not looked at
STEER = 0.4  # radians: the front wheels turn no further, so no steering beyond it is asked for
WEIGHTS = Path(__file__).resolve().parents[3] / "assets" / "driving" / "driver.safetensors"


def seen(frame: np.ndarray) -> np.ndarray:
    """What the network sees of a frame (96, 96, 3) uint8: means of 2×2 pixels, (3, 48, 48) uint8."""
    blocks = frame.reshape(VIEW, 2, VIEW, 2, 3).astype(np.uint16)
    return ((blocks.sum(axis=(1, 3)) + 2) // 4).astype(np.uint8).transpose(2, 0, 1)


class RoadNetwork(Model):
    """Pixels to actions. In: (batch, 3, 48, 48) uint8 or 0…255. Out: (batch, 3), steering in radians, gas, brake.

    ``width`` channels after the first convolution, two and three times as many after the next. The outputs are not
    clipped: training needs the gradient there, ``actions`` clips.
    """

    def __init__(self, width: int = 16, hidden: int = 128, seed: int = 0) -> None:
        super().__init__()
        self.look = nn.Sequential(
            nn.Conv2d(3, width, 5, stride=2, padding=2), nn.ReLU(),  # (batch, 16, 21, 24)
            nn.Conv2d(width, 2 * width, 3, stride=2, padding=1), nn.ReLU(),  # (batch, 32, 11, 12)
            nn.Conv2d(2 * width, 3 * width, 3, stride=2, padding=1), nn.ReLU(),  # (batch, 48, 6, 6)
        )  # fmt: skip
        self.read = nn.Sequential(nn.Linear(3 * (VIEW - ROAD) * (VIEW - SCORE), 32), nn.ReLU())
        self.decide = nn.Sequential(
            nn.Linear(3 * width * 36 + 32, hidden), nn.ReLU(), nn.Linear(hidden, 64), nn.ReLU(), nn.Linear(64, 3)
        )
        initialized(self, seed)

    def forward(self, x: Tensor) -> Tensor:
        x = x.float() / 255  # (batch, 3, 48, 48)
        road, instruments = x[:, :, :ROAD] - 0.45, x[:, :, ROAD:, SCORE:]
        features = torch.cat([self.look(road).flatten(1), self.read(instruments.flatten(1))], dim=1)
        steer, gas, brake = self.decide(features).unbind(1)
        return torch.stack([STEER * steer, 0.5 + gas, brake], dim=1)


def initialized(model: nn.Module, seed: int) -> nn.Module:
    """He's initialization, and a last layer that starts near zero: the first drive is straight and gentle."""
    from core.models.initialization import initialize

    initialize(model, "He", seed)
    with torch.no_grad():
        model.decide[-1].weight.mul_(0.1)
    return model


def actions(outputs: Tensor) -> Tensor:
    """Outputs (batch, 3) as actions that CarRacing takes: steering in ±0.4, gas and brake in 0…1."""
    low, high = outputs.new_tensor([-STEER, 0, 0]), outputs.new_tensor([STEER, 1, 1])
    return outputs.clamp(low, high)


def mirrored(x: Tensor) -> Tensor:
    """Views (batch, 3, 48, 48) with left and right swapped; each instrument is mirrored in its own place.

    Steering angle and yaw rate are bars that grow to both sides of columns 24 and 36.
    """
    places = torch.arange(VIEW)
    instruments = places.clone()
    instruments[18:30], instruments[30:42] = places[18:30].flip(0), places[30:42].flip(0)
    return torch.cat([x[:, :, :ROAD].flip(3), x[:, :, ROAD:, instruments]], dim=2)
