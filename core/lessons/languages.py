"""The hub in other languages: English stands in the code, every folder of assets/languages says it in another language.

A folder holds catalogues (gettext's ``.po``: what stands in the code and what it is in this language) and, under
``lessons/``, the pages' own texts, by slug. Adding a language means adding a folder.

The screen translates what it is about to show, sentence by sentence, so that core knows one language only and what is
kept for all learners fits everybody. A sentence with numbers or words put in is written as gettext's ``python-format``:
``Now: %(units)s hidden units.`` stands for all of them, and what was put in is translated too.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

from core.lessons import curriculum
from core.lessons.curriculum import Topic

FOLDER = curriculum.ROOT / "assets" / "languages"
ENGLISH = "en"
BREAK = "<br>"  # between all words of a label in a picture
LONGEST = 2_000  # characters of a sentence that something is put into
PARTS = "components"  # the catalogue of the texts in assets/components, which are put in their place as they stand

_END = r"(?<=[.!?])\s+|(?<=[.!?]\*\*)\s+|(?<=[.!?][”)\"])\s+"
_BREAK = re.compile(
    rf"(\n+(?:[-*>] (?:\[.\] )?|#+ )?|^[-*>#]+ (?:\[.\] )?|</?\w[^>]*>|\s*:material/\w+:\s*|\s·\s|(?:{_END})(?=[^a-z]))"
)
_PUT_IN = re.compile(r"%\((\w+)\)s")
_NO_WORDS = re.compile(r"\$\$.+?\$\$|\$[^$]*\$|`[^`]*`|%\{[^}]*\}|&\w+;|https?://\S+|\w*[\d_₀-₉]\w*|[^\W\d_]+(?=\()")
_NUMBERED = re.compile(r"(.+\S) ([-+−]?\d[\d.,]*(?:e[-+−]?\d+)?(?: ?%)?)")
# What other languages write in their own way: a percent sign behind a number, and the commas of thousands (not where
# a number is quoted); before them what is left alone: code, formulas, templates and addresses.
_LEFT = r"```[\s\S]*?```|`[^`]*`|\$[^$\n]*\$|%\{[^}]*\}|https?://\S+"
_SIGNS = re.compile(rf"{_LEFT}|(?<=\d)(?:\*\*)?%(?!\w)|(?<![\w.,„“'\"])[1-9]\d{{0,2}}(?:,\d{{3}})+(?![\w,])")
_WORD = re.compile(r"[^\W\d_]{2,}")
_WHOLE_WORD = re.compile(r"(?<![\0\w])[^\W\d_]{2,}(?![\0\w])")  # not one that goes on in what was put in
_CODE = re.compile(r"(```.*?```)", re.DOTALL)


@dataclass(frozen=True)
class Said:
    """A text in another language, and the sentences of it that no catalogue knows: they are as they were."""

    text: str
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class Template:
    """A sentence with something put in, and what it is in another language."""

    known: str
    said: str

    @cached_property
    def names(self) -> list[str]:
        """What is put in, in order."""
        return _PUT_IN.findall(self.known)

    @cached_property
    def literals(self) -> list[str]:
        """What stands around it."""
        return _PUT_IN.split(self.known)[::2]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches the sentence, whatever was put in."""
        return re.compile("(.*?)".join(map(re.escape, self.literals)), re.DOTALL)

    @property
    def word(self) -> str:
        """A whole word that is in every such sentence; none where there is none."""
        return max(_WHOLE_WORD.findall(_PUT_IN.sub("\0", self.known)), key=len, default="")


