"""Walks through codes that end in pictures: from noise alone, from a picture, and around what a mask keeps."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from core.data.held_out import held_out
from core.models.judge import judge
from core.provenance import Measured
from core.topics.diffusion.latent import ANY_CLASS, CLASSES, SIDE, decoded, networks, noise_of, seen_in_codes
from core.topics.diffusion.noising import kept
from core.topics.diffusion.records import RECORD
from core.topics.diffusion.samplers import Noise, clean, share_at, walk_times, walking

ANYTHING = "anything"  # no class is asked for
COUNT = 6  # pictures painted at once


@dataclass(frozen=True)
class Walk:
    """How codes are walked from noise to pictures. With an ``original`` code (1, channels, height, width) the walk
    begins at that code under noise: ``strength`` is the share of the steps that are walked (Meng et al. 2022, SDEdit).
    Where a ``mask`` (height, width) is 0, every station is the original under the noise of its time (Lugmayr et al.
    2022, RePaint, without going back)."""

    sampler: str = "DDIM"
    steps: int = 20
    seed: int = 0
    strength: float = 1.0
    original: Tensor | None = None
    mask: Tensor | None = None

    @property
    def times(self) -> list[int]:
        """The times of the stations that a step leads away from."""
        return walk_times(self.steps)[self.skipped :]

    @property
    def skipped(self) -> int:
        """Steps that are left out at the beginning; at least one is walked."""
        return self.steps - max(1, round(self.strength * self.steps))

    def stations(self, noise: Noise, start: Tensor, shares: Tensor | None = None) -> Iterator[Tensor]:
        """All stations, from ``start``, standard normal codes (count, channels, height, width); with an original, that
        is the noise in it."""
        shares = kept() if shares is None else shares
        original, mask = self.original, self.mask

        def noised(at: int) -> Tensor:
            share = share_at(at, shares)
            return start if original is None else share.sqrt() * original + (1 - share).sqrt() * start

        def mend(x: Tensor, at: int) -> Tensor:
            return x if mask is None else mask * x + (1 - mask) * noised(at)

        first = noised(self.times[0])
        yield first
        yield from walking(noise, first, self.sampler, self.steps, self.seed, self.skipped, shares, mend)


@dataclass
class Watching:
    """A network's answers on a walk: what it saw of the noise at each station, by time, and how often it was asked."""

    noise: Noise
    calls: int = 0

    def __post_init__(self) -> None:
        self.seen: dict[int, Tensor] = {}

    def __call__(self, x: Tensor, at: int) -> Tensor:
        self.calls += 1
        self.seen[at] = self.noise(x, at)  # Heun asks at a station twice; the second time it stands there
        return self.seen[at]


@dataclass(frozen=True)
class Painted:
    """Pictures on their way: ``stations`` (steps + 1, count, channels, height, width), what the network took the clean
    code for at each of them, (steps, …), and how often it was asked."""

    walk: Walk
    kind: str
    guidance: float
    stations: Tensor
    guesses: Tensor
    calls: int
    source: Measured

    @property
    def provenance(self) -> str:
        """Where these pictures come from, and the networks and curves beside them."""
        return f"{self.source.provenance} · {RECORD.source.provenance}"

    @property
    def pictures(self) -> Tensor:
        """What the last codes stand for, (count, 1, 28, 28) from 0 to 1."""
        return decoded(self.stations[-1])

    def right(self) -> int:
        """How many of them the classifier takes for what was asked for."""
        return int((judged(self.pictures).argmax(dim=1) == kind_of(self.kind)).sum())


def kind_of(name: str) -> int:
    """A class's number; that of the withheld label for "anything"."""
    return CLASSES.index(name) if name in CLASSES else ANY_CLASS


@torch.no_grad()
def judged(pictures: Tensor) -> Tensor:
    """A classifier's probabilities (pictures, 10); it was trained apart, on real pictures alone."""
    return judge("fashion")(pictures.flatten(1)).softmax(dim=1)


def painted(kind: str, guidance: float, walk: Walk, count: int = COUNT) -> Painted:
    """Walk ``count`` codes at once and keep every station."""
    _, unet = networks()
    began, kinds = time.perf_counter(), torch.full((count,), kind_of(kind))
    watching = Watching(seen_in_codes(unet, kinds, guidance))
    stations = torch.stack(list(walk.stations(watching, noise_of(walk.seed, count))))
    guesses = torch.stack(
        [clean(x, watching.seen[at], kept()[at]) for x, at in zip(stations[:-1], walk.times, strict=True)]
    )
    source = Measured((walk.seed,), time.perf_counter() - began, "Painted live by a recorded network")
    return Painted(walk, kind, guidance, stations, guesses, watching.calls, source)


def chosen(kind: str, number: int) -> Tensor:
    """A held-out picture (1, 1, 28, 28) of a class, by its number from 1."""
    pictures, labels = held_out("fashion")
    return pictures[labels == CLASSES.index(kind)][number - 1].view(1, 1, SIDE, SIDE)
