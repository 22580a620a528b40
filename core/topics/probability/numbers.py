"""Distributions at work: likelihood, expectation and variance, entropy, and the losses that follow from them."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.provenance import Measured, Sourced

POINTS = "-1.4, -0.3, 0.4, 0.9, 1.6, 2.3"
REACH, SPREADS = 4.0, (0.3, 3.0)  # means lie in [−REACH, REACH], standard deviations between SPREADS
MOST = 40  # points a learner may type
DIVISORS = ("their deviation with ÷ n", "their deviation with ÷ (n − 1)", "half their range")
YES, NO = "yes", "no"
OUTCOMES = tuple("ABCD")
GROWTH = ("about 10 times smaller", "about 100 times smaller", "about the same")
REPEATS = 200  # averages that are drawn to see how far off one is


def typed(text: str) -> np.ndarray:
    """Numbers in a text, (points,), within ±REACH; raises ``ValueError`` in one sentence for anything else."""
    try:
        values = [float(part) for part in text.replace(";", ",").split(",") if part.strip()]
    except ValueError as error:
        raise ValueError("Points are numbers with commas between them, such as -1.5, 0.2, 1.") from error
    if not 2 <= len(values) <= MOST or not all(math.isfinite(value) and abs(value) <= REACH for value in values):
        raise ValueError(f"Give 2 to {MOST} points between −{REACH:g} and {REACH:g}.")
    return np.array(values)


def with_moved(points: np.ndarray, x: float) -> str:
    """The points as text, the nearest one moved to x."""
    changed = points.copy()
    changed[np.abs(points - x).argmin()] = round(min(max(x, -REACH), REACH), 1)
    return ", ".join(f"{value:g}" for value in changed)


def gaussian_nll(points: np.ndarray, mean: float | np.ndarray, spread: float | np.ndarray) -> np.ndarray:
    """Mean negative log-likelihood of points (count,) under normal distributions; mean and spread broadcast."""
    mean, spread = np.asarray(mean)[..., None], np.asarray(spread)[..., None]
    return (0.5 * np.log(2 * np.pi * spread**2) + (points - mean) ** 2 / (2 * spread**2)).mean(axis=-1)


def bernoulli_nll(outcome: float, probability: float) -> float:
    """Negative log-likelihood of an outcome 0 or 1: −log p or −log(1 − p)."""
    return -math.log(probability if outcome == 1 else 1 - probability)


@dataclass(frozen=True)
class Likelihood:
    """Points with a normal distribution that a learner chose, and the negative log-likelihood over a grid of
    ``means`` and ``spreads``: ``surface`` (spreads, means)."""

    points: np.ndarray
    mean: float
    spread: float
    means: np.ndarray
    spreads: np.ndarray
    surface: np.ndarray
    provenance: str = "Closed form · mean of −log N(x; μ, σ²) over the points"

    @property
    def loss(self) -> float:
        """The learner's mean negative log-likelihood."""
        return float(gaussian_nll(self.points, self.mean, self.spread))

    @property
    def best(self) -> tuple[float, float]:
        """The lowest place of the surface: mean and spread, on the grid."""
        row, column = np.unravel_index(self.surface.argmin(), self.surface.shape)
        return float(self.means[column]), float(self.spreads[row])

    @property
    def excess(self) -> float:
        """How far the learner is above the lowest place."""
        return self.loss - float(self.surface.min())

    def candidates(self) -> dict[str, float]:
        """What the best spread might be."""
        spans = (self.points.std(), self.points.std(ddof=1), np.ptp(self.points) / 2)
        return dict(zip(DIVISORS, map(float, spans), strict=True))

    def answer(self) -> str:
        """The candidate that is nearest to the lowest place of the surface."""
        return min(DIVISORS, key=lambda name: abs(self.candidates()[name] - self.best[1]))


