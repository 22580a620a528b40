"""Jacobians of a network's pieces: measured product by product with autograd, beside their closed forms."""

import inspect
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.autograd import functional as products
from torch.nn import functional

from core import provenance
from core.formulas.graphs import shown
from core.lessons.grading import Calculation
from core.wording import bytes_told

EPSILON = 1e-5  # LayerNorm's guard against a variance of 0
WIDTH, BATCH, FLOAT = 1024, 32, 4  # a layer of ordinary size, and the bytes of one of its numbers
PRODUCTS = ("VJP, backward", "JVP, forward")


@dataclass(frozen=True)
class Piece:
    """A function from (inputs,) to (outputs,) at one point ``x``, its Jacobian in closed form, both as LaTeX, and the
    numbers that its closed form needs."""

    x: Tensor
    function: Callable[[Tensor], Tensor]
    closed: Tensor
    written: str
    jacobian: str
    given: dict[str, Tensor]
    shared: bool = False  # whether the inputs are weights, which all samples of a batch share

    @property
    def outputs(self) -> int:
        """How many numbers come out."""
        return len(self.closed)


def normal(shape: tuple[int, ...], seed: int, stream: int) -> Tensor:
    """Seeded normal numbers, float64."""
    generator = torch.Generator().manual_seed(1000 * seed + stream)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def linear_by_input(inputs: int, outputs: int, seed: int) -> Piece:
    """A dense layer, by what it is given: its Jacobian is the weight matrix itself."""
    w, b, x = normal((outputs, inputs), seed, 1), normal((outputs,), seed, 2), normal((inputs,), seed, 3)
    return Piece(x, lambda v: w @ v + b, w, "y = Wx + b", r"\frac{\partial y}{\partial x} = W", {"W": w[0]})


def linear_by_weights(inputs: int, outputs: int, seed: int) -> Piece:
    """A dense layer, by its weights, row after row: every output sees its own row of weights only."""
    w, b, x = normal((outputs, inputs), seed, 1), normal((outputs,), seed, 2), normal((inputs,), seed, 3)
    closed = torch.kron(torch.eye(outputs, dtype=x.dtype), x[None])
    form = r"\frac{\partial y}{\partial \operatorname{vec} W} = I \otimes x^\top"
    function = lambda flat: flat.view(outputs, inputs) @ x + b  # noqa: E731
    return Piece(w.reshape(-1), function, closed, "y = Wx + b", form, {"x": x}, shared=True)


def relu(inputs: int, outputs: int, seed: int) -> Piece:
    """An activation bends every number by itself: its Jacobian is diagonal."""
    x = normal((inputs,), seed, 3)
    form = r"\frac{\partial y}{\partial x} = \operatorname{diag}(1 \text{ where } x_i > 0)"
    return Piece(x, torch.relu, torch.diag((x > 0).to(x.dtype)), r"y = \operatorname{ReLU}(x)", form, {"x": x})


def softmax(inputs: int, outputs: int, seed: int) -> Piece:
    """Probabilities share a sum of 1: what one gains the others lose."""
    x = normal((inputs,), seed, 3)
    p = x.softmax(dim=0)
    form = r"\frac{\partial p}{\partial x} = \operatorname{diag}(p) - p\,p^\top"
    closed = torch.diag(p) - p.outer(p)
    return Piece(x, lambda v: v.softmax(dim=0), closed, r"p = \operatorname{softmax}(x)", form, {"p": p})


def cross_entropy(inputs: int, outputs: int, seed: int) -> Piece:
    """Softmax and cross-entropy together, for a sample of class 1 (t is 1 there, else 0): what is too much falls."""
    x = normal((inputs,), seed, 3)
    p, truth = x.softmax(dim=0), torch.zeros(inputs, dtype=x.dtype)
    truth[0] = 1
    form = r"\frac{\partial L}{\partial x} = (p - t)^\top"
    function = lambda v: functional.cross_entropy(v[None], torch.tensor([0]))[None]  # noqa: E731
    return Piece(x, function, (p - truth)[None], r"L = -\ln \operatorname{softmax}(x)_1", form, {"p": p, "t": truth})


def layer_norm(inputs: int, outputs: int, seed: int) -> Piece:
    """Numbers minus their mean, divided by their deviation s: every output depends on every input.

    Ba, Kiros and Hinton 2016.
    """
    x = normal((inputs,), seed, 3)
    deviation = (x.var(correction=0) + EPSILON).sqrt()
    y = (x - x.mean()) / deviation
    closed = (torch.eye(inputs, dtype=x.dtype) - 1 / inputs - y.outer(y) / inputs) / deviation
    form = r"\frac{\partial y}{\partial x} = \frac1s\left(I - \frac1n - \frac{y\,y^\top}{n}\right)"
    function = lambda v: functional.layer_norm(v, (inputs,), eps=EPSILON)  # noqa: E731
    return Piece(x, function, closed, r"y = \frac{x - \bar x}{s}", form, {"y": y, "s": deviation[None]})


