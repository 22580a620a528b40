"""What a name in a module stands for: a definition of the project, wherever it is, or something of a library."""

from functools import lru_cache
from typing import NamedTuple

from core.bundling.pruning import Pruned
from core.bundling.sources import Source, Span, is_core_module, origin, source_of

REPLACED = {("core.models.layers", "Model"): ("torch", "nn", ".Module")}  # a Model is a Module that knows its source


class External(NamedTuple):
    """Something of a library: ``import module`` or ``from module import attribute``, under the name used here."""

    module: str
    attribute: str
    alias: str


class Link(NamedTuple):
    """A mention of a thing: where, by which name where it is defined, whether it must exist first, and the thing."""

    span: Span
    name: str
    eager: bool
    looked_up: bool
    target: object  # a Definition or an External


@lru_cache(maxsize=8192)
def links(part: Pruned) -> tuple[Link, ...]:
    """What a definition mentions, outside of what is cut."""
    source, found = part.definition.source, []
    for one in part.references:
        target, name = resolved(source, one.name, one.attribute)
        found.append(Link(one.span, name, one.eager, one.looked_up, target))
    for span, aliases in part.inner_imports:
        for module, attribute, _ in aliases if not span.within(part.cuts) else ():
            target, name = reexported(module, attribute)
            found.append(Link(span, name, False, False, target))
    return tuple(link for link in found if link.target is not None)


def resolved(source: Source, name: str, attribute: str = "") -> tuple[object, str]:
    """The thing that a name in a module stands for, and its name where it is defined; (None, …) for a builtin."""
    if name in source.definitions and not attribute:
        return thing(source.name, name, source)
    if name not in source.imports:
        return None, name
    module, original = source.imports[name]
    if not is_core_module(module):
        return External(module, original, name), name
    return reexported(".".join(filter(None, (module, attribute and original))), attribute or original)


def reexported(module: str, name: str) -> tuple[object, str]:
    """What a core module offers under a name, wherever it is defined."""
    where, name = origin(module, name)
    return thing(where, name, source_of(where)) if is_core_module(where) else (External(where, name, name), name)


def thing(module: str, name: str, source: Source) -> tuple[object, str]:
    """A definition, or what replaces it in a program."""
    if (module, name) in REPLACED:
        library, attribute, _ = REPLACED[module, name]
        return External(library, attribute, attribute), name
    return source.definitions.get(name), name
