"""What the learner has done: kept in the learner's browser, mirrored in the session while a tab is open.

One flat mapping: "tick:<roadmap line>", "pass:<challenge>" and "known:<lesson>" to true or false, "best:<challenge>" to
a number, "path" to a path's name, "review:<guess>" to a question that comes back (core.lessons.review) or to nothing.
The browser is sent the changes of this visit, not the mirror: several tabs can then be open, the oldest too.
"""

import json
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.lessons import curriculum
from pages.ui import work
from pages.ui.stage import component
from pages.ui.words import code

_memory = component("memory")
_tab = component("tab")
LONGEST = 200_000  # characters of progress that are read from a browser
KINDS = {"tick": bool, "pass": bool, "known": bool, "best": (int, float), "path": str, "review": str}
Value = bool | float | str


@dataclass(frozen=True)
class Change:
    """An entry that this visit has set. ``gently``: what the browser knows already stays."""

    number: int
    name: str
    value: Value
    gently: bool = False


@dataclass
class Record:
    """The mirror of the browser's record: its ``entries``, and this visit's latest change of each."""

    visit: str = field(default_factory=lambda: secrets.token_hex(8))
    entries: dict[str, Value] = field(default_factory=dict)
    changes: dict[str, Change] = field(default_factory=dict)
    told: str = ""  # by the browser, the last time
    count: int = 0

    def set(self, name: str, value: Value, gently: bool = False) -> None:
        """Set an entry here and, at the end of the script run, in the browser."""
        if self.entries.get(name) != value:
            self.count += 1
            self.changes[name] = Change(self.count, name, value, gently)
            self.entries[name] = value

    def hear(self, text: str) -> None:
        """Take over what the browser says; changes that it has not had by then stay on top."""
        if text == self.told:
            return
        self.told = text
        self.entries, applied = sound(text)
        for change in self.changes.values():
            before = self.entries.get(change.name)
            if change.number > applied and not (change.gently and before is not None):
                lower = change.name.startswith("best:") and before is not None
                self.entries[change.name] = min(before, change.value) if lower else change.value


def record() -> Record:
    """The learner's record."""
    if "progress" not in st.session_state:
        st.session_state["progress"] = Record()
    mirror = st.session_state["progress"]
    if stored := st.session_state.get("memory", {}).get("stored"):
        mirror.hear(stored)
    return mirror


def sound(text: str) -> tuple[dict[str, Value], int]:
    """The entries in a browser's text and the number of the last change it has had: known kinds of entries only,
    nothing from a damaged text."""
    try:
        told = json.loads(text) if isinstance(text, str) and len(text) <= LONGEST else {}
    except (ValueError, RecursionError):
        told = {}
    entries, applied = (told.get("record"), told.get("applied")) if isinstance(told, dict) else ({}, 0)
    entries = entries if isinstance(entries, dict) else {}
    known = {name: value for name, value in entries.items() if isinstance(value, KINDS.get(name.split(":", 1)[0], ()))}
    return known, applied if type(applied) is int else 0


def ticked() -> set[str]:
    """The roadmap lines the learner has done."""
    return {name[5:] for name, value in record().entries.items() if name.startswith("tick:") and value}


def tick(line: str, value: bool = True, gently: bool = False) -> None:
    """Tick a roadmap line, or take the tick away."""
    record().set(f"tick:{line}", value, gently)


def path() -> Value | None:
    """The name of the path that the learner has picked."""
    return record().entries.get("path")


def choose(name: str) -> None:
    """Pick a path."""
    record().set("path", name)


def known() -> set[str]:
    """The lessons that the placement found known."""
    return {name[6:] for name, value in record().entries.items() if name.startswith("known:") and value}


def know(lessons: Iterable[str], value: bool = True) -> None:
    """Take some lessons, by their slugs, for known, or no longer."""
    for slug in lessons:
        record().set(f"known:{slug}", value)


def reviews() -> dict[str, Value]:
    """The questions that are to come back, as texts, by the keys of their guesses."""
    return {name[7:]: value for name, value in record().entries.items() if name.startswith("review:") and value}


def review(guess: str, text: str) -> None:
    """Keep a question that is to come back; no text: it does not."""
    record().set(f"review:{guess}", text)


def passed(challenge: str) -> bool:
    """Whether a challenge has ever been passed in this browser."""
    return bool(record().entries.get(f"pass:{challenge}"))


def best(challenge: str, value: float | None) -> float | None:
    """The lowest number that this browser has seen pass a challenge, with a new one if there is one."""
    known = [number for number in (record().entries.get(f"best:{challenge}"), value) if isinstance(number, int | float)]
    if known:
        record().set(f"best:{challenge}", min(known))
    return min(known, default=None)


def keep(challenge: str, topic: curriculum.Topic) -> None:
    """A challenge is passed: remember it and tick the page's roadmap lines.

    Before the browser has said what it knows, this may be a challenge passed long ago and a line unticked since.
    """
    if not passed(challenge):
        gently = not record().told
        record().set(f"pass:{challenge}", True)
        for line in topic.lines:
            tick(line.text, gently=gently)


def mount() -> None:
    """Hand this visit's changes to the browser; at the end of every script run."""
    mirror = record()
    changes = [asdict(change) for change in mirror.changes.values()]
    data = {"visit": mirror.visit, "changes": changes, "language": code()}
    _memory(key="memory", data=data, on_stored_change=lambda: None)


@contextmanager
def held() -> Iterator[None]:
    """Hand the token of this learner's work to the tab, which may be loaded anew: before the page is drawn, if there is
    one, for whoever sees that work is under way may do so at once; else after the page, which may have begun some."""
    place, early = st.container(), "owner" in st.session_state
    if early:
        hold(place)
    yield
    if not early:
        hold(place)


def hold(place: DeltaGenerator) -> None:
    """Hand it over now. A tab that was loaded anew while work was under way says the token from before."""
    if st.session_state.get("tab", {}).get("before"):
        st.session_state["owner"] = work.owner().token
    data = {"visit": record().visit, "owner": st.session_state.get("owner", "")}
    with place:
        _tab(key="tab", data=data, on_before_change=lambda: None)
