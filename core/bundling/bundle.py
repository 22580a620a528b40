"""The definitions that a piece of code needs, copied out of the modules that hold them: one file instead of many.

Every kept statement stands as it stands in its module; ``core.bundling.pruning`` says what is left out. Two things of
one name from two modules are told apart by the module's name before the second one's.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from core.bundling.known import Known, answers
from core.bundling.links import REPLACED, External, Link, links, reexported
from core.bundling.pruning import Optional, Pruned, pruned, spelled
from core.bundling.sources import Definition, Span, source_of
from core.bundling.text import SECTIONS, heading, render, spaced, tidied

LONGEST = 1000  # characters of a text that may be a name or a formula; longer ones are tables
LIBRARIES = {  # names that a main text may use without more ado
    "torch": External("torch", "", "torch"),
    "nn": External("torch", "nn", "nn"),
    "np": External("numpy", "", "np"),
    "math": External("math", "", "math"),
    "partial": External("functools", "partial", "partial"),
    "replace": External("dataclasses", "replace", "replace"),
    **{name: External("math", name, name) for name in ("inf", "nan")},
}


class Root(NamedTuple):
    """A thing that the main text mentions by name: where it is defined."""

    module: str
    name: str
    path: Path | None = None  # of a file that is not a module of the project
    changed: int = 0  # when that file was last written
    settings: tuple[tuple[str, tuple[object]], ...] = ()  # what a class is called with, where ``main`` alone calls it


@dataclass(frozen=True)
class Bundle:
    """Import lines, and the definitions in an order that runs, each with the heading it stands under."""

    imports: str
    definitions: tuple[tuple[str, str], ...]

    def sections(self) -> Iterator[tuple[str, str]]:
        """Headings with the text below them; one that comes twice has something before its second part to run."""
        for title, rows in groupby(self.definitions, key=lambda row: row[0]):
            yield title, spaced([text for _, text in rows])


class Use(NamedTuple):
    """What a main text mentions; its numbers and long texts do not matter to the definitions."""

    names: frozenset[str]
    stored: frozenset[str]
    attributes: frozenset[str]
    words: frozenset[str]


def used(main: str) -> Use:
    """What a main text mentions. Raises ValueError if it is no Python."""
    try:
        nodes = list(ast.walk(ast.parse(main)))
    except SyntaxError as error:
        raise ValueError("There is no program for this: one of its settings cannot be written as Python.") from error
    names = [node for node in nodes if isinstance(node, ast.Name)]
    keywords = [node.arg for node in nodes if isinstance(node, ast.keyword) and node.arg]
    words = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return Use(
        frozenset(node.id for node in names),
        frozenset(node.id for node in names if isinstance(node.ctx, ast.Store)),
        frozenset([*keywords, *(node.attr for node in nodes if isinstance(node, ast.Attribute))]),
        frozenset(part for word in words if len(word) < LONGEST for part in spelled(word)),
    )


def bundle(roots: tuple[Root, ...], main: str, known: Known = Known()) -> Bundle:  # noqa: B008 an immutable value
    """All that ``main``, a program's last part, needs besides itself.

    ``roots`` are the project's names that it uses. ``known`` are settings that decide which branches can run. Raises
    ValueError if something is not written out at the top level of a file.
    """
    names = tuple(root._replace(settings=()) for root in roots)
    found = {root: definition_of(root) for root in names}
    settings = {found[bare]: Known(root.settings) for bare, root in zip(names, roots, strict=True) if root.settings}
    decided = tuple(
        (one, *decide(one, known)) for one in everything(names) if one.source.name.startswith("core.training")
    )
    of_roots = tuple((one, *decide(one, values)) for one, values in settings.items())
    return _bundle(names, used(main), known.words(), decided, of_roots)


def decide(definition: Definition, known: Known) -> tuple[frozenset[str], tuple]:
    """The parameters that are known, and what follows for a definition's tests."""
    return frozenset(name for name, _ in known.values), answers(definition, known)


@lru_cache(maxsize=512)
def definition_of(root: Root) -> Definition:
    """The definition that a root names; raises ValueError if it is not at the top level of its file."""
    source = source_of(root.module, root.path, root.changed)
    if root.name not in source.definitions:
        raise ValueError(f"There is no program for {root.name}: it is not at the top level of {source.path.name}.")
    return source.definitions[root.name]


