"""The glossary: every symbol and term of the lessons, what it means and which lesson defines it."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from core.lessons import curriculum
from core.lessons.curriculum import ROOT, Topic
from core.lessons.languages import ENGLISH, language

SYMBOLS, TERMS = "Symbols", "Terms"
DASH = " — "  # between name and meaning
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
    def row(self) -> str:
        """Name and meaning in one text, by which other languages' catalogues know them."""
        return f"{self.name}{DASH}{self.meaning}"

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


def told(entry: Entry, code: str = ENGLISH) -> Entry:
    """An entry in another language; as it is where that lacks it."""
    known = language(code)
    name, _, meaning = (known.said(entry.row).text if known else entry.row).partition(DASH)
    return replace(entry, name=name, meaning=meaning)


def alphabetical(rows: Iterable[Entry]) -> list[Entry]:
    """Entries in the order of their names; an umlaut stands with its vowel."""
    return sorted(rows, key=lambda entry: unicodedata.normalize("NFKD", entry.name.casefold()))
