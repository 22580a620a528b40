"""Classic machine learning and deep learning on the same images, from few to many: who is ahead when.

``python -m core.topics.ml_vs_dl.numbers`` measures the shipped record again (assets/recorded/ml_vs_dl.json).
"""

import time
from collections.abc import Generator
from dataclasses import dataclass, replace

import numpy as np
import torch

from core.data.data import Data
from core.data.digits import digits
from core.data.images import fashion_mnist
from core.lessons.record import Record, finished
from core.models.cnn import CNN
from core.models.mlp import MLP
from core.probes.luck import MEANING, differs
from core.provenance import Measured, Recorded
from core.training import Recipe, train, warm

NAMES = ("logistic regression", "k nearest neighbours", "random forest", "MLP", "CNN")
DEEP = ("MLP", "CNN")
SIZES = (20, 50, 100, 200, 500, 1000, 2000, 5000)
SEEDS, TEST = tuple(range(4)), 2000
BATCH, HELD_OUT = 32, 0.3  # images in a step; the share of the small digits that is held out
CHOICES = ("20", "50 or 100", "200 or 500", "1000 or more", "never")
LIVE_SIZES = (20, 50, 100, 200, 500, 1000)
DOUBT = f"That is inside seed noise. {MEANING}"


def images(source: str, count: int, seed: int) -> Data:
    """``count`` training images of "digits" (8×8, shipped) or "fashion_mnist" (28×28), with a test set."""
    if source == "fashion_mnist":
        return fashion_mnist(samples=count, seed=seed, test_samples=TEST)
    return small_digits(count, seed)


def small_digits(count: int, seed: int) -> Data:
    """The first ``count`` of a seed's 8×8 training digits; always the same held-out ones for a seed."""
    data = digits(seed=seed, held_out=HELD_OUT)
    return replace(data, x=data.x[:count], y=data.y[:count])


def accuracy(name: str, data: Data, seed: int) -> float:
    """Held-out accuracy of one learner with its usual settings."""
    if name in DEEP:
        return deep(name, data, seed)
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier

    learner = {
        "logistic regression": lambda: LogisticRegression(C=0.1, max_iter=300),
        "k nearest neighbours": lambda: KNeighborsClassifier(3),
        "random forest": lambda: RandomForestClassifier(200, random_state=seed),
    }[name]()
    learner.fit(data.x.flatten(1).numpy(), data.y.numpy())
    return float(learner.score(data.x_test.flatten(1).numpy(), data.y_test.numpy()))


def deep(name: str, data: Data, seed: int) -> float:
    """Held-out accuracy of a network after some 600 updates, more for many images and fewer for few."""
    size, outputs = data.x.shape[-1], data.outputs
    if name == "CNN":
        model = CNN(classes=outputs, channels=(16, 32), size=size, seed=seed)
    else:
        data = replace(data, x=data.x.flatten(1), x_test=data.x_test.flatten(1))
        model = MLP(size * size, 128, outputs, seed=seed)
    return train(model, data, recipe_of(len(data.x), seed)).last.test_score


