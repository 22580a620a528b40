"""Rosenblatt's perceptron, the linear program that knows beforehand whether it will succeed, and the way out.

A line is three numbers (w₁, w₂, b): blue where w·x + b > 0. Every point x becomes (x₁, x₂, 1), so that the bias is one
more weight. Sides are −1 (orange) and +1 (blue).
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pprint import pformat

import numpy as np

from core.data.clicked import Row
from core.data.own import points as own_points
from core.models import MLP
from core.programs import Program, Step
from core.provenance import Measured
from core.training import Recipe, Run, train

MOST_MISTAKES = 999  # where a training that may never end is stopped
ROUNDING = 1e-9  # a sum of decimals as small as this is 0: the point lies on the line
CORNERS = ((-1.0, -1.0), (1.0, -1.0), (-1.0, 1.0), (1.0, 1.0))
GAPS = {"narrow gap": 0.05, "wide gap": 0.3, "overlap": -0.5}  # how far both sides are moved apart
GATES = {"AND": (0, 0, 0, 1), "OR": (0, 1, 1, 1), "XOR": (0, 1, 1, 0)}
SETS = (*GAPS, *GATES, "empty")


def rows_of(name: str, seed: int = 0) -> tuple[Row, ...]:
    """The points of a set, as rows of (x, y, class)."""
    if name in GATES:
        return tuple((*corner, colour) for corner, colour in zip(CORNERS, GATES[name], strict=True))
    if name == "empty":
        return ()
    generator = np.random.default_rng(seed)
    points, turned = generator.uniform(-2, 2, (30, 2)), generator.uniform(0, 2 * np.pi)
    across = np.array([np.cos(turned), np.sin(turned)])
    blue = points @ across > generator.uniform(-0.5, 0.5)
    points = points + GAPS[name] * np.where(blue, 1, -1)[:, None] * across
    return tuple((round(x, 2), round(y, 2), int(side)) for (x, y), side in zip(points.tolist(), blue, strict=True))


def placed(rows: Sequence[Row]) -> tuple[np.ndarray, np.ndarray]:
    """Points with a 1 appended, (points, 3), and their sides −1 or +1, (points,)."""
    table = np.array(rows, dtype=float).reshape(-1, 3)
    return np.column_stack([table[:, :2], np.ones(len(table))]), 2 * table[:, 2] - 1


@dataclass(frozen=True)
class Learning:
    """A perceptron's training: the ``lines`` before, between and after its mistakes, (mistakes + 1, 3), the point it
    was ``wrong`` about each time, (mistakes,), how many ``passes`` it made, and whether it ``ended`` by itself."""

    rows: tuple[Row, ...]
    lines: np.ndarray
    wrong: np.ndarray
    passes: int
    ended: bool

    @property
    def repeats(self) -> bool:
        """Whether the last weights came up before, so that everything repeats."""
        return bool((self.lines[:-1] == self.lines[-1]).all(axis=1).any())


def rosenblatt(rows: Sequence[Row], seed: int = 0, most: int = MOST_MISTAKES) -> Learning:
    """Visit the points again and again, in one random order; at every mistake add the point to the line, signed by its
    side (Rosenblatt 1958). Starts at zero, where every point counts as a mistake."""
    x, sides = placed(rows)
    order = np.random.default_rng(seed).permutation(len(x))
    signed, line, lines, wrong, place = (x * sides[:, None])[order], np.zeros(3), [np.zeros(3)], [], 0
    while len(wrong) < most:
        missed = np.flatnonzero(signed @ line <= ROUNDING)
        if not len(missed):
            break
        ahead = missed[missed >= place % len(x)]
        step = int(ahead[0]) if len(ahead) else len(x) + int(missed[0])
        place += step - place % len(x)
        line = line + signed[place % len(x)]
        lines.append(line)
        wrong.append(order[place % len(x)])
        place += 1
    ended = not len(x) or bool((signed @ line > ROUNDING).all())
    return Learning(tuple(rows), np.array(lines), np.array(wrong, dtype=int), -(-place // max(len(x), 1)), ended)


@dataclass(frozen=True)
class Verdict:
    """Whether a line can separate the points. If so, ``line`` (3,) is the one with the largest ``margin`` and
    ``bound`` the number of mistakes that a perceptron cannot exceed. If not, ``crossing`` (2,) lies in both convex
    hulls, and the points numbered ``witnesses``, at most four, prove it."""

    line: np.ndarray | None = None
    margin: float = 0.0
    bound: float = np.inf
    crossing: np.ndarray | None = None
    witnesses: tuple[int, ...] = ()

    @property
    def separable(self) -> bool:
        return self.crossing is None


def verdict(rows: Sequence[Row]) -> Verdict:
    """Ask a linear program for a point that both convex hulls share: there is one exactly if no line separates."""
    x, sides = placed(rows)
    if len(x) and len(set(sides)) == 2:
        from scipy.optimize import linprog

        totals = np.array([sides < 0, sides > 0], dtype=float)
        equations = np.vstack([(x[:, :2] * sides[:, None]).T, totals])
        found = linprog(np.zeros(len(x)), A_eq=equations, b_eq=[0, 0, 1, 1], method="highs-ds")
        if found.success:  # a corner of the feasible set: at most four shares, one per equation, are not zero
            shares = found.x * (sides > 0)
            return Verdict(crossing=shares @ x[:, :2], witnesses=tuple(np.flatnonzero(found.x > 1e-9).tolist()))
    line = widest(x * sides[:, None])
    margin = 1 / max(float(np.linalg.norm(line)), 1e-12)
    return Verdict(line, margin, float(np.linalg.norm(x, axis=1).max(initial=0) / margin) ** 2)


def widest(signed: np.ndarray) -> np.ndarray:
    """The shortest w with signed · w ≥ 1 everywhere, (3,): least-distance programming (Lawson and Hanson 1974)."""
    from scipy.optimize import nnls

    if not len(signed):
        return np.zeros(3)
    matrix = np.vstack([signed.T, np.ones(len(signed))])
    residual = matrix @ nnls(matrix, np.array([0.0, 0.0, 0.0, 1.0]))[0] - np.array([0.0, 0.0, 0.0, 1.0])
    return -residual[:3] / residual[3]


def hull(points: np.ndarray) -> np.ndarray:
    """The corners of the convex hull of points (points, 2), counter-clockwise (Andrew 1979)."""
    ordered = sorted(set(map(tuple, points.tolist())))
    if len(ordered) < 3:
        return np.array(ordered).reshape(-1, 2)

    def half(sequence: list[tuple[float, float]]) -> list[tuple[float, float]]:
        chain: list[tuple[float, float]] = []
        for point in sequence:
            while len(chain) > 1 and turn(chain[-2], chain[-1], point) <= 0:
                chain.pop()
            chain.append(point)
        return chain[:-1]

    return np.array(half(ordered) + half(ordered[::-1]))


def turn(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    """Positive where the way from a over b to c turns left."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


