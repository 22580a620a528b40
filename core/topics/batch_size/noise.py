"""How far the gradient of a batch is from that of all samples: McCandlish, Kaplan, Amodei and the OpenAI Dota Team
(2018), *An empirical model of large-batch training*."""

import time
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from core.probes.gradients import sample_gradients
from core.provenance import Measured, Sourced
from core.topics.batch_size.problems import SAMPLES, network, problem
from core.training import Recipe, Run, train

SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
DRAWS = 400  # batches of each size
SMALL, LARGE = 8, 128  # the two sizes of the estimate
RATE, TRAINED_WITH = 0.3, 8  # learning rate and batch size of the training before


def shares(samples: int, size: int, draws: int, again: bool, seed: int) -> np.ndarray:
    """What every sample counts in each of some random batches, (draws, samples): 1/size for a member, in a batch drawn
    with replacement (``again``) as often as it was drawn."""
    draw = np.random.default_rng((seed, size))
    if again:
        return draw.multinomial(size, np.full(samples, 1 / samples), draws) / size
    members = np.tile(np.arange(samples) < size, (draws, 1))
    return draw.permuted(members, axis=1) / size


_shares = lru_cache(maxsize=2 * len(SIZES))(shares)  # the same for all networks and all moments of their training


def variance_factor(samples: int, size: int, again: bool) -> float:
    """By what the variance of one sample's gradient is multiplied in a batch's mean: 1/B with replacement, else
    1/B · (N − B)/(N − 1), which is 0 for all samples (the finite-population correction)."""
    return 1 / size if again else (samples - size) / (samples - 1) / size


def noise_scale(small: np.ndarray, large: np.ndarray, factors: tuple[float, float]) -> float:
    """tr Σ / |G|² from mean squared lengths of gradients at two batch sizes (McCandlish and others 2018, appendix A.1).

    A batch's squared length is |G|² + f·tr Σ on average, with its variance factor f: two sizes give two equations.
    ``small`` and ``large`` are squared lengths (batches,); not a number where the estimate of |G|² is not positive.
    """
    trace = (small.mean() - large.mean()) / (factors[0] - factors[1])
    length = small.mean() - factors[0] * trace
    return float(trace / length) if length > 0 else float("nan")


@dataclass(frozen=True)
class Noise(Sourced):
    """The gradients of all samples (samples, parameters) at one moment of a training, and random batches of them;
    ``again``: whether a batch may hold a sample twice."""

    run: Run
    gradients: np.ndarray
    again: bool
    source: Measured

    @cached_property
    def full(self) -> np.ndarray:
        """The gradient of the loss over all samples, (parameters,)."""
        return self.gradients.mean(axis=0)

    @property
    def length(self) -> float:
        """The length of the full gradient."""
        return float(np.linalg.norm(self.full))

    @cached_property
    def trace(self) -> float:
        """tr Σ: the mean squared distance of one sample's gradient from the full one."""
        return float(((self.gradients - self.full) ** 2).sum(axis=1).mean())

    @property
    def scale(self) -> float:
        """The simple noise scale tr Σ / |G|²: the batch size at which noise and signal are equally long."""
        return self.trace / self.length**2

    @cached_property
    def batches(self) -> dict[int, np.ndarray]:
        """Gradients of random batches by batch size, (DRAWS, parameters)."""
        count, seed = len(self.gradients), self.run.recipe.seed
        return {size: _shares(count, size, DRAWS, self.again, seed) @ self.gradients for size in SIZES}

    def factor(self, size: int) -> float:
        """The variance factor of a batch."""
        return variance_factor(len(self.gradients), size, self.again)

    def expected(self, size: int) -> float:
        """The root of the mean squared distance from the full gradient, by the formula."""
        return (self.trace * self.factor(size)) ** 0.5

    def measured(self, size: int) -> float:
        """The same of the batches that were drawn."""
        return float(((self.batches[size] - self.full) ** 2).sum(axis=1).mean() ** 0.5)

    def cosines(self, size: int) -> np.ndarray:
        """The cosine between each batch's gradient and the full one, (DRAWS,)."""
        rows = self.batches[size]
        return rows @ self.full / (np.linalg.norm(rows, axis=1) * self.length + 1e-30)

    def estimate(self, pairs: int) -> float:
        """The noise scale from so many pairs of a small and a large batch."""
        lengths = [(self.batches[size][:pairs] ** 2).sum(axis=1) for size in (SMALL, LARGE)]
        return noise_scale(*lengths, (self.factor(SMALL), self.factor(LARGE)))


def noise(
    data: str = "circle", epochs_trained: int = 5, flipped_labels: float = 0.0, with_replacement: bool = False,
    seed: int = 0,
) -> Noise:  # fmt: skip
    """Train a network for some epochs and take the gradients of all its samples there."""
    began, learned = time.perf_counter(), problem(data, seed, flipped_labels)
    epochs = max(1, epochs_trained)
    recipe = Recipe(
        epochs=epochs, batch_size=TRAINED_WITH, optimizer="SGD", learning_rate=RATE, seed=seed, frames=epochs + 1
    )
    run = train(network(learned, seed), learned, recipe)
    run = replace(run, history=tuple(epoch for epoch in run.history if epoch.number <= epochs_trained))
    rows = sample_gradients(run.at(), learned.x, learned.y, run.objective).double().numpy()
    seconds = time.perf_counter() - began
    return Noise(run, rows, with_replacement, Measured((seed,), seconds, f"{SAMPLES} gradients measured live"))
