"""What of a definition can run, once the settings are known. Nothing is rewritten: what cannot run is cut out.

Cut are: branches whose test is known to be false, the unused half of ``a if test else b``, checks that do nothing but
raise an error (the run exists, so none of them did), provenance, and all but the first paragraph of a docstring.
Optional, decided later by what the rest of the program mentions: methods, a recipe's fields, entries of look-up tables.
"""

import ast
import builtins
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from core.bundling.known import is_default, tests
from core.bundling.sources import FUNCTIONS, Definition, Reference, Source, Span, is_core_module, origin, source_of

PROVENANCE = {("core.data.data", "sourced")}  # decorators that only note where something comes from
COSMETIC = {"extra_repr", "__repr__"}
SUITES = ("body", "orelse", "finalbody")


class Optional(NamedTuple):
    """A stretch that stays only if something mentions its key: a member by attribute, a table's entry by word."""

    span: Span
    key: str
    table: str | None = None  # the module constant that it is an entry of; "" for a table inside a function


class Mention(NamedTuple):
    """A word or an attribute that a definition mentions, and where."""

    kind: str
    value: str
    span: Span


@dataclass(eq=False)
class Pruned:
    """A definition, the stretches to cut (or replace), its optional stretches, what it mentions, its look-up tables."""

    definition: Definition
    cuts: dict[Span, bytes] = field(default_factory=dict)
    optional: list[Optional] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    tables: dict[Span, ast.Dict] = field(default_factory=dict)
    inner_imports: list[tuple[Span, tuple[tuple[str, str, str], ...]]] = field(default_factory=list)


@lru_cache(maxsize=4096)
def pruned(definition: Definition, names: frozenset[str] = frozenset(), known: tuple = ()) -> Pruned:
    """What is left of a definition, given the ``answers`` to its tests about parameters called ``names``."""
    return _Pruner(definition, names, known).result


