"""The pieces of the front page: the roadmap drawn as a map with the learner's marks on it."""

import re
from pathlib import Path

import streamlit as st

from core.lessons import curriculum
from core.serving.files import PICTURES
from pages.ui import memory
from pages.ui.paths import is_done
from pages.ui.stage import component
from pages.ui.wording import literal
from pages.ui.words import say, told

DEMOS = Path(__file__).resolve().parents[2] / "demos"
_projects = component("projects", isolate_styles=False)
LINK = re.compile(r"\[([^\]]+)\]\(\1\)")  # an address that is a link to itself
DONE, OPEN, COMING = ":material/check_circle:", ":material/radio_button_unchecked:", ":material/schedule:"


def title() -> None:
    """What this is, in two sentences, and how far the learner has come."""
    lines, ticked = curriculum.lines(), memory.ticked()
    done = sum(line.text in ticked for line in lines)
    with st.container(key="hero"):  # plain text is there before the browser has the part that draws HTML
        st.title(say("Learn deep learning by doing it"), anchor=False)
        st.markdown(
            say(
                "Every page trains a real network on this machine, records it and lets you take it apart. "
                "Move a slider, guess what happens, then rewind and see why."
            )
        )
    st.progress(done / len(lines), text=say(f"{done} of {len(lines)} roadmap lines done"))


def entry(topic: curriculum.Topic) -> None:
    """A link to a page, with its mark."""
    st.page_link(topic.path, label=told(topic).title, icon=DONE if is_done(topic) else OPEN)


def chapters() -> None:
    """The ten chapters: lessons as links, roadmap lines without a lesson as coming."""
    coming = set(curriculum.coming())
    columns = []
    for chapter in curriculum.chapters():
        columns = columns or list(st.columns(2, gap="medium"))  # a row for every two, so that a phone keeps the order
        with columns.pop(0).container(border=True, key=f"chapter-{chapter.number}", height="stretch"):
            done = sum(is_done(topic) for topic in chapter.topics)
            count = say(f"{done} of {len(chapter.topics)} done" if chapter.topics else "coming")
            st.html(
                f'<div class="rl-chapter"><span class="rl-number">{chapter.number}</span>'
                f"<h2>{say(chapter.title)}</h2><span class='rl-count'>{count}</span></div>"
            )
            for topic in chapter.topics:
                entry(topic)
            later = [line.text for line in chapter.lines if line in coming and not line.text.endswith(":")]
            if later:
                st.caption(f"{COMING} {say('Coming:')} " + " · ".join(say(text).replace("[", "\\[") for text in later))


def projects() -> None:
    """The projects as pictures; picking one opens it."""
    shown = [topic for topic in curriculum.topics() if topic.slug in PICTURES]
    described = [
        {"slug": topic.slug, "title": told(topic).title, "picture": PICTURES[topic.slug].address} for topic in shown
    ]
    opened = _projects(key="projects", data={"projects": described}, on_opened_change=lambda: None).opened
    if opened in PICTURES:
        st.switch_page(curriculum.topic(opened).path)


def demos() -> None:
    """The projects that also run on their own, and how to start them."""
    found = (
        [folder.name for folder in sorted(DEMOS.iterdir()) if (folder / "app.py").is_file()] if DEMOS.is_dir() else []
    )
    if found:
        with st.container(border=True, key="demos"):
            st.markdown(f"## {say('Projects that run on their own')}")
            st.markdown(say("Each is a Gradio app that also works as a Hugging Face Space. Start one with:"))
            lines = "\n".join(f"make demo DEMO={name}" for name in found)
            st.html(f'<pre class="rl-commands">{lines}</pre>')  # st.code would fetch 1.5 MB that colours programs


def take_away() -> None:
    """The learner's marks as the roadmap's own Markdown, in a drawer."""
    label, icon = say("Your roadmap: tick lines, export, import"), ":material/checklist:"
    with st.expander(label, icon=icon, key="checklist", on_change="rerun") as drawer:
        if drawer.open:  # 76 boxes are sent only to those who look
            checklist()


def checklist() -> None:
    """The roadmap's lines to tick, out and in as Markdown."""
    markdown = curriculum.checklist(memory.ticked())
    st.download_button(say("Export as Markdown"), markdown, "roadmap.md", "text/markdown", on_click="ignore")
    upload = st.file_uploader(say("Import a checklist you exported"), type=["md", "txt"], key="import")
    if upload is not None:
        imported(upload.file_id, upload.getvalue())
    for chapter in curriculum.chapters():
        st.markdown(f"**{chapter.number} · {say(chapter.title)}**")
        for line in chapter.lines:
            label = ("\u2003" * line.depth) + LINK.sub(r"\1", say(line.text)).replace("[", "\\[")
            key = f"line.{line.chapter}.{line.text}"
            value = line.text in memory.ticked()
            if st.session_state.get(key) != value:
                st.session_state[key] = value
            st.checkbox(label, key=key, on_change=toggled, args=[line.text, key])


def toggled(text: str, key: str) -> None:
    """The learner ticked or unticked a line by hand."""
    memory.tick(text, st.session_state[key])


def imported(name: str, content: bytes) -> None:
    """Take over the ticks of an uploaded checklist, once, or say in one sentence why not."""
    try:
        ticks = curriculum.ticked(content)
    except ValueError as error:
        st.error(literal(say(str(error))))
        return
    if st.session_state.get("imported") != name:  # the file stays in its box; later changes by hand must hold
        st.session_state["imported"] = name
        for text in ticks.lines:
            memory.tick(text)
    unknown = f" {len(ticks.unknown)} ticked lines are not on this roadmap." if ticks.unknown else ""
    st.success(say(f"{len(ticks.lines)} ticked lines were taken over.{unknown}"))
