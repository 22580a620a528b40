"""The programs of the page on probability: its numbers in a few lines of NumPy or PyTorch."""

import math

import numpy as np

from core.programs import Program, Step
from core.topics.probability.numbers import (
    REACH,
    REPEATS,
    SPREADS,
    Beliefs,
    Draws,
    Likelihood,
    Losses,
    bernoulli_nll,
    gaussian_nll,
)

DRAWN = {  # how numpy draws, with the expectation and the variance by which it does
    "normal": ("generator.normal(0, 2 * theta, shape)", "0.0", "(2 * theta) ** 2"),
    "uniform": ("generator.uniform(0, 4 * theta, shape)", "2 * theta", "(4 * theta) ** 2 / 12"),
    "exponential": ("generator.exponential(2 * theta, shape)", "2 * theta", "(2 * theta) ** 2"),
    "Bernoulli": ("generator.binomial(1, theta, shape)", "theta", "theta * (1 - theta)"),
    "binomial": ("generator.binomial(10, theta, shape)", "10 * theta", "10 * theta * (1 - theta)"),
    "Poisson": ("generator.poisson(5 * theta, shape)", "5 * theta", "5 * theta"),
}
MISSES = """misses = []  # how far an average of 10 draws, and one of 1,000, is off on average
for count in (10, 1000):
    averages = draw((REPEATS, count)).mean(axis=1)
    misses.append(float(np.abs(averages - expectation).mean()))"""
RUNNING = """plt.semilogx(np.cumsum(values) / np.arange(1, len(values) + 1), label="average so far")
plt.axhline(expectation, linestyle="--", label="expectation")
plt.legend()
plt.show()"""
DRAWS_RESULT = """result = {
    "average": float(values.mean()), "drawn variance": float(values.var()), "expectation": expectation,
    "variance": variance, "misses": misses,
}"""


def program_of_draws(draws: Draws) -> Program:
    """Draws of a distribution: their average and variance beside the law, and how far averages of some are off."""
    draw, expectation, variance = DRAWN[draws.name]
    lines = [
        f"theta, generator = {draws.theta!r}, np.random.default_rng({draws.source.seeds[0]!r})",
        f"expectation, variance = {expectation}, {variance}\n\n",
        "def draw(shape):",
        f"    return {draw}\n\n",
        f"values = draw({len(draws.values)})",
    ]
    steps = (
        Step("Draws", "\n".join(lines)),
        Step("The average so far", RUNNING, only_in_notebooks=True),
        Step("Averages of few and of many", MISSES.replace("REPEATS", repr(REPEATS))),
        Step("Numbers", DRAWS_RESULT),
    )
    shown = {
        "average": float(draws.values.mean()), "drawn variance": float(draws.values.var()),
        "expectation": draws.family.expectation(draws.theta), "variance": draws.family.variance(draws.theta),
        "misses": draws.misses,
    }  # fmt: skip
    return Program(f"Draws, {draws.name}", steps, (), shown, 1e-9)


def program_of_likelihood(likelihood: Likelihood) -> Program:
    """The negative log-likelihood of the learner's normal distribution, and of the best one."""
    lines = [
        f"points = np.array({likelihood.points.tolist()!r})",
        f"mine = gaussian_nll(points, {likelihood.mean!r}, {likelihood.spread!r})",
        f"means, spreads = np.linspace({-REACH!r}, {REACH!r}, 321), np.linspace(*{SPREADS!r}, 271)",
        "surface = gaussian_nll(points, means[None, :], spreads[:, None])",
        "row, column = np.unravel_index(surface.argmin(), surface.shape)",
        'result = {"loss": float(mine), "best mean": float(means[column]), "best spread": float(spreads[row])}',
    ]
    shown = {"loss": likelihood.loss, "best mean": likelihood.best[0], "best spread": likelihood.best[1]}
    return Program("Maximum likelihood", (Step("Likelihood", "\n".join(lines)),), (gaussian_nll,), shown)


def program_of_beliefs(beliefs: Beliefs) -> Program:
    """Entropy, cross-entropy and divergence of two distributions."""
    lines = [
        f"p = np.array({beliefs.p.tolist()!r})  # what happens",
        f"q = np.array({beliefs.q.tolist()!r})  # what is believed",
        "entropy = -(p * np.log2(p)).sum()",
        "cross_entropy = -(p * np.log2(q)).sum()",
        "divergence = (p * np.log2(p / q)).sum()",
        'result = {"entropy": float(entropy), "cross-entropy": float(cross_entropy), "divergence": float(divergence)}',
    ]
    shown = {"entropy": beliefs.entropy, "cross-entropy": beliefs.cross_entropy, "divergence": beliefs.divergence}
    return Program("Entropy and divergence", (Step("Sums in bits", "\n".join(lines)),), (), shown)


def program_of_losses(losses: Losses) -> Program:
    """The losses as torch has them; the negative log-likelihoods are what they are compared with."""
    logit = math.log(losses.probability / (1 - losses.probability))
    lines = [
        f"target = torch.tensor([{losses.target!r}]).double()",
        f"prediction = torch.tensor([{losses.prediction!r}]).double()",
        f"outcome, logit = torch.tensor([{float(losses.outcome)!r}]).double(), torch.tensor([{logit!r}]).double()",
        "square = functional.mse_loss(prediction, target).item()",
        "cross = functional.binary_cross_entropy_with_logits(logit, outcome).item()",
        'result = {"squared error": square, "binary cross-entropy": cross}',
    ]
    normal = 2 * float(gaussian_nll(np.array([losses.target]), losses.prediction, 1.0)) - math.log(2 * math.pi)
    shown = {"squared error": normal, "binary cross-entropy": bernoulli_nll(losses.outcome, losses.probability)}
    return Program("Losses are likelihoods", (Step("Losses", "\n".join(lines)),), (), shown)
