"""Matrices at work: a 2×2 weight on a cloud of points, dot products, and the rank of a trained layer."""

import math
from dataclasses import dataclass

import numpy as np
import torch

from core.data.digits import digits
from core.metrics import accuracy
from core.models.mlp import MLP
from core.programs import Program, Step
from core.training import Recipe, Run, train

WIDTH = 32  # units of the trained layer whose rank is lowered
WITHIN, GIVEN_UP = 0.01, 0.05  # of accuracy: what "nothing lost" means, and what a smaller layer may cost
GROWS, STAYS, SHRINKS = "it grows", "it stays the same", "it shrinks"
STRETCHED = ("the first column's", "the second column's", "another one")


@dataclass(frozen=True)
class Map:
    """A weight matrix W (2, 2), float64, whose columns say where (1, 0) and (0, 1) go."""

    matrix: np.ndarray
    clicked: str = ""  # the column that a click sets
    provenance: str = "Closed form · h = W x, double precision"

    @property
    def determinant(self) -> float:
        """The signed area of the unit square's image: ad − bc."""
        (a, b), (c, d) = self.matrix.tolist()
        return a * d - b * c

    @property
    def rank(self) -> int:
        """How many dimensions are left."""
        return int((self.factors > 1e-9).sum())

    @property
    def factors(self) -> np.ndarray:
        """The singular values, (2,), the larger first."""
        return np.linalg.svd(self.matrix, compute_uv=False)

    def answer(self) -> str:
        """What happens to the area of the unit square, measured on its mapped corners."""
        area = abs(polygon_area(np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) @ self.matrix.T))
        return STAYS if abs(area - 1) < 0.005 else GROWS if area > 1 else SHRINKS

    def steps(self) -> tuple[float, tuple[float, float], float]:
        """Rotate by, scale by, rotate by (angles in radians): W = R(last) · diag(scale) · R(first). A negative second
        factor is a mirror."""
        u, scale, v = np.linalg.svd(self.matrix)
        signs = np.array([1.0, np.linalg.det(u) * np.linalg.det(v)]).round()
        u = u @ np.diag([1.0, np.round(np.linalg.det(u))])
        v = np.diag([1.0, np.round(np.linalg.det(v))]) @ v
        if v[0, 0] < 0:  # half a turn before and half a turn after: the same matrix by smaller moves
            u, v = -u, -v
        factors = np.where(scale < 1e-12, 0.0, scale * signs)  # rounding is no mirror
        return math.atan2(v[1, 0], v[0, 0]), tuple(factors), math.atan2(u[1, 0], u[0, 0])

    def residual(self) -> float:
        """How far rotate, scale, rotate in turn are from W at most, entry by entry."""
        first, scale, last = self.steps()
        return float(np.abs(rotation(last) @ np.diag(scale) @ rotation(first) - self.matrix).max())

    def most_stretched(self) -> str:
        """Which direction W stretches most, as one of ``STRETCHED``."""
        direction = np.abs(np.linalg.svd(self.matrix)[2][0])
        return STRETCHED[0 if direction[1] < 0.03 else 1 if direction[0] < 0.03 else 2]


def polygon_area(corners: np.ndarray) -> float:
    """The signed area of a polygon with corners (count, 2), by the shoelace formula."""
    x, y = corners.T
    return float(0.5 * (x @ np.roll(y, -1) - y @ np.roll(x, -1)))


def rotation(angle: float) -> np.ndarray:
    """The matrix that turns the plane by an angle in radians."""
    return np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])


def mapped(
    first_column_x: float, first_column_y: float, second_column_x: float, second_column_y: float, clicked: str = ""
) -> Map:
    """The matrix with these columns."""
    return Map(np.array([[first_column_x, second_column_x], [first_column_y, second_column_y]], dtype=float), clicked)


@dataclass(frozen=True)
class Pair:
    """Two vectors (2,) of the plane."""

    w: np.ndarray
    x: np.ndarray
    provenance: str = "Closed form · w · x = |w| |x| cos α"

    @property
    def dot(self) -> float:
        """w₁x₁ + w₂x₂."""
        return float(self.w @ self.x)

    @property
    def shadow(self) -> np.ndarray:
        """The projection of x on the line through w, (2,)."""
        return self.dot / float(self.w @ self.w) * self.w

    @property
    def angle(self) -> float:
        """The angle from w to x in degrees, −180 to 180."""
        turn = math.degrees(math.atan2(self.x[1], self.x[0]) - math.atan2(self.w[1], self.w[0]))
        return (turn + 180) % 360 - 180

    def answer(self) -> str:
        """The sign of the dot product if x is turned by 90 degrees more."""
        turned = float(self.w @ (rotation(math.pi / 2) @ self.x))
        return "zero" if abs(turned) < 1e-9 else "positive" if turned > 0 else "negative"