def likelihood(points: str, mean: float, spread: float) -> Likelihood:
    """The surface over 321 means and 271 spreads."""
    values = typed(points)
    means, spreads = np.linspace(-REACH, REACH, 321), np.linspace(*SPREADS, 271)
    surface = gaussian_nll(values, means[None, :], spreads[:, None])
    return Likelihood(values, mean, spread, means, spreads, surface)


@dataclass(frozen=True)
class Family:
    """A distribution of one parameter: how it is drawn, its expectation and variance, and its density or probability
    at x."""

    draw: Callable[..., np.ndarray]
    expectation: Callable[[float], float]
    variance: Callable[[float], float]
    density: Callable[[np.ndarray, float], np.ndarray]
    discrete: bool = False


def poisson(x: np.ndarray, rate: float) -> np.ndarray:
    """Probability of x events."""
    return np.exp(x * math.log(rate) - rate - np.array([math.lgamma(one + 1) for one in x]))


def binomial(x: np.ndarray, share: float, tries: int = 10) -> np.ndarray:
    """Probability of x successes."""
    return np.array([math.comb(tries, int(one)) * share**one * (1 - share) ** (tries - one) for one in x])


FAMILIES = {
    "normal": Family(
        lambda g, t, n: g.normal(0, 2 * t, n), lambda t: 0.0, lambda t: 4 * t * t,
        lambda x, t: np.exp(-((x / (2 * t)) ** 2) / 2) / (2 * t * math.sqrt(2 * math.pi)),
    ),
    "uniform": Family(
        lambda g, t, n: g.uniform(0, 4 * t, n), lambda t: 2 * t, lambda t: 16 * t * t / 12,
        lambda x, t: np.where((x >= 0) & (x <= 4 * t), 1 / (4 * t), 0.0),
    ),
    "exponential": Family(
        lambda g, t, n: g.exponential(2 * t, n), lambda t: 2 * t, lambda t: 4 * t * t,
        lambda x, t: np.where(x >= 0, np.exp(-np.maximum(x, 0) / (2 * t)) / (2 * t), 0.0),
    ),
    "Bernoulli": Family(
        lambda g, t, n: g.binomial(1, t, n), lambda t: t, lambda t: t * (1 - t),
        lambda x, t: binomial(x, t, 1), True,
    ),
    "binomial": Family(
        lambda g, t, n: g.binomial(10, t, n), lambda t: 10 * t, lambda t: 10 * t * (1 - t), binomial, True,
    ),
    "Poisson": Family(
        lambda g, t, n: g.poisson(5 * t, n), lambda t: 5 * t, lambda t: 5 * t, lambda x, t: poisson(x, 5 * t), True,
    ),
}  # fmt: skip
MEANING = {
    "normal": "deviation 2θ", "uniform": "from 0 to 4θ", "exponential": "mean 2θ", "Bernoulli": "1 with probability θ",
    "binomial": "successes in 10 tries, θ each", "Poisson": "events, 5θ on average",
}  # fmt: skip


@dataclass(frozen=True)
class Draws(Sourced):
    """Numbers drawn from a family with parameter θ, and how far averages of n and of 100·n such draws miss."""

    name: str
    theta: float
    values: np.ndarray
    misses: tuple[float, float]
    source: Measured

    @property
    def family(self) -> Family:
        """Its family."""
        return FAMILIES[self.name]

    def answer(self) -> str:
        """What a hundred times as many draws do to the error of an average."""
        ratio = self.misses[0] / self.misses[1]
        return GROWTH[0 if 3 < ratio < 30 else 1 if ratio >= 30 else 2]

    @property
    def off(self) -> float:
        """How far the average is from the expectation, in deviations of the distribution."""
        return abs(self.values.mean() - self.family.expectation(self.theta)) / math.sqrt(
            self.family.variance(self.theta)
        )


