"""Where a sentence stands in the code, and with what put in."""

import ast
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.lessons.curriculum import Topic
from core.lessons.languages import Template, letters, sentences

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("core", "pages")
NUMBER = re.compile(r"(?<![\w.])[-+−]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?(?!\w)")


@dataclass(frozen=True)
class Source:
    """A sentence of the code as a catalogue writes it, ``%(name)s`` for what is put in, and its file."""

    template: Template
    path: Path


@cache
def all_sources() -> tuple[Source, ...]:
    """Every sentence of the code, the longest first."""
    found = [
        Source(Template(sentence, ""), path)
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
        for text in texts(ast.parse(path.read_text(encoding="utf-8")))
        for sentence in sentences(text)
    ]
    return tuple(sorted(found, key=lambda source: -len("".join(source.template.literals))))


def texts(tree: ast.AST) -> Iterator[str]:
    """The strings of some code, with names for what is put into them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(written(part, place) for place, part in enumerate(node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def written(part: ast.expr, place: int) -> str:
    """A part of a string: as it stands, or a name for what is put in."""
    if isinstance(part, ast.Constant):
        return str(part.value)
    names = re.findall(r"[a-z_]\w*", ast.unparse(part.value)) if isinstance(part, ast.FormattedValue) else []
    return f"%({names[-1] if len(names) == 1 else f'part{place}'})s"


def source_of(sentence: str, topic: Topic | None = None) -> Source | None:
    """Where a sentence of a lesson, or of the front pages, comes from: the closest match in the code that may stand
    behind it; None if it is put together of smaller pieces."""
    for source in all_sources():
        if stands_behind(source.path, topic) and fits(source.template, sentence):
            return source
    return None


def stands_behind(path: Path, topic: Topic | None) -> bool:
    """Whether a file may say something on a page: not one of another lesson, or of a project."""
    room = path.relative_to(ROOT).as_posix()
    if room.startswith("core/topics/"):
        return bool(topic) and room.startswith((f"core/topics/{topic.key}/", f"core/topics/{topic.key}.py"))
    return path == (topic and topic.path) or not room.startswith(("core/projects/", "pages/0", "pages/1"))


def fits(template: Template, sentence: str) -> bool:
    """Whether a sentence is this one with something short put in."""
    if template.known == sentence:
        return True
    match = template.pattern.fullmatch(sentence) if template.word else None
    return bool(match) and letters("".join(template.literals)) >= letters("".join(match.groups()))


def generalised(sentence: str) -> str:
    """A sentence with names for its numbers."""
    numbers = itertools.count(1)
    return NUMBER.sub(lambda _: f"%(n{next(numbers)})s", sentence)
