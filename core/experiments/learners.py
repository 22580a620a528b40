"""Classic machine learning and deep learning on the same images, from few to many: who is ahead when.

``python -m core.experiments.learners`` measures the shipped record again (assets/recorded/ml_vs_dl.json).
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from core.data.data import Data
from core.data.digits import digits
from core.data.images import fashion_mnist
from core.models.cnn import CNN
from core.models.mlp import MLP
from core.provenance import Measured, Recorded
from core.training import Recipe, train

NAMES = ("logistic regression", "k nearest neighbours", "random forest", "MLP", "CNN")
DEEP = ("MLP", "CNN")
SIZES = (20, 50, 100, 200, 500, 1000, 2000, 5000)
SPECIFICATION = {
    "data": "fashion_mnist", "sizes": SIZES, "seeds": (0, 1, 2, 3), "test": 2000, "learners": NAMES, "version": 1,
}  # fmt: skip
CHOICES = ("20", "50 or 100", "200 or 500", "1000 or more", "never")
LIVE_SIZES = (20, 50, 100, 200, 500, 1000)
RECORD = Path(__file__).resolve().parents[2] / "assets" / "recorded" / "ml_vs_dl.json"


def images(source: str, count: int, seed: int) -> Data:
    """``count`` training images of "digits" (8×8, shipped) or "fashion_mnist" (28×28), with a test set."""
    if source == "fashion_mnist":
        return fashion_mnist(samples=count, seed=seed, test_samples=SPECIFICATION["test"])
    return small_digits(count, seed)


def small_digits(count: int, seed: int) -> Data:
    """The first ``count`` of a seed's 8×8 training digits; always the same held-out ones for a seed."""
    data = digits(seed=seed, held_out=0.3)
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
    epochs = min(max(12, 600 * 32 // len(data.x)), 60)
    size, outputs = data.x.shape[-1], data.outputs
    if name == "CNN":
        model = CNN(classes=outputs, channels=(16, 32), size=size, seed=seed)
    else:
        data = replace(data, x=data.x.flatten(1), x_test=data.x_test.flatten(1))
        model = MLP(size * size, 128, outputs, seed=seed)
    recipe = Recipe(epochs=epochs, batch_size=32, learning_rate=0.003, schedule="cosine", seed=seed, frames=2)
    return train(model, data, recipe).last.test_score


def measured(source: str, sizes: tuple[int, ...], seeds: tuple[int, ...]) -> Iterator:
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
            lead, noise = self.lead(size)
            if lead <= noise:
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

    def lead(self, size: int) -> tuple[float, float]:
        """By how much the CNN leads the best classic learner at a size (mean over seeds), and the seeds' deviation."""
        column = self.sizes.index(size)
        classic = [values[:, column] for name, values in self.accuracies.items() if name not in DEEP]
        best = max(classic, key=lambda values: values.mean())
        difference = self.accuracies["CNN"][:, column] - best
        return float(difference.mean()), float(difference.std())

    def sentence(self, size: int) -> str:
        """Who leads at a size, by how much, and whether that is more than the seeds' noise."""
        lead, noise = self.lead(size)
        name = self.winner(size)
        doubt = " That is inside seed noise." if abs(lead) < noise else ""
        distance = f"the CNN is {100 * lead:+.1f} points from the best classic learner"
        return f"With **{size} images** the best is **{name}**; {distance}.{doubt}"


def compared(size: int, seed: int) -> dict[str, float]:
    """Held-out accuracy of each learner on the same few digits."""
    data = small_digits(size, seed)
    return {name: accuracy(name, data, seed) for name in NAMES}


def live(size: int, seeds: tuple[int, ...]) -> Iterator:
    """``measured`` on the digits at one size, as a race."""
    began = time.perf_counter()
    found = yield from measured("digits", (size,), seeds)
    return Race((size,), found, Measured(seeds, time.perf_counter() - began))


def recorded() -> Race:
    """The shipped measurement."""
    text = json.loads(RECORD.read_text(encoding="utf-8"))
    accuracies = {name: np.array(text["accuracies"][name]) for name in NAMES}
    return Race(tuple(text["specification"]["sizes"]), accuracies, Recorded(text["specification"], text["date"]))


def main() -> None:
    """Measure the shipped record again."""
    import datetime

    torch.set_num_threads(1)
    work = measured("fashion_mnist", SIZES, SPECIFICATION["seeds"])
    while True:
        try:
            fraction, message = next(work)
            print(f"{fraction:4.0%} {message}", flush=True)
        except StopIteration as end:
            found = {name: np.round(values, 4).tolist() for name, values in end.value.items()}
            break
    RECORD.parent.mkdir(parents=True, exist_ok=True)
    record = {"specification": SPECIFICATION, "date": datetime.date.today().isoformat(), "accuracies": found}
    RECORD.write_text(json.dumps(record, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
