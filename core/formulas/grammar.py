"""The grammar of the formulas that learners type, and the parser that turns a text into nodes.

Weakest first: one comparison (where allowed), + and −, * and /, sign, power (``**`` or ``^``, from the
right), then numbers, names, pi, e, function calls and parentheses. ``core.formulas.tokens`` says what else is read as
one of these signs. A product may be written without a sign, as in ``2x`` or ``3(x + 1)``, where there is one way to
read it. Nothing typed is ever executed as Python.
"""

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional

from core.formulas.tokens import ExpressionError, Token, tokens_of

DEPTH, LARGEST, EXPONENT = 30, 1e12, 100
CONSTANTS = {"pi": math.pi, "e": math.e}
COMPARISONS = {">": "greater", "<": "less", ">=": "at least", "<=": "at most"}
SUMS = {"+": "add", "-": "subtract"}
PRODUCTS = {"*": "multiply", "/": "divide"}


@dataclass(frozen=True)
class Node:
    """One operation of a formula: "number", "name", "add", "subtract", "multiply", "divide", "power", "negative", a
    function's name, or "greater", "less", "at least", "at most".

    ``name`` is set for names and for pi and e, ``value`` for whatever contains no name. Equal nodes compute the same,
    wherever in the text they stand (``position``).
    """

    operation: str
    children: tuple["Node", ...] = ()
    name: str = ""
    value: float | None = None
    position: int = field(default=0, compare=False)


def larger(a: Tensor | float, b: Tensor | float) -> Tensor:
    """The larger of two of which one is a tensor; a number is a lower bound."""
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return torch.maximum(a, b)
    return a.clamp(min=b) if isinstance(a, Tensor) else torch.as_tensor(b).clamp(min=a)


def smaller(a: Tensor | float, b: Tensor | float) -> Tensor:
    """The smaller of two of which one is a tensor; a number is an upper bound."""
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return torch.minimum(a, b)
    return a.clamp(max=b) if isinstance(a, Tensor) else torch.as_tensor(b).clamp(max=a)


FUNCTIONS: dict[str, Callable[..., Tensor]] = {
    "sin": torch.sin, "cos": torch.cos, "tan": torch.tan, "tanh": torch.tanh, "exp": torch.exp, "log": torch.log,
    "sqrt": torch.sqrt, "abs": torch.abs, "sigmoid": torch.sigmoid, "relu": torch.relu,
    "softplus": functional.softplus, "erf": torch.erf, "max": larger, "min": smaller,
}  # fmt: skip
PAIRS = ("max", "min")  # functions of two arguments
SYNONYMS = {"ln": "log", "σ": "sigmoid"}  # of functions
APPLY: dict[str, Callable[..., Tensor]] = FUNCTIONS | {
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul, "divide": operator.truediv,
    "power": operator.pow, "negative": operator.neg,
    "greater": operator.gt, "less": operator.lt, "at least": operator.ge, "at most": operator.le,
}  # fmt: skip