def pair(angle_of_w: float, length_of_w: float, angle_of_x: float, length_of_x: float) -> Pair:
    """Vectors from angles in degrees and lengths."""
    w = length_of_w * rotation(math.radians(angle_of_w))[:, 0]
    return Pair(w, length_of_x * rotation(math.radians(angle_of_x))[:, 0])


@dataclass(frozen=True)
class Layer:
    """A trained network whose second layer's weights (units, units) are cut down to every rank: singular values and
    held-out accuracies by rank (from 0)."""

    run: Run
    values: np.ndarray
    accuracies: np.ndarray
    rank: int
    provenance: str = ""

    @property
    def full(self) -> float:
        """Held-out accuracy of the untouched network."""
        return self.run.last.test_score

    @property
    def needed(self) -> int:
        """The lowest rank that costs less than a point."""
        return int(np.argmax(self.accuracies >= self.full - WITHIN))

    @property
    def numbers(self) -> tuple[int, int]:
        """Numbers to store: as two thin matrices of the chosen rank, and as one full one."""
        return 2 * WIDTH * self.rank, WIDTH * WIDTH


def digit_network(seed: int) -> Run:
    """A network on 8×8 digits with two hidden layers."""
    recipe = Recipe(epochs=25, batch_size=32, learning_rate=0.004, schedule="cosine", seed=seed, frames=2)
    return train(MLP(64, WIDTH, WIDTH, 10, seed=seed), digits(seed=seed, flat=True, held_out=0.4), recipe)


def low_rank(matrix: torch.Tensor, rank: int) -> torch.Tensor:
    """The closest matrix of a rank (Eckart and Young 1936): the largest singular values are kept, the rest is 0."""
    u, values, v = torch.linalg.svd(matrix.double(), full_matrices=False)
    return (u[:, :rank] * values[:rank] @ v[:rank]).to(matrix.dtype)


@torch.no_grad()
def ranked(run: Run, rank: int) -> Layer:
    """The accuracy of a network with its second layer at every rank."""
    model, x, y = run.at(), run.data.x_test, run.data.y_test
    linear, activation = model.hidden[1][0], model.hidden[1][1]
    hidden = model.hidden[0](x)
    scores = []
    for kept in range(WIDTH + 1):
        answer = model.output(activation(hidden @ low_rank(linear.weight, kept).T + linear.bias))
        scores.append(accuracy(answer, y))
    values = torch.linalg.svdvals(linear.weight.double()).numpy()
    return Layer(run, values, np.array(scores), rank, run.provenance)


def program_of_area(mapping: Map) -> Program:
    """What a matrix does to the area of the unit square."""
    lines = [
        f"W = np.array({mapping.matrix.tolist()!r})",
        "square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])",
        "corners = square @ W.T",
        'result = {"area": polygon_area(corners), "determinant": float(np.linalg.det(W))}',
    ]
    shown = {"area": mapping.determinant, "determinant": mapping.determinant}
    return Program("The area is the determinant", (Step("Area", "\n".join(lines)),), (polygon_area,), shown)


def program_of_pair(pair: Pair) -> Program:
    """The dot product of two vectors, and the shadow of one on the other."""
    lines = [
        f"w, x = np.array({pair.w.tolist()!r}), np.array({pair.x.tolist()!r})",
        "dot = w @ x",
        "shadow = dot / (w @ w) * w",
        'result = {"dot product": float(dot), "shadow": shadow.tolist()}',
    ]
    shown = {"dot product": pair.dot, "shadow": pair.shadow.tolist()}
    return Program("The dot product", (Step("Dot product", "\n".join(lines)),), (), shown)


def program_of_factors(mapping: Map) -> Program:
    """A matrix as a turn, a stretch along the axes, and another turn."""
    lines = [
        f"W = np.array({mapping.matrix.tolist()!r})",
        "U, stretches, Vt = np.linalg.svd(W)",
        "print(U @ np.diag(stretches) @ Vt)  # W again",
        'result = {"stretches": stretches.tolist()}',
    ]
    stretches = sorted(np.abs(mapping.steps()[1]).tolist(), reverse=True)
    return Program("Rotate, scale, rotate", (Step("SVD", "\n".join(lines)),), (), {"stretches": stretches})
