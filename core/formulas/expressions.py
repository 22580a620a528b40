"""Formulas that learners type, through one safe parser: a value, a gradient, a graph, Python source and LaTeX.

``parse("y > sin(2*x)", ("x", "y"), comparison=True)`` is a function of two tensors; ``core.formulas.grammar`` says
what can be written. Nothing typed is ever executed as Python.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.formulas.grammar import APPLY, COMPARISONS, CONSTANTS, FUNCTIONS, Node, Parser
from core.formulas.notation import latex_of, python_of
from core.formulas.tokens import ExpressionError

__all__ = ["CONSTANTS", "FUNCTIONS", "Expression", "ExpressionError", "Node", "Step", "parse"]


@dataclass(frozen=True)
class Step:
    """One node of a computation graph: its value, and the places of its inputs among the steps."""

    node: Node
    inputs: tuple[int, ...]
    value: Tensor


@dataclass(frozen=True)
class Expression:
    """A formula in the variables ``names``; call it with a tensor for each, in this order or by name.

    The answer has the variables' common shape and is differentiable by autograd; a comparison answers with bool.
    """

    text: str
    names: tuple[str, ...]
    root: Node

    def __call__(self, *values: Tensor, **named: Tensor) -> Tensor:
        inputs = self.bound(values, named)
        shape = torch.broadcast_shapes(*(value.shape for value in inputs.values()))
        result = evaluated(self.root, inputs)
        if not isinstance(result, Tensor):
            dtype = torch.bool if self.compares else None
            return torch.full_like(next(iter(inputs.values())), result, dtype=dtype).expand(shape)
        return result if result.shape == shape else result.expand(shape)

    @property
    def compares(self) -> bool:
        """Whether the formula is a comparison, whose answer is true or false."""
        return self.root.operation in COMPARISONS.values()

    def trace(self, *values: Tensor, **named: Tensor) -> list[Step]:
        """The computation graph, inputs before their users, the answer last; a variable used twice is one node.

        Where a variable requires a gradient, ``torch.autograd.grad`` gives that of any later value for any earlier one.
        """
        inputs, steps, places = self.bound(values, named), [], {}
        like = next(iter(inputs.values()))

        def visit(node: Node) -> int:
            if node in places:
                return places[node]
            children = tuple(visit(child) for child in node.children)
            known = [steps[place].value if steps[place].node.value is None else steps[place].node.value
                     for place in children]  # fmt: skip
            value = inputs.get(node.name) if node.value is None else like.new_tensor(node.value)
            steps.append(Step(node, children, APPLY[node.operation](*known) if value is None else value))
            if node.operation == "name" and node.value is None:
                places[node] = len(steps) - 1
            return len(steps) - 1

        visit(self.root)
        return steps

    def bound(self, values: tuple[Tensor, ...], named: dict[str, Tensor]) -> dict[str, Tensor]:
        """The variables by name; raises ``TypeError`` unless each has exactly one tensor."""
        inputs = dict(zip(self.names, values, strict=False)) | named
        if len(values) + len(named) != len(self.names) or set(inputs) != set(self.names):
            raise TypeError(f"{self.text!r} takes one tensor for each of {', '.join(self.names)}.")
        return inputs

    def python(self) -> str:
        """The formula as Python source over torch tensors; it needs ``math``, ``torch`` and the variables."""
        if self.root.value is not None:
            value = f"{bool(self.root.value)}, dtype=torch.bool" if self.compares else repr(self.root.value)
            return f"torch.full_like({self.names[0]}, {value})"
        return python_of(self.root)

    def latex(self) -> str:
        """The formula as LaTeX, without dollar signs."""
        return latex_of(self.root)


def evaluated(node: Node, inputs: dict[str, Tensor]) -> Tensor | float:
    """The value of a node; a number if it contains no name."""
    if node.value is not None:
        return node.value
    if node.operation == "name":
        return inputs[node.name]
    return APPLY[node.operation](*(evaluated(child, inputs) for child in node.children))


def parse(text: str, names: Sequence[str] = ("x",), comparison: bool = False) -> Expression:
    """Read a formula in the variables ``names``; ``comparison`` allows one comparison, as in ``y > sin(2*x)``.

    Raises ``ExpressionError``, which points at the place, for anything that is no such formula, is longer than 200
    characters, nested deeper than 30, or holds a number or a constant part beyond 1e12 or an exponent beyond 100.
    """
    for name in names:
        if not name.isidentifier() or name in CONSTANTS or name in FUNCTIONS:
            raise ValueError(f"A variable cannot be called {name!r}.")
    return Expression(text, tuple(names), Parser(text, tuple(names), comparison).formula())
