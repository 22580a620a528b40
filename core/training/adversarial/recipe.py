"""How a GAN is trained, and the random numbers of each round."""

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from core.adversarial_losses import LOSSES, PENALTIES
from core.randomness import SEEDS
from core.training.updates import OPTIMIZERS as ALL

OPTIMIZERS = tuple(name for name in ALL if name != "AdamW")  # nothing decays, so that it would be Adam
BLOCK = 100  # rounds whose random numbers are drawn together


@dataclass(frozen=True)
class GanRecipe:
    """Settings of one adversarial training of ``rounds`` rounds.

    In a round the discriminator makes ``discriminator_steps`` updates, then the generator ``generator_steps``;
    ``simultaneous``: the generator's first gradient is taken before the discriminator's last update. ``loss`` is a
    name of core.adversarial_losses; ``penalty`` bounds the discriminator's slope at real samples ("R1", Mescheder et
    al. 2018: γ/2·‖∇d‖²) or between real and generated ones ("gradient", Gulrajani et al. 2017: λ·(‖∇d‖ − 1)²).
    ``momentum``, ``beta2`` and ``smoothing`` are the optimizer's. Raises ``ValueError`` with one sentence for a
    setting that cannot work.
    """

    rounds: int = 3000
    batch_size: int = 64
    loss: str = "non-saturating"
    penalty: str = "none"
    penalty_weight: float = 0.1
    discriminator_steps: int = 1
    generator_steps: int = 1
    simultaneous: bool = False
    optimizer: str = "Adam"
    generator_rate: float = 0.001
    discriminator_rate: float = 0.001
    momentum: float = 0.5
    beta2: float = 0.999
    smoothing: float = 0.99
    seed: int = 0
    frames: int = 60

    def __post_init__(self) -> None:
        for what, names in (("loss", LOSSES), ("penalty", PENALTIES), ("optimizer", OPTIMIZERS)):
            name = getattr(self, what)
            if name not in names:
                raise ValueError(f"There is no {what} {name!r}; choose one of {', '.join(names)}.")
        if self.rounds < 0 or self.batch_size < 1 or self.frames < 2:
            raise ValueError("A batch needs at least 1 sample, and a training at least 2 frames.")
        if min(self.discriminator_steps, self.generator_steps) < 0 or not self.updates:
            raise ValueError("In each round at least one side has to make a step.")
        for name in ("generator_rate", "discriminator_rate", "penalty_weight"):
            if not (math.isfinite(value := getattr(self, name)) and value >= 0):
                raise ValueError(f"{name.replace('_', ' ').capitalize()} must be a finite number, zero or more.")
        for name in ("momentum", "beta2", "smoothing"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name.capitalize()} must be at least 0 and below 1.")

    @property
    def updates(self) -> int:
        """How many updates a round has, both sides together."""
        return self.discriminator_steps + self.generator_steps


def draws(recipe: GanRecipe, latent: int, first: int, last: int) -> Tensor:
    """The random numbers in [0, 1) of the rounds ``first`` to ``last``, which lie in one block:
    (rounds, updates, batch, latent + 2). The last two choose a real sample and a place between it and a generated one.
    """
    block = (first - 1) // BLOCK
    rows = drawn(recipe.seed, block, recipe.updates, recipe.batch_size, latent + 2)
    return rows[first - 1 - block * BLOCK : last - block * BLOCK]


@lru_cache(maxsize=128)
def drawn(seed: int, block: int, updates: int, batch: int, width: int) -> Tensor:
    """One block of random numbers; do not write to it."""
    generator = torch.Generator().manual_seed((10_000 * seed + block) % SEEDS)
    return torch.rand(BLOCK, updates, batch, width, generator=generator)


def blocks(first: int, last: int) -> list[tuple[int, int]]:
    """The rounds ``first`` to ``last`` cut where blocks of random numbers end."""
    cuts = range((first - 1) // BLOCK, (last - 1) // BLOCK + 1) if last >= first else ()
    return [(max(first, cut * BLOCK + 1), min(last, (cut + 1) * BLOCK)) for cut in cuts]
