"""The frame around every page: style, and the way on."""

import copy
import gc
import sys
from functools import lru_cache
from pathlib import Path

import streamlit as st

from core.lessons import curriculum

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
    st.html(
        f'<div class="rl-head"><p class="rl-place">{topic.chapter} · {chapter.title}'
        f"<span> — lesson {place} of {len(chapter.topics)}</span></p>"
        f"<h1>{topic.title}</h1><p class='rl-promise'>{topic.promise}</p></div>"
    )


def ways_on(topic: curriculum.Topic) -> None:
    """Links to the page before and the page after."""
    st.divider()
    left, right = st.columns(2)
    if before := curriculum.previous(topic):
        left.page_link(before.path, label=before.title, icon=":material/arrow_back:")
    if after := curriculum.following(topic):
        with right.container(horizontal_alignment="right"):
            st.page_link(after.path, label=after.title, icon=":material/arrow_forward:", icon_position="right")


def reading(topic: curriculum.Topic) -> None:
    """Where the page's docstring sends the reader."""
    if topic.reading:
        st.markdown("### Read on\n\n" + "\n".join(f"- {item}" for item in topic.reading))


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
