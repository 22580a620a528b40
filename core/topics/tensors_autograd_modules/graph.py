"""A snippet carried out by torch, and the graph of ``grad_fn`` that autograd has recorded by then."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from core.programs import Program, Step
from core.provenance import ClosedForm, Sourced
from core.topics.tensors_autograd_modules.snippets import Statement, Term, snippet_of

MOST_NODES = 40
REASONS = (  # a part of torch's sentence, and what it means
    ("modified by an inplace operation",
     "The backward pass of that operation needs the very numbers that were overwritten afterwards. Autograd counts the "
     "changes of each tensor (its version) and notices. Write the change as a new tensor, `y = y + 1`."),
    ("leaf Variable that requires grad",
     "x is a leaf, and its gradient is wanted at its value; changing it in place would leave no value to take it at. "
     "An optimizer's step does it under `torch.no_grad()`."),
    ("backward through the graph a second time",
     "The first `backward()` freed what the graph had saved. Ask for `retain_graph=True` the first time, or compute "
     "the value again."),
    ("does not require grad and does not have a grad_fn",
     "No graph leads from here to a tensor that wants a gradient: it was cut by `detach()` or `no_grad`, or none was "
     "asked for."),
    ("implicitly created only for scalar",
     "Only a single number has one gradient. Sum it, or take its mean, before `backward()`."),
    ("to not have been used in the graph", "No path leads from that tensor to the value."),
    ("size of tensor", "These shapes do not fit each other: see the view Broadcasting."),
    ("can't use Python", "Write the number as a tensor."),
)  # fmt: skip


class SnippetError(Exception):
    """What cannot be carried out, in a sentence, where torch itself would raise something other than its own errors."""


@dataclass(frozen=True)
class Node:
    """One function of the graph: autograd's name for it, the places of those that it hands gradients to, and the
    tensors' names that it made (or, of AccumulateGrad, the leaf's)."""

    title: str
    inputs: tuple[int, ...]
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Traced(Sourced):
    """A snippet after torch has carried it out. ``tensors`` by name; where torch refused, ``failed`` is the place of
    that statement and ``error`` its sentence. ``nodes`` is the graph, inputs of the forward pass first."""

    statements: tuple[Statement, ...]
    tensors: dict[str, Tensor] = field(compare=False)
    nodes: tuple[Node, ...]
    failed: int | None = None
    error: str = ""
    source = ClosedForm("autograd's own graph, read from grad_fn")

    @property
    def reason(self) -> str:
        """What torch's sentence means."""
        return next((reason for part, reason in REASONS if part in self.error), "")

    @property
    def gradients(self) -> dict[str, Tensor]:
        """The ``.grad`` of every named leaf that has one."""
        return {name: each.grad for name, each in self.tensors.items() if each.is_leaf and each.grad is not None}

    def backwards(self) -> int:
        """How many statements ask for a backward pass and were carried out."""
        done = self.statements[: self.failed]
        return sum(statement.term.text == "backward" for statement in done)


class Machine:
    """Carries out statements on real tensors, kept by name."""

    def __init__(self) -> None:
        self.tensors: dict[str, Tensor] = {}

    def run(self, statement: Statement) -> None:
        """One statement."""
        with torch.no_grad() if statement.quiet else contextlib.nullcontext():
            value = self.value(statement.term)
            if statement.sign == "=":
                if not isinstance(value, Tensor):
                    raise SnippetError(f"{statement.name} would be no tensor; write tensor(…) around a number.")
                self.tensors[statement.name] = value
            elif statement.sign:
                self.change(self.named(statement.name), statement.sign, value)

    def change(self, tensor: Tensor, sign: str, value) -> None:
        """``tensor += value`` and its like."""
        {"+=": tensor.add_, "-=": tensor.sub_, "*=": tensor.mul_, "/=": tensor.div_}[sign](value)

    def named(self, name: str) -> Tensor:
        if name not in self.tensors:
            raise SnippetError(f"There is no tensor {name} yet.")
        return self.tensors[name]

    def value(self, term: Term):
        """What an expression is worth: a tensor, a number, or None of a method that gives nothing."""
        if term.kind == "number":
            return term.values[0]
        if term.kind == "name":
            return self.named(term.text)
        if term.kind == "tensor":
            data = list(term.values) if term.text == "list" else term.values[0]
            return torch.tensor(data, dtype=torch.float32, requires_grad="requires_grad" in term.options)
        parts = [self.value(part) for part in term.parts]
        if term.kind == "sign":
            return self.joined(term.text, *parts)
        if term.kind == "negative":
            return -parts[0]
        first = parts[0]
        if not isinstance(first, Tensor):
            raise SnippetError(f"{term.text or 'grad'} wants a tensor.")
        if term.kind == "gradient":
            if not first.is_leaf:
                raise SnippetError("Only leaves keep a .grad; ask grad(…, …) for this one.")
            if first.grad is None:
                raise SnippetError("There is no gradient yet: .grad is None.")
            return first.grad
        if term.kind == "grad":
            if not isinstance(parts[1], Tensor):
                raise SnippetError("grad derives by a tensor.")
            retained = True if "retain_graph" in term.options else None
            return torch.autograd.grad(first, parts[1], None, retained, "create_graph" in term.options)[0]
        if term.kind == "call":
            return getattr(torch, term.text)(first)
        return getattr(first, term.text)(**dict.fromkeys(term.options, True))

    def joined(self, sign: str, first, second):
        """Two values and a sign between them."""
        if isinstance(first, float) and isinstance(second, float) and sign == "**" and first < 0:
            raise SnippetError("A negative number has no such power here; write it as a tensor.")
        return {
            "+": lambda: first + second, "-": lambda: first - second, "*": lambda: first * second,
            "/": lambda: first / second, "**": lambda: first**second, "@": lambda: first @ second,
        }[sign]()  # fmt: skip


