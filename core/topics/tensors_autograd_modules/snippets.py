"""A small language for autograd: a few lines of PyTorch, read by our own grammar. Nothing typed is executed as Python.

Statements are separated by ``;``: ``x = tensor(2.0, requires_grad=True)``, ``y = x * x``, in place ``y += 1`` or
``y.exp_()``, ``y.backward(retain_graph=True)``, ``g = grad(y, x, create_graph=True)``, ``with no_grad: y = 2 * x``.
"""

import keyword
import re
from collections.abc import Callable
from dataclasses import dataclass

from core.formulas.tokens import ExpressionError

LONGEST, MOST_STATEMENTS, DEPTH, LARGEST = 400, 16, 12, 1e6
FUNCTIONS = ("sin", "cos", "exp", "log", "tanh", "sigmoid", "relu", "sqrt", "square", "abs", "sum", "mean")
METHODS = (*FUNCTIONS, "detach", "clone")
IN_PLACE = ("exp_", "sin_", "relu_", "sigmoid_", "tanh_", "zero_", "neg_", "square_", "detach_", "requires_grad_")
OPTIONS = ("requires_grad", "retain_graph", "create_graph")
TOKEN = re.compile(
    r"(?P<space>\s+|torch\.)|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_][A-Za-z_0-9]*)"
    r"|(?P<sign>\*\*|[-+*/]=|[-+*/@=().,:;\[\]])",
    re.ASCII,
)
WORDS = ("no_grad", "tensor", "grad", "autograd", "torch", "result", "error", *FUNCTIONS)


@dataclass(frozen=True)
class Term:
    """An expression: ``kind`` is "number", "name", "tensor", "gradient", "sign", "negative", "call", "method" or
    ``grad`` ("torch.autograd.grad"); ``text`` the name, sign or function; ``options`` keywords set to True."""

    kind: str
    text: str = ""
    parts: tuple["Term", ...] = ()
    values: tuple[float, ...] = ()
    options: tuple[str, ...] = ()

    @property
    def python(self) -> str:
        """The term as PyTorch writes it."""
        inner = [part.python for part in self.parts]
        keywords = [f"{option}=True" for option in self.options]
        match self.kind:
            case "number":
                value = self.values[0]
                return str(int(value)) if value == int(value) else repr(value)
            case "name":
                return self.text
            case "tensor":
                values = repr(list(self.values)) if self.text == "list" else repr(self.values[0])
                return f"torch.tensor({', '.join([values, *keywords])})"
            case "gradient":
                return f"{inner[0]}.grad"
            case "sign":
                return f"({inner[0]} {self.text} {inner[1]})"
            case "negative":
                return f"(-{inner[0]})"
            case "call":
                return f"torch.{self.text}({', '.join(inner)})"
            case "method":
                return f"{inner[0]}.{self.text}({', '.join(keywords)})"
        return f"torch.autograd.grad({', '.join([*inner, *keywords])})[0]"


@dataclass(frozen=True)
class Statement:
    """One line: ``name`` is set to ``term`` (``sign`` "="), changed in place ("+=", …) or, without a sign, the term is
    computed for what it does. ``quiet``: under ``torch.no_grad()``. ``position`` is its place in the text."""

    term: Term
    name: str = ""
    sign: str = ""
    quiet: bool = False
    position: int = 0

    @property
    def python(self) -> str:
        """The line as Python."""
        value = self.term.python
        value = value[1:-1] if self.term.kind in ("sign", "negative") else value
        line = f"{self.name} {self.sign} {value}" if self.sign else value
        return f"with torch.no_grad():\n    {line}" if self.quiet else line


def tokens_of(text: str) -> list[tuple[str, str, int]]:
    """The snippet as (kind, text, position), with an end mark."""
    if len(text) > LONGEST:
        raise ExpressionError(f"A snippet may have at most {LONGEST} characters.", LONGEST, text)
    tokens, position = [], 0
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None:
            raise ExpressionError(f"The character {text[position]!a} has no place in a snippet.", position, text)
        if match.lastgroup != "space":
            tokens.append((match.lastgroup, match.group(), position))
        position = match.end()
    return [*tokens, ("end", "", len(text))]


