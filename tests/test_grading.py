"""Numbers that learners work out: right ones pass however they are written, and nothing typed is ever run."""

import random

import pytest
from streamlit.testing.v1 import AppTest

from core.lessons.grading import graded


@pytest.mark.parametrize("written", ["-0.125", "-1/8", "−0,125", "-0.5 * (1 - 0.5)^2 ", "-0.1249", "+-.125"])
def test_a_right_answer_passes_however_it_is_written(written):
    assert graded(written, -0.125, 1e-3).is_right


def test_only_wrong_answers_get_a_hint(seeds):
    for seed in seeds:
        draw = random.Random(seed)
        truth, tolerance = draw.uniform(-5, 5), 10 ** draw.uniform(-4, -2)
        for given in (-truth, truth + 3 * tolerance, 2 * truth, draw.uniform(-9, 9)):
            verdict = graded(repr(given), truth, tolerance)
            assert verdict.is_right == (abs(given - truth) <= tolerance)
            assert verdict.is_right != bool(verdict.hint)


@pytest.mark.parametrize(
    "hostile", ["", "nan", "inf", "__import__('os')", "9**9**9", "(" * 99, "1e999", "x", "\x00", "🙂"]
)
def test_what_is_no_number_gets_one_sentence(hostile):
    verdict = graded(hostile, 1.0, 0.1)
    assert not verdict.is_right and verdict.hint.startswith("This is no number: ")


def asking():
    import streamlit as st

    from core.lessons.grading import Calculation
    from pages.ui.panels import answer_panel

    truth = st.session_state.get("truth", 0.5)
    questions = [Calculation("First?", truth, 0.01, "So."), Calculation("Second?", -2.0, 0.01, "Thus.")]
    st.session_state["result"] = answer_panel(questions, "kit.answer")


def answered(app: AppTest, number: int, text: str) -> AppTest:
    app.text_input(key=f"kit.answer.{number}.text").set_value(text)
    return app.button(key=f"kit.answer.{number}.check").click().run()


def test_questions_are_asked_one_after_another_and_begin_anew_when_they_change():
    app = AppTest.from_function(asking).run()
    assert app.session_state["result"] == [None, None]
    app = answered(app, 1, "![x](http://example.org/a.png)")
    assert not app.exception and app.text[0].value.startswith("This is no number")
    app = answered(app, 1, "1/2")
    assert app.session_state["result"] == [True, None]
    app = app.button(key="kit.answer.2.skip").click().run()
    assert app.session_state["result"] == [True, False]
    app.session_state["truth"] = 0.7
    assert app.run().session_state["result"] == [None, None]
