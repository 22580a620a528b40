"""Two networks, one game: trained on a target, stepped by hand, forked, and over several seeds."""

import time
from dataclasses import dataclass, replace

from core.data.data import Data
from core.data.targets import arm, gaussian_grid, gaussian_ring, half_moons, segment, silhouette
from core.models.gan import GAN
from core.probes.adversarial import Reach, reach
from core.provenance import Measured, Sourced
from core.training.adversarial import GanRecipe, GanRun, train_gan

OWN, GRID = "your own drawing", "grid of nine"
TARGETS = {
    "ring of eight": gaussian_ring,
    GRID: gaussian_grid,
    "spiral arm": arm,
    "two moons": half_moons,
    "line": segment,
}
WGAN_GP = "WGAN-GP"
LOSSES = ("non-saturating", "least squares", "hinge", WGAN_GP, "minimax")
BOUNDS = ("none", "R1", "spectral norm")
WEIGHTS = {"R1": 0.1, "gradient": 0.1}  # of the penalties
FRAMES = 41
HAND = 10  # updates of one side per press


@dataclass(frozen=True)
class Setting:
    """A target and how the two networks are trained on it: with so many ``updates`` of both together, so that a game
    costs as much whoever gets more of them; ``cells`` are those of a drawing."""

    target: str = "ring of eight"
    loss: str = "non-saturating"
    bound: str = "none"
    discriminator_steps: int = 1
    generator_steps: int = 1
    generator_rate: float = 0.001
    discriminator_rate: float = 0.001
    units: int = 32
    batch_size: int = 64
    updates: int = 6000
    optimizer: str = "Adam"
    cells: str = ""

    @property
    def rounds(self) -> int:
        """How many rounds that makes."""
        return self.updates // (self.discriminator_steps + self.generator_steps)

    def data(self, seed: int) -> Data:
        """Samples to train on, and as many that are held out."""
        return silhouette(self.cells, seed=seed) if self.target == OWN else TARGETS[self.target](seed=seed)

    def recipe(self, seed: int) -> GanRecipe:
        """How it is trained."""
        penalty = "gradient" if self.loss == WGAN_GP else "R1" if self.bound == "R1" else "none"
        return GanRecipe(
            rounds=self.rounds,
            batch_size=self.batch_size,
            loss="Wasserstein" if self.loss == WGAN_GP else self.loss,
            penalty=penalty,
            penalty_weight=WEIGHTS.get(penalty, 0.0),
            discriminator_steps=self.discriminator_steps,
            generator_steps=self.generator_steps,
            optimizer=self.optimizer,
            generator_rate=self.generator_rate,
            discriminator_rate=self.discriminator_rate,
            seed=seed,
            frames=FRAMES,
        )

    def model(self, seed: int) -> GAN:
        """The two networks before the first round."""
        bounded = self.bound == "spectral norm" and self.loss != WGAN_GP
        return GAN(units=self.units, spectral_norm=bounded, seed=seed)


@dataclass(frozen=True)
class Played:
    """A run and what it reaches at every moment."""

    run: GanRun
    reach: Reach

    @property
    def provenance(self) -> str:
        """Where these numbers come from."""
        return self.run.provenance

    @property
    def modes(self) -> int:
        """How many modes the target has."""
        return len(self.run.data.classes)

    @property
    def is_whole(self) -> bool:
        """Whether every mode is covered in the end."""
        return self.reach.modes[-1] == self.modes


def play(setting: Setting, seed: int) -> Played:
    """Train on a target, and measure every recorded moment."""
    run = train_gan(setting.model(seed), setting.data(seed), setting.recipe(seed))
    return Played(run, reach(run))


def stepped(run: GanRun, number: int, hand: str) -> GanRun:
    """From a recorded round on, ten updates of one side alone for each letter of ``hand``: D for the discriminator, G
    for the generator. The moments are what was there and what each press led to."""
    history = [run.recorded(number)]
    for side in hand:
        alone = (
            {"generator_steps": 0, "discriminator_steps": 1}
            if side == "D"
            else {
                "generator_steps": 1,
                "discriminator_steps": 0,
            }
        )
        start = history[-1]
        recipe = replace(run.recipe, rounds=start.number + HAND, frames=2, **alone)
        history.append(train_gan(run.model, run.data, recipe, run.engine, start=start).last)
    return replace(run, history=tuple(history))


@dataclass(frozen=True)
class Futures:
    """A run, and another future from one of its rounds on."""

    run: Played
    fork: Played
    number: int

    @property
    def provenance(self) -> str:
        """Where these numbers come from."""
        return f"{self.run.provenance} · forked at round {self.number:,}"


def fork(setting: Setting, share: float, changed: Setting, seed: int) -> Futures:
    """Train, go back to a share of all rounds, and go on with another setting (of the same networks)."""
    first = play(setting, seed)
    number = first.run.recorded(round(share * setting.rounds)).number
    other = changed.recipe(seed)
    names = (
        "loss",
        "penalty",
        "penalty_weight",
        "discriminator_steps",
        "generator_steps",
        "generator_rate",
        "discriminator_rate",
    )
    frames = sum(moment.number >= number for moment in first.run.history)  # as many as the run has from there on
    run = first.run.fork(number, frames=max(frames, 2), **{name: getattr(other, name) for name in names})
    return Futures(first, Played(run, reach(run)), number)


@dataclass(frozen=True)
class Several(Sourced):
    """The same game with several seeds."""

    games: list[Played]
    source: Measured

    def last(self, name: str) -> list[float]:
        """A measure at the end, by seed: "modes", "covered" or "distance"."""
        return [getattr(game.reach, name)[-1] for game in self.games]


def several(setting: Setting, seeds: tuple[int, ...]) -> Several:
    """Play with several seeds."""
    began = time.perf_counter()
    return Several([play(setting, seed) for seed in seeds], Measured(seeds, time.perf_counter() - began))