class Parser:
    """Reads one snippet by recursive descent: sums, products, signs, powers, then calls, methods and names."""

    def __init__(self, text: str) -> None:
        self.text, self.tokens, self.place, self.depth = text, tokens_of(text), 0, 0

    @property
    def next(self) -> str:
        """The text of the next token."""
        return self.tokens[self.place][1]

    def fail(self, message: str) -> ExpressionError:
        return ExpressionError(message, self.tokens[self.place][2], self.text)

    def take(self) -> str:
        self.place += 1
        return self.tokens[self.place - 1][1]

    def accept(self, sign: str) -> bool:
        """Take a sign if it is next."""
        found = self.next == sign
        self.place += found
        return found

    def expect(self, sign: str, where: str) -> None:
        if not self.accept(sign):
            raise self.fail(f"{sign!r} is missing {where}.")

    def name(self, known: tuple[str, ...], what: str) -> str:
        """Take one of the known names."""
        if self.next not in known:
            raise self.fail(f"{self.next[:20]!r} is no {what} here; there are {', '.join(known)}.")
        return self.take()

    def snippet(self) -> tuple[Statement, ...]:
        """The whole text."""
        statements = []
        while self.tokens[self.place][0] != "end":
            if self.accept(";"):
                continue
            statements.append(self.statement())
            if self.tokens[self.place][0] != "end":
                self.expect(";", "between two statements")
        if not statements:
            raise self.fail("The snippet is empty: begin with x = tensor(2.0, requires_grad=True).")
        if len(statements) > MOST_STATEMENTS:
            raise self.fail(f"A snippet may have at most {MOST_STATEMENTS} statements.")
        return tuple(statements)

    def statement(self) -> Statement:
        position, quiet = self.tokens[self.place][2], False
        if self.accept("with"):
            self.name(("no_grad",), "context")
            if self.accept("("):
                self.expect(")", "after no_grad(")
            self.expect(":", "after with no_grad")
            quiet = True
        kind, name, _ = self.tokens[self.place]
        sign = self.tokens[self.place + 1][1] if kind == "name" else ""
        if sign in ("=", "+=", "-=", "*=", "/="):
            if name in WORDS or keyword.iskeyword(name) or len(name) > 12:
                raise self.fail(f"{name[:20]!r} cannot be the name of a tensor here.")
            self.place += 2
            return Statement(self.sum(), name, sign, quiet, position)
        term = self.sum()
        if term.kind != "method":
            raise self.fail("A statement sets a name, as in y = x * x, or calls a method, as in y.backward().")
        return Statement(term, quiet=quiet, position=position)

    def chain(self, below: Callable[[], Term], signs: tuple[str, ...]) -> Term:
        term = below()
        while self.next in signs:
            sign = self.take()
            term = Term("sign", sign, (term, below()))
        return term

    def sum(self) -> Term:
        self.depth += 1
        if self.depth > DEPTH:
            raise self.fail(f"This is nested more than {DEPTH} deep.")
        term = self.chain(self.product, ("+", "-"))
        self.depth -= 1
        return term

    def product(self) -> Term:
        return self.chain(self.signed, ("*", "/", "@"))

    def signed(self) -> Term:
        if not self.accept("-"):
            return self.power()
        self.depth += 1
        if self.depth > DEPTH:
            raise self.fail(f"This is nested more than {DEPTH} deep.")
        term = self.signed()
        self.depth -= 1
        return Term("negative", parts=(term,))

    def power(self) -> Term:
        base = self.methods()
        return Term("sign", "**", (base, self.signed())) if self.accept("**") else base

    def methods(self) -> Term:
        """A primary with ``.grad`` and methods behind it."""
        term = self.primary()
        while self.accept("."):
            if self.accept("grad"):
                term = Term("gradient", parts=(term,))
                continue
            name = self.name((*METHODS, *IN_PLACE, "backward"), "method")
            self.expect("(", f"after .{name}")
            options = self.options(("retain_graph",)) if name == "backward" else ()
            self.expect(")", f"to close .{name}(")
            term = Term("method", name, (term,), options=options)
        return term

    def options(self, known: tuple[str, ...]) -> tuple[str, ...]:
        """Keywords: those that are True."""
        found = []
        while self.next in OPTIONS:
            name = self.name(known, "keyword")
            self.expect("=", f"after {name}")
            if self.name(("True", "False"), "value") == "True":
                found.append(name)
            if not self.accept(","):
                break
        return tuple(found)

    def primary(self) -> Term:
        kind, text, _ = self.tokens[self.place]
        if kind == "number":
            return Term("number", values=(self.number(),))
        if self.accept("("):
            term = self.sum()
            self.expect(")", "to close the parenthesis")
            return term
        if kind != "name":
            raise self.fail("A number, a name or a parenthesis is wanted here.")
        self.take()
        if text == "tensor":
            return self.tensor()
        if text in ("grad", "autograd"):
            return self.gradient(text)
        if text in FUNCTIONS:
            self.expect("(", f"after {text}")
            term = self.sum()
            self.expect(")", f"to close {text}(")
            return Term("call", text, (term,))
        return Term("name", text)

    def gradient(self, text: str) -> Term:
        if text == "autograd":
            self.expect(".", "after autograd")
            self.expect("grad", "after autograd.")
        self.expect("(", "after grad")
        of = self.sum()
        self.expect(",", "between what is derived and the tensor to derive by")
        by = self.sum()
        options = self.options(("retain_graph", "create_graph")) if self.accept(",") else ()
        self.expect(")", "to close grad(")
        if self.accept("["):  # torch.autograd.grad gives a tuple; ours is its only element already
            self.expect("0", "as the place in grad's answer")
            self.expect("]", "to close [0")
        return Term("grad", parts=(of, by), options=options)

    def number(self) -> float:
        value = float(self.take())
        if value > LARGEST:
            self.place -= 1
            raise self.fail(f"A number may be at most {LARGEST:,.0f} here.")
        return value

    def tensor(self) -> Term:
        """The values of ``tensor(…)`` and whether it wants a gradient."""
        self.expect("(", "after tensor")
        listed, values = self.accept("["), []
        while not values or (listed and self.accept(",")):
            sign = -1.0 if self.accept("-") else 1.0
            if self.tokens[self.place][0] != "number":
                raise self.fail("A tensor holds numbers, as in tensor([1.0, 2.0]).")
            values.append(sign * self.number())
        if listed:
            self.expect("]", "to close the list")
        if len(values) > 4:
            raise self.fail("A tensor may hold at most 4 numbers here.")
        options = self.options(("requires_grad",)) if self.accept(",") else ()
        self.expect(")", "to close tensor(")
        return Term("tensor", "list" if listed else "", values=tuple(values), options=options)


def snippet_of(text: str) -> tuple[Statement, ...]:
    """Read a snippet. Raises ``ExpressionError``, which points at the place."""
    return Parser(text.replace("\n", ";")).snippet()
