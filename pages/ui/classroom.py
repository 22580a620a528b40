"""For whoever teaches with a lesson: a link that sets all and hides what is not to be touched, and a class sheet."""

from urllib.parse import urlencode

import streamlit as st

from core.lessons.sheet import sheet
from pages.ui.controls import SEED
from pages.ui.didactics import Didactics
from pages.ui.wording import literal
from pages.ui.words import chosen, say, saying, told

LONGEST = 300  # characters of a task


def task() -> None:
    """What the teacher's link says is to be done."""
    if words := st.query_params.get("task", "").strip()[:LONGEST]:
        st.info(f"{say('**Task.**')} {literal(words)}", icon=":material/school:")


def panel(page: Didactics, key: str) -> None:
    """The address that reopens what is on screen, to copy; for a class without the controls that a teacher picks, with
    a task, and as a sheet."""
    if not st.toggle(say("Link to what is on screen"), key=f"{key}.open"):
        return
    names = {control.label: control.name for control in page.known.values()} | {"Seed": SEED}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        hidden = st.multiselect(
            say("Hide from learners"), list(names), key=f"{key}.hidden", format_func=saying(),
            help=say("The link then opens without them; they keep their values."),
            placeholder=say("Choose options"), select_all=chosen() is None,
        )  # fmt: skip
        words = st.text_input(
            say("Task for the class"), max_chars=LONGEST, key=f"{key}.task", help=say("Stands above the lab.")
        )
    there = address([names[label] for label in hidden], words.strip())
    st.code(there, language=None, wrap_lines=True)
    settings = {
        control.label: st.session_state.get(page.key(control), control.value)
        for control in page.known.values()
        if control.label not in hidden
    }
    text = sheet(told(page.topic), settings, page.asked, page.goals, there, words.strip(), say)
    help = "Settings, questions and challenges with room to write. The browser's own print makes a PDF of the page."
    st.download_button(
        say("Class sheet (Markdown)"), text, f"{page.topic.slug}.md", "text/markdown", key=f"{key}.sheet",
        on_click="ignore", help=say(help),
    )  # fmt: skip


def address(hidden: list[str], words: str) -> str:
    """The address that reopens what is on screen, without some of the controls and with a task."""
    values = {name: st.query_params.get_all(name) for name in st.query_params if name not in ("hide", "task")}
    values |= {"hide": [",".join(hidden)]} if hidden else {}
    values |= {"task": [words]} if words else {}
    query = urlencode(values, doseq=True)
    return (st.context.url or "").partition("?")[0] + (f"?{query}" if query else "")
