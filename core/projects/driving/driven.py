"""One drive by the shipped network or by the expert in the plain simulator, to be shown as programs of their own."""

from typing import Any

import gymnasium
import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from core.projects.driving.expert import Expert


class Driver(nn.Module):
    """Views (batch, 3, 48, 48) in 0…255 to steering (radians), gas and brake (batch, 3)."""

    def __init__(self) -> None:
        super().__init__()
        self.look = nn.Sequential(
            nn.Conv2d(3, 16, 5, stride=2, padding=2), nn.ReLU(),
            nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.ReLU(),
            nn.Conv2d(32, 48, 3, stride=2, padding=1), nn.ReLU(),
        )  # fmt: skip
        self.read = nn.Sequential(nn.Linear(756, 32), nn.ReLU())
        self.decide = nn.Sequential(
            nn.Linear(1760, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 3)
        )  # fmt: skip

    def forward(self, views: Tensor) -> Tensor:
        road, instruments = views[:, :, :42] / 255 - 0.45, views[:, :, 42:, 6:] / 255
        features = torch.cat([self.look(road).flatten(1), self.read(instruments.flatten(1))], dim=1)
        steer, gas, brake = self.decide(features).unbind(1)
        return torch.stack([0.4 * steer, 0.5 + gas, brake], dim=1)


def spoiled(frame: Tensor, blur: int, dark: float, colours: str) -> Tensor:
    """A frame (3, 96, 96) in 0…255 with its colours exchanged, darkened and blurred, in whole numbers."""
    frame = ((1 - dark) * frame[["rgb".index(letter) for letter in colours]].double()).floor()
    return functional.avg_pool2d(functional.pad(frame, [blur] * 4, "replicate"), 2 * blur + 1, 1).round()


@torch.inference_mode()
def network_drive(
    seed: int, weights: str, blur: int = 0, dark: float = 0.0, drop: float = 0.0, colours: str = "rgb", most: int = 1000
) -> dict:
    """How the network with the weights of a file drives track ``seed``, in at most so many steps, what it is shown
    being spoiled."""
    network, random = Driver(), np.random.default_rng(seed)
    network.load_state_dict(load_file(weights))
    world: Any = gymnasium.make("CarRacing-v3", max_episode_steps=most)
    shown, points, steps, over, late = None, 0.0, 0, False, False
    frame, _ = world.reset(seed=seed)
    while not over and not late:
        if shown is None or not drop or random.random() >= drop:  # else this frame is lost
            shown = spoiled(torch.from_numpy(frame).permute(2, 0, 1), blur, dark, colours)
        view = (functional.avg_pool2d(shown, 2) + 0.5).floor()[None].float()  # half the size, in whole numbers
        action = network(view)[0].clip(torch.tensor([-0.4, 0, 0]), torch.tensor([0.4, 1, 1]))
        frame, reward, over, late, _ = world.step(action.numpy())
        points, steps = points + reward, steps + 1
    share = world.unwrapped.tile_visited_count / len(world.unwrapped.track)
    return {"points": round(points, 1), "steps": steps, "share of the track": round(share, 4)}


def expert_drive(seed: int) -> dict[str, float]:
    """How the expert drives track ``seed``: points, steps, share of the track."""
    world: Any = gymnasium.make("CarRacing-v3")
    expert, points, steps, over, late = Expert(), 0.0, 0, False, False
    world.reset(seed=seed)
    while not over and not late:
        _, reward, over, late, _ = world.step(expert.action(world.unwrapped))
        points, steps = points + reward, steps + 1
    share = world.unwrapped.tile_visited_count / len(world.unwrapped.track)
    return {"points": round(points, 1), "steps": steps, "share of the track": round(share, 4)}
