"""The course in pieces that can be searched, and the index of them that ships.

``python -m core.projects.chatbot.course`` writes the index anew, whenever a page's text has changed.
"""

import ast
import hashlib
import json
import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from core.lessons import curriculum
from core.models.language import sentences

FOLDER = Path(__file__).resolve().parents[3] / "assets" / "chatbot"
INDEX, VECTORS, ASKED = FOLDER / "course.json", FOLDER / "course.safetensors", FOLDER / "asked.json"
KINDS = ("title", "promise", "line", "idea", "asked", "said")
UNREAD = ("chatbot",)  # its source holds the questions that it suggests, of all pages
SENTENCES = 24  # of a page, besides its idea


class Passage(NamedTuple):
    """A piece of what a page says, of one of ``KINDS``: its title, its promise, its lines of the roadmap, paragraphs of
    its idea, what learners ask about it, and sentences of its questions and notes."""

    slug: str
    title: str
    kind: str
    text: str


@lru_cache(maxsize=1)
def passages() -> tuple[Passage, ...]:
    """The index as it was written; none where the file is missing."""
    try:
        pages = json.loads(INDEX.read_text(encoding="utf-8"))
        return tuple(
            Passage(page["slug"], page["title"][0], kind, text)
            for page in pages for kind in KINDS for text in page.get(kind, ())
        )  # fmt: skip
    except (OSError, ValueError, TypeError, KeyError):
        return ()


def cut(topic: curriculum.Topic) -> list[Passage]:
    """A page's passages."""
    paragraphs = [plain(part) for part in re.split(r"\n\s*\n", topic.idea)]
    found = {
        "title": [topic.title], "promise": [f"{topic.title}. {topic.promise}"],
        "line": [plain(line.text) for line in topic.lines], "idea": [text for text in paragraphs if len(text) > 20],
        "asked": asked().get(topic.slug, []), "said": spoken(topic),
    }  # fmt: skip
    return [Passage(topic.slug, topic.title, kind, text) for kind in KINDS for text in dict.fromkeys(found[kind])]


@lru_cache(maxsize=1)
def asked() -> dict[str, list[str]]:
    """What learners may ask about each page, written from the pages' texts: how people who do not know a page's words
    yet ask for it (Nogueira and others, 2019, *Document Expansion by Query Prediction*)."""
    return json.loads(ASKED.read_text(encoding="utf-8"))


def spoken(topic: curriculum.Topic) -> list[str]:
    """What stands in a page's source besides its idea: its questions, answers, notes and goals, the longest first."""
    if topic.slug in UNREAD:
        return []
    parts = [part for call in calls(topic) for part in (*call.args, *(each.value for each in call.keywords))]
    said = {text for text in map(literal, parts) if speaks(text)}
    return sorted(said, key=lambda text: (-len(text), text))[:SENTENCES]


def calls(topic: curriculum.Topic) -> Iterable[ast.Call]:
    """All calls of a function in a page's files."""
    for path in sources(topic):
        yield from (
            node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
        )


def sources(topic: curriculum.Topic) -> list[Path]:
    """The files in which a page's words stand."""
    rooms = [
        curriculum.ROOT / "core" / "topics" / topic.key,
        *sorted((curriculum.ROOT / "core" / "projects").glob("*")),
    ]
    text = topic.path.read_text(encoding="utf-8")
    rooms = [room for room in rooms if room.name == topic.key or re.search(rf"core\.projects\.{room.name}\b", text)]
    return [topic.path, *(path for room in rooms for path in [room.with_suffix(".py"), *sorted(room.rglob("*.py"))]
                          if path.is_file())]  # fmt: skip


def literal(node: ast.expr) -> str:
    """The text of a literal, numbers in it left out."""
    if isinstance(node, ast.JoinedStr):
        return plain("".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values))
    return plain(node.value) if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def speaks(text: str) -> bool:
    """Whether a text is a sentence for a learner."""
    return text[:1].isupper() and len(text.split()) >= 6 and not re.search(r"%\{|[=;]|\(\)|\\n|  ", text)


def plain(text: str) -> str:
    """Markdown without its formulas and marks."""
    text = re.sub(r"\$\$.*?\$\$", " ", text, flags=re.DOTALL)
    text = re.sub(r"\$([^$]*)\$", lambda found: re.sub(r"\\[a-zA-Z]+|[{}_^\\]", " ", found[1]), text)
    return " ".join(re.sub(r"[*`#]", "", text).split())


def outdated() -> list[str]:
    """The pages whose passages in the index are not what the pages say now."""
    now = {topic.slug: cut(topic) for topic in curriculum.topics()}
    old = {slug: list(rows) for slug, rows in groupby(passages(), lambda each: each.slug)}
    return sorted(slug for slug in now.keys() | old.keys() if now.get(slug) != old.get(slug))


def digest(text: str) -> str:
    """What a passage's vector is known by."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def written() -> dict[str, Tensor]:
    """The vectors (384,) of passages as they were last written down; none where the file is missing."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(VECTORS, "pt") as file:
            return dict(zip(json.loads(file.metadata()["passages"]), file.get_tensor("vectors"), strict=True))
    except (OSError, SafetensorError, KeyError, ValueError, TypeError):
        return {}


def vectors() -> Tensor:
    """The passages' vectors (passages, 384), of whole numbers up to 127; those of passages that have not changed are
    not read anew. Raises ``MissingLanguageError``."""
    rows, texts = written(), [row.text for row in passages()]
    if fresh := sorted({text for text in texts if digest(text) not in rows}, key=len):
        read = sentences.embedded(fresh)
        coarse = (127 * read / read.abs().amax(dim=1, keepdim=True)).round().to(torch.int8)
        rows |= zip(map(digest, fresh), coarse, strict=True)
    return torch.stack([rows[digest(text)] for text in texts])


def main() -> None:
    """Write the passages and their vectors down: eight bits a number are enough for an angle."""
    from safetensors.torch import save_file

    pages = [
        {"slug": topic.slug}
        | {kind: [row.text for row in rows] for kind, rows in groupby(cut(topic), lambda each: each.kind)}
        for topic in curriculum.topics()
    ]
    INDEX.write_text(json.dumps(pages, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    passages.cache_clear()
    about = {"passages": json.dumps([digest(row.text) for row in passages()])}
    save_file({"vectors": vectors()}, VECTORS, about)
    VECTORS.chmod(0o644)
    print(f"{len(passages())} passages of {len(pages)} pages")


if __name__ == "__main__":
    main()
