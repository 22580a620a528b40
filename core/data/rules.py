"""Problems whose rule is known, so that what a network found can be held against it."""

import math

import torch
from torch import Tensor

from core.data.generated import generated

REACH = 2.0  # the one input of ``ripple`` lies in [−REACH, REACH]


def truth(x: Tensor) -> Tensor:
    """The rule behind the samples, sin 2.2x, which no network ever sees."""
    return (2.2 * x).sin()


@generated(training=lambda settings: settings["samples"], needs=(truth,))
def ripple(samples: int = 20, noise: float = 0.4, seed: int = 0, held_out: int = 200) -> tuple[Tensor, Tensor]:
    """Regression on one input: ``truth`` plus normal noise, (samples, 1), and as noisy held-out samples."""
    generator = torch.Generator().manual_seed(seed)
    x = 2 * REACH * torch.rand(samples + held_out, 1, generator=generator) - REACH
    return x, truth(x) + noise * torch.randn(samples + held_out, 1, generator=generator)


@generated(training=lambda settings: settings["samples"])
def loud_and_quiet(
    samples: int = 240, loud: int = 80, quiet: int = 5, scale: float = 0.1, noise: float = 0.3, seed: int = 0
) -> tuple[Tensor, Tensor]:
    """Regression whose target leans a third more on a few quiet inputs, ``scale`` times as large, than on many loud.

    A small construction in which the error falls twice (Heckel and Yilmaz 2021). 1,000 held-out samples, no noise.
    """
    generator, held_out = torch.Generator().manual_seed(seed), 1000
    directions = [torch.randn(count, 1, generator=generator) for count in (loud, quiet)]
    inputs = [torch.randn(samples + held_out, count, generator=generator) for count in (loud, quiet)]
    y = sum(lean * part @ (way / way.norm()) for lean, part, way in zip((1, 1.3), inputs, directions, strict=True))
    y[:samples] += noise * torch.randn(samples, 1, generator=generator)
    return torch.cat([inputs[0], scale * inputs[1]], dim=1), y


def aimed(samples: int, irrelevant: int, wrong: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Points of a disc (class 1) and a ring around it, jittered, with irrelevant inputs: x (samples, 2 + irrelevant)
    and classes (samples,), a share of them wrong."""
    y = torch.arange(samples) % 2
    turn, depth = 2 * math.pi * torch.rand(samples, generator=generator), torch.rand(samples, generator=generator)
    radius = torch.where(y == 1, 0.9 * depth.sqrt(), 1.4 + 0.6 * depth)
    x = radius[:, None] * torch.stack([turn.cos(), turn.sin()], dim=1)
    x = torch.cat(
        [
            x + 0.25 * torch.randn(samples, 2, generator=generator),
            torch.randn(samples, irrelevant, generator=generator),
        ],
        dim=1,
    )
    flipped = torch.randperm(samples, generator=generator) < round(wrong * samples)
    return x, torch.where(flipped, 1 - y, y)


def turned(x: Tensor, angle: Tensor) -> Tensor:
    """Points turned around the middle by angles (samples,); further inputs stay as they are."""
    cos, sin = angle.cos(), angle.sin()
    return torch.cat([torch.stack([cos * x[:, 0] - sin * x[:, 1], sin * x[:, 0] + cos * x[:, 1]], 1), x[:, 2:]], dim=1)


@generated(training=lambda settings: settings["samples"] * settings["copies"], needs=(aimed, turned))
def bullseye(
    samples: int = 60, irrelevant: int = 2, wrong: float = 0.1, copies: int = 1, seed: int = 0
) -> tuple[Tensor, Tensor]:
    """A disc inside a ring with irrelevant inputs and wrong labels; as many held-out samples, to validate.

    With ``copies`` every training point comes so many times, turned around the middle at random: the class does not
    depend on the direction. The first copy is the point itself.
    """
    generator = torch.Generator().manual_seed(seed)
    (x, y), (x_test, y_test) = (aimed(samples, irrelevant, wrong, generator) for _ in range(2))
    turns = [torch.zeros(samples), *(2 * math.pi * torch.rand(copies - 1, samples, generator=generator))]
    copied = [turned(x, angle) for angle in turns]
    return torch.cat([*copied, x_test]), torch.cat([y.repeat(copies), y_test])
