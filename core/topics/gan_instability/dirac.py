"""The Dirac-GAN of Mescheder, Geiger and Nowozin (2018): the smallest game that shows why GANs circle.

All real data lie at 0, the generator puts all its samples at θ, and the discriminator is a straight line: D(x) = ψx.
"""

from dataclasses import dataclass

import numpy as np

from core.provenance import ClosedForm

LOSSES = ("minimax", "non-saturating", "Wasserstein")
START = (1.0, 1.0)


def sigmoid(t):
    """The logistic function, of numbers or arrays."""
    return 1 / (1 + np.exp(-np.clip(t, -500, 500)))


def motion(theta, psi, loss: str, gamma: float):
    """How the two parameters want to move: minus each side's gradient, with a penalty γ/2·ψ² on the slope (R1)."""
    if loss == "Wasserstein":
        return psi, -theta - gamma * psi
    fooled = sigmoid(theta * psi)  # how real the discriminator finds a generated sample
    pull = psi * (1 - fooled) if loss == "non-saturating" else psi * fooled
    return pull, -theta * fooled - gamma * psi


@dataclass(frozen=True)
class Game:
    """Loss, strength of R1, step size, and whether both sides move at once or take turns."""

    loss: str = "minimax"
    gamma: float = 0.0
    step: float = 0.1
    alternating: bool = True
    steps: int = 500

    @property
    def provenance(self) -> str:
        """Where these numbers come from."""
        return ClosedForm(f"Dirac-GAN, {self.steps} updates a side").provenance

    def orbit(self) -> np.ndarray:
        """The parameters (θ, ψ) after each round, (steps + 1, 2)."""
        theta, psi = START
        places = [START]
        for _ in range(self.steps):
            if self.alternating:
                psi += self.step * float(motion(theta, psi, self.loss, self.gamma)[1])
                theta += self.step * float(motion(theta, psi, self.loss, self.gamma)[0])
            else:
                both = motion(theta, psi, self.loss, self.gamma)
                theta, psi = theta + self.step * float(both[0]), psi + self.step * float(both[1])
            theta, psi = (max(-1e6, min(1e6, part)) for part in (theta, psi))
            places.append((theta, psi))
        return np.array(places)

    def linear(self) -> np.ndarray:
        """One round near the equilibrium as a matrix: J = [[0, a], [−a, −γ]] with a = ±1/2, or ±1 for Wasserstein."""
        pull = 1.0 if self.loss == "Wasserstein" else 0.5
        first = np.array([[1.0, self.step * pull], [0.0, 1.0]])
        second = np.array([[1.0, 0.0], [-self.step * pull, 1 - self.step * self.gamma]])
        return first @ second if self.alternating else first + second - np.eye(2)

    @property
    def growth(self) -> float:
        """By which factor theory says that a small orbit's radius changes in a round: the largest eigenvalue's size."""
        return float(np.abs(np.linalg.eigvals(self.linear())).max())

    @property
    def verdict(self) -> str:
        """What becomes of an orbit near the equilibrium."""
        if abs(self.growth - 1) < 1e-9:
            return "circles"
        return "spirals out" if self.growth > 1 else "falls into the middle"


def radii(places: np.ndarray) -> np.ndarray:
    """The distances to the equilibrium, (steps + 1,)."""
    return np.hypot(*places.T)
