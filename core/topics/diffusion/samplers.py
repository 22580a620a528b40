"""From noise to samples: the same learned noise, walked back in three ways."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from core import cancel as work
from core.topics.diffusion.noising import TIMES, kept

Noise = Callable[[Tensor, int], Tensor]  # samples (samples, …) and a time → the noise seen in them
Mend = Callable[[Tensor, int], Tensor]  # samples and the time they have reached (−1: the end) → samples to go on with
SAMPLERS = ("DDPM", "DDIM", "Heun")
APART = 7_000  # added to a seed, so that what is drawn on the way is not the noise of the start again
STEPS = (2, 4, 5, 8, 10, 20, 40, 50, 100)  # numbers that divide the 1,000 times


def walk_times(steps: int) -> list[int]:
    """The times of a walk of so many steps, from 999 down, evenly spaced."""
    return list(range(TIMES - 1, -1, -(TIMES // steps)))


def calls_of(sampler: str, steps: int) -> int:
    """How often the network is asked on the way."""
    return 2 * steps - 1 if sampler == "Heun" else steps


def walked(noise: Noise, start: Tensor, sampler: str, steps: int, seed: int = 0) -> list[Tensor]:
    """All stations of a walk from ``start``, standard normal, to samples; ``steps`` + 1 tensors."""
    return [start, *walking(noise, start, sampler, steps, seed)]


def walking(
    noise: Noise, start: Tensor, sampler: str, steps: int, seed: int = 0, skipped: int = 0,
    shares: Tensor | None = None, mend: Mend = lambda x, time: x,
) -> Iterator[Tensor]:  # fmt: skip
    """The stations of a walk behind ``start``, one after the other. The first ``skipped`` steps are left out: ``start``
    then stands at the time of the next. ``shares`` (times,) is another schedule than ``kept``; ``mend`` may change each
    station."""
    source = torch.Generator().manual_seed(seed + APART)
    shares = kept() if shares is None else shares
    x, times = start, walk_times(steps)[skipped:]
    for now, then in work.steps(list(zip(times, [*times[1:], -1], strict=True))):
        x = mend(WAYS[sampler](noise, x, now, then, shares, source), then)
        yield x


def share_at(time: int, shares: Tensor) -> Tensor:
    """The share of the signal at a time; all of it at −1, the end."""
    return shares[time] if time >= 0 else torch.tensor(1.0)


def clean(x: Tensor, seen: Tensor, share: Tensor) -> Tensor:
    """The sample that is left of ``x`` without the noise seen in it."""
    return (x - (1 - share).sqrt() * seen) / share.sqrt()


def ddpm(noise: Noise, x: Tensor, now: int, then: int, shares: Tensor, source: torch.Generator) -> Tensor:
    """Ancestral sampling (Ho et al. 2020): each step guesses the clean sample, goes part of the way, adds noise."""
    a, b = share_at(now, shares), share_at(then, shares)
    guess = clean(x, noise(x, now), a)
    mean = (b.sqrt() * (1 - a / b) * guess + (a / b).sqrt() * (1 - b) * x) / (1 - a)
    spread = ((1 - b) / (1 - a) * (1 - a / b)).sqrt()
    return mean + spread * torch.randn(x.shape, generator=source)


def ddim(noise: Noise, x: Tensor, now: int, then: int, shares: Tensor, _: torch.Generator) -> Tensor:
    """The same guess of the clean sample, mixed again with the same noise (Song et al. 2021): nothing is drawn."""
    a, b = share_at(now, shares), share_at(then, shares)
    seen = noise(x, now)
    return b.sqrt() * clean(x, seen, a) + (1 - b).sqrt() * seen


def heun(noise: Noise, x: Tensor, now: int, then: int, shares: Tensor, _: torch.Generator) -> Tensor:
    """The flow dz/dσ = noise with z = x/√ᾱ and σ = √(1/ᾱ − 1), in steps that average the slope at both ends (Karras et
    al. 2022); the last step, to σ = 0, takes one slope."""
    a, b = share_at(now, shares), share_at(then, shares)
    z, sigma, slope = x / a.sqrt(), ((1 - a) / a).sqrt(), noise(x, now)
    if then < 0:
        return z - sigma * slope
    way = ((1 - b) / b).sqrt() - sigma
    slope = (slope + noise((z + way * slope) * b.sqrt(), then)) / 2
    return (z + way * slope) * b.sqrt()


WAYS = {"DDPM": ddpm, "DDIM": ddim, "Heun": heun}


def guided(given: Tensor, free: Tensor, guidance: float) -> Tensor:
    """Classifier-free guidance (Ho and Salimans 2022): noise seen without the label, and ``guidance`` times the
    difference that the label makes; 1 is the conditional answer, 0 the unconditional one."""
    return given if guidance == 1 else free + guidance * (given - free)
