"""The table of contents, read from the roadmap's lines and the pages' docstrings; nothing else lists pages."""

import ast
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LARGEST_IMPORT = 64 * 1024  # bytes; the whole roadmap takes four thousand

_HEADING = re.compile(r"## (?P<emoji>\S+) (?:(?:Phase (?P<number>\d+)|Bonus): )(?P<title>.+)")
_LINE = re.compile(r"(?P<indent> *)- \[ \] (?P<text>.+)")
_TICKED = re.compile(r"\s*[-*+]\s+\[[xX✓✔]\]\s+(?P<text>.*\S)")
_NEEDS = re.compile(r"^Needs:(?P<slugs>.*)$\n?", re.MULTILINE)
_SECTION = re.compile(r"^(Roadmap|Reading):[ \t]*$", re.MULTILINE)
_OTHERS = "## Ticked, but not on this roadmap"


@dataclass(frozen=True)
class Line:
    """One `- [ ]` line of the roadmap: its verbatim text, its chapter (1 to 10), its depth and its parent's text."""

    text: str
    chapter: int
    depth: int = 0
    parent: str | None = None


@dataclass(frozen=True)
class Topic:
    """One page: what its path and its docstring say about it."""

    path: Path
    slug: str  # the page's URL path: "ml-vs-dl"
    key: str  # the same as an identifier, prefix of the page's widget keys: "ml_vs_dl"
    chapter: int
    title: str
    promise: str
    idea: str  # Markdown
    lines: tuple[Line, ...]
    reading: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()  # slugs of the pages that it builds on directly


@dataclass(frozen=True)
class Chapter:
    """One heading of the roadmap with its lines and the pages that cover them."""

    number: int
    title: str
    emoji: str
    lines: tuple[Line, ...]
    topics: tuple[Topic, ...]


@dataclass(frozen=True)
class Ticks:
    """What an imported checklist says: the roadmap lines it ticks, and ticked lines that the roadmap does not know."""

    lines: frozenset[str]
    unknown: tuple[str, ...]


@lru_cache
def lines(root: Path = ROOT) -> tuple[Line, ...]:
    """Every line of the roadmap, in its order."""
    found, chapter, above = [], 0, {}
    for row in _roadmap(root).splitlines():
        if heading := _HEADING.fullmatch(row):
            chapter, above = _chapter_number(heading), {}
        elif match := _LINE.fullmatch(row):
            depth = len(match["indent"]) // 2
            above[depth] = match["text"]
            found.append(Line(match["text"], chapter, depth, above.get(depth - 1)))
    return tuple(found)


@lru_cache
def topics(root: Path = ROOT) -> tuple[Topic, ...]:
    """Every page in teaching order, found as `pages/NN_chapter/NN_name.py`.

    Raises ValueError, naming the file, for a docstring that lacks a part or names a line the roadmap does not have, for
    two pages of one name, and for a page that needs one that does not stand before it: so none needs itself, not even
    by way of others.
    """
    known = {line.text: line for line in lines(root)}
    found: dict[str, Topic] = {}
    for path in sorted((root / "pages").glob("[0-9][0-9]_*/[0-9][0-9]_*.py")):
        topic = _topic(path, known)
        if topic.slug in found:
            raise ValueError(f"{path}: {found[topic.slug].path} already answers at /{topic.slug}")
        if strangers := [slug for slug in topic.needs if slug not in found]:
            raise ValueError(f"{path}: needs /{strangers[0]}, which is no page that stands before it")
        found[topic.slug] = topic
    return tuple(found.values())


@lru_cache
def chapters(root: Path = ROOT) -> tuple[Chapter, ...]:
    """The roadmap's ten headings, each with its lines and its pages."""
    headings = [match for row in _roadmap(root).splitlines() if (match := _HEADING.fullmatch(row))]
    return tuple(
        Chapter(
            number := _chapter_number(heading),
            heading["title"],
            heading["emoji"],
            tuple(line for line in lines(root) if line.chapter == number),
            tuple(topic for topic in topics(root) if topic.chapter == number),
        )
        for heading in headings
    )


def topic(where: str | Path, root: Path = ROOT) -> Topic:
    """The page at a path (`__file__`) or of a slug; ValueError if there is none."""
    known = _by_name(root)
    found = known.get(str(where)) or known.get(str(Path(where).resolve()))
    if found is None:
        raise ValueError(f"{where}: no page of the curriculum")
    return found


@lru_cache
def _by_name(root: Path) -> dict[str, Topic]:
    """The pages by slug and by path."""
    return {name: topic for topic in topics(root) for name in (topic.slug, str(topic.path))}


def needed(pages: Iterable[Topic], root: Path = ROOT) -> tuple[Topic, ...]:
    """Everything that some pages build on, directly or by way of others, in teaching order, without the pages."""
    wanted = {slug for page in pages for slug in page.needs}
    for page in reversed(topics(root)):  # what a page needs stands before it
        if page.slug in wanted:
            wanted.update(page.needs)
    return tuple(page for page in topics(root) if page.slug in wanted)


def coming(root: Path = ROOT) -> tuple[Line, ...]:
    """The roadmap's lines that no page covers yet."""
    covered = {line for topic in topics(root) for line in topic.lines}
    return tuple(line for line in lines(root) if line not in covered)