class _Pruner:
    def __init__(self, definition: Definition, names: frozenset[str], known: tuple) -> None:
        self.source = definition.source
        self.known = {id(test.node): answer for test, answer in zip(tests(definition, names), known, strict=True)}
        self.result = Pruned(definition)
        node = definition.node
        self.is_recipe = definition.source.name == "core.training.recipe" and "Recipe" in definition.names
        self.visit(node)
        for part in ast.walk(node):
            if isinstance(part, FUNCTIONS):
                self.local_tables(part)
        if isinstance(node, ast.ClassDef):
            self.members(node)
        if isinstance(value := getattr(node, "value", None), ast.Dict):
            self.table(value, next(iter(definition.names)))
        dead = list(self.result.cuts)
        self.result.mentions = [one for one in self.mentions(node) if not one.span.within(dead)]
        self.result.references = [one for one in definition.references if not one.span.within(dead)]

    def cut(self, span: Span, replacement: bytes = b"") -> None:
        self.result.cuts[span] = replacement

    def visit(self, node: ast.AST) -> None:
        """Cut in a node and all below it."""
        if isinstance(node, FUNCTIONS | ast.ClassDef):
            self.docstring(node)
            self.decorators(node)
        if isinstance(node, ast.ImportFrom) and is_core_module(node.module or ""):
            aliases = tuple((node.module, alias.name, alias.asname or alias.name) for alias in node.names)
            self.result.inner_imports.append((self.source.lines_of(node), aliases))
        if isinstance(node, ast.IfExp) and (answer := self.known.get(id(node.test))) is not None:
            whole, kept = self.source.span(node), self.source.span(node.body if answer else node.orelse)
            self.cut(Span(whole.start, kept.start))
            self.cut(Span(kept.end, whole.end))
        for name in SUITES:
            if isinstance(suite := getattr(node, name, None), list) and not isinstance(node, ast.Module):
                self.suite(suite)
        for child in ast.iter_child_nodes(node):
            self.visit(child)

    def suite(self, statements: list[ast.stmt]) -> None:
        dead = [self.dead(statement) for statement in statements]
        for place, statement in enumerate(statements):
            if self.leaves(statement):
                dead[place + 1 :] = [True] * (len(dead) - place - 1)
        if not all(dead):
            for statement, is_dead in zip(statements, dead, strict=True):
                if is_dead:
                    self.cut(self.source.lines_of(statement))

    def dead(self, node: ast.stmt) -> bool:
        """Whether a statement does nothing in a run that succeeded."""
        if (
            isinstance(node, ast.If)
            and not node.orelse
            and (self.known.get(id(node.test)) is False or self.guards(node))
        ):
            return True
        if isinstance(node, ast.If | ast.For | ast.With) and not getattr(node, "orelse", []):
            return all(self.dead(part) for part in node.body)
        if isinstance(node, ast.FunctionDef) and node.name == "__post_init__":
            return all(self.dead(part) or is_text(part) for part in node.body)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Name):
            return only_checks(self.source, node.value.func.id)
        return is_default(node) and self.known.get(id(node.value.values[0])) is True

    def leaves(self, node: ast.stmt) -> bool:
        """Whether a statement certainly leaves the function, so that nothing after it can run."""
        known_true = isinstance(node, ast.If) and not node.orelse and self.known.get(id(node.test)) is True
        return known_true and isinstance(node.body[-1], ast.Return)

    def never(self, node: ast.If) -> bool:
        """Whether a test is known to be false."""
        return self.known.get(id(node.test)) is False

    def guards(self, node: ast.If) -> bool:
        """Whether a statement only checks a setting."""
        return all(map(self.refuses, node.body)) and not self.binds(node)

    def refuses(self, node: ast.stmt) -> bool:
        """Whether a statement raises ValueError or TypeError: for a setting, not for a file that is missing."""
        name = getattr(getattr(getattr(node, "exc", None), "func", None), "id", "")
        kind = getattr(sys.modules.get(self.source.name), name, None) or vars(builtins).get(name)
        return isinstance(node, ast.Raise) and isinstance(kind, type) and issubclass(kind, ValueError | TypeError)

    def binds(self, guard: ast.If) -> bool:
        """Whether a check also names something (``:=``) that is needed after it."""
        bound = {part.target.id for part in ast.walk(guard.test) if isinstance(part, ast.NamedExpr)}
        within = self.source.span(guard)
        return any(
            isinstance(part, ast.Name) and part.id in bound and not within.holds(self.source.span(part))
            for part in ast.walk(self.result.definition.node)
        )

    def docstring(self, node: ast.AST) -> None:
        """Keep a docstring's first paragraph."""
        first = node.body[0]
        if is_text(first):
            span = self.source.span(first)
            text = self.source.text[span.start : span.end]
            head, *rest = text.split(b"\n\n", 1)
            if rest:
                self.cut(Span(span.start + len(head), span.end), b'"""')

    def decorators(self, node: ast.AST) -> None:
        for part in node.decorator_list:
            if isinstance(part, ast.Name) and part.id in self.source.imports | self.source.definitions:
                module, name = self.source.imports.get(part.id, (self.source.name, part.id))
                if is_core_module(module) and origin(module, name) in PROVENANCE:
                    line = part.lineno - 1
                    self.cut(Span(self.source.starts[line], self.source.starts[line + 1]))

    def members(self, node: ast.ClassDef) -> None:
        """A class's methods, and a recipe's fields, are optional unless Python or torch calls them."""
        inherited = set(dir(object)) | ({"forward", "extra_repr"} if node.bases else set())
        for member in node.body:
            note = isinstance(member, ast.Assign) and getattr(member.targets[0], "id", "") == "source" and node.bases
            if note or (isinstance(member, FUNCTIONS) and member.name in COSMETIC):
                self.cut(self.with_blank_lines(member))
            elif isinstance(member, FUNCTIONS) and not member.name.startswith("__") and member.name not in inherited:
                self.result.optional.append(Optional(self.with_blank_lines(member), member.name))
            elif self.is_recipe and isinstance(member, ast.AnnAssign) and member.value:
                self.result.optional.append(Optional(self.source.lines_of(member), member.target.id))
        self.blank_above_cuts(node)

    def blank_above_cuts(self, node: ast.ClassDef) -> None:
        for member in node.body:
            if self.result.cuts.pop(self.source.lines_of(member), None) is not None:
                self.cut(self.with_blank_lines(member))

    def with_blank_lines(self, node: ast.stmt) -> Span:
        """The lines of a statement and the blank ones above it."""
        start, end = self.source.lines_of(node)
        while self.source.text[:start].endswith(b"\n\n"):
            start -= 1
        return Span(start, end)

    def local_tables(self, node: ast.AST) -> None:
        """Look-up tables of a function: ``{…}[key]``, and a name that is only ever followed by square brackets."""
        parts = list(ast.walk(node))
        looked_up = {id(part.value) for part in parts if isinstance(part, ast.Subscript)}
        for part in parts:
            if isinstance(part, ast.Dict) and id(part) in looked_up:
                self.table(part, "")
            if isinstance(part, ast.Assign) and isinstance(part.value, ast.Dict) and len(part.targets) == 1:
                name = getattr(part.targets[0], "id", None)
                uses = [
                    use for use in parts if isinstance(use, ast.Name) and use.id == name and use is not part.targets[0]
                ]
                if name and all(id(use) in looked_up for use in uses if self.live(self.source.span(use))):
                    self.table(part.value, "")

    def live(self, span: Span) -> bool:
        return not span.within(self.result.cuts)

    def table(self, node: ast.Dict, name: str) -> None:
        span = self.source.span(node)
        keys = [getattr(key, "value", None) for key in node.keys]
        if len(keys) > 1 and all(isinstance(key, str) for key in keys) and span not in self.result.tables:
            self.result.tables[span] = node
            self.result.optional += [
                Optional(Span(self.source.span(key).start, self.source.span(value).end), key.value, name)
                for key, value in zip(node.keys, node.values, strict=True)
            ]

    def mentions(self, node: ast.AST) -> Iterator[Mention]:
        """Attributes and words; words that are only compared with, keys of tables and docstrings lead nowhere."""
        silent = {id(key) for table in self.result.tables.values() for key in table.keys}
        for part in ast.walk(node):
            if isinstance(part, ast.Compare):
                operands = [part.left, *part.comparators]
                silent |= {id(word) for one in operands for word in [one, *getattr(one, "elts", [])]}
            elif is_text(part) or (self.is_recipe and isinstance(part, ast.AnnAssign) and part.value):
                silent.add(id(part.value))
            if isinstance(part, ast.Attribute):
                yield Mention("attribute", part.attr, self.source.span(part))
            elif isinstance(part, ast.keyword) and part.arg:
                yield Mention("attribute", part.arg, self.source.span(part))
            elif isinstance(part, ast.Constant) and isinstance(part.value, str) and id(part) not in silent:
                for word in spelled(part.value):
                    yield Mention("word", word, self.source.span(part))


def spelled(text: str) -> set[str]:
    """A text and the words in it: a formula names functions that are looked up once it is read."""
    return {text, *re.findall(r"\w+", text)}


@lru_cache(maxsize=1024)
def only_checks(source: Source, name: str) -> bool:
    """Whether a name stands for a function of the project that does nothing but check its arguments."""
    module, name = source.imports.get(name, (source.name, name))
    if is_core_module(module):
        module, name = origin(module, name)
        source = source_of(module)
    elif module != source.name:
        return False
    definition = source.definitions.get(name)
    if definition is None or not isinstance(definition.node, ast.FunctionDef):
        return False
    pruner = _Pruner(definition, frozenset(), ())
    return all(is_text(part) or pruner.dead(part) for part in definition.node.body)


def is_text(node: ast.AST) -> bool:
    """A docstring, or another string that stands alone."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
