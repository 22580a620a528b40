"""How things were made, as text: a network's or data set's call, an objective, broken into lines where it is long.

Only calls of functions of the shared module (or classes that are written out in a file) with literal arguments are
taken, so that nothing a learner typed can become code.
"""

import ast
import inspect
from collections.abc import Callable
from dataclasses import dataclass, is_dataclass
from functools import lru_cache, partial
from importlib import import_module
from pathlib import Path
from pprint import pformat

from core.bundling.bundle import Root
from core.bundling.sources import is_core_module, origin

WIDTH = 112  # columns beyond which a call is broken into lines


@dataclass(frozen=True)
class Made:
    """How a network or a data set was made: the function's name, the call as text, the definitions it needs."""

    name: str
    call: str
    roots: tuple[Root, ...]


def origin_of(thing: object) -> Made:
    """How ``thing`` was made, from its ``source``. Only a call with literal arguments is taken."""
    package = "core.data" if hasattr(thing, "x_test") else "core.models"
    kind, source = type(thing), getattr(thing, "source", "")
    what = "data" if package == "core.data" else f"network {kind.__name__}"
    make = made if len(source) < 5000 else made.__wrapped__  # long ones would fill the cache's memory
    return make(source, what, package, kind if kind.__name__ == source.partition("(")[0] else None)


@lru_cache(maxsize=256)
def made(source: str, what: str, package: str, kind: type | None) -> Made:
    """A source taken apart; raises ValueError, one sentence, if it is not a call of something that is written out."""
    try:
        call = ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        call = None
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and is_plain(call)):
        raise ValueError(f"There is no program for this {what}: it does not say by which call it was made.")
    name = call.func.id
    function = kind or shared(name, package)
    if function is None:
        raise ValueError(f"There is no program for this {what}: {name} is not part of the shared module.")
    inner = [made(ast.unparse(part), what, package, None) for part in parts(call) if isinstance(part, ast.Call)]
    text = source
    if "download" in inspect.signature(function).parameters:
        text = source[:-1] + (", " if parts(call) else "") + "download=True)"
    root = root_of(function)
    nested = tuple(one for each in inner for one in each.roots)
    return Made(name, broken(text), (root._replace(settings=settings_of(function, call)), *nested))


def shared(name: str, package: str) -> Callable | None:
    """A function of the shared module by name."""
    return getattr(import_module(package), name, None) or (own(name) if package == "core.data" else None)


def own(name: str) -> Callable | None:
    """A data function for what the learner brings."""
    return getattr(import_module("core.data.own"), name, None)


def parts(call: ast.Call) -> list[ast.expr]:
    """The arguments of a call."""
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def is_plain(call: ast.Call) -> bool:
    """Whether every argument is a literal, or a call like this one: ``with_inputs(spiral(seed=1), ("x", "xy"))``."""
    return all(keyword.arg for keyword in call.keywords) and all(map(is_taken, parts(call)))


def is_taken(node: ast.expr) -> bool:
    """Whether an argument is a literal or a call by name of literals."""
    return is_plain(node) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else is_literal(node)


def is_literal(node: ast.expr) -> bool:
    """Whether an expression is a value written out: numbers, words, and lists, tuples and dictionaries of them."""
    allowed = ast.Constant | ast.Tuple | ast.List | ast.Set | ast.Dict | ast.UnaryOp | ast.USub | ast.UAdd | ast.Load
    return all(
        isinstance(part, allowed) or (isinstance(part, ast.Name) and part.id in ("inf", "nan"))
        for part in ast.walk(node)
    )


def settings_of(function: Callable, call: ast.Call) -> tuple[tuple[str, object], ...]:
    """What a class is called with, parameter by parameter: its constructor's branches are decided by it."""
    if not inspect.isclass(function):
        return ()
    parameters = inspect.signature(function).parameters
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    plain = [name for name, one in parameters.items() if one.kind is one.POSITIONAL_OR_KEYWORD]
    given |= dict(zip(plain, call.args, strict=False)) if len(plain) == len(parameters) else {}
    known = {name: ast.literal_eval(given[name]) if name in given else one.default for name, one in parameters.items()}
    return tuple((name, (value,)) for name, value in known.items() if isinstance(value, bool | int | float | str))


def expressed(objective: Callable) -> tuple[str, list[Root]]:
    """An objective as an expression: a function's name, a partial of one, or a frozen dataclass with its settings."""
    if isinstance(objective, partial) and not objective.args:
        text, roots = expressed(objective.func)
        settings = "".join(f", {name}={value!r}" for name, value in objective.keywords.items())
        return f"partial({text}{settings})", roots
    if is_dataclass(objective):
        return repr(objective), [root_of(type(objective))]
    if inspect.isfunction(objective) and objective.__name__ == objective.__qualname__ != "<lambda>":
        return objective.__name__, [root_of(objective)]
    raise ValueError("There is no program for this objective: it is not a function at the top level of a file.")


@lru_cache(maxsize=128)
def root_of(thing: Callable) -> Root:
    """Where a function or class is written out."""
    thing = inspect.unwrap(thing)
    if is_core_module(thing.__module__):
        return Root(*origin(thing.__module__, thing.__name__))
    parts = [thing, *vars(thing).values()] if inspect.isclass(thing) else [thing]
    path = next((Path(part.__code__.co_filename) for part in parts if hasattr(part, "__code__")), None)
    if path is None or not path.is_file():
        raise ValueError(f"There is no program for {thing.__name__}: its file is not there to be read.")
    return Root(thing.__module__, thing.__name__, path, path.stat().st_mtime_ns)


def broken(call: str) -> str:
    """A call, in one line or with one argument per line."""
    if len(call) <= WIDTH:
        return call
    node = ast.parse(call, mode="eval").body
    pieces = [("", part) for part in node.args] + [(f"{part.arg}=", part.value) for part in node.keywords]
    return f"{node.func.id}(\n" + "".join(f"    {name}{literal(call, part)},\n" for name, part in pieces) + ")"


def literal(text: str, node: ast.expr) -> str:
    """An argument as it stands, or in several lines if it is long."""
    found = ast.get_source_segment(text, node)
    if len(found) <= WIDTH or any(isinstance(part, ast.Name) for part in ast.walk(node)):
        return found
    return pformat(ast.literal_eval(node), width=WIDTH - 8, compact=True, sort_dicts=False).replace("\n", "\n    ")