def checklist(done: Iterable[str], root: Path = ROOT) -> str:
    """The roadmap's own Markdown with `[x]` before the lines that are done, and otherwise verbatim.

    Texts that are not on the roadmap follow under a heading of their own, so that `ticked` returns all of them again.
    """
    known = {line.text for line in lines(root)}
    wanted = {_tidy(text) for text in done} - {""}
    rows = [_with_tick(row, wanted) for row in _roadmap(root).splitlines(keepends=True)]
    others = sorted(wanted - known)
    return "".join([*rows, *(["\n", _OTHERS, "\n"] if others else []), *(f"- [x] {text}\n" for text in others)])


def ticked(markdown: str | bytes, root: Path = ROOT) -> Ticks:
    """The ticked lines of a checklist, from this roadmap or a reader's edited copy of it.

    Bullets, indentation, spacing and upper or lower case may differ. Raises ValueError, in a sentence for the learner,
    if the file is larger than LARGEST_IMPORT or is not text.
    """
    texts = [_tidy(match["text"]) for row in _text(markdown).splitlines() if (match := _TICKED.fullmatch(row.rstrip()))]
    known = {line.text.casefold(): line.text for line in lines(root)}
    found = frozenset(known[text.casefold()] for text in texts if text.casefold() in known)
    return Ticks(found, tuple(dict.fromkeys(text for text in texts if text and text.casefold() not in known)))


def _roadmap(root: Path) -> str:
    return (root / "assets" / "roadmap.md").read_text(encoding="utf-8")


def _chapter_number(heading: re.Match[str]) -> int:
    return int(heading["number"] or 10)  # the bonus has no number of its own and comes last


def _topic(path: Path, known: dict[str, Line]) -> Topic:
    head, sections = _docstring(path)
    if not all(head):
        raise ValueError(f"{path}: the docstring needs a title, a one-paragraph promise and the idea, each set apart")
    if not sections["Roadmap"]:
        raise ValueError(f"{path}: the docstring needs a section 'Roadmap:' with at least one '- line' of the roadmap")
    if strangers := [text for text in sections["Roadmap"] if text not in known]:
        raise ValueError(f"{path}: not a line of assets/roadmap.md: {strangers[0]!r}")
    key = re.sub(r"^\d+_", "", path.stem)
    covered = tuple(known[text] for text in sections["Roadmap"])
    slug, chapter = key.replace("_", "-"), int(path.parent.name[:2])
    return Topic(path, slug, key, chapter, *head, covered, (*sections["Reading"],), (*sections["Needs"],))


def prose(path: Path) -> dict:
    """What a text such as a page's docstring, in a file of its own, says: ``title``, ``promise``, ``idea`` and
    ``reading`` as a ``Topic`` has them. Raises ValueError, naming the file, for one that lacks a part."""
    head, sections = _parts(path.read_text(encoding="utf-8"), path)
    if not all(head):
        raise ValueError(f"{path}: needs a title, a one-paragraph promise and the idea, each set apart")
    return {**dict(zip(("title", "promise", "idea"), head, strict=True)), "reading": (*sections["Reading"],)}


def _docstring(path: Path) -> tuple[tuple[str, str, str], dict[str, list[str]]]:
    """Title, promise and idea, and the items of the sections, of a page's docstring."""
    try:
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"{path}: cannot be read as Python: {error}") from error
    return _parts(text, path)


def _parts(text: str, path: Path) -> tuple[tuple[str, str, str], dict[str, list[str]]]:
    """Title, promise and idea, and the items of the sections."""
    needs = [slug.strip() for found in _NEEDS.finditer(text) for slug in found["slugs"].split(",")]
    prose, *rest = _SECTION.split(_NEEDS.sub("", text))
    sections: dict[str, list[str]] = {"Roadmap": [], "Reading": [], "Needs": needs}
    for name, body in zip(rest[::2], rest[1::2], strict=True):
        sections[name] += _items(body, path)
    title, promise, idea = [*re.split(r"\n\s*\n", prose.strip(), maxsplit=2), "", "", ""][:3]
    return (title.strip(), " ".join(promise.split()), idea.strip()), sections


def _items(body: str, path: Path) -> list[str]:
    """The `- item` rows of a section; an indented row continues the item above it."""
    items: list[str] = []
    for row in filter(str.strip, body.splitlines()):
        if row.startswith("- "):
            items.append(row[2:].strip())
        elif items and row.startswith("  "):
            items[-1] += " " + row.strip()
        else:
            raise ValueError(f"{path}: expected '- item' under Roadmap or Reading, found {row!r}")
    return items


def _with_tick(row: str, wanted: set[str]) -> str:
    match = _LINE.fullmatch(row.rstrip("\n"))
    return row.replace("- [ ]", "- [x]", 1) if match and match["text"] in wanted else row


def _tidy(text: str) -> str:
    """One line of printable characters with single spaces: what a hostile file may leave of a text."""
    plain = unicodedata.normalize("NFC", text.strip().lstrip("\ufeff"))
    kept = "".join(c if c == "\u200d" or unicodedata.category(c)[0] != "C" else " " for c in plain)
    return " ".join(kept.split())


def _text(markdown: str | bytes) -> str:
    """The file as text, if it is text of a sensible size."""
    if len(markdown) > LARGEST_IMPORT:
        raise ValueError(f"This file is larger than {LARGEST_IMPORT // 1024} KB; a roadmap checklist is far smaller.")
    try:
        text = markdown.decode("utf-8-sig") if isinstance(markdown, bytes) else markdown
    except UnicodeDecodeError:
        raise ValueError("This file is not UTF-8 text, so it cannot be a Markdown checklist.") from None
    if "\0" in text:
        raise ValueError("This file holds binary data, so it cannot be a Markdown checklist.")
    return text