def draws(distribution: str, parameter: float, samples: int, seed: int) -> Draws:
    """Draw, and repeat the average of 10 and of 1,000 draws to see how far off it is typically."""
    began, generator, family = time.perf_counter(), np.random.default_rng(seed), FAMILIES[distribution]
    values = family.draw(generator, parameter, samples)
    expectation = family.expectation(parameter)

    def miss(count: int) -> float:
        """How far off the average of so many draws is, typically."""
        means = family.draw(generator, parameter, (REPEATS, count)).mean(axis=1)
        return float(np.abs(means - expectation).mean())

    source = Measured((seed,), time.perf_counter() - began, "Drawn live")
    return Draws(distribution, parameter, np.asarray(values, float), (miss(10), miss(1000)), source)


@dataclass(frozen=True)
class Beliefs:
    """What happens (p) and what is believed (q), both (outcomes,), in bits."""

    p: np.ndarray
    q: np.ndarray
    provenance: str = "Closed form · sums over four outcomes, in bits"

    @property
    def entropy(self) -> float:
        """−Σ p log₂ p."""
        return float(-(self.p * np.log2(self.p)).sum())

    @property
    def cross_entropy(self) -> float:
        """−Σ p log₂ q."""
        return float(-(self.p * np.log2(self.q)).sum())

    @property
    def divergence(self) -> float:
        """KL(p ‖ q) = Σ p log₂ (p/q)."""
        return float((self.p * np.log2(self.p / self.q)).sum())

    def answer(self) -> str:
        """Whether the divergence is the same the other way round."""
        return YES if abs(self.divergence - Beliefs(self.q, self.p).divergence) < 0.0005 else NO  # as printed


def softened(sharpness: float, favourite: int) -> np.ndarray:
    """Probabilities (outcomes,) that fall off from a favourite: a softmax of minus the distance times sharpness."""
    weights = np.exp(-sharpness * np.abs(np.arange(len(OUTCOMES)) - favourite))
    return weights / weights.sum()


def beliefs(p_favours: str, sharpness_of_p: float, q_favours: str, sharpness_of_q: float) -> Beliefs:
    """Both distributions from their favourites and sharpness."""
    return Beliefs(
        softened(sharpness_of_p, OUTCOMES.index(p_favours)), softened(sharpness_of_q, OUTCOMES.index(q_favours))
    )


@dataclass(frozen=True)
class Losses:
    """A target with a prediction: losses and negative log-likelihoods side by side."""

    target: float
    prediction: float
    outcome: int
    probability: float
    provenance: str = "Closed form · losses and −log likelihoods, double precision"

    def rows(self) -> list[dict[str, str]]:
        """The same numbers computed as a loss (by torch) and as a negative log-likelihood."""
        import torch
        from torch.nn import functional

        y, mean = (torch.tensor([value], dtype=torch.float64) for value in (self.target, self.prediction))
        square = functional.mse_loss(mean, y).item()
        normal = 2 * float(gaussian_nll(np.array([self.target]), self.prediction, 1.0)) - math.log(2 * math.pi)
        logit = torch.tensor([math.log(self.probability / (1 - self.probability))], dtype=torch.float64)
        cross = functional.binary_cross_entropy_with_logits(logit, torch.tensor([float(self.outcome)]).double()).item()
        coin = bernoulli_nll(self.outcome, self.probability)
        return [
            {"loss": "squared error", "as a loss": f"{square:.6f}", "from the likelihood": f"{normal:.6f}",
             "how": "2 × normal −log likelihood at σ = 1, less log 2π"},
            {"loss": "binary cross-entropy", "as a loss": f"{cross:.6f}", "from the likelihood": f"{coin:.6f}",
             "how": "−log likelihood of one toss of a coin"},
        ]  # fmt: skip

    def answer(self) -> str:
        """Which is punished more as the probability of what happened goes to 0: measured at 1%."""
        return "cross-entropy" if bernoulli_nll(1, 0.01) > (1 - 0.01) ** 2 else "squared error"


def losses(target: float, prediction: float, outcome: str, probability: float) -> Losses:
    """The losses of one prediction of a number and of one prediction of a coin."""
    return Losses(target, prediction, int(outcome), probability)
