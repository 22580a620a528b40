"""A small DDPM in the plane: trained, held against the exact answer, and walked back in three ways."""

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from core.data.data import Data
from core.models.mlp import MLP
from core.probes.coverage import mmd
from core.provenance import Measured, Sourced
from core.topics.diffusion.exact import exact_noise, log_density
from core.topics.diffusion.noising import SHAPES, TIMES, WIDTH, centres, check, drawn, kept, noised, told
from core.topics.diffusion.samplers import SAMPLERS, Noise, guided, walked
from core.training import Recipe, Run, train

POINTS, REAL = 400, 1000  # samples made for a measurement, and of the target to compare with
RACED = (2, 5, 10, 20, 50)  # steps of the comparison
GUIDANCES = (0.0, 1.0, 2.0, 4.0, 8.0)
CLOCK = tuple(range(TIMES // 20 - 1, TIMES, TIMES // 20))  # twenty times at which the error is measured
NETWORK, EXACT = "network", "exact formula"
ANY = 2  # the class that is withheld
HELD_OUT = 50_000  # added to a seed for samples that nothing was trained on


@dataclass(frozen=True)
class Setting:
    """A target and how its network is trained; ``cells`` are those of a drawing."""

    target: str = SHAPES[0]
    units: int = 64
    epochs: int = 30
    learning_rate: float = 0.005
    cells: str = ""

    def data(self, seed: int) -> Data:
        """Noised samples."""
        return noised(self.target, self.cells, 16_000, seed, held_out=0.1)

    def real(self, seed: int, count: int = REAL) -> tuple[Tensor, Tensor]:
        """Samples of the target that no training met, and their classes."""
        check({"shape": self.target, "cells": self.cells, "samples": count})
        return drawn(self.target, self.cells, count, seed + HELD_OUT)

    def exact(self, kind: int = ANY) -> Callable[[Tensor, int | Tensor], Tensor]:
        """What a perfect network would answer."""
        return lambda x, at: exact_noise(x, at, self.target, self.cells, kind)


@functools.lru_cache(maxsize=12)
def trained(setting: Setting, seed: int) -> Run:
    """The network of a setting, trained; eleven moments of it are kept."""
    widths = (7, setting.units, setting.units, setting.units, 2)
    recipe = Recipe(setting.epochs, 256, learning_rate=setting.learning_rate, schedule="cosine", seed=seed, frames=11)
    return train(MLP(*widths, activation="GELU", seed=seed), setting.data(seed), recipe, engine="torch")


def seen_by(network: nn.Module, kind: int = ANY, guidance: float = 1.0) -> Noise:
    """What a network sees of the noise, given a class, guided."""

    @torch.no_grad()
    def noise(x: Tensor, at: int) -> Tensor:
        times = torch.full((len(x),), at)
        given = network(told(x, times, torch.full((len(x),), kind)))
        if guidance == 1:
            return given
        return guided(given, network(told(x, times, torch.full((len(x),), ANY))), guidance)

    return noise


def start_of(seed: int, count: int = POINTS) -> Tensor:
    """Standard normal noise to begin a walk with, (count, 2)."""
    return torch.randn(count, 2, generator=torch.Generator().manual_seed(seed))


# What noise makes of the target ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Forward(Sourced):
    """The target at eleven times, (times, samples, 2), and its variance, measured and by the formula."""

    setting: Setting
    seed: int
    times: tuple[int, ...]
    clouds: Tensor
    variance: Tensor
    expected: Tensor
    source: Measured

    def left(self, at: int) -> float:
        """Which share of the signal's variance is left at a time."""
        return kept()[at].item()


def forward(setting: Setting, seed: int) -> Forward:
    """Mix samples with noise in growing shares; the variance of the mixture measured, and by the formula."""
    began, times = time.perf_counter(), (0, 49, 99, 199, 299, 399, 499, 599, 699, 799, 999)
    points, noise = setting.real(seed)[0], start_of(seed, REAL)
    share = kept()[list(times)][:, None, None]
    clouds = share.sqrt() * points + (1 - share).sqrt() * noise
    centre = centres(setting.target, setting.cells)[0]
    of_target = centre.var(dim=0, unbiased=False).mean() + WIDTH**2
    expected = share[:, 0, 0] * of_target + 1 - share[:, 0, 0]
    source = Measured((seed,), time.perf_counter() - began)
    return Forward(setting, seed, times, clouds, clouds.var(dim=1).mean(dim=1), expected, source)


# Learning ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Learned:
    """A run, samples at every moment of it (moments, samples, 2), and their distance from the target; ``best`` is that
    of as many samples of the target itself, ``floor`` the loss that no network can go below, ``near`` the share of the
    last samples within three widths of a centre."""

    run: Run
    real: Tensor
    samples: Tensor
    distances: list[float]
    best: float
    floor: float
    near: float

    @property
    def provenance(self) -> str:
        """Where these numbers come from."""
        return self.run.provenance


def learn(setting: Setting, seed: int) -> Learned:
    """Train, and sample at every recorded moment: twenty steps of DDIM from the same noise."""
    run, real = trained(setting, seed), setting.real(seed)[0]
    start = start_of(seed)
    ends = [walked(seen_by(run.at(epoch.number)), start, "DDIM", 20)[-1] for epoch in run.history]
    samples = torch.stack(ends).nan_to_num(9.0).clamp(-9, 9)
    best = mmd(setting.real(seed + 1, POINTS)[0], real).item()
    centre = centres(setting.target, setting.cells)[0]
    near = (torch.cdist(samples[-1], centre).amin(dim=1) <= 3 * WIDTH).float().mean().item()
    return Learned(run, real, samples, mmd(samples, real).tolist(), best, floor(setting, run.data), near)


def floor(setting: Setting, data: Data) -> float:
    """The error of a perfect network on the held-out samples: noise that cannot be told from the signal."""
    share = (data.x_test[:, 3] ** 2).clamp(0, 1)
    times = (share[:, None] - kept()).abs().argmin(dim=1)
    kinds = torch.where(data.x_test[:, 5] > 0, 0, torch.where(data.x_test[:, 6] > 0, 1, ANY))
    answers = torch.stack([setting.exact(kind)(data.x_test[:, :2], times) for kind in (0, 1, ANY)])
    return (answers[kinds, torch.arange(len(kinds))] - data.y_test).square().mean().item()


# The field -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Field:
    """A run, and its mean squared distance from the exact noise at twenty times, on noised samples of the target."""

    setting: Setting
    run: Run
    errors: list[float]
    seed: int

    @property
    def provenance(self) -> str:
        """Where these numbers come from."""
        return self.run.provenance

    def error(self, at: int) -> float:
        """The error at any time."""
        return error_at(self.setting, seen_by(self.run.at()), at, self.seed)


def field(setting: Setting, seed: int) -> Field:
    """Train, and compare with the exact answer."""
    run = trained(setting, seed)
    noise = seen_by(run.at())
    return Field(setting, run, [error_at(setting, noise, at, seed) for at in CLOCK], seed)


def error_at(setting: Setting, noise: Noise, at: int, seed: int) -> float:
    """The mean squared distance per coordinate between a network's answer and the exact one."""
    share = kept()[at]
    x = share.sqrt() * setting.real(seed)[0] + (1 - share).sqrt() * start_of(seed, REAL)
    return (noise(x, at) - setting.exact()(x, at)).square().mean().item()


# Samplers ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Races(Sourced):
    """The distance from the target by sampler, (seeds, steps), and what the walks were made with."""

    setting: Setting
    run: Run
    exact: bool
    distances: dict[str, Tensor]
    best: float
    seed: int
    source: Measured

    @property
    def noise(self) -> Noise:
        """What tells the noise on the way."""
        return self.setting.exact() if self.exact else seen_by(self.run.at())

    @property
    def weights(self) -> dict[str, Tensor]:
        """The network's weights under the names of torch's own ``Sequential``."""
        layers = [*(layer[0] for layer in self.run.at().hidden), self.run.at().output]
        parts = (
            (2 * place, name, part) for place, layer in enumerate(layers) for name, part in layer.named_parameters()
        )
        return {f"{place}.{name}": part.detach().clone() for place, name, part in parts}

    def walk(self, sampler: str, steps: int) -> list[Tensor]:
        """The stations of one walk."""
        return walked(self.noise, start_of(self.seed), sampler, steps, self.seed)


def race(setting: Setting, exact: bool, seed: int, seeds: int = 3) -> Races:
    """Walk with every sampler in few steps and in many, from the noise of several seeds at once."""
    began, run, real = time.perf_counter(), trained(setting, seed), setting.real(seed)[0]
    found = Races(
        setting, run, exact, {}, mmd(setting.real(seed + 1, POINTS)[0], real).item(), seed, Measured((seed,), 0)
    )
    start = torch.cat([start_of(seed + place) for place in range(seeds)])
    rows = {
        name: torch.stack(
            [mmd(walked(found.noise, start, name, steps, seed)[-1].view(seeds, -1, 2), real) for steps in RACED], dim=1
        )
        for name in SAMPLERS
    }
    source = Measured(tuple(range(seed, seed + seeds)), time.perf_counter() - began, "Walked live")
    return replace(found, distances=rows, source=source)


# Guidance ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Guided:
    """By guidance: which share of samples lies where its class is the likelier one, and how far they spread."""

    setting: Setting
    run: Run
    own: list[float]
    spread: list[float]
    seed: int

    @property
    def provenance(self) -> str:
        """Where these numbers come from."""
        return self.run.provenance

    def walk(self, kind: int, guidance: float) -> list[Tensor]:
        """The stations of twenty steps of DDIM towards a class."""
        return walked(seen_by(self.run.at(), kind, guidance), start_of(self.seed), "DDIM", 20)

    def share(self, points: Tensor, kind: int) -> float:
        """Which share of points lies where a class is the likelier one."""
        ours, theirs = (
            log_density(points, 0, self.setting.target, self.setting.cells, each) for each in (kind, 1 - kind)
        )
        return (ours > theirs).float().mean().item()


def guide(setting: Setting, seed: int) -> Guided:
    """Sample both classes with growing guidance."""
    found = Guided(setting, trained(setting, seed), [], [], seed)
    for guidance in GUIDANCES:
        ends = [found.walk(kind, guidance)[-1] for kind in (0, 1)]
        found.own.append(sum(found.share(end, kind) for kind, end in enumerate(ends)) / 2)
        found.spread.append(sum(end.std(dim=0).mean().item() for end in ends) / 2)
    return found
