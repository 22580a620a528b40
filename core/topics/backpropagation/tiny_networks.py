"""A network small enough to be worked out by hand, with its loss, as a computation graph: every weight a vertex."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.formulas.graphs import Graph, Operation
from core.randomness import uniform

Rows = tuple[tuple[float, ...], ...]

NETWORKS = {"1 → 1 → 1": (1, 1, 1), "2 → 2 → 1": (2, 2, 1), "2 → 2 → 2": (2, 2, 2)}
BENDS: dict[str, Callable[[Tensor], Tensor]] = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "ReLU": torch.relu}
SIGNS = {"sigmoid": "σ", "tanh": "tanh", "ReLU": "ReLU"}
COLUMNS = {"x": 0.0, "z": 1.3, "h": 2.2, "y": 3.5, "L": 4.4}
HEADS = ((0.0, "inputs"), (1.3, "sums"), (2.2, "answers"), (3.5, "outputs"), (4.4, "loss"))
ROW = 1.3  # between two units of a layer


def subscript(*indices: int) -> str:
    """Indices below the line."""
    return "".join(map(str, indices)).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


def called(letter: str, count: int, *indices: int) -> str:
    """A number's name; without an index where there is only one of its kind."""
    return letter + (subscript(*indices) if count > 1 else "")


@dataclass(frozen=True)
class Settings:
    """The numbers of one exercise: input and target, hidden weights ``w`` (hidden, inputs) and biases ``b``, output
    weights ``v`` (outputs, hidden) and biases ``c``; all with one decimal, so that they can be worked with by hand."""

    activation: str
    x: tuple[float, ...]
    target: tuple[float, ...]
    w: Rows
    b: tuple[float, ...]
    v: Rows
    c: tuple[float, ...]


def drawn(network: str, activation: str, seed: int) -> Settings:
    """An exercise drawn from a seed; no weight, no input and no hidden unit's sum is 0: there a ReLU has no slope."""
    inputs, hidden, outputs = NETWORKS[network]
    count = hidden * inputs + hidden + outputs * hidden + outputs
    numbers = uniform(seed, 3, 0, (count + inputs + outputs,)).double().numpy()
    sizes = np.floor(numbers * 18).astype(int)  # 0 … 17
    tenths = np.where(sizes < 9, sizes - 9, sizes - 8) / 10  # −0.9 … −0.1, 0.1 … 0.9
    w, b, v, c, x, rest = np.split(tenths, np.cumsum([hidden * inputs, hidden, outputs * hidden, outputs, inputs]))
    kinked = np.isclose(w.reshape(hidden, inputs) @ x + b, 0)
    b = np.round(b + kinked * np.where(np.isclose(b, -0.1), -0.1, 0.1), 1)
    matrix = lambda flat, rows: tuple(tuple(map(float, row)) for row in flat.reshape(rows, -1))  # noqa: E731
    vector = lambda flat: tuple(map(float, flat))  # noqa: E731
    target = vector(rest > 0)
    return Settings(activation, vector(x), target, matrix(w, hidden), vector(b), matrix(v, outputs), vector(c))


def weighted(*numbers: Tensor) -> Tensor:
    """A unit's sum of (inputs…, weights…, bias)."""
    half = len(numbers) // 2
    return sum(number * weight for number, weight in zip(numbers[:half], numbers[half:-1], strict=True)) + numbers[-1]


def weighted_spelled(*texts: str) -> str:
    """A unit's sum written out."""
    half = len(texts) // 2
    pairs = zip(texts[half:-1], texts[:half], strict=True)
    return " + ".join([*(f"{weight}·{one}" for weight, one in pairs), texts[-1]])


def squared(*numbers: Tensor) -> Tensor:
    """Half the squared errors of (outputs…, targets…)."""
    half = len(numbers) // 2
    errors = [0.5 * (y - t) ** 2 for y, t in zip(numbers[:half], numbers[half:], strict=True)]
    return sum(errors[1:], start=errors[0])


def squared_spelled(*texts: str) -> str:
    """The loss written out."""
    half = len(texts) // 2
    return " + ".join(f"½({y} − {t})²" for y, t in zip(texts[:half], texts[half:], strict=True))


def operations(chosen: Settings) -> list[Operation]:
    """The network with its loss as a graph: every weight is a vertex of its own."""
    found: list[Operation] = []

    def add(operation: Operation) -> int:
        found.append(operation)
        return len(found) - 1

    def leaves(letter: str, kind: str, values: tuple[float, ...]) -> list[int]:
        return [add(Operation(called(letter, len(values), k + 1), kind, each)) for k, each in enumerate(values)]

    def units(
        letter: str, given: list[int], weights: Rows, biases: Sequence[float], names: tuple[str, str]
    ) -> list[int]:
        made, size = [], len(weights) * len(weights[0])
        for j, (row, bias) in enumerate(zip(weights, biases, strict=True)):
            index = [(j + 1, k + 1) if len(weights) > 1 else (k + 1,) for k in range(len(row))]
            own = [add(Operation(called(names[0], size, *at), "parameter", w))
                   for at, w in zip(index, row, strict=True)]  # fmt: skip
            own.append(add(Operation(called(names[1], len(weights), j + 1), "parameter", bias)))
            name = called(letter, len(weights), j + 1)
            made.append(add(Operation(name, "operation", 0.0, (*given, *own), weighted, "Σ", weighted_spelled)))
        return made

    x, bend, sign = leaves("x", "constant", chosen.x), BENDS[chosen.activation], SIGNS[chosen.activation]
    sums = units("z", x, chosen.w, chosen.b, ("w", "b"))
    hidden = [
        add(
            Operation(called("h", len(sums), j + 1), "operation", 0.0, (z,), bend, sign, lambda text: f"{sign}({text})")
        )
        for j, z in enumerate(sums)
    ]
    outputs = units("y", hidden, chosen.v, chosen.c, ("v", "c"))
    targets = leaves("t", "constant", chosen.target)
    add(Operation("L", "operation", 0.0, (*outputs, *targets), squared, "L", squared_spelled))
    return found


def places(graph: Graph) -> dict[int, tuple[float, float]]:
    """Where each vertex of a network's graph is drawn: units in columns, weights on their edges, biases below."""
    rows: dict[str, int] = {}
    for vertex in graph.vertices:
        rows[vertex.name[0]] = rows.get(vertex.name[0], 0) + 1
    seen, found = dict.fromkeys(rows, 0), {}
    for place, vertex in enumerate(graph.vertices):
        letter = vertex.name[0]
        if letter in "xzhyL":
            found[place] = (COLUMNS[letter], ((rows[letter] - 1) / 2 - seen[letter]) * ROW)
        elif letter == "t":
            found[place] = (COLUMNS["L"], 0.75 if rows["t"] > 1 and not seen["t"] else -0.75)
        seen[letter] += 1
    for user, vertex in enumerate(graph.vertices):
        given = [source for source in vertex.inputs if graph.vertices[source].kind != "parameter"]
        own = [source for source in vertex.inputs if graph.vertices[source].kind == "parameter"]
        for source, weight in zip(given, own, strict=False):
            (x, y), (right, up) = found[source], found[user]
            share = 0.5 if y == up or rows[vertex.name[0]] == 1 else 0.3  # clear of where edges cross
            found[weight] = (x + share * (right - x), y + share * (up - y))
        if own:
            found[own[-1]] = (found[user][0], found[user][1] - 0.36)
    return found
