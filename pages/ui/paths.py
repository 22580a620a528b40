"""The learner's path: which one it is, what of it is done, what is next, and all lessons as a map."""

from pathlib import Path

import streamlit as st

from core.lessons import curriculum
from core.lessons.curriculum import Topic
from core.lessons.paths import PATHS, LearningPath, after, ahead, before, path_named
from pages.ui import memory
from pages.ui.stage import component
from pages.ui.words import say, saying, told

PAGE = Path(__file__).resolve().parents[1] / "paths.py"
_map = component("map", isolate_styles=False)


def chosen() -> LearningPath:
    """The path that the learner has picked; the whole roadmap at first."""
    return path_named(memory.path())


def is_done(topic: Topic) -> bool:
    """Whether all roadmap lines of a lesson are ticked."""
    return {line.text for line in topic.lines} <= memory.ticked()


def done() -> set[str]:
    """The slugs of the lessons that need not be offered: their lines are ticked, or the placement found them known."""
    return {topic.slug for topic in curriculum.topics() if is_done(topic)} | memory.known()


def picker() -> None:
    """Let the learner pick a path, and say what it is for."""
    names, name = [path.name for path in PATHS], chosen().name
    if is_late := st.session_state.get("path", name) != name:  # what the browser remembers came after the first run
        st.session_state["path"] = name
    st.pills(
        say("Path"), names, default=None if is_late else name, required=True, key="path", format_func=saying(),
        on_change=lambda: memory.choose(st.session_state["path"]),
    )  # fmt: skip
    st.caption(say(chosen().promise))


def next_step() -> None:
    """The first lesson of the path that is not done yet, and how far the learner has come on it."""
    path, known = chosen(), done()
    lessons, topic = path.lessons(), ahead(path, known)
    count = sum(lesson.slug in known for lesson in lessons)
    with st.container(border=True, key="next-step"):
        if topic is None:
            st.markdown(say(f"**{path.name}**: all {len(lessons)} lessons done. Choose another path, or any lesson."))
            return
        place = say(f"{'Next' if known else 'Start here'} · chapter {topic.chapter}")
        progress = say(f"{path.name}, {count} of {len(lessons)} done")
        st.html(f'<p class="rl-place">{place}<span> — {progress}</span></p>')
        topic = told(topic)
        st.page_link(topic.path, label=f"**{topic.title}**", icon=":material/arrow_forward:", icon_position="right")
        st.markdown(topic.promise)


def to_the_map() -> None:
    """A link to the map."""
    st.page_link(PAGE, label=say("See all lessons as a map, and find where to begin"), icon=":material/route:")


def builds_on(topic: Topic) -> None:
    """Links to what a lesson needs."""
    if topic.needs:
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="builds-on"):
            st.caption(say("Builds on"), width="content")
            for need in map(told, map(curriculum.topic, topic.needs)):
                st.page_link(need.path, label=need.title)


def ways_on(topic: Topic) -> None:
    """Links to the lesson before and the lesson after on the learner's path."""
    st.divider()
    left, right = st.columns(2)
    if earlier := before(topic, chosen()):
        left.page_link(earlier.path, label=told(earlier).title, icon=":material/arrow_back:")
    with right.container(horizontal_alignment="right"):
        if later := after(topic, chosen(), done()):
            st.page_link(later.path, label=told(later).title, icon=":material/arrow_forward:", icon_position="right")
        else:
            st.page_link(PAGE, label=say("All done on this path: choose another"), icon=":material/route:")


def lesson_map() -> None:
    """All lessons by chapter, with lines from what is needed to what needs it; picking one opens it."""
    known, ticked = memory.known(), {topic.slug for topic in curriculum.topics() if is_done(topic)}
    path = chosen()
    next_lesson = ahead(path, known | ticked)
    on = {topic.slug for topic in path.lessons() if path.goals}  # of the whole roadmap no part stands out

    def state(topic: Topic) -> str:
        marks = {"done": topic.slug in ticked, "known": topic.slug in known, "next": topic is next_lesson}
        return next((name for name, applies in marks.items() if applies), "open")

    def described(topic: Topic) -> dict:
        known_to_all = {"slug": topic.slug, "title": told(topic).title, "needs": topic.needs}
        return {**known_to_all, "state": state(topic), "on": topic.slug in on}

    chapters = [
        {
            "number": chapter.number,
            "title": say(chapter.title),
            "lessons": [described(topic) for topic in chapter.topics],
        }
        for chapter in curriculum.chapters()
    ]
    opened = _map(key="map", data={"chapters": chapters}, on_opened_change=lambda: None).opened
    if opened in {topic.slug for topic in curriculum.topics()}:
        st.switch_page(curriculum.topic(opened).path)
