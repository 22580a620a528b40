"""A clone of six seconds of an expert's driving: what becomes of its small errors once it drives itself.

A program of its own, which the page shows as it stands here.
"""

import gymnasium
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

LESSON, TRACKS = 300_001, range(410_000, 410_006)  # seeds: the track that is copied, and those the clone is tried on
STEPS, RATE, TILE = 300, 50, 3.5  # frames in a drive, frames in a second, length of a tile of track
LOW, HIGH = torch.tensor([-0.4, 0, 0]), torch.tensor([0.4, 1, 0.6])  # steering in radians, gas, brake


def seen(frame: np.ndarray) -> Tensor:
    """A frame (96, 96, 3) as the clone sees it: half the size, (3, 48, 48)."""
    return functional.avg_pool2d(torch.from_numpy(frame).permute(2, 0, 1) / 255 - 0.5, 2)


def expert(simulator: gymnasium.Env) -> Tensor:
    """Steer to a point of the centre line ahead, as fast as the bends before it allow: the expert knows the track."""
    track, hull = np.array(simulator.track), simulator.car.hull  # angle, heading, x and y of every tile
    nearest = np.linalg.norm(track[:, 2:] - hull.position, axis=1).argmin()
    ahead, speed = np.roll(track, -nearest, axis=0)[:40], np.hypot(*hull.linearVelocity)
    bends = np.abs(np.sin(np.diff(ahead[:, 1]))) / TILE
    wanted = min(90, np.sqrt(180 / (bends + 1e-3) + 200 * TILE * np.arange(39)).min())  # grip there, brakes up to it
    x, y = ahead[int((4 + 0.17 * speed) / TILE) + 1, 2:] - hull.position
    arc = 2 * (x * np.cos(hull.angle) + y * np.sin(hull.angle)) / (x**2 + y**2)  # pure pursuit
    steer = 1.1 * np.arctan(3.24 * arc) + 0.027 * (hull.angularVelocity + speed * arc)
    spin = 0.54 * max(wheel.omega for wheel in simulator.car.wheels[2:]) - speed
    gas = 0.13 * (wanted - speed) * (1 - 0.9 * abs(steer)) * np.clip(1.5 - spin / 7, 0, 1)
    return torch.tensor([steer, gas, 0.045 * (speed - wanted - 1)]).float().clip(LOW, HIGH)


@torch.no_grad()
def drive(seed: int, network: nn.Module | None = None) -> tuple[Tensor, Tensor]:
    """Views (frames, 3, 48, 48) of a drive by a network, else by the expert; the expert's actions there (frames, 3)."""
    world, views, answers = gymnasium.make("CarRacing-v3"), [], []
    frame, over = world.reset(seed=seed)[0], False
    while not over and len(views) < STEPS:
        views.append(seen(frame))
        answers.append(expert(world.unwrapped))
        action = network(views[-1][None])[0].clip(LOW, HIGH) if network else answers[-1]
        frame, _, over, _, _ = world.step(action.numpy())
    world.close()
    return torch.stack(views), torch.stack(answers)


def cloned(views: Tensor, answers: Tensor, seed: int = 0, epochs: int = 100) -> nn.Sequential:
    """A network that has learned to do in every view what the expert did."""
    torch.manual_seed(seed)
    sizes = [(3, 16, 5), (16, 32, 3), (32, 48, 3)]  # channels in, channels out, kernel
    looking = [part for a, b, kernel in sizes for part in (nn.Conv2d(a, b, kernel, 2, kernel // 2), nn.ReLU())]
    deciding = [nn.Linear(48 * 36, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 3)]
    network = nn.Sequential(*looking, nn.Flatten(), *deciding)
    optimizer = torch.optim.Adam(network.parameters(), 1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    for _ in range(epochs):
        for batch in torch.randperm(len(views)).split(64):
            wrong = (network(views[batch]) - answers[batch]) * torch.tensor([25.0, 1.0, 2.0])
            optimizer.zero_grad()
            functional.smooth_l1_loss(wrong, torch.zeros_like(wrong), beta=0.3).backward()
            optimizer.step()
        schedule.step()
    return network


@torch.no_grad()
def errors(network: nn.Module, views: Tensor, answers: Tensor) -> Tensor:
    """How far the network's steering is from the expert's in every view, radians (frames,)."""
    return (network(views) - answers)[:, 0].abs()


@torch.no_grad()
def distances(network: nn.Sequential, views: Tensor, lessons: Tensor) -> Tensor:
    """How far each view is from the nearest lesson, in the network's last features; 1 is usual among lessons."""
    here, known = network[:-1](views), network[:-1](lessons)
    return torch.cdist(here, known).amin(1) / torch.cdist(known[::2], known[1::2]).amin(1).median()


def measured() -> dict[str, list]:
    """The clone's mean errors, track by track and second by second, and how they grow with the distance."""
    lessons, answers = drive(LESSON)
    clone = cloned(lessons, answers)
    drives = {"beside": [drive(seed) for seed in TRACKS], "alone": [drive(seed, clone) for seed in TRACKS]}
    views, right = (torch.cat(parts) for parts in zip(*drives["beside"], *drives["alone"], strict=True))
    far, wrong = distances(clone, views, lessons), errors(clone, views, right)
    eighths = far.argsort().chunk(8)
    numbers = {"distance": [far[part].median().item() for part in eighths]}
    numbers["error"] = [wrong[part].mean().item() for part in eighths]
    for name, each in drives.items():
        numbers[name] = [[second.mean().item() for second in errors(clone, *one).split(RATE)] for one in each]
    return numbers