@dataclass(frozen=True)
class Trial:
    """A perceptron's training, the linear program's verdict on the same points, and what became of it in words."""

    learning: Learning
    verdict: Verdict
    source: Measured

    @property
    def summary(self) -> str:
        count = len(self.learning.wrong)
        if not self.learning.ended:
            x, sides = placed(self.learning.rows)
            left = int(((x @ self.learning.lines[-1]) * sides <= 0).sum())
            circles = " It goes in circles: these weights were there before." if self.learning.repeats else ""
            lie = "is" if left == 1 else "are"
            return (
                f"Stopped after {count:,} mistakes: {left} of {len(x)} points {lie} still on the wrong side.{circles}"
            )
        if not self.learning.rows:
            return "No points yet: click to set some."
        often = "1 mistake" if count == 1 else f"{count:,} mistakes"
        most = f" In no order are there more than {self.verdict.bound:,.0f}." if count else ""
        return f"{often}, then every point is on its side.{most}"


def trial(name: str, own: Sequence[Row] = (), seed: int = 0) -> Trial:
    """Train a perceptron on a set and the learner's own points, and judge them."""
    began, rows = time.perf_counter(), (*rows_of(name, seed), *own)
    learning, judged = rosenblatt(rows, seed), verdict(rows)
    return Trial(learning, judged, Measured((seed,), time.perf_counter() - began, "Trained live"))


def two_hidden_units(rows: Sequence[Row], seed: int = 0, starts: int = 6, epochs: int = 200) -> tuple[Run, int]:
    """A network with two hidden units trained on the points, and how many random starts that took: the first training
    that classifies every point, or the best of ``starts``. Raises ``ValueError`` unless there are two classes."""
    data = own_points(list(rows), held_out=0.0)
    recipe = Recipe(epochs=epochs, batch_size=len(data.x), learning_rate=0.1, seed=seed, frames=40)
    runs: list[Run] = []
    while len(runs) < starts and not (runs and runs[-1].last.train_score == 1):
        runs.append(train(MLP(2, 2, 2, activation="tanh", seed=starts * seed + len(runs)), data, recipe))
    return max(runs, key=lambda run: (run.last.train_score, -run.last.train_loss)), len(runs)


def program(learning: Learning, seed: int) -> Program:
    """A perceptron's training on the points, with the mistakes it makes and the line it ends at."""
    rows = pformat(list(learning.rows), width=100, compact=True).replace("\n", "\n    ")
    lines = [
        f"learning = rosenblatt(\n    {rows},\n    seed={seed!r},\n)",
        'result = {"mistakes": len(learning.wrong), "passes": learning.passes, "line": learning.lines[-1].tolist()}',
    ]
    shown = {"mistakes": len(learning.wrong), "passes": learning.passes, "line": learning.lines[-1].tolist()}
    step = Step("A perceptron learns", "\n".join(lines))
    return Program("Rosenblatt's perceptron", (step,), (placed, Learning, rosenblatt), shown)
