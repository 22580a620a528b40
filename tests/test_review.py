"""Guesses that were wrong come back: after days that grow, from the browser's own record, one at a time."""

import json
import random
import time

import pytest
from browser import hub, looking, served
from pages_under_test import HUB, look_at, opened
from playwright.sync_api import expect
from streamlit.testing.v1 import AppTest
from test_browser import drawn, narrow, serious

from core.lessons import Question, Scale, curriculum
from core.lessons.review import DAY, DAYS, LONGEST, MOST, days, due, missed, read, room

WORDS = Question("Which one?", ["this", "that", "neither"], "that", "So it is.")
NUMBER = Question("How many?", Scale(0, 20, 1, "units"), 13, "So it is.")
TOPIC = curriculum.topic("losses")


def noted(question: Question = WORDS, now: float = 0.0):
    return missed(question, question.truth, TOPIC.slug, {"losses.view": ["Slopes"]}, now)


def test_it_comes_back_after_days_that_grow_and_then_no_more():
    review, now, gaps = noted(), 0.0, []
    while review:
        gaps.append((review.due - now) / DAY)
        assert days(review, now) == round(gaps[-1])
        now = review.due
        review = review.answered(True, now)
    assert gaps == list(DAYS) and gaps == sorted(gaps)


def test_a_wrong_answer_begins_anew(seeds):
    for seed in seeds:
        draw, review, now = random.Random(seed), noted(), 0.0
        for _ in range(30):
            now = review.due
            is_right = draw.random() < 0.5
            after = review.answered(is_right, now)
            if after is None:
                assert is_right and review.right == len(DAYS) - 1
                break
            assert after.right == (review.right + 1 if is_right else 0) and after.due - now == DAYS[after.right] * DAY
            review = after


def test_nothing_is_asked_before_its_day_and_the_longest_overdue_first(seeds):
    for seed in seeds:
        draw = random.Random(seed)
        reviews = {str(place): noted(now=draw.uniform(0, 5) * DAY) for place in range(9)}
        now = draw.uniform(0, 7) * DAY
        names = due(reviews, now)
        assert {name for name, review in reviews.items() if review.due <= now} == set(names)
        assert [reviews[name].due for name in names] == sorted(reviews[name].due for name in names)
    assert room([""] * (MOST - 1)) and not room([""] * MOST)


@pytest.mark.parametrize("question", [WORDS, NUMBER, Question("How much?", Scale(0.0, 1.0, 0.01, close=0.05), 0.3, "")])
def test_a_question_survives_the_way_to_the_browser_and_back(question):
    review = read(noted(question).stored)
    assert review == noted(question)
    assert review.question.is_right(question.truth, review.truth)
    assert review.question.verdict(question.truth, review.truth) == question.verdict(question.truth, question.truth)


def damaged(**changes) -> str:
    return json.dumps(json.loads(noted(NUMBER).stored) | changes)


@pytest.mark.parametrize(
    "text",
    ["", "{", "7", "[]", "null", 5, None, "{}", "[" * 5000, "x" * (LONGEST + 1), damaged(more=1), damaged(text=3),
     damaged(options=5), damaged(options={"low": "a", "high": 1}), damaged(options=[{"a": 1}]), damaged(truth="x"),
     damaged(options={"low": 0, "high": float("inf"), "step": 1}), damaged(options={"low": 5, "high": 1, "step": 1}),
     damaged(options={"low": 0, "high": 1, "step": 0}), damaged(options={"low": 0, "high": 9.5, "step": 1}),
     damaged(right=9), damaged(right="0"), damaged(due="today"), damaged(link=3), damaged(slug=None)],
)  # fmt: skip
def test_a_damaged_text_is_no_question(text):
    assert read(text) is None


def guess(app: AppTest, is_right: bool) -> None:
    """Answer the question of the first view of the page on losses."""
    state = {button.label: button for button in app.button if ".guess." in button.key}
    (state["MSE"] if is_right else state["MAE"]).click().run()
    assert not app.exception


