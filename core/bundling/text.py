"""Text with edits made: stretches cut or replaced, look-up tables shortened to the entries in use; headings."""

import ast
import re
from collections.abc import Iterable

from core.bundling.sources import Source, Span

SECTIONS = (("core.data", "Data"), ("core.models", "Network"), ("core.objectives", "Loss"), ("core.metrics", "Loss"))
FORMATTER = re.compile(rb"  # (fmt: skip|noqa)\b[^\n]*")


def spaced(texts: Iterable[str]) -> str:
    """Definitions with two blank lines around functions and classes, constants together."""
    joined, before = "", True
    for text in texts:
        block = bool(re.match(r"(#.*\n)*(@|def |class |async )", text))
        joined += ("\n\n\n" if block or before else "\n") * bool(joined) + text
        before = block
    return joined


def render(source: Source, span: Span, edits: dict[Span, object]) -> bytes:
    """A stretch of text with the edits made, outer ones first."""
    text, at = b"", span.start
    for where in sorted(edits, key=lambda one: (one.start, -one.end)):
        if where.start < at or where.end > span.end:
            continue
        edit = edits[where]
        rest = {other: one for other, one in edits.items() if other != where}
        text += source.text[at : where.start]
        text += edit if isinstance(edit, bytes) else table(source, where, *edit, rest)
        at = where.end
    return text + source.text[at : span.end]


def table(source: Source, span: Span, node: ast.Dict, kept: set[Span], edits: dict[Span, object]) -> bytes:
    """A look-up table with the entries in use."""
    spans = [
        Span(source.span(key).start, source.span(value).end) for key, value in zip(node.keys, node.values, strict=True)
    ]
    entries = [render(source, one, edits) + closing(source, one) for one in spans if one in kept]
    line = b"{" + b", ".join(entries) + b"}"
    before = span.start - source.starts[node.lineno - 1]
    if b"\n" not in line and before + len(line) < 118:
        return line
    indent = b" " * (node.end_col_offset - 1 if source.text[: span.end - 1].endswith((b"\n", b" ")) else 0)
    return b"{\n" + b"".join(indent + b"    " + entry + b",\n" for entry in entries) + indent + b"}"


def tidied(text: bytes) -> str:
    """Without the formatter's marks."""
    return FORMATTER.sub(b"", text).strip(b"\n").decode()


def closing(source: Source, span: Span) -> bytes:
    """The brackets that close an entry's value: a value's own stretch does not include those around it."""
    return re.match(rb"(\s*\))*", source.text[span.end :])[0]


def heading(module: str) -> str:
    """The heading that a module's definitions stand under."""
    for prefix, title in SECTIONS:
        if module == prefix or module.startswith(prefix + "."):
            return title
    return "Training" if module.startswith("core.training") or module == "core.randomness" else "Definitions"
