"""Sharing weights over all places: what it saves, and what it costs where the rule is not the same everywhere."""

import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from core.probes import luck
from core.programs import Program, Step, call
from core.provenance import Measured, Sourced

SIDE = 8  # pixels of a picture's side
SHARED, LOCAL, DENSE = LAYERS = ("convolution", "own weights at each place", "dense")
EVERYWHERE, BY_PLACE, FAR = RULES = ("the same everywhere", "another one on each side", "a pixel far away")
SAMPLES = (10, 20, 50, 100, 200, 400)


def blocks(x: Tensor) -> Tensor:
    """The 3×3 window around each pixel, zeros outside: (pictures, SIDE²) → (pictures, SIDE², 9)."""
    pictures = x.view(len(x), 1, SIDE, SIDE)
    return functional.unfold(pictures, 3, padding=1).transpose(1, 2)


def target(x: Tensor, rule: str) -> Tensor:
    """What is to be answered at each pixel of x (pictures, SIDE²), the same shape: right minus left neighbour;
    the same with its sign turned in the right half; or the pixel on the other side of the picture, mirrored."""
    pictures = x.view(len(x), SIDE, SIDE)
    if rule == "a pixel far away":
        return pictures.flip(2).flatten(1)
    windows = blocks(x)
    edges = (windows[..., 5] - windows[..., 3]).view(len(x), SIDE, SIDE)
    if rule == "another one on each side":
        edges = torch.cat([edges[..., : SIDE // 2], -edges[..., SIDE // 2 :]], dim=2)
    return edges.flatten(1)


def fitted(x: Tensor, y: Tensor, layer: str) -> tuple[Tensor, int]:
    """The linear layer that fits best (least squares, the smallest weights where many fit), as the matrix
    (SIDE², SIDE²) from pixels to answers, and how many weights of its own it has."""
    windows = blocks(x)
    if layer == "convolution":
        weights = torch.linalg.lstsq(windows.flatten(0, 1), y.flatten()[:, None]).solution
        every = blocks(torch.eye(SIDE * SIDE, dtype=x.dtype))  # what each pixel alone puts into all windows
        return (every @ weights)[..., 0], 9
    if layer == "dense":
        return torch.linalg.lstsq(x, y).solution, SIDE**4
    every = blocks(torch.eye(SIDE * SIDE, dtype=x.dtype))
    weights = torch.linalg.lstsq(windows.transpose(0, 1), y.T[..., None]).solution  # (SIDE², 9, 1)
    return (every.transpose(0, 1) @ weights)[..., 0].T, 9 * SIDE * SIDE


def error_of(layer: str, rule: str, samples: int, noise: float, seed: int) -> float:
    """The error on fresh pictures of the layer fitted to so many noisy ones, as a share of always answering 0."""
    generator = torch.Generator().manual_seed(seed)
    x, fresh = (torch.randn(count, SIDE * SIDE, generator=generator, dtype=torch.float64) for count in (samples, 200))
    y = target(x, rule) + noise * torch.randn(samples, SIDE * SIDE, generator=generator, dtype=torch.float64)
    matrix, _ = fitted(x, y, layer)
    truth = target(fresh, rule)
    return ((fresh @ matrix - truth).square().mean() / truth.square().mean()).item()


@dataclass(frozen=True)
class Shared(Sourced):
    """A rule and how it is learned: ``errors[layer]`` are (seeds, len(SAMPLES))."""

    rule: str
    noise: float
    errors: dict[str, np.ndarray]
    source: Measured

    def here(self, samples: int) -> dict[str, np.ndarray]:
        """The errors after one of ``SAMPLES``, (seeds,) each."""
        place = SAMPLES.index(samples)
        return {layer: rows[:, place] for layer, rows in self.errors.items()}

    def best(self, samples: int) -> str:
        """The layer with the smallest mean error."""
        here = self.here(samples)
        return min(LAYERS, key=lambda layer: here[layer].mean())

    def is_clear(self, samples: int) -> bool:
        """Whether the best is better than all others by more than seed noise."""
        return not luck.equals(self.here(samples), self.best(samples))


def share(rule: str, noise: float, seeds: tuple[int, ...]) -> Shared:
    """All three layers over all numbers of samples and several seeds."""
    began = time.perf_counter()
    errors = {
        layer: np.array([[error_of(layer, rule, count, noise, seed) for count in SAMPLES] for seed in seeds])
        for layer in LAYERS
    }
    return Shared(rule, noise, errors, Measured(seeds, time.perf_counter() - began))


@dataclass(frozen=True)
class Counted:
    """Weights of three layers from (channels, height, width) to as many maps, without biases."""

    side: int
    channels: int
    kernel: int

    @property
    def weights(self) -> dict[str, int]:
        """How many weights each has."""
        shared, places = self.kernel**2 * self.channels**2, self.side**2
        return {SHARED: shared, LOCAL: shared * places, DENSE: (places * self.channels) ** 2}


def program_of_sharing(shared: Shared, samples: int) -> Program:
    """The errors of the first seed."""
    seed = shared.source.seeds[0]
    lines = ["result = {}", f"for layer in {LAYERS!r}:"]
    asked = call(error_of, "LAYER", shared.rule, samples, shared.noise, seed).replace("'LAYER'", "layer")
    lines.append(f"    result[layer] = {asked}")
    shown = {layer: float(rows[0]) for layer, rows in shared.here(samples).items()}
    return Program(
        "What sharing costs", (Step("Three layers", "\n".join(lines)),), (blocks, target, fitted, error_of), shown
    )
