"""The frame around every page: style, head, and what to read on."""

import copy
import gc
import sys
from functools import lru_cache
from pathlib import Path

import streamlit as st

from core.lessons import curriculum
from core.lessons.books import parts_for
from pages.ui.words import is_told, say, told, way

STYLE = Path(__file__).resolve().parents[2] / "assets" / "components" / "frame.css"


def entry(path: Path, **known):
    """A page for the navigation. Looking one up on disk takes most of a millisecond, so it is done once; every run of
    the hub gets a copy, because Streamlit notes on a page whether this run may call it."""
    return copy.copy(_looked_up(path, **known))


_looked_up = lru_cache(maxsize=256)(st.Page)


def style() -> None:
    """The house style, beyond what the theme in .streamlit/config.toml says."""
    st.html(f"<style>{STYLE.read_text(encoding='utf-8')}</style>")


def head(topic: curriculum.Topic) -> None:
    """Where we are, the title and the promise."""
    chapter = curriculum.chapters()[topic.chapter - 1]
    place = [topic.slug for topic in chapter.topics].index(topic.slug) + 1
    said = told(topic)
    st.html(
        f'<div class="rl-head"><p class="rl-place">{topic.chapter} · {say(chapter.title)}'
        f"<span> — {say(f'lesson {place} of {len(chapter.topics)}')}</span></p>"
        f"<h1>{said.title}</h1><p class='rl-promise'>{said.promise}</p></div>"
    )
    if not is_told(topic):
        st.caption(say("This lesson is not translated yet."))


def reading(topic: curriculum.Topic) -> None:
    """Where the page's docstring sends the reader, and from the roadmap's five books to all lessons beside them."""
    if topic.reading:
        st.markdown(f"## {say('Read on')}\n\n" + "\n".join(f"- {item}" for item in told(topic).reading))
    if titles := list(dict.fromkeys(book.title for book, _ in parts_for(topic))):
        links = [f"[{title}]({way('reading', **{'reading.book': title})})" for title in titles]
        st.caption(f"{say('Lessons beside every chapter:')} {' · '.join(links)}")


def settle() -> None:
    """Leave what new modules have brought out of garbage collection for good.

    A collection walks every object there is and stops all sessions meanwhile: with torch and numba imported that takes
    longer than a run. Called at a run's end, it costs something only after a run that imported modules.
    """
    if len(sys.modules) > settled["modules"]:
        gc.collect()
        gc.freeze()
        settled["modules"] = len(sys.modules)


settled = {"modules": 0}
