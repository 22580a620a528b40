"""Regression problems whose rule is known, so that what a network found can be held against it."""

import torch

from core.data.data import Data, sourced
from core.data.sampling import generator_of

REACH = 2.0  # the one input of ``ripple`` lies in [−REACH, REACH]


def truth(x: torch.Tensor) -> torch.Tensor:
    """The rule behind the samples, sin 2.2x, which no network ever sees."""
    return (2.2 * x).sin()


@sourced
def ripple(samples: int = 20, noise: float = 0.4, seed: int = 0, held_out: int = 200) -> Data:
    """Regression on one input: ``truth`` plus normal noise, (samples, 1), and as noisy held-out samples."""
    generator = generator_of(seed)
    x = (torch.rand(samples + held_out, 1, generator=generator) * 2 - 1) * REACH
    y = truth(x) + noise * torch.randn(samples + held_out, 1, generator=generator)
    return Data(x[:samples], y[:samples], x[samples:], y[samples:])


@sourced
def loud_and_quiet(
    samples: int = 240, loud: int = 80, quiet: int = 5, scale: float = 0.1, noise: float = 0.3, seed: int = 0
) -> Data:
    """Regression whose target leans a third more on a few quiet inputs, ``scale`` times as large, than on many loud.

    A small construction in which the error falls twice (Heckel and Yilmaz 2021). 1,000 held-out samples, no noise.
    """
    generator, held_out = generator_of(seed), 1000
    directions = [torch.randn(count, 1, generator=generator) for count in (loud, quiet)]
    inputs = [torch.randn(samples + held_out, count, generator=generator) for count in (loud, quiet)]
    y = sum(lean * part @ (one / one.norm()) for lean, part, one in zip((1, 1.3), inputs, directions, strict=True))
    y[:samples] += noise * torch.randn(samples, 1, generator=generator)
    x = torch.cat([inputs[0], scale * inputs[1]], dim=1)
    return Data(x[:samples], y[:samples], x[samples:], y[samples:])
