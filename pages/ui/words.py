"""The learner's language: what a page is about to show is said in it. It stands in the address, as ``lang=de``."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from core.lessons.curriculum import Topic
from core.lessons.languages import ENGLISH, Language, codes, language, name_of
from pages.ui.witness import noted
from pages.ui.wording import signed

KEY = "lang"
KEPT, UNTOLD = "words-kept", "words-untold"  # what was chosen when the language changed; whether to tell the browser
# What holds texts in a picture; x and y where they are categories.
TEXTS = {"text", "title", "name", "ticktext", "hovertext", "hovertemplate", "alt", "labels", "captions", "x", "y"}


def chosen() -> Language | None:
    """The language that this visit has chosen; None for English."""
    code = st.session_state.get(KEY)
    return language(code) if code else None


def code() -> str:
    """The code of the language that this visit reads."""
    known = chosen()
    return known.code if known else ENGLISH


def switch() -> None:
    """Let the learner choose a language, in the sidebar. A link that names one opens in it, and it holds for the
    visit."""
    if KEY not in st.session_state and st.query_params.get(KEY) in codes():
        st.session_state[KEY] = st.query_params[KEY]
    st.sidebar.segmented_control(
        "Language · Sprache", codes(), default=ENGLISH, required=True, key=KEY, format_func=name_of, on_change=keep,
        label_visibility="collapsed", persist_state="session",
    )  # fmt: skip
    if st.session_state[KEY] != ENGLISH and st.query_params.get(KEY) != st.session_state[KEY]:
        st.query_params[KEY] = st.session_state[KEY]
    elif st.session_state[KEY] == ENGLISH and KEY in st.query_params:
        del st.query_params[KEY]
    tell()


def keep() -> None:
    """What is chosen from words keeps its value: the browser only knows it by the words of the language before."""
    kept = {}
    for key, value in st.session_state.items():
        words = value if isinstance(value, list) else [value]  # of several words; files, too, come as lists
        if key != KEY and words and all(isinstance(word, str) for word in words):
            kept[key] = value
    st.session_state.update({KEPT: kept, UNTOLD: True})


def tell() -> None:
    """The browser is told what was kept in every run until one has come to its end, for a run may be cut short before
    the control is drawn; after that, only where the browser still answers in the words of the language before."""
    for key, kept in st.session_state.get(KEPT, {}).items():
        now = st.session_state.get(key)
        if means(now, kept) and (now != kept or st.session_state[UNTOLD]):
            st.session_state[key] = kept


def told_all() -> None:
    """A run has come to its end: all its controls are drawn."""
    if UNTOLD in st.session_state:
        st.session_state[UNTOLD] = False


def means(words: object, kept: str | list[str]) -> bool:
    """Whether this is what was kept, in any language."""
    if isinstance(words, list) and isinstance(kept, list):
        return len(words) == len(kept) and all(map(means, words, kept))
    return isinstance(kept, str) and words in names_of(kept)


def say(text: str) -> str:
    """A text in the learner's language; sentences that its catalogues lack stay English, and are noted."""
    return saying()(text)


def prose(text: str) -> str:
    """A sentence in the learner's language, as it is printed."""
    return signed(say(text))


def saying() -> Callable[[str], str]:
    """``say`` in the language that is chosen now, for the names of a widget's options: they may be asked for once the
    page has run, when no visit is at hand."""
    known = chosen()

    def say_in(text: str) -> str:
        if known is None or not isinstance(text, str):
            return text
        said = known.said(text)
        for sentence in said.unknown:
            noted("unsaid", sentence)
        return said.text

    return say_in


def understand(key: str, options: Sequence[str]) -> None:
    """A link may name options of a control, not drawn yet, in another language than this visit's: then the address
    says them anew, and the page begins again with it."""
    names = st.query_params.get_all(key)
    meant = [say(option) for name in names for option in options if name in names_of(option)]
    if meant and names != meant:
        st.query_params[key] = meant
        st.rerun()


def names_of(option: str) -> list[str]:
    """What an option is called in each language."""
    return [option, *(known.said(option).text for known in map(language, codes()) if known)]


def said(value: Any) -> Any:
    """Pictures as the browser draws them, with all their texts in the learner's language."""
    return value if chosen() is None else _said(value, False)


def _said(value: Any, is_text: bool) -> Any:
    """The same, of a part of them; whether a string in it is a text depends on what it is called."""
    if isinstance(value, str):
        return say(value) if is_text else value
    if isinstance(value, dict):
        return {name: _said(part, name in TEXTS) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_said(part, is_text) for part in value]
    return value


def told(topic: Topic) -> Topic:
    """A lesson in the learner's language; of one that is not translated yet, title and promise."""
    known = chosen()
    if known is None:
        return topic
    if topic.slug in known.lessons:
        return known.told(topic)
    return replace(topic, title=say(topic.title), promise=say(topic.promise))


def way(slug: str, **query: str) -> str:
    """The address of a page, for a link in a text: it opens in the learner's language."""
    query |= {KEY: code()} if chosen() else {}
    return f"{slug}?{urlencode(query)}" if query else slug


def is_told(topic: Topic) -> bool:
    """Whether a lesson is there in the learner's language."""
    known = chosen()
    return known is None or topic.slug in known.lessons