def epochs_for(count: int) -> int:
    """How often so many images are seen."""
    return min(max(12, 600 * BATCH // count), 60)


def recipe_of(count: int, seed: int) -> Recipe:
    """How a network learns from so many images."""
    return Recipe(epochs_for(count), BATCH, learning_rate=0.003, schedule="cosine", seed=seed, frames=2)


def measured(
    source: str, sizes: tuple[int, ...], seeds: tuple[int, ...]
) -> Generator[tuple[float, str], None, dict[str, np.ndarray]]:
    """Accuracies {learner: (seeds, sizes)}, returned at the end; yields (fraction, message) on the way."""
    found = {name: np.zeros((len(seeds), len(sizes))) for name in NAMES}
    steps, done = len(NAMES) * len(sizes) * len(seeds), 0
    for row, seed in enumerate(seeds):
        for column, size in enumerate(sizes):
            data = images(source, size, seed)
            for name in NAMES:
                yield done / steps, f"{name} on {size} images, seed {seed}"
                found[name][row, column] = accuracy(name, data, seed)
                done += 1
    return found


@dataclass(frozen=True)
class Race:
    """Accuracies of all learners: {learner: (seeds, sizes)}, and where they come from."""

    sizes: tuple[int, ...]
    accuracies: dict[str, np.ndarray]
    source: Recorded | Measured

    def winner(self, size: int) -> str:
        """The learner with the best mean accuracy at a number of images."""
        column = self.sizes.index(size)
        return max(self.accuracies, key=lambda name: self.accuracies[name][:, column].mean())

    def crossover(self) -> int | None:
        """The fewest images from which on the CNN leads every classic learner by more than the seeds' noise, if any."""
        ahead = None
        for size in reversed(self.sizes):
            if not self.is_ahead(size):
                break
            ahead = size
        return ahead

    def answer(self) -> str:
        """The crossover as one of ``CHOICES``."""
        at = self.crossover()
        return "never" if at is None else CHOICES[sum(at > bound for bound in (20, 100, 500))]

    def best(self, size: int) -> float:
        """The best learner's mean accuracy at a number of images."""
        return float(self.accuracies[self.winner(size)][:, self.sizes.index(size)].mean())

    def at(self, size: int) -> dict[str, np.ndarray]:
        """Each learner's accuracies at a size, (seeds,)."""
        return {name: values[:, self.sizes.index(size)] for name, values in self.accuracies.items()}

    def classic(self, size: int) -> dict[str, np.ndarray]:
        """The accuracies of the classic learners at a size, (seeds,)."""
        return {name: values for name, values in self.at(size).items() if name not in DEEP}

    def rival(self, size: int) -> str:
        """The best classic learner at a size."""
        return max(self.classic(size), key=lambda name: self.at(size)[name].mean())

    def lead(self, size: int) -> float:
        """By how much the CNN leads the best classic learner at a size, mean over seeds."""
        return float((self.at(size)["CNN"] - self.at(size)[self.rival(size)]).mean())

    def is_ahead(self, size: int) -> bool:
        """Whether the CNN leads every classic learner at a size by more than seed noise."""
        cnn, classic = self.at(size)["CNN"], self.classic(size)
        return self.lead(size) > 0 and all(differs(cnn, other, len(classic)) for other in classic.values())

    def sentence(self, size: int) -> str:
        """Who leads at a size, by how much, and whether that is more than the seeds' noise."""
        rival = self.rival(size)
        doubt = "" if differs(self.at(size)["CNN"], self.at(size)[rival], len(self.classic(size))) else f" {DOUBT}"
        side = "ahead of" if self.lead(size) > 0 else "behind"
        distance = f"the CNN is {100 * abs(self.lead(size)):.1f} points {side} the best classic learner, {rival}"
        return f"With **{size:,} images** the best is **{self.winner(size)}**; {distance}.{doubt}"


def live(size: int, seeds: tuple[int, ...]) -> Generator[tuple[float, str], None, Race]:
    """``measured`` on the digits at one size, as a race."""
    began = time.perf_counter()
    found = yield from measured("digits", (size,), seeds)
    return Race((size,), found, Measured(seeds, time.perf_counter() - began))


def cheapest() -> tuple[tuple[str | int, ...], float]:
    """The simplest learner on the fewest images, measured again."""
    return ("accuracies", NAMES[0], 0, 0), accuracy(NAMES[0], images("fashion_mnist", SIZES[0], 0), 0)


RECORD = Record(
    "ml_vs_dl",
    {"data": "fashion_mnist", "sizes": SIZES, "seeds": SEEDS, "test": TEST, "learners": NAMES, "version": 2},
    cheapest,
)


def recorded() -> Race:
    """The shipped measurement."""
    accuracies = {name: np.array(rows) for name, rows in RECORD.contents["accuracies"].items()}
    return Race(SIZES, accuracies, RECORD.source)


def main() -> None:
    """Measure the shipped record again."""
    torch.set_num_threads(1)
    warm()
    RECORD.write({"accuracies": finished(measured("fashion_mnist", SIZES, SEEDS))})


if __name__ == "__main__":
    main()
