"""The search for lessons, terms and symbols: a box that the browser answers by itself, and the glossary to read."""

from collections.abc import Sequence

import streamlit as st
from streamlit.navigation.page import Page
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.lessons.glossary import SYMBOLS, TERMS, Entry, alphabetical, entries
from core.lessons.glossary import told as told_entry
from core.lessons.search import INDEXES
from pages.ui.stage import component
from pages.ui.wording import literal
from pages.ui.words import code, say, saying, told, understand, way

KEY = "search"
_search = component("search", isolate_styles=False)


def mount(inline: bool) -> None:
    """The box; the browser fetches what it searches when somebody begins to."""
    data = {"inline": inline, "index": INDEXES[code()].address}
    _search(key=KEY, data=data, on_opened_change=lambda: None)


def box() -> None:
    """The box as a part of the page."""
    st.session_state["search.inline"] = True
    mount(inline=True)


def overlay() -> None:
    """The box over the page, once its key is pressed; nothing on pages that have one."""
    if not st.session_state.pop("search.inline", False):
        mount(inline=False)


def follow(pages: Sequence[Page]) -> None:
    """Open the page that was chosen in the box, the contents or a link, before the one in sight is run again."""
    opened = st.session_state.get(KEY, {}).get("opened")
    for page in pages:
        if page.url_path == opened:
            if context := get_script_run_ctx():
                with context.session_state.query_params() as address:  # what is bound to controls, switch_page refuses
                    address.clear_with_no_forward_msg(preserve_embed=True)
            st.switch_page(page)


def glossary() -> None:
    """All terms, or all symbols, each with a link to its lesson."""
    if (key := "glossary.show") not in st.session_state:
        understand(key, (TERMS, SYMBOLS))
    kind = st.pills(
        say("Show"),
        [TERMS, SYMBOLS],
        default=TERMS,
        required=True,
        key=key,
        bind="query-params",
        format_func=saying(),
    )
    rows = [told_entry(entry, code()) for entry in entries() if entry.kind == kind]
    st.markdown("\n".join(map(row, alphabetical(rows) if kind == TERMS else rows)))


def row(entry: Entry) -> str:
    """An entry with a link to its lesson, in Markdown."""
    lesson = entry.lessons[0]
    return f"- **{literal(entry.name)}** — {literal(entry.meaning)} · [{told(lesson).title}]({way(lesson.slug)})"
