"""The contents in the sidebar: every page as a link, the chapter in sight open.

Plain HTML, because Streamlit draws its own list of 60 links anew with every answer, and a keyboard cannot open its
sections. What is clicked is opened by the search (assets/components/search.js) in the visit that is under way; before
that is there, or without it, a link loads its page.
"""

from collections.abc import Sequence
from functools import lru_cache
from html import escape

import streamlit as st

from core.lessons import curriculum
from pages.ui.words import code, say, told, way

Link = tuple[str, str, str]  # the address of a page, its title, its icon as ":material/name:" or ""


def contents(front: Sequence[Link], here: str) -> None:
    """The pages in ``front``, then the chapters with their lessons; ``here`` is the address of the page in sight."""
    st.sidebar.html(_listed(tuple(front), here, code()))


@lru_cache(maxsize=256)
def _listed(front: tuple[Link, ...], here: str, _: str) -> str:
    """The list in the language of this visit; the last argument tells the languages apart."""
    chapters = "".join(folding(chapter, here) for chapter in curriculum.chapters() if chapter.topics)
    return f'<nav class="rl-contents" aria-label="{say("Pages")}">{links(front, here)}{chapters}</nav>'


def folding(chapter: curriculum.Chapter, here: str) -> str:
    """A chapter's lessons under its title, open around the page in sight."""
    opened = " open" if here in {topic.slug for topic in chapter.topics} else ""
    lessons = [(topic.slug, told(topic).title, "") for topic in chapter.topics]
    title = escape(f"{chapter.number} · {say(chapter.title)}")
    return f"<details{opened}><summary>{title}</summary>{links(lessons, here)}</details>"


def links(known: Sequence[Link], here: str) -> str:
    """A list of links; the one to the page in sight says so."""
    return f"<ul>{''.join(f'<li>{link(*each, current=each[0] == here)}</li>' for each in known)}</ul>"


def link(place: str, title: str, icon: str, current: bool) -> str:
    drawn = f'<span class="rl-icon" aria-hidden="true" translate="no">{icon.split("/")[1][:-1]}</span>' if icon else ""
    mark = ' aria-current="page"' if current else ""
    return f'<a href="{escape(way(place or "."))}" data-opens="{place}"{mark}>{drawn}{escape(title)}</a>'
