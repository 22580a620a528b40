"""Which branches are decided: the tests of a definition that are about known settings, and their answers."""

import ast
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType
from typing import NamedTuple

from core.bundling.sources import FUNCTIONS, Definition


class Known(NamedTuple):
    """Values that functions are known to be called with: parameter name → the values in all calls."""

    values: tuple[tuple[str, tuple[object, ...]], ...] = ()

    def answer(self, test: "Test") -> bool | None:
        """Whether a test is true in all calls or false in all of them; None if that is not known."""
        values = [pair for pair in self.values if pair[0] in test.names]
        answers = set()
        for call in range(max((len(each) for _, each in values), default=0)):
            here = {name: each[min(call, len(each) - 1)] for name, each in values}
            try:
                answers.add(
                    bool(eval(test.code, {"__builtins__": {}}, here))
                )  # the project's own text, names given here
            except (NameError, AttributeError, TypeError):
                return None
        return answers.pop() if len(answers) == 1 else None

    def words(self) -> frozenset[str]:
        """The names (of an optimizer, of a schedule) among the known settings."""
        settings = [vars(value) for _, each in self.values for value in each if hasattr(value, "__dict__")]
        return frozenset(word for setting in settings for word in setting.values() if isinstance(word, str))


class Test(NamedTuple):
    """An expression that decides what runs, compiled, with the parameters that it is about."""

    node: ast.expr
    code: CodeType
    names: frozenset[str]


@lru_cache(maxsize=4096)
def tests(definition: Definition, names: frozenset[str]) -> tuple[Test, ...]:
    """The tests of a definition that mention parameters called ``names`` which keep their value."""
    return tuple(_tests(definition.node, names, frozenset()))


def _tests(node: ast.AST, names: frozenset[str], sight: frozenset[str]) -> Iterator[Test]:
    if isinstance(node, FUNCTIONS):
        sight = sight | (names & steady_parameters(node))
    test = node.value.values[0] if is_default(node) else getattr(node, "test", None)
    if sight and test is not None and isinstance(node, ast.If | ast.IfExp | ast.Assign):
        about = sight & {part.id for part in ast.walk(test) if isinstance(part, ast.Name)}
        if about:
            yield Test(test, compile(ast.Expression(test), "", "eval"), about)
    for child in ast.iter_child_nodes(node):
        yield from _tests(child, names, sight)


def steady_parameters(node: ast.FunctionDef) -> set[str]:
    """The parameters of a function that stay what they are (``name = name or default`` aside)."""
    parameters = {part.arg for part in ast.walk(node.args) if isinstance(part, ast.arg)}
    defaults = {id(part.targets[0]) for part in ast.walk(node) if is_default(part)}
    stored = {part.id for part in ast.walk(node) if is_stored(part) and id(part) not in defaults}
    return parameters - stored


def is_stored(node: ast.AST) -> bool:
    """Whether a node gives a name a value."""
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


def answers(definition: Definition, known: Known) -> tuple[bool | None, ...]:
    """What is known about each test of a definition."""
    return tuple(known.answer(test) for test in tests(definition, frozenset(name for name, _ in known.values)))


def is_default(node: ast.AST) -> bool:
    """``name = name or default``"""
    return (
        isinstance(node, ast.Assign)
        and isinstance(node.value, ast.BoolOp)
        and isinstance(node.value.op, ast.Or)
        and isinstance(node.value.values[0], ast.Name)
        and len(node.targets) == 1
        and getattr(node.targets[0], "id", None) == node.value.values[0].id
    )