@lru_cache(maxsize=256)
def everything(roots: tuple[Root, ...]) -> tuple[Definition, ...]:
    """All definitions that roots could ever need."""
    found = dict.fromkeys(definition_of(root) for root in roots)
    queue = list(found)
    while queue:
        for link in links(pruned(queue.pop())):
            if isinstance(link.target, Definition) and link.target not in found:
                found[link.target] = None
                queue.append(link.target)
    return tuple(found)


@lru_cache(maxsize=128)
def _bundle(roots: tuple[Root, ...], use: Use, words: frozenset[str], decided: tuple, of_roots: tuple) -> Bundle:
    bundler = _Bundler(roots, use, words, decided + of_roots)
    callers = {link.target for part in bundler.parts.values() for link in bundler.live(part)}
    if callers & {definition for definition, *_ in of_roots}:  # the settings in the main text are not the only ones
        bundler = _Bundler(roots, use, words, decided)
    return bundler.result()


class _Bundler:
    def __init__(self, roots: tuple[Root, ...], use: Use, words: frozenset[str], decided: tuple) -> None:
        self.decided = {definition: rest for definition, *rest in decided}
        self.parts: dict[Definition, Pruned] = {}
        self.externals: dict[External, None] = {}
        self.words, self.attributes, self.reserved = set(words | use.words), set(use.attributes), use.stored
        self.whole_tables: set[tuple[str, str]] = set()
        self.roots = [self.include(definition_of(root)) for root in roots]
        self.names = {(root.source.name, name): name for root in self.roots for name in root.names}
        for name in use.names & set(LIBRARIES):
            self.externals[LIBRARIES[name]] = None
            self.names[LIBRARIES[name]] = name
        self.grow()

    def include(self, definition: Definition) -> Definition:
        if definition not in self.parts:
            self.parts[definition] = pruned(definition, *self.decided.get(definition, ()))
        return definition

    def grow(self) -> None:
        """Include what the included parts mention, until nothing new is mentioned."""
        size = -1
        while size != (size := self.size()):
            for part in list(self.parts.values()):
                dead = self.unwanted(part)
                for mention in part.mentions:
                    if not mention.span.within(dead):
                        (self.words if mention.kind == "word" else self.attributes).add(mention.value)
                for link in self.live(part, dead):
                    if isinstance(link.target, External):
                        self.externals[link.target] = None
                        continue
                    self.include(link.target)
                    if not link.looked_up:
                        self.whole_tables.add((link.target.source.name, link.name))

    def size(self) -> int:
        return sum(map(len, (self.parts, self.externals, self.words, self.attributes, self.whole_tables)))

    def unwanted(self, part: Pruned) -> list[Span]:
        """The optional stretches of a definition that are left out."""
        return [one.span for one in part.optional if not self.wanted(part, one)]

    def wanted(self, part: Pruned, one: Optional) -> bool:
        if one.table is None:
            return one.key in self.attributes or one.key in self.words
        return one.key in self.words or (part.definition.source.name, one.table) in self.whole_tables

    def live(self, part: Pruned, dead: list[Span] | None = None) -> Iterator[Link]:
        """What the kept text of a definition mentions."""
        dead = self.unwanted(part) if dead is None else dead
        return (link for link in links(part) if not link.span.within(dead))

    def definitions(self, part: Pruned, eager: bool = False) -> Iterator[Definition]:
        """The definitions that a definition mentions, or needs to be executed."""
        wanted = (link for link in self.live(part) if link.eager or not eager)
        return (link.target for link in wanted if isinstance(link.target, Definition))

    def result(self) -> Bundle:
        self.allot()
        ordered = list(dict.fromkeys(self.ordered()))
        return Bundle(self.import_lines(), tuple((heading(one.source.name), self.text(one)) for one in ordered))

    def allot(self) -> None:
        """Give everything a name of its own: the roots keep theirs, whoever comes second is called after its module."""
        taken = set(self.names.values()) | self.reserved
        everything = [(one.source.name, name) for one in self.parts for name in one.names] + list(self.externals)
        for thing in everything:
            if thing not in self.names:
                name = thing[-1]
                while name in taken:
                    name = f"{thing[0].rpartition('.')[2]}_{name}"
                self.names[thing] = name
                taken.add(name)

    def ordered(self) -> Iterator[Definition]:
        """Data, network, loss, training; inside, what is mentioned before what mentions it, as far as possible."""
        modules = {name: place for place, name in enumerate(dict.fromkeys(self.modules()))}
        ranks = [title for _, title in SECTIONS]
        done: set[Definition] = set()

        def rank(one: Definition) -> tuple:
            title = heading(one.source.name)
            return ranks.index(title) if title in ranks else 9, modules[one.source.name], one.span

        def first(one: Definition, everything: bool) -> Iterator[Definition]:
            if one not in done:
                done.add(one)
                everything = everything or isinstance(one.node, ast.Assign | ast.AnnAssign)
                for target in self.definitions(self.parts[one], eager=not everything):
                    yield from first(target, everything)
                yield one

        for one in sorted(self.parts, key=rank):
            yield from first(one, False)

    def modules(self) -> Iterator[str]:
        """The modules in use, each after those it needs."""
        needs: dict[str, dict[str, None]] = {}
        for one, part in self.parts.items():
            others = dict.fromkeys(other.source.name for other in self.definitions(part))
            needs.setdefault(one.source.name, {}).update(others)
        seen: set[str] = set()

        def visit(name: str) -> Iterator[str]:
            if name not in seen:
                seen.add(name)
                for other in needs[name]:
                    yield from visit(other)
                yield name

        for name in needs:
            yield from visit(name)

    def import_lines(self) -> str:
        """Merged imports: Python's own first, then the others."""
        plain, members = set(), {}
        for external in self.externals:
            module, attribute, _ = external
            name = self.names[external]
            if attribute:
                members.setdefault(module, set()).add(attribute if attribute == name else f"{attribute} as {name}")
            else:
                plain.add(f"import {module}" + (f" as {name}" if name != module.partition(".")[0] else ""))
        lines = sorted(plain) + [
            f"from {module} import {', '.join(sorted(members[module]))}" for module in sorted(members)
        ]
        own = [line for line in lines if line.split()[1].partition(".")[0] in sys.stdlib_module_names]
        others = [line for line in lines if line not in own]
        return "\n\n".join("\n".join(part) for part in (own, others) if part)

    def text(self, definition: Definition) -> str:
        """A definition as it will stand in the program."""
        part = self.parts[definition]
        edits: dict[Span, object] = dict(part.cuts)
        edits |= {one.span: b"" for one in part.optional if one.table is None and not self.wanted(part, one)}
        kept = {one.span for one in part.optional if one.table is not None and self.wanted(part, one)}
        for span, node in part.tables.items():
            if any(one.table is not None and span.holds(one.span) and one.span not in kept for one in part.optional):
                edits[span] = (node, kept)
        imports = dict(part.inner_imports)
        for link in self.live(part):
            inner = imports.get(link.span)
            indent = definition.source.indent(link.span) if inner else ""
            edits[link.span] = self.inner_names(inner, indent) if inner else self.renamed(link)
        for name, span in definition.names.items():
            edits[span] = self.names[definition.source.name, name].encode()
        return tidied(render(definition.source, definition.span, edits))

    def key(self, link: Link) -> object:
        """What a linked thing's name is kept under."""
        return link.target if isinstance(link.target, External) else (link.target.source.name, link.name)

    def renamed(self, link: Link) -> bytes:
        """The name of a linked thing in this program."""
        suffix = "".join(end for (_, old), (*_, end) in REPLACED.items() if old == link.name)
        return (self.names[self.key(link)] + suffix * isinstance(link.target, External)).encode()

    def inner_names(self, aliases: tuple[tuple[str, str, str], ...], indent: str) -> bytes:
        """What replaces ``from core… import …`` inside a function: nothing, or a line for a name that differs."""
        lines = ""
        for module, attribute, local in aliases:
            target, name = reexported(module, attribute)
            here = self.renamed(Link(Span(0, 0), name, False, False, target)).decode()
            lines += f"{indent}{local} = {here}\n" if here != local else ""
        return lines.encode()
