"""Why a falling rate helps: descent with noisy gradients on a parabola, whose mean error has a closed form."""

import time
from dataclasses import dataclass

import numpy as np

from core.provenance import Measured, Sourced
from core.topics.lr_schedulers.drawing import FIRST, breakpoints
from core.topics.lr_schedulers.races import CONSTANT, DRAWN, NAMES, PLATEAU
from core.training.schedules import Breakpoints, factors

START, COPIES, STEPS = 3.0, 500, 300
RACERS = tuple(name for name in NAMES if name != PLATEAU)  # there is no training loss that one step could watch
PEAKS = (0.05, 0.1, 0.2, 0.5, 1.0, 1.5)


def floor(rate: float, noise: float) -> float:
    """The mean squared distance at which a constant rate η hovers, ησ²/(2 − η), on ½w² with gradient noise σ."""
    return rate * noise**2 / (2 - rate)


def expected(rates: np.ndarray, noise: float) -> np.ndarray:
    """The mean squared distance after each step, (steps + 1,): E w² ← (1 − η)² E w² + η²σ²."""
    squares = [START**2]
    for rate in rates:
        squares.append((1 - rate) ** 2 * squares[-1] + rate**2 * noise**2)
    return np.array(squares)


def walked(rates: np.ndarray, shaken: np.ndarray) -> np.ndarray:
    """The same measured: mean of w² over copies that meet the gradient noise ``shaken`` (steps, copies)."""
    place = np.full(shaken.shape[1], START)
    squares = [START**2]
    for rate, noise in zip(rates, shaken, strict=True):
        place = place - rate * (place + noise)
        squares.append(float(np.mean(place**2)))
    return np.array(squares)


@dataclass(frozen=True)
class NoisyDescent(Sourced):
    """Mean squared distances from the minimum after each step, (steps + 1,) per schedule: ``measured`` over ``COPIES``
    walks and ``predicted`` by the recursion; ``halved`` is the constant schedule at half the rate, measured."""

    schedules: dict[str, str | Breakpoints]
    drawing: str
    rate: float
    noise: float
    measured: dict[str, np.ndarray]
    predicted: dict[str, np.ndarray]
    halved: np.ndarray
    source: Measured

    @property
    def floor(self) -> float:
        """Where the constant rate hovers, by the formula."""
        return floor(self.rate, self.noise)

    @property
    def remaining(self) -> float:
        """Which percentage of the constant rate's measured floor is left at half the rate."""
        return 100 * hovering(self.halved) / hovering(self.measured[CONSTANT])

    @property
    def lowest(self) -> str:
        """The schedule whose expected end is lowest."""
        return min(self.predicted, key=lambda name: self.predicted[name][-1])


def hovering(squares: np.ndarray) -> float:
    """The mean over the last half of the steps."""
    return float(squares[len(squares) // 2 :].mean())


def noisy_descent(
    drawn_schedule: str = FIRST, learning_rate: float = 0.5, gradient_noise: float = 1.0, seed: int = 0
) -> NoisyDescent:
    """Let every schedule walk down ½w² from 3 with the same noise. Raises ``ValueError`` for a drawing that is none."""
    began, own = time.perf_counter(), breakpoints(drawn_schedule)
    shaken = gradient_noise * np.random.default_rng(seed).standard_normal((STEPS, COPIES))
    schedules = {name: own if name == DRAWN else name for name in RACERS}
    rates = {name: learning_rate * factors(each, np.arange(STEPS), STEPS) for name, each in schedules.items()}
    return NoisyDescent(
        schedules, drawn_schedule, learning_rate, gradient_noise,
        {name: walked(each, shaken) for name, each in rates.items()},
        {name: expected(each, gradient_noise) for name, each in rates.items()},
        walked(rates[CONSTANT] / 2, shaken),
        Measured((seed,), time.perf_counter() - began, f"{COPIES} walks measured live"),
    )  # fmt: skip
