"""What the learner has done: kept in the learner's browser, mirrored in the session while a tab is open.

One flat mapping: "tick:<roadmap line>" and "pass:<challenge>" to true or false, "best:<challenge>" to a number.
"""

import json

import streamlit as st

from core import curriculum
from pages.ui.stage import component

_memory = component("memory")
LONGEST = 200_000  # characters of progress that are read from a browser


def progress() -> dict:
    """The learner's record; changes to it reach the browser at the end of the script run."""
    if "progress" not in st.session_state:
        st.session_state["progress"] = {}
    record, stored = st.session_state["progress"], st.session_state.get("memory", {}).get("stored")
    if stored and not st.session_state.get("progress_loaded"):
        st.session_state["progress_loaded"] = True
        for name, value in sound(stored).items():
            record.setdefault(name, value)
    return record


def sound(text: str) -> dict:
    """The record in a browser's text: known kinds of entries only, nothing from a damaged text."""
    try:
        found = json.loads(text) if len(text) <= LONGEST else {}
    except ValueError:
        return {}
    kinds = {"tick": bool, "pass": bool, "best": (int, float)}
    entries = found.items() if isinstance(found, dict) else ()
    return {name: value for name, value in entries if isinstance(value, kinds.get(name.split(":", 1)[0], ()))}


def ticked() -> set[str]:
    """The roadmap lines the learner has done."""
    return {name[5:] for name, value in progress().items() if name.startswith("tick:") and value}


def tick(line: str, value: bool = True) -> None:
    """Tick a roadmap line, or take the tick away."""
    progress()[f"tick:{line}"] = value


def passed(challenge: str) -> bool:
    """Whether a challenge has ever been passed in this browser."""
    return bool(progress().get(f"pass:{challenge}"))


def best(challenge: str, value: float | None) -> float | None:
    """The lowest number that this browser has seen pass a challenge, with a new one if there is one."""
    known = [number for number in (progress().get(f"best:{challenge}"), value) if number is not None]
    if known:
        progress()[f"best:{challenge}"] = min(known)
    return min(known, default=None)


def keep(challenge: str, topic: curriculum.Topic) -> None:
    """A challenge is passed: remember it and tick the page's roadmap lines."""
    if not passed(challenge):
        progress()[f"pass:{challenge}"] = True
        for line in topic.lines:
            tick(line.text)


def mount() -> None:
    """Hand the record to the browser; at the end of every script run."""
    loaded = bool(st.session_state.get("progress_loaded"))
    _memory(key="memory", data={"progress": progress(), "loaded": loaded}, on_stored_change=lambda: None)
