"""Five losses on one target over several seeds, and games that go wrong."""

import time
from dataclasses import dataclass

import numpy as np

from core import cores
from core.data.targets import gaussian_ring
from core.models.gan import GAN
from core.probes import luck
from core.probes.adversarial import Reach, reach
from core.provenance import Measured, Sourced
from core.training.adversarial import GanRecipe, GanRun, train_gan

FIVE: dict[str, dict] = {
    "non-saturating": {"loss": "non-saturating"},
    "least squares": {"loss": "least squares"},
    "WGAN-GP": {"loss": "Wasserstein", "penalty": "gradient", "penalty_weight": 0.1},
    "hinge": {"loss": "hinge"},
    "non-saturating, spectral norm": {"loss": "non-saturating", "spectral": True},
}
ROUNDS, FRAMES = 1500, 21


@dataclass(frozen=True)
class Rivalry(Sourced):
    """Runs of each loss, one per seed, and what they reach."""

    runs: dict[str, list[GanRun]]
    reached: dict[str, list[Reach]]
    source: Measured

    def rows(self, name: str) -> dict[str, np.ndarray]:
        """A measure of each loss at all moments, (seeds, moments)."""
        return {loss: np.array([getattr(one, name) for one in many]).clip(0, 10) for loss, many in self.reached.items()}

    @property
    def ends(self) -> dict[str, np.ndarray]:
        """Each loss's distance to the target over the last five moments, by seed."""
        return {loss: row[:, -5:].mean(axis=1) for loss, row in self.rows("distance").items()}

    @property
    def best(self) -> str:
        """The loss whose distance is smallest on average."""
        return min(FIVE, key=lambda loss: self.ends[loss].mean())

    def sentence(self) -> str:
        """Who comes nearest, and whether that is more than the luck of the seeds."""
        others = luck.sentence(self.ends, self.best, "All others are farther by more than seed noise.")
        return f"Nearest on average: **{self.best}**, at {self.ends[self.best].mean():.3f}. {others}"


def played(name: str, rate: float, steps: int, seed: int) -> tuple[GanRun, Reach]:
    """One game with one of the five losses."""
    settings = dict(FIVE[name])
    model = GAN(spectral_norm=settings.pop("spectral", False), seed=seed)
    recipe = GanRecipe(
        rounds=ROUNDS, frames=FRAMES, seed=seed, discriminator_rate=rate, discriminator_steps=steps, **settings
    )
    run = train_gan(model, gaussian_ring(seed=seed), recipe)
    return run, reach(run)


def compare(rate: float, steps: int, seeds: tuple[int, ...]) -> Rivalry:
    """The five losses with the same seeds."""
    began, cases = time.perf_counter(), [(name, seed) for name in FIVE for seed in seeds]
    found = cores.each(lambda case: played(case[0], rate, steps, case[1]), cases)
    rows = [found[place : place + len(seeds)] for place in range(0, len(found), len(seeds))]
    runs = {name: [run for run, _ in row] for name, row in zip(FIVE, rows, strict=True)}
    reached = {name: [one for _, one in row] for name, row in zip(FIVE, rows, strict=True)}
    return Rivalry(runs, reached, Measured(seeds, time.perf_counter() - began))


@dataclass(frozen=True)
class Trouble:
    """The settings of a game on the ring of eight."""

    loss: str = "non-saturating"
    r1: float = 0.0
    optimizer: str = "SGD"
    discriminator_steps: int = 1
    generator_rate: float = 0.1
    discriminator_rate: float = 0.1

    def run(self, seed: int) -> GanRun:
        """The game, recorded."""
        recipe = GanRecipe(
            rounds=3000,
            frames=41,
            loss=self.loss,
            penalty="R1" if self.r1 else "none",
            penalty_weight=self.r1,
            optimizer=self.optimizer,
            discriminator_steps=self.discriminator_steps,
            seed=seed,
            generator_rate=self.generator_rate,
            discriminator_rate=self.discriminator_rate,
        )
        return train_gan(GAN(seed=seed), gaussian_ring(seed=seed), recipe)