class Language:
    """One language, from its folder. Raises ``ValueError``, naming the file, for a catalogue that cannot be read."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.code = folder, folder.name
        self.known = catalogue(path for path in folder.glob("*.po") if path.stem != PARTS) | self.titles
        self.name = self.known.get("English", self.code)
        self.templates: dict[str, list[Template]] = {}
        templates = (Template(known, said) for known, said in self.known.items() if _PUT_IN.search(known))
        for template in sorted(templates, key=lambda each: -len("".join(each.literals))):  # the closest match first
            self.templates.setdefault(template.word, []).append(template)
        self.percent, self.comma = self.known.get("%", "%"), self.known.get(",", ",")
        self.said = lru_cache(maxsize=16_384)(self._written)

    def _written(self, text: str) -> Said:
        """A text in this language, its percentages and large numbers as this language writes them."""
        said = self._said(text)
        return Said(_SIGNS.sub(self.sign, said.text), said.unknown)

    def sign(self, found: re.Match[str]) -> str:
        """A percent sign or a large number as this language writes it; what is to be left alone as it is."""
        if found[0][0].isdigit():
            return found[0].replace(",", self.comma)
        return found[0].replace("%", self.percent) if found[0].endswith("%") else found[0]

    def _said(self, text: str) -> Said:
        """A text in this language, sentence by sentence."""
        if whole := self.known.get(text):
            return Said(whole)
        if BREAK in text and " " not in text and not (label := self.said(text.replace(BREAK, " "))).unknown:
            return Said(label.text.replace(" ", BREAK))
        unknown: list[str] = []
        parts = parted(text)
        parts[::2] = [self.sentence(part, unknown) for part in parts[::2]]
        return Said("".join(parts), tuple(unknown))

    def sentence(self, text: str, unknown: list[str]) -> str:
        """A sentence in this language; one that no catalogue knows joins the ``unknown`` and stays as it is."""
        core = text.strip()
        if wordless(core):
            return text
        said = self.known.get(core) or self.filled(core, unknown) or self.numbered(core)
        if said is None:
            unknown.append(core)
            return text
        return text.replace(core, said)

    def filled(self, text: str, unknown: list[str]) -> str | None:
        """A sentence with something put in; None if no template fits, and for one longer than ``LONGEST``, which a
        learner may have typed. Where what was put in is most of it, all of that has to be known: "%(part)s of
        %(whole)s" does not stand behind every sentence that has an "of"."""
        if len(text) > LONGEST:
            return None
        words = ["", *_WORD.findall(text)]
        fitting = [template for word in dict.fromkeys(words) for template in self.templates.get(word, ())]
        for template in sorted(fitting, key=lambda each: -len("".join(each.literals))):
            if match := template.pattern.fullmatch(text):
                put_in, lacking = {}, []
                for name, value in zip(template.names, match.groups(), strict=True):
                    put_in[name] = self.listed(value, lacking)
                if letters("".join(lacking)) > letters("".join(template.literals)):
                    continue
                unknown += lacking
                return _PUT_IN.sub(lambda name: put_in.get(name[1], ""), template.said)
        return None

    def numbered(self, text: str) -> str | None:
        """A name with a number behind it, as descriptions of pictures list them; None if the name is not known."""
        match = _NUMBERED.fullmatch(text)
        name = match and self.said(match[1])
        return None if not name or name.unknown else f"{name.text} {match[2]}"

    def listed(self, text: str, unknown: list[str]) -> str:
        """What was put into a sentence, in this language: as a whole, or item by item where it is a list."""
        found, comma = self.said(text), "; " if "; " in text else ", "
        if found.unknown and comma in text:
            return comma.join(self.listed(item, unknown) for item in text.split(comma))
        unknown += found.unknown
        return found.text

    def told(self, topic: Topic) -> Topic:
        """A lesson with what its own file says in this language."""
        return replace(topic, **self.lessons.get(topic.slug, {}))

    @property
    def titles(self) -> dict[str, str]:
        """The titles of the lessons that have a file, for sentences that name a lesson."""
        return {topic.title: self.told(topic).title for topic in curriculum.topics() if topic.slug in self.lessons}

    @cached_property
    def lessons(self) -> dict[str, dict]:
        """What the lessons' own files say, by slug."""
        return {path.stem: curriculum.prose(path) for path in sorted((self.folder / "lessons").glob("*.md"))}

    @cached_property
    def parts(self) -> list[tuple[str, str]]:
        """What stands in assets/components, and in this language; the longest first, for one may hold another."""
        pairs = catalogue(self.folder.glob(f"{PARTS}.po"))
        return sorted(pairs.items(), key=lambda pair: -len(pair[0]))


def wordless(text: str) -> bool:
    """Whether nothing of a text is to be translated: numbers, symbols, formulas, functions as in ``sin(x)``, code and
    single letters."""
    return not _WORD.search(_NO_WORDS.sub(" ", text))


def parted(text: str) -> list[str]:
    """A text as its sentences, in even places, and what stands between them, such as line breaks and blocks of code."""
    blocks = _CODE.split(text)
    return [part for place, block in enumerate(blocks) for part in ([block] if place % 2 else _BREAK.split(block))]


def letters(text: str) -> int:
    """How many letters a text has."""
    return sum(each.isalpha() for each in text)


def catalogue(files: Iterable[Path]) -> dict[str, str]:
    """What some catalogues say, by what stands in the code; entries that are still empty are left out."""
    import polib  # only for those who read another language

    said: dict[str, str] = {}
    for path in sorted(files):
        try:
            entries = polib.pofile(str(path), encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"{path}: {error}") from error
        said |= {entry.msgid: entry.msgstr for entry in entries if entry.msgstr and not entry.obsolete}
    return said


@lru_cache
def codes() -> tuple[str, ...]:
    """English, and the languages that have a folder."""
    return (ENGLISH, *sorted(folder.name for folder in FOLDER.iterdir() if folder.is_dir()))


@lru_cache
def language(code: str) -> Language | None:
    """A language by its code; None for English, and for one that has no folder."""
    return Language(FOLDER / code) if code in codes() and code != ENGLISH else None


def name_of(code: str) -> str:
    """What a language calls itself."""
    known = language(code)
    return known.name if known else "English"


def sentences(text: str) -> list[str]:
    """The sentences of a text that have words, as catalogues know them."""
    return [part.strip() for part in parted(text)[::2] if part and not wordless(part.strip())]