@pytest.fixture
def tomorrow(monkeypatch: pytest.MonkeyPatch):
    """Moves the clock on by some days."""
    real, moved = time.time, [0.0]
    monkeypatch.setattr("pages.ui.review.time.time", lambda: real() + moved[0] * DAY)
    return lambda days: moved.__setitem__(0, moved[0] + days)


def asked(app: AppTest) -> bool:
    return any("Predict first" in text.value and "outlier" in text.value for text in app.markdown)


@pytest.mark.parametrize("way", ["right", "skipped"])
def test_a_right_guess_and_none_do_not_come_back(way, tomorrow):
    app = opened(TOPIC)
    if way == "right":
        guess(app, True)
    else:
        next(button for button in app.button if button.key.endswith(".skip")).click().run()
    tomorrow(30)
    app.switch_page("home.py").run()
    assert not app.exception and not asked(app)


def test_a_wrong_guess_is_asked_on_the_front_page_another_day_and_later_if_right(tomorrow):
    app = look_at(opened(TOPIC), TOPIC, "One outlier")
    guess(app, False)
    app.switch_page("home.py").run()
    assert not asked(app), "not today"
    for step, days_on in enumerate(DAYS):
        tomorrow(days_on)
        app.session_state["review.shown"] = None  # another visit
        app.session_state["review.guess.state"] = {}
        app.run()
        assert asked(app), step
        app.button(key="review.guess.MSE").click().run()
        said = [text.value for text in app.caption]
        if step + 1 < len(DAYS):
            assert f"It comes back in {DAYS[step + 1]} days." in said
    assert "Right often enough: it does not come back." in said
    assert not app.session_state["progress"].entries["review:losses.guess.One outlier.1"]


def test_a_question_can_be_sent_away(tomorrow):
    app = look_at(opened(TOPIC), TOPIC, "One outlier")
    guess(app, False)
    tomorrow(1)
    app.switch_page("home.py").run()
    assert asked(app)
    next(button for button in app.button if button.label == "Do not ask this again").click().run()
    assert not app.exception and not asked(app)
    tomorrow(100)
    assert not asked(app.run())


@pytest.fixture(scope="module")
def url():
    with served(*hub()) as address:
        yield address


def test_everything_of_it_stays_in_the_browser(url):
    name = "review:losses.guess.One outlier.1"
    with looking(390, 844, dark=True) as (page, watch):
        page.goto(f"{url}/losses")
        drawn(page)
        page.get_by_role("button", name="MAE").click()
        page.wait_for_function("name => localStorage.getItem('roadmap-lab')?.includes(name)", arg=name, timeout=60_000)
        stored = json.loads(page.evaluate("localStorage.getItem('roadmap-lab')"))
        assert time.time() < read(stored[name]).due < time.time() + 2 * DAY
        overdue = json.loads(stored[name]) | {"due": 0}
        page.evaluate("text => localStorage.setItem('roadmap-lab', text)", json.dumps({name: json.dumps(overdue)}))
        page.goto(url)
        expect(page.get_by_text("Once more")).to_be_visible(timeout=60_000)
        narrow(page)
        assert not serious(page)
        page.get_by_role("button", name="MSE").click()
        expect(page.get_by_text(f"It comes back in {DAYS[1]} days")).to_be_visible(timeout=30_000)
        page.wait_for_function(
            "name => JSON.parse(JSON.parse(localStorage.getItem('roadmap-lab'))[name]).right === 1", arg=name
        )
        page.get_by_role("link", name="See it in the lesson").click()
        drawn(page)
        assert "/losses" in page.url
        watch.clean()


@pytest.mark.parametrize("text", ["{", '{"slug": 3}', "null"])
def test_a_damaged_record_leaves_the_front_page_as_it_is(text):
    app = AppTest.from_file(str(HUB), default_timeout=60).run()
    app.session_state["progress"].set("review:x", text)
    assert not app.run().exception
