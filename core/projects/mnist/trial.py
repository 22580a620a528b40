"""A small recogniser that the learner trains: on scikit-learn's digits in seconds, on MNIST as a longer job."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from core.data.data import Data
from core.data.digits import digits
from core.data.images import MNIST, mnist
from core.models import CNN
from core.projects.mnist.robustness import FRAME, thicker
from core.training import Recipe, Run, train
from core.training import training as training_of

SMALL, LARGE = "digits 8×8", "MNIST 28×28"
SOURCES = (SMALL, LARGE)
AMOUNTS = {SMALL: (100, 200, 500, 1000, 1400), LARGE: (1000, 2000, 5000, 10_000, 20_000)}  # of training images
RATES = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)


@dataclass(frozen=True)
class Trial:
    """What the learner sets: data, how many images, the first layer's filters (the second has twice as many)."""

    data: str = SMALL
    training_images: int = 1400
    filters: int = 8
    epochs: int = 20
    learning_rate: float = 0.003
    seed: int = 0
    allow_download: bool = False

    @property
    def side(self) -> int:
        """Height and width of the images."""
        return 8 if self.data == SMALL else 28


def problem(trial: Trial) -> Data:
    """The images of a trial; MNIST may be missing, which ``core.data.images`` says in one sentence."""
    if trial.data == LARGE:
        return mnist(samples=trial.training_images, seed=trial.seed, test_samples=2000, download=trial.allow_download)
    data = digits(seed=trial.seed, held_out=0.2)
    return replace(data, x=data.x[: trial.training_images], y=data.y[: trial.training_images])


def network(trial: Trial) -> CNN:
    """The untrained network of a trial."""
    return CNN(10, channels=(trial.filters, 2 * trial.filters), size=trial.side, seed=trial.seed)


def recipe(trial: Trial) -> Recipe:
    """How a trial is trained."""
    return Recipe(
        epochs=trial.epochs, batch_size=32 if trial.side == 8 else 64, learning_rate=trial.learning_rate,
        schedule="cosine", seed=trial.seed, frames=min(trial.epochs + 1, 41),
    )  # fmt: skip


def training(trial: Trial) -> Generator[tuple[float, str], None, Run]:
    """The training of a trial as long work: yields (share done, message), returns the run."""
    yield 0.0, "reading the images"
    return (yield from training_of(network(trial), problem(trial), recipe(trial), engine="torch"))


def trained(trial: Trial) -> Run:
    """The same while the caller waits."""
    return train(network(trial), problem(trial), recipe(trial), engine="torch")


def weights(trial: Trial) -> int:
    """How many weights and biases a trial's network has."""
    return sum(parameter.numel() for parameter in network(trial).parameters())


def sized(seen: Tensor, side: int) -> Tensor:
    """A drawing as the network sees it (28, 28), for a network of 28×28 or 8×8 pictures: (1, 1, side, side).

    scikit-learn's digits are 32×32 pictures, filled from top to bottom with a broad pen and counted in blocks of 4×4.
    """
    if side == seen.shape[-1]:
        return seen[None, None]
    places = (seen > 0.2).nonzero()
    if not len(places):
        return seen.new_zeros(1, 1, side, side)
    (top, left), (bottom, right) = places.amin(dim=0).tolist(), (places.amax(dim=0) + 1).tolist()
    part = seen[None, None, top:bottom, left:right]
    wide = max(1, min(32, round(32 * (right - left) / (bottom - top))))
    part = functional.interpolate(part, (32, wide), mode="bilinear", antialias=True)
    part = functional.pad(part, ((32 - wide) // 2, 32 - wide - (32 - wide) // 2))
    return functional.avg_pool2d(thicker(part, 0.5 * FRAME / part.shape[-1]), 32 // side).clamp(0, 1)


@torch.no_grad()
def answers(run: Run, picture: Tensor) -> list[list[float]]:
    """The ten probabilities of one picture (1, 1, side, side) at every recorded moment of a run."""
    return [torch.softmax(model(picture), dim=1)[0].tolist() for model in moments(run)]


def filters(run: Run) -> np.ndarray:
    """The first layer's filters at every recorded moment, (moments, filters, 3, 3)."""
    return np.stack([model.blocks[0][0].weight.detach()[:, 0].numpy() for model in moments(run)])


def moments(run: Run) -> Iterator[nn.Module]:
    """The network as it was at every recorded moment."""
    return (run.at(epoch.number) for epoch in run.history)


def missing() -> str:
    """What a download of MNIST would bring, in words."""
    return f"{MNIST.title}, {MNIST.megabytes:.0f} MB ({MNIST.credit}; {MNIST.licence})"
