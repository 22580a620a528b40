"""A module's text taken apart: its definitions, what each of them mentions, and where in the text that stands.

Positions are byte offsets, because Python counts columns in UTF-8 bytes.
"""

import ast
import dis
import importlib.util
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from types import CodeType
from typing import NamedTuple

FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef


class Span(NamedTuple):
    """A stretch of a module's text, in bytes."""

    start: int
    end: int

    def holds(self, other: "Span") -> bool:
        """Whether the other stretch lies within this one."""
        return self.start <= other.start and other.end <= self.end

    def within(self, others: Iterable["Span"]) -> bool:
        """Whether this stretch lies in one of several."""
        return any(one.start <= self.start and self.end <= one.end for one in others)


class Reference(NamedTuple):
    """A global name that a definition mentions. ``eager``: it must exist when the definition is executed, not only
    when it is called. ``looked_up``: it stands before square brackets."""

    name: str
    span: Span
    eager: bool
    looked_up: bool = False
    attribute: str = ""  # of a module: ``objectives.hinge`` mentions ``hinge`` of ``objectives``


class Definition:
    """One statement of a module that gives names to things: a function, a class, a constant."""

    def __init__(self, source: "Source", node: ast.stmt) -> None:
        self.source, self.node = source, node
        self.span = source.lines_of(node)
        self.names = dict(source.bound_names(node))
        self.references: list[Reference] = []

    def __repr__(self) -> str:
        return f"<{self.source.name}: {', '.join(self.names)}>"


class Source:
    """The text of one module, its definitions by name, and its imports as name → (module, attribute or '')."""

    def __init__(self, name: str, path: Path) -> None:
        self.name, self.path = name, path
        self.text = path.read_bytes()
        self.tree = ast.parse(self.text)
        self.starts = [0, *accumulate(len(line) for line in self.text.splitlines(keepends=True))]
        self.imports = {name: target for node in self.tree.body for name, target in imported(node)}
        self.definitions: dict[str, Definition] = {}
        for node in self.tree.body:
            if isinstance(node, FUNCTIONS | ast.ClassDef | ast.Assign | ast.AnnAssign):
                definition = Definition(self, node)
                self.definitions |= dict.fromkeys(definition.names, definition)
        self._assign_references()

    def span(self, node: ast.AST) -> Span:
        """Where a node stands."""
        return Span(
            self.starts[node.lineno - 1] + node.col_offset, self.starts[node.end_lineno - 1] + node.end_col_offset
        )

    def lines_of(self, node: ast.stmt) -> Span:
        """The whole lines of a statement, with its decorators and the comment above it."""
        decorators = getattr(node, "decorator_list", [])
        first = min(part.lineno for part in [node, *decorators]) - 1
        while first and self.line(first - 1).lstrip().startswith(b"#"):
            first -= 1
        return Span(self.starts[first], self.starts[node.end_lineno])

    def indent(self, span: Span) -> str:
        """The spaces that a stretch of whole lines begins with."""
        text = self.text[span.start : span.end].decode()
        return text[: len(text) - len(text.lstrip(" "))]

    def line(self, number: int) -> bytes:
        """A line of the text, counted from 0."""
        return self.text[self.starts[number] : self.starts[number + 1]]

    def bound_names(self, node: ast.stmt) -> Iterator[tuple[str, Span]]:
        """The names a top-level statement defines, and where."""
        if isinstance(node, FUNCTIONS | ast.ClassDef):
            word = b"class" if isinstance(node, ast.ClassDef) else b"def"
            start = self.text.index(node.name.encode(), self.text.index(word, self.span(node).start) + len(word))
            yield node.name, Span(start, start + len(node.name.encode()))
            return
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            for part in ast.walk(target):
                if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                    yield part.id, self.span(part)

    def _assign_references(self) -> None:
        looked_up, attributes = set(), {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
                looked_up.add(self.span(node.value))
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                attributes[self.span(node.value)] = node
        each = sorted({id(one): one for one in self.definitions.values()}.values(), key=lambda one: one.span)
        starts = [one.span.start for one in each]
        for name, span, eager in self._mentions(compile(self.tree, str(self.path), "exec"), True):
            owner = each[max(bisect_right(starts, span.start) - 1, 0)] if each else None
            if owner is None or not owner.span.holds(span) or span in owner.names.values():
                continue
            module = self.imports.get(name)
            if module and span in attributes and is_core_module(".".join(filter(None, module))):
                node = attributes[span]
                owner.references.append(Reference(name, self.span(node), eager, False, node.attr))
            else:
                owner.references.append(Reference(name, span, eager, span in looked_up))

    def _mentions(self, code: CodeType, eager: bool) -> Iterator[tuple[str, Span, bool]]:
        """Every load of a global name, as the compiler sees it: parameters and local variables are none."""
        stored = {step.argval for step in dis.get_instructions(code) if step.opname == "STORE_NAME"}
        local = stored if code.co_name != "<module>" else set()
        for step in dis.get_instructions(code):
            at = step.positions
            is_global = step.opname == "LOAD_GLOBAL" or (step.opname == "LOAD_NAME" and step.argval not in local)
            if is_global and at and at.lineno and at.col_offset is not None:
                start = self.starts[at.lineno - 1] + at.col_offset
                yield step.argval, Span(start, self.starts[at.end_lineno - 1] + at.end_col_offset), eager
        for part in code.co_consts:
            if isinstance(part, CodeType):
                runs_now = part.co_name in ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>", "__annotate__")
                is_class = "__module__" in part.co_names and not part.co_flags & 0x02
                yield from self._mentions(part, eager and (runs_now or is_class))


def imported(node: ast.stmt) -> Iterator[tuple[str, tuple[str, str]]]:
    """The names an import statement binds, each with its module and attribute."""
    if isinstance(node, ast.ImportFrom):
        for alias in node.names:
            yield alias.asname or alias.name, (node.module or "", alias.name)
    elif isinstance(node, ast.Import):
        for alias in node.names:
            yield alias.asname or alias.name.split(".")[0], (alias.name, "")


@lru_cache(maxsize=1024)
def is_core_module(name: str) -> bool:
    """Whether a dotted name is a module of this project."""
    if name != "core" and not name.startswith("core."):
        return False
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def source_of(name: str, path: Path | None = None, changed: int = 0) -> Source:
    """A module's text, read once; ``path`` for a file that is not a module of the project, and when it was changed."""
    return _read(name, path or Path(importlib.util.find_spec(name).origin), changed)


@lru_cache(maxsize=512)
def _read(name: str, path: Path, changed: int) -> Source:
    return Source(name, path)


def origin(module: str, name: str) -> tuple[str, str]:
    """Where a name of a core module is really defined, through any number of re-exports; the module and the name there.

    The name is '' if it stands for the module itself.
    """
    if is_core_module(f"{module}.{name}") and name not in source_of(module).imports:
        return f"{module}.{name}", ""
    source = source_of(module)
    if name in source.imports and name not in source.definitions:
        there, attribute = source.imports[name]
        return origin(there, attribute) if is_core_module(there) and attribute else (there, attribute)
    return module, name