PIECES: dict[str, Callable[[int, int, int], Piece]] = {
    "softmax": softmax, "softmax + cross-entropy": cross_entropy, "LayerNorm": layer_norm, "ReLU": relu,
    "Wx + b, by x": linear_by_input, "Wx + b, by W": linear_by_weights,
}  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """A piece with its Jacobian (outputs, inputs) put together from ``count`` products, rows (VJP) or columns (JVP),
    and the bytes of one product's two vectors."""

    name: str
    piece: Piece
    backward: bool
    jacobian: Tensor
    count: int
    bytes_each: int
    provenance: str

    @property
    def told(self) -> str:
        """What the piece is and how its derivative is written."""
        words = (inspect.getdoc(PIECES[self.name]) or "").split("\n")[0]
        return f"{words} ${self.piece.written}, \\quad {self.piece.jacobian}$."

    @property
    def difference(self) -> float:
        """The largest difference from the closed form."""
        return (self.jacobian - self.piece.closed).abs().max().item()

    @property
    def whole(self) -> int:
        """The bytes of the whole Jacobian."""
        return self.jacobian.numel() * self.jacobian.element_size()


def one_hot(size: int, place: int) -> Tensor:
    """A vector of zeros with a single 1."""
    return torch.eye(size, dtype=torch.float64)[place]


def measured(name: str, inputs: int, outputs: int, seed: int, backward: bool = True) -> Measured:
    """The Jacobian of a piece: every row by one backward pass, or every column by one forward product."""
    piece, start = PIECES[name](inputs, outputs, seed), time.perf_counter()
    rows, columns = piece.outputs, len(piece.x)
    if backward:
        found = [products.vjp(piece.function, piece.x, one_hot(rows, row))[1] for row in range(rows)]
    else:
        found = [products.jvp(piece.function, piece.x, one_hot(columns, column))[1] for column in range(columns)]
    jacobian = torch.stack(found, dim=0 if backward else 1)
    each, source = (rows + columns) * jacobian.element_size(), provenance.Measured((seed,), time.perf_counter() - start)
    return Measured(name, piece, backward, jacobian, len(found), each, source.provenance)


def shifted(piece: Piece) -> np.ndarray:
    """How fast each output moves when all inputs are raised together: the Jacobian times a vector of ones."""
    return products.jvp(piece.function, piece.x, torch.ones_like(piece.x))[1].numpy()


def moves(piece: Piece) -> str:
    """Whether anything moves when all inputs are raised together."""
    return "yes" if np.abs(shifted(piece)).max() > 1e-9 else "no, nothing moves"


def because(piece: Piece) -> str:
    """Why, in one sentence."""
    sums = piece.closed.sum(dim=1)
    largest = sums.abs().max().item()
    if largest < 1e-9:
        return "Every row of its Jacobian adds up to 0: only differences between the inputs count."
    return (
        f"A row of its Jacobian adds up to {shown(sums[sums.abs().argmax()].item(), 3)}, and that is how far it moves."
    )


def entry(found: Measured) -> tuple[int, int]:
    """The entry that the learner works out: beside the diagonal where there is one."""
    rows, columns = found.jacobian.shape
    if found.piece.shared:
        return 1, columns // rows  # the second output sees the second row of weights
    return (0, 0) if rows == 1 else (1, 0)


def question(found: Measured) -> Calculation:
    """One entry of the Jacobian, to be worked out from the closed form."""
    row, column = entry(found)
    truth = found.piece.closed[row, column].item()
    text = (
        f"The entry in row {row + 1}, column {column + 1} is hidden. What is it? Use ${found.piece.jacobian}$ with "
        f"{numbers_of(found)}."
    )
    return Calculation(
        text, truth, max(0.002, 0.01 * abs(truth)), f"Autograd gives {shown(found.jacobian[row, column].item())}."
    )


def numbers_of(found: Measured) -> str:
    """The numbers that a closed form needs, as LaTeX."""
    row = entry(found)[0]
    parts = []
    for name, values in found.piece.given.items():
        if name == "W":
            values = found.piece.closed[row]
            name = f"W_{{{row + 1}}}"
        inner = r",\, ".join(shown(value) for value in values.tolist())
        parts.append(f"${name} = {inner if len(values) == 1 else f'({inner})'}$")
    if found.name == "LayerNorm":
        parts.append(f"$n = {len(found.piece.x)}$")
    return ", ".join(parts).replace("−", "-")


def bytes_rows(found: Measured) -> list[dict[str, str]]:
    """What the Jacobian and one product take: on this page, and for a layer of ordinary size with a batch."""
    numbers = WIDTH * BATCH
    rows = 1 if found.piece.outputs == 1 else numbers
    columns = WIDTH * WIDTH if found.piece.shared else numbers
    big = f"Width {WIDTH:,}, batch of {BATCH}"
    passes = "one for every output" if found.backward else "one for every input"
    return [
        {"": "Whole Jacobian", "Here": bytes_told(found.whole), big: bytes_told(FLOAT * rows * columns)},
        {"": "One product: both vectors", "Here": bytes_told(found.bytes_each),
         big: bytes_told(FLOAT * (rows + columns))},
        {"": f"Products for all of it: {passes}", "Here": f"{found.count}",
         big: f"{rows if found.backward else columns:,}"},
    ]  # fmt: skip


def forward_wins(piece: Piece) -> bool:
    """Whether forward products put the Jacobian together in at most a quarter of the passes that backward ones need."""
    return 4 * len(piece.x) <= piece.outputs


def caption(found: Measured, step: int) -> str:
    """One product, in words."""
    name, which, unit = ("VJP", "row", "output") if found.backward else ("JVP", "column", "input")
    times = f"eᵀJ with e = 1 at {unit} {step + 1}" if found.backward else f"J·e with e = 1 at {unit} {step + 1}"
    return f"{name} {step + 1} of {found.count}: {times} gives {which} {step + 1}, {found.bytes_each} bytes at once."
