"""Who can sit at the wheel: a driver is a function of the frame and the simulator that returns an action.

The network looks at the frame alone, the expert at the simulator alone; a person at a keyboard is a function that
looks at neither and returns what the keys say.
"""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from core.projects.driving.expert import Expert
from core.projects.driving.network import ROAD, VIEW, WEIGHTS, RoadNetwork, actions, seen
from core.projects.driving.simulator import CarRacing

Driver = Callable[[np.ndarray, CarRacing], np.ndarray]
NAMES = ("cnn", "expert")


class Pixels:
    """A network at the wheel: sees frames (96, 96, 3) uint8 and nothing else."""

    def __init__(self, network: RoadNetwork) -> None:
        self.network = network.eval()

    def __call__(self, frame: np.ndarray, simulator: CarRacing | None = None) -> np.ndarray:
        with torch.inference_mode():
            return actions(self.network(torch.from_numpy(seen(frame))[None]))[0].numpy()


class Teacher:
    """The expert at the wheel, or beside it."""

    def __init__(self) -> None:
        self.expert = Expert()

    def __call__(self, frame: np.ndarray, simulator: CarRacing) -> np.ndarray:
        return self.expert.action(simulator)


def driver(name: str, weights: Path = WEIGHTS) -> Driver:
    """The driver called ``"cnn"`` (shipped weights) or ``"expert"``; ``ValueError`` for another name."""
    if name not in NAMES:
        raise ValueError(f"There is no driver {str(name)[:40]!r}; choose one of {', '.join(NAMES)}.")
    return Pixels(trained_network(weights)) if name == "cnn" else Teacher()


@lru_cache(maxsize=4)
def trained_network(weights: Path = WEIGHTS) -> RoadNetwork:
    """The network with weights from a file; shared, so not to be trained: copy it first."""
    from safetensors.torch import load_file

    network = RoadNetwork()
    network.load_state_dict(load_file(weights))
    return network.eval()


@torch.inference_mode()
def attention(network: RoadNetwork, frame: np.ndarray) -> np.ndarray:
    """Where in a frame (96, 96, 3) the network's road features come from: (96, 96) float32 in 0…1.

    VisualBackProp (Bojarski et al. 2016): from the deepest layer up, each layer's mean feature map is enlarged and
    multiplied with the one before. The instruments have no convolution: their rows are 0.
    """
    x, maps = torch.from_numpy(seen(frame))[None].float()[:, :, :ROAD] / 255 - 0.45, []
    for layer in network.look:
        x = layer(x)
        if isinstance(layer, torch.nn.ReLU):
            maps.append(x.mean(dim=1, keepdim=True))
    relevance = maps.pop()
    for larger in reversed(maps):
        relevance = functional.interpolate(relevance, larger.shape[2:], mode="bilinear") * larger
    relevance = functional.interpolate(relevance, (2 * ROAD, 2 * VIEW), mode="bilinear")[0, 0]
    result = np.zeros((2 * VIEW, 2 * VIEW), np.float32)
    result[: 2 * ROAD] = (relevance / relevance.amax().clamp(min=1e-9)).numpy()
    return result
