"""A guess before the answer shows: its buttons or its scale, and then guess and truth side by side."""

from collections.abc import Sequence

import streamlit as st

from core.lessons.question import Question, Scale
from pages.ui.words import prose, say


def guess_panel(question: Question, key: str) -> bool:
    """Ask a question; whether the learner has committed to a guess, or asked to see."""
    state = st.session_state.setdefault(f"{key}.state", {})
    with st.container(border=True, key=f"predict-{key}".replace(".", "-")):
        if state:
            answered(question, state, key)
            return True
        st.markdown(prose(f"**Predict first.** {question.text}"))
        if isinstance(question.options, Scale):
            scale_form(question.options, question.truth, state, key)
        else:
            buttons(question.options, question.truth, state, key)
    return False


def buttons(options: Sequence[str], truth: str | float, state: dict, key: str) -> None:
    """One button for each answer."""
    with st.container(horizontal=True):
        for option in options:
            guess = {"guess": option, "truth": truth}
            st.button(say(option), key=f"{key}.{option}", on_click=state.update, kwargs=guess)
        st.button(
            say("Just show me"), key=f"{key}.skip", type="tertiary", on_click=state.update, kwargs={"skipped": True}
        )


def scale_form(scale: Scale, truth: str | float, state: dict, key: str) -> None:
    """A slider that says nothing until the guess is handed in."""
    number = f"{key}.number"
    middle = scale.low + round((scale.high - scale.low) / 2 / scale.step) * scale.step
    if number in st.session_state:  # the range may have changed
        st.session_state[number] = min(max(st.session_state[number], scale.low), scale.high)
    label = say(f"Your guess, in {scale.unit}" if scale.unit else "Your guess")
    with st.form(f"{key}.form", border=False):
        st.slider(label, scale.low, scale.high, middle, scale.step, key=number)
        with st.container(horizontal=True):
            given = [state, number, truth]
            st.form_submit_button(say("That is my guess"), key=f"{key}.commit", on_click=commit, args=given)
            skip, said = f"{key}.skip", {"skipped": True}
            st.form_submit_button(say("Just show me"), key=skip, type="tertiary", on_click=state.update, kwargs=said)


def commit(state: dict, number: str, truth: str | float) -> None:
    """Keep the guess that stands on the slider, beside what is true at this moment."""
    state.update(guess=st.session_state[number], truth=truth)


def answered(question: Question, state: dict, key: str) -> None:
    """Guess and truth, and one sentence why."""
    truth = question.written(question.truth)
    if "guess" in state:
        right = question.is_right(state["guess"], state["truth"])
        mark = ":material/check_circle:" if right else ":material/cancel:"
        since = "" if question.truth == state["truth"] else f" With the present settings: **{truth}**."
        said = f"{mark} {question.text} {question.verdict(state['guess'], state['truth'])} {question.because}{since}"
    else:
        said = f"{question.text} Measured: **{truth}**. {question.because}"
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(prose(said))
        st.button(say("Guess again"), key=f"{key}.again", type="tertiary", on_click=state.clear)
