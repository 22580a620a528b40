"""What the learner has done: kept in the learner's browser, mirrored in the session while a tab is open.

One flat mapping: "tick:<roadmap line>" and "pass:<challenge>" to true or false, "best:<challenge>" to a number. The
browser is sent the changes of this visit, not the mirror: several tabs can then be open, the oldest too.
"""

import json
import secrets
from dataclasses import asdict, dataclass, field

import streamlit as st

from core.lessons import curriculum
from pages.ui import work
from pages.ui.stage import component

_memory = component("memory")
LONGEST = 200_000  # characters of progress that are read from a browser
KINDS = {"tick": bool, "pass": bool, "best": (int, float)}


@dataclass(frozen=True)
class Change:
    """An entry that this visit has set. ``gently``: what the browser knows already stays."""

    number: int
    name: str
    value: bool | float
    gently: bool = False


@dataclass
class Record:
    """The mirror of the browser's record: its ``entries``, and this visit's latest change of each."""

    visit: str = field(default_factory=lambda: secrets.token_hex(8))
    entries: dict[str, bool | float] = field(default_factory=dict)
    changes: dict[str, Change] = field(default_factory=dict)
    told: str = ""  # by the browser, the last time
    count: int = 0

    def set(self, name: str, value: bool | float, gently: bool = False) -> None:
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


def sound(text: str) -> tuple[dict[str, bool | float], int]:
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


def passed(challenge: str) -> bool:
    """Whether a challenge has ever been passed in this browser."""
    return bool(record().entries.get(f"pass:{challenge}"))


def best(challenge: str, value: float | None) -> float | None:
    """The lowest number that this browser has seen pass a challenge, with a new one if there is one."""
    known = [number for number in (record().entries.get(f"best:{challenge}"), value) if number is not None]
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
    if st.session_state.get("memory", {}).get("before"):  # the tab was loaded anew while work was under way
        st.session_state["owner"] = work.owner().token
    changes = [asdict(change) for change in mirror.changes.values()]
    data = {"visit": mirror.visit, "changes": changes, "owner": st.session_state.get("owner", "")}
    _memory(key="memory", data=data, on_stored_change=lambda: None, on_before_change=lambda: None)
