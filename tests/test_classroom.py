"""What a teacher takes from a lesson: a link with a task, and a sheet that asks and does not tell."""

import pytest
from pages_under_test import opened, watched
from streamlit.testing.v1 import AppTest

from core.lessons import curriculum
from core.lessons.question import Question, Scale
from core.lessons.sheet import sheet

pytestmark = pytest.mark.usefixtures("compilation")
SLUGS = ("optimizers", "perceptron", "resnet")


def with_link_open(slug: str) -> AppTest:
    """A lesson whose panel with the link is open."""
    topic = curriculum.topic(slug)
    return opened(topic, {f"{topic.key}.link.open": True})


@pytest.mark.parametrize("slug", SLUGS)
def test_a_link_carries_a_task_and_what_is_hidden(slug):
    app, key = with_link_open(slug), curriculum.topic(slug).key
    app.session_state[f"{key}.link.task"] = "Find the <b>fastest</b>."
    app.session_state[f"{key}.link.hidden"] = ["Seed"]
    app.run()
    (link,) = [each.value for each in app.code if "task=" in each.value]
    assert "hide=seed" in link and "Find+the+%3Cb%3E" in link
    app.query_params["task"], app.query_params["hide"] = "Find the <b>fastest</b>.", "seed"
    app.run()
    assert [each.value for each in app.info] == [r"**Task.** Find the \<b\>fastest\</b\>."]
    assert not app.exception


def test_a_task_is_cut_where_it_is_too_long():
    topic = curriculum.topic("perceptron")
    app = opened(topic)
    app.query_params["task"] = "x" * 5000
    app.run()
    assert len(app.info[0].value) < 400 and not app.exception


@pytest.mark.parametrize("slug", SLUGS)
def test_a_sheet_asks_everything_and_answers_nothing(slug):
    topic = curriculum.topic(slug)
    with watched() as shown:
        opened(topic)
    questions = [parts[0] for kind, *parts in shown.seen if kind == "question"]
    goals = [parts[0] for kind, *parts in shown.seen if kind == "goal"]
    text = sheet(topic, {"Seed": 3, "On": True, "Names": ("a|b",)}, questions, goals, "http://x/y", "Do it.")
    for words in (topic.title, topic.promise, topic.idea, "**Task.** Do it.", "<http://x/y>", "| On | on |", "a|b"):
        assert words in text
    assert questions and goals
    for question in questions:
        assert question.text in text and question.because not in text
    assert all(goal.text in text and goal.now not in text for goal in goals)


def test_a_number_to_guess_says_between_what():
    question = Question("How many?", Scale(0, 10, 1, "%"), 3.0, "So it is.")
    assert "from 0% to 10%" in sheet(curriculum.topic("resnet"), {}, [question], [], "http://x")
