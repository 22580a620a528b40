"""The glossary: every symbol and term of the lessons, what it means and which lesson defines it."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.lessons import curriculum
from core.lessons.curriculum import ROOT, Topic

SYMBOLS, TERMS = "Symbols", "Terms"
_ENTRY = re.compile(r"- (?P<name>.+?) — (?P<meaning>.+) \((?P<slugs>[a-z0-9, -]+)\)")


@dataclass(frozen=True)
class Entry:
    """A symbol or a term, of ``kind`` SYMBOLS or TERMS: its meaning in a phrase, and the lessons that use it so; the
    first of them defines it."""

    name: str
    kind: str
    meaning: str
    lessons: tuple[Topic, ...]

    @property
    def spoken(self) -> str:
        """What a symbol is called, for those who cannot type it: "eta" for η; nothing for a Latin letter or a term."""
        if self.kind == TERMS or self.name.isascii():
            return ""
        words = unicodedata.name(self.name[0]).casefold().replace("lamda", "lambda").split()
        return " ".join(word for word in words if word not in ("greek", "small", "capital", "letter", "symbol"))


@lru_cache
def entries(root: Path = ROOT) -> tuple[Entry, ...]:
    """The entries of assets/glossary.md, in its order. Raises ValueError, naming the row, for one that is not
    "- name — meaning (lesson, lesson)" or names a lesson that there is not."""
    pages = {topic.slug: topic for topic in curriculum.topics(root)}
    found, kind = [], ""
    for row in (root / "assets" / "glossary.md").read_text(encoding="utf-8").splitlines():
        if row.startswith("## "):
            kind = row[3:]
        elif row.startswith("- "):
            match = _ENTRY.fullmatch(row)
            slugs = match["slugs"].split(", ") if match else []
            if match is None or not set(slugs) <= set(pages):
                raise ValueError(
                    f"assets/glossary.md: not '- name — meaning (lesson, lesson)' of known lessons: {row!r}"
                )
            found.append(Entry(match["name"], kind, match["meaning"], tuple(pages[slug] for slug in slugs)))
    return tuple(found)
