"""Guesses that were wrong come back: noted where they are made, asked again on the front page, kept in the browser."""

import time

import streamlit as st

from core.lessons import curriculum
from core.lessons.curriculum import Topic
from core.lessons.question import Question
from core.lessons.review import Review, days, due, missed, read, room
from pages.ui import memory
from pages.ui.guesses import guess_panel
from pages.ui.words import say

SHOWN = "review.shown"  # the name of the question that is asked in this visit, until the learner wants another


def waiting() -> dict[str, Review]:
    """The questions that are to come back, by the keys of their guesses."""
    found = {name: read(text) for name, text in memory.reviews().items()}
    slugs = {topic.slug for topic in curriculum.topics()}
    return {name: review for name, review in found.items() if review is not None and review.slug in slugs}


def note(topic: Topic, question: Question, key: str) -> None:
    """Remember a guess that was wrong, once."""
    state = st.session_state.get(f"{key}.state", {})
    if "guess" not in state or state.get("noted"):
        return
    state["noted"] = True
    if not question.is_right(state["guess"], state["truth"]) and room(waiting()):
        link = {name: st.query_params.get_all(name) for name in st.query_params if name != "hide"}
        again = missed(question, state["truth"], topic.slug, link, time.time())
        if read(again.stored):  # a question that is too long to be kept is not
            memory.review(key, again.stored)


def panel() -> None:
    """One question whose day has come; nothing where there is none."""
    reviews, now = waiting(), time.time()
    open = due(reviews, now)
    name = st.session_state.get(SHOWN)
    if name is None and open:
        name = st.session_state[SHOWN] = open[0]
        st.session_state["review.asked"] = reviews[name]
    if name is None:
        return
    review: Review = st.session_state["review.asked"]
    topic = curriculum.topic(review.slug)
    off = f"your guess in “{topic.title}” was off"
    with st.container(border=True, key="review"):
        st.html(f'<p class="rl-place">{say("Once more")}<span> — {say(off)}</span></p>')
        if guess_panel(review.question, "review.guess"):
            ended(review, name, now)
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.page_link(
                topic.path, label=say("See it in the lesson"), icon=":material/science:", query_params=review.link
            )
            st.button(say("Do not ask this again"), on_click=dismiss, args=[name], type="tertiary")


def ended(review: Review, name: str, now: float) -> None:
    """What becomes of a question that was answered: when it comes back, and the next one."""
    state = st.session_state["review.guess.state"]
    if "next" not in state:  # a second guess knows the answer
        is_right = "guess" in state and review.question.is_right(state["guess"], review.truth)
        state["next"] = review.answered(is_right, now)
        memory.review(name, state["next"].stored if state["next"] else "")
    later = state["next"]
    wait = days(later, now) if later else 0
    when = "tomorrow" if wait == 1 else f"in {wait} days"
    st.caption(say(f"It comes back {when}." if later else "Right often enough: it does not come back."))
    if [other for other in due(waiting(), now) if other != name]:
        st.button(say("Another one"), on_click=another, type="tertiary")


def dismiss(name: str) -> None:
    """Never ask a question again."""
    memory.review(name, "")
    another()


def another() -> None:
    """Ask the next one."""
    for key in (SHOWN, "review.asked", "review.guess.state"):
        st.session_state.pop(key, None)