def traced(text: str) -> Traced:
    """Carry out a snippet and read its graph. Raises ``ExpressionError`` for a text that is no snippet, and
    ``ValueError`` for a graph too large to draw."""
    statements, machine = snippet_of(text), Machine()
    for place, statement in enumerate(statements):
        try:
            machine.run(statement)
        except (SnippetError, RuntimeError, TypeError, ArithmeticError) as error:
            return Traced(statements, machine.tensors, graph_of(machine.tensors), place, first_lines(error))
    return Traced(statements, machine.tensors, graph_of(machine.tensors))


def first_lines(error: Exception) -> str:
    """What torch says, without its advice about debugging."""
    return " ".join(str(error).split("Hint:")[0].split("\n")[0].split())


def graph_of(tensors: dict[str, Tensor]) -> tuple[Node, ...]:
    """The functions that the named tensors' ``grad_fn`` lead back to, each after those that it leads to."""
    order: list = []
    seen: set = set()
    stack = [(each.grad_fn, False) for each in tensors.values() if each.grad_fn is not None]
    while stack:
        function, done = stack.pop()
        if done:
            order.append(function)
        elif function not in seen:
            seen.add(function)
            nearer = [each for each, _ in function.next_functions if each is not None]
            stack += [(function, True), *((each, False) for each in nearer)]
    if len(order) > MOST_NODES:
        raise ValueError(f"This graph has {len(order)} functions; at most {MOST_NODES} can be drawn.")
    places = {function: place for place, function in enumerate(order)}
    return tuple(node_of(function, places, tensors) for function in order)


def node_of(function, places: dict, tensors: dict[str, Tensor]) -> Node:
    """One function as it is drawn."""
    leaf = getattr(function, "variable", None)
    names = tuple(name for name, each in tensors.items() if each.grad_fn is function or each is leaf)
    inputs = tuple(places[each] for each, _ in function.next_functions if each is not None)
    return Node(type(function).__name__, inputs, names)


def alone(found: Traced) -> list[str]:
    """Names of tensors that no graph knows: no grad_fn, no gradient wanted, or a leaf that nothing uses."""
    drawn = {name for node in found.nodes for name in node.names}
    return [name for name in found.tensors if name not in drawn]


def python_of(statements: Sequence[Statement]) -> str:
    """The snippet as Python."""
    return "\n".join(statement.python for statement in statements)


def program_of_snippet(found: Traced) -> Program:
    """The snippet in PyTorch: values and gradients at its end, or torch's refusal."""
    lines = [python_of(found.statements[: found.failed])]
    if found.failed is not None:
        body = "\n".join(f"    {line}" for line in found.statements[found.failed].python.split("\n"))
        lines += ["try:", body, "except Exception as error:", "    print(error)"]
    values = {name: each.detach().tolist() for name, each in found.tensors.items()}
    values |= {f"{name}.grad": each.detach().tolist() for name, each in found.gradients.items()}
    listed = [f"{name!r}: {name}.tolist()" for name in values]
    lines.append(f"result = {{{', '.join(listed)}}}")
    return Program("Autograd", (Step("The snippet", "\n".join(lines)),), shown=values)