class Parser:
    """Reads one formula by precedence climbing."""

    def __init__(self, text: str, names: tuple[str, ...], comparison: bool) -> None:
        self.text, self.names, self.comparison, self.depth = text, names, comparison, 0
        self.tokens, self.place = tokens_of(text), 0

    def fail(self, message: str, position: int) -> ExpressionError:
        return ExpressionError(message, position, self.text)

    @property
    def sign(self) -> str:
        """The sign that is next, or nothing."""
        kind, text, _ = self.tokens[self.place]
        return text if kind == "sign" else ""

    def take(self) -> Token:
        self.place += 1
        return self.tokens[self.place - 1]

    def expect(self, sign: str, why: str) -> None:
        if self.sign != sign:
            raise self.fail(f"{sign!r} is missing {why}.", self.tokens[self.place][2])
        self.take()

    def formula(self) -> Node:
        """The whole text."""
        if self.tokens[0][0] == "end":
            raise self.fail("The formula is empty.", 0)
        node = self.sum()
        if self.sign in COMPARISONS:
            _, sign, position = self.take()
            if not self.comparison:
                raise self.fail(f"A comparison ({sign}) has no place here: a number is wanted.", position)
            node = self.node(COMPARISONS[sign], (node, self.sum()), position)
        kind, text, position = self.tokens[self.place]
        if text in COMPARISONS:
            raise self.fail("Only one comparison is possible.", position)
        if kind in ("number", "name") or text == "(":
            raise self.fail(f"An operator such as * is missing before {text[:20]!r}.", position)
        if text == "," and self.tokens[self.place - 1][0] == self.tokens[self.place + 1][0] == "number":
            raise self.fail("Write a decimal point instead of the comma.", position)
        if kind != "end":
            raise self.fail(f"{text!r} has no place here.", position)
        return node

    def sum(self) -> Node:
        node = self.product()
        while self.sign in SUMS:
            _, sign, position = self.take()
            node = self.node(SUMS[sign], (node, self.product()), position)
        return node

    def product(self) -> Node:
        node, divided = self.signed(), False
        while self.sign in PRODUCTS or self.stands_beside():
            kind, sign, position = self.tokens[self.place]
            if kind != "sign" or sign == "(":
                if divided or self.raised():
                    raise self.fail("This can be read in two ways: write * or parentheses.", position)
                node = self.node("multiply", (node, self.power()), position)
                continue
            self.take()
            divided = sign == "/"
            node = self.node(PRODUCTS[sign], (node, self.signed()), position)
        return node

    def stands_beside(self) -> bool:
        """Whether what comes next is a factor without a sign: a name or a parenthesis after a number, a power written
        above the line, pi, or a closed parenthesis."""
        (kind, text, _), (before, last, _) = self.tokens[self.place], self.tokens[self.place - 1]
        closed = before in ("number", "raised") or last == ")" or (before == "name" and last.lower() == "pi")
        return closed and (kind == "name" or text == "(")

    def raised(self) -> bool:
        """Whether what was just read is a bare exponent, as the 2 of ``e^2x``."""
        place = self.place - 2
        while place > 0 and self.tokens[place][1] in ("+", "-"):
            place -= 1
        return place > 0 and self.tokens[place][1] in ("**", "^") and self.tokens[self.place - 1][1] != ")"

    def signed(self) -> Node:
        """A power with signs before it: −x**2 is −(x**2)."""
        self.depth += 1
        if self.depth > DEPTH:
            raise self.fail(f"The formula is nested more than {DEPTH} deep.", self.tokens[self.place][2])
        if self.sign in ("+", "-"):
            _, sign, position = self.take()
            node = self.signed()
            node = self.node("negative", (node,), position) if sign == "-" else node
        else:
            node = self.power()
        self.depth -= 1
        return node

    def power(self) -> Node:
        base = self.primary()
        while self.tokens[self.place][0] == "raised":
            base = self.above(base)
        if self.sign not in ("**", "^"):
            return base
        _, _, position = self.take()
        return self.to_the(base, self.signed(), position)

    def above(self, base: Node) -> Node:
        """A power whose exponent is written above the line: x² or x⁻¹."""
        _, text, position = self.take()
        exponent = Node("number", value=abs(float(text)), position=position)
        if text.startswith("-"):
            exponent = Node("negative", (exponent,), value=float(text), position=position)
        return self.to_the(base, exponent, position)

    def to_the(self, base: Node, exponent: Node, position: int) -> Node:
        """A power, unless its exponent is too large."""
        if exponent.value is not None and abs(exponent.value) > EXPONENT:
            raise self.fail(f"An exponent may be at most {EXPONENT}.", exponent.position)
        return self.node("power", (base, exponent), position)

    def primary(self) -> Node:
        kind, text, position = self.take()
        if kind == "number":
            return self.checked(Node("number", value=float(text), position=position))
        if kind == "name":
            return self.named(text, position)
        if text == "(":
            node = self.sum()
            self.expect(")", "to close the parenthesis")
            return node
        if kind == "end":
            raise self.fail("The formula ends too early.", position)
        raise self.fail(f"A number, a name or a parenthesis is wanted before {text!r}.", position)

    def named(self, name: str, position: int) -> Node:
        """A variable, a constant or a function call."""
        written, name = name, self.meant(name)
        if name in self.names:
            return Node("name", name=name, position=position)
        if name in CONSTANTS:
            return Node("name", name=name, value=CONSTANTS[name], position=position)
        if name not in FUNCTIONS:
            known = ", ".join([*self.names, *CONSTANTS, *FUNCTIONS])
            raise self.fail(f"{written[:20]!r} is not known here; there are {known}.", position)
        self.expect("(", f"after {name}")
        arguments = [self.sum()]
        while self.sign == ",":
            self.take()
            arguments.append(self.sum())
        self.expect(")", f"to close {name}")
        wanted = 2 if name in PAIRS else 1
        if len(arguments) != wanted:
            raise self.fail(f"{name} takes {wanted} argument{'s' * (wanted > 1)}, not {len(arguments)}.", position)
        return self.node(name, tuple(arguments), position)

    def meant(self, name: str) -> str:
        """The name as it is known here: capitals do not matter where only one name is spelt like it."""
        known = [*self.names, *CONSTANTS, *FUNCTIONS, *SYNONYMS]
        alike = [other for other in known if other.lower() == name.lower()]
        meant = name if name in known else alike[0] if len(alike) == 1 else name
        return SYNONYMS.get(meant, meant) if meant not in self.names else meant

    def node(self, operation: str, children: tuple[Node, ...], position: int) -> Node:
        """An operation, computed at once if it contains no name."""
        if any(child.value is None for child in children):
            return Node(operation, children, position=position)
        numbers = [torch.tensor(child.value, dtype=torch.float64) for child in children]
        return self.checked(Node(operation, children, value=float(APPLY[operation](*numbers)), position=position))

    def checked(self, node: Node) -> Node:
        if node.value is None:
            return node
        if not math.isfinite(node.value) and node.operation != "number":
            raise self.fail("This part has no finite value.", node.position)
        if abs(node.value) > LARGEST:
            raise self.fail(f"This number is larger than {LARGEST:.0e}.", node.position)
        return node
