"""Paths through the lessons: nothing before what it builds on, nothing that is done, and the map that shows it."""

import json
import random

import pytest
from browser import hub, looking, served
from pages_under_test import HUB, opened
from playwright.sync_api import expect
from streamlit.testing.v1 import AppTest
from test_browser import drawn, narrow, serious

from core.lessons import Question, Scale, curriculum
from core.lessons.grading import Calculation
from core.lessons.paths import PATHS, WHOLE, after, ahead, before, path_named
from pages.ui import placement

TOPICS = curriculum.topics()
SLUGS = [topic.slug for topic in TOPICS]
every_path = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
VISION = path_named("Computer vision")


@every_path
def test_a_path_leads_to_its_goals_past_everything_that_they_need(path):
    order = [topic.slug for topic in path.lessons()]
    assert set(path.goals) <= set(order) <= set(SLUGS)
    for place, topic in enumerate(path.lessons()):
        assert set(topic.needs) <= set(order[:place]), topic.slug
    leading = {need for topic in path.lessons() for need in topic.needs}
    assert not path.goals or set(order) - set(path.goals) <= leading, "every other lesson is there for one that follows"


def test_the_whole_roadmap_has_every_lesson_and_a_weekend_is_short():
    assert WHOLE.lessons() == TOPICS == path_named("no such path").lessons() == path_named(None).lessons()
    assert len(path_named("First weekend").lessons()) <= 12


@every_path
def test_what_is_next_is_not_done_and_all_that_it_needs_is(path, seeds):
    for seed in seeds:
        draw = random.Random(seed)
        done = set(draw.sample(SLUGS, draw.randrange(1, len(SLUGS))))
        topic, here = ahead(path, done), draw.choice(TOPICS)
        assert topic is None or (topic.slug not in done and set(topic.needs) <= done)
        later = after(here, path, done)
        assert later is None or (later.slug not in {*done, here.slug} and set(later.needs) <= {*done, here.slug})
        assert (later is None) == ({topic.slug for topic in path.lessons()} <= {*done, here.slug})
    assert ahead(path, set(SLUGS)) is None


@every_path
def test_who_marks_nothing_is_led_along_the_path_and_back(path):
    way = [path.lessons()[0]]
    while (topic := after(way[-1], path, set())) not in way:
        way.append(topic)
    assert tuple(way) == path.lessons()
    back = [way[-1]]
    while topic := before(back[-1], path):
        back.append(topic)
    assert back == way[::-1]


def test_what_was_left_out_comes_before_what_needs_it():
    here = curriculum.topic("convolution")
    needed = {topic.slug for topic in curriculum.needed([here])}
    assert after(here, VISION, needed | {"calculus"}).slug == "receptive-field"
    assert after(here, VISION, needed).slug == "calculus", "which receptive fields need"


def links(app: AppTest) -> list[str]:
    """What the links to pages in the main part are called."""
    return [link.proto.label for link in app.main.get("page_link")]


def test_home_and_the_end_of_a_page_follow_the_chosen_path():
    home = AppTest.from_file(str(HUB), default_timeout=60).run()
    assert f"**{TOPICS[0].title}**" in links(home)
    page = opened(curriculum.topic("network-structure"))
    assert links(page)[-1] == "Vectors, matrices, dot products"
    page.session_state["progress"].set("path", "First weekend")
    assert links(page.run())[-2:] == ["Activation functions", "Probability and statistics"]
    for line in (line for slug in ("what-is-deep-learning", "probability") for line in curriculum.topic(slug).lines):
        page.session_state["progress"].set(f"tick:{line.text}", True)
    assert links(page.run())[-1] == "Derivatives and the chain rule"


def test_a_lesson_names_what_it_builds_on():
    assert links(opened(curriculum.topic("gru-lstm")))[0] == "Vanishing gradient"


def test_the_map_page_names_a_path_that_is_done():
    app = AppTest.from_file(str(HUB), default_timeout=60).run()
    for line in curriculum.lines():
        app.session_state["progress"].set(f"tick:{line.text}", True)
    app.switch_page("paths.py").run()
    assert not app.exception and any("lessons done. Choose another" in text.value for text in app.markdown)


@pytest.fixture
def questions(monkeypatch: pytest.MonkeyPatch) -> dict[str, Question | Calculation]:
    """What the placement asks, by key, as it is asked."""
    asked: dict[str, Question | Calculation] = {}
    guess, work_out = placement.guess_panel, placement.answer_panel
    monkeypatch.setattr(placement, "guess_panel", lambda one, key: asked.update({key: one}) or guess(one, key))
    monkeypatch.setattr(placement, "answer_panel", lambda all, key: asked.update({key: all[0]}) or work_out(all, key))
    return asked


def answer(app: AppTest, key: str, question: Question | Calculation, is_right: bool) -> None:
    """Answer one question of the placement, rightly or wrongly."""
    if isinstance(question, Calculation):
        if is_right:
            app.text_input(key=f"{key}.1.text").set_value(repr(question.truth))
        app.button(key=f"{key}.1.check" if is_right else f"{key}.1.skip").click().run()
    elif isinstance(question.options, Scale):
        app.slider(key=f"{key}.number").set_value(
            question.truth if is_right else question.truth + question.options.step
        )
        app.button(key=f"{key}.commit").click().run()
    else:
        option = next(option for option in question.options if (option == question.truth) == is_right)
        app.button(key=f"{key}.{option}").click().run()
    assert not app.exception


@pytest.mark.parametrize("wrong", [(), ("backpropagation", "losses"), tuple(placement.QUESTIONS)])
def test_the_placement_knows_what_was_answered_right_and_all_it_builds_on(questions, wrong):
    app = AppTest.from_file(str(HUB), default_timeout=60).run()
    app.session_state["placement"] = True  # the drawer is open
    app.switch_page("paths.py").run()
    for slug in placement.QUESTIONS:
        key = f"placement.{curriculum.topic(slug).key}"
        assert list(questions)[-1] == key, "one question at a time"
        answer(app, key, questions[key], slug not in wrong)
    right = [curriculum.topic(slug) for slug in placement.QUESTIONS if slug not in wrong]
    known = {topic.slug for topic in (*right, *curriculum.needed(right))}
    assert any(
        f"**{len(right)} of 5 right at the first try: {len(known)} lessons" in text.value for text in app.markdown
    )
    assert f"**{ahead(WHOLE, known).title}**" in links(app)
    if "tensors-autograd-modules" in wrong:
        key = "placement.tensors_autograd_modules"
        app.button(key=f"{key}.again").click().run()
        answer(app, key, questions[key], True)
        assert f"**{ahead(WHOLE, known).title}**" in links(app), "a second guess knows the answer"
    next(button for button in app.button if button.label == "Forget the placement").click().run()
    assert not app.exception and f"**{TOPICS[0].title}**" in links(app)


@pytest.fixture(scope="module")
def url():
    with served(*hub()) as address:
        yield address


def lesson(page, title: str):
    """A lesson's link on the map."""
    return page.locator(".rl-m-lesson a", has_text=title)


def test_the_map_lists_every_lesson_with_what_it_needs_and_opens_it_by_key(url):
    topic = curriculum.topic("receptive-field")
    with looking() as (page, watch):
        page.goto(f"{url}/paths")
        expect(page.locator(".rl-m-lesson a")).to_have_count(len(TOPICS))
        assert page.locator(".rl-m-lines path").count() == sum(len(topic.needs) for topic in TOPICS)
        words = lesson(page, topic.title).locator("xpath=..").inner_text()
        assert all(curriculum.topic(need).title in words for need in topic.needs)
        assert not serious(page)
        lesson(page, "Convolution").first.focus()
        page.keyboard.press("Tab")
        said = page.get_by_role("status").filter(has_text="builds on")
        expect(said).to_contain_text(f"{topic.title} builds on Derivatives and the chain rule · Convolution")
        assert page.locator(".rl-m-lesson.rl-m-basis").count() == len(curriculum.needed([topic]))
        page.keyboard.press("Enter")
        drawn(page)
        assert page.url.endswith("/receptive-field")
        watch.clean()


def test_a_path_is_kept_in_the_browser_and_marked_on_the_map(url):
    with looking(dark=True) as (page, watch):
        page.goto(url)
        page.get_by_role("radio", name=VISION.name).click()
        page.wait_for_function("name => localStorage.getItem('roadmap-lab')?.includes(name)", arg=VISION.name)
        page.goto(f"{url}/paths")
        expect(page.locator("li.rl-m-on")).to_have_count(len(VISION.lessons()))
        expect(page.locator("li.rl-m-next")).to_contain_text(TOPICS[0].title)
        page.evaluate(
            "record => localStorage.setItem('roadmap-lab', record)",
            json.dumps({"path": VISION.name, f"tick:{TOPICS[0].lines[0].text}": True}),
        )
        page.reload()
        expect(page.locator("li.rl-m-done")).to_have_count(1)
        expect(page.locator("li.rl-m-next")).to_contain_text(VISION.lessons()[1].title)
        assert not serious(page)
        watch.clean()


def test_on_a_telephone_the_map_is_a_list_in_words(url):
    with looking(390, 844, dark=True, touch=True) as (page, watch):
        page.goto(f"{url}/paths")
        expect(page.locator(".rl-m-lesson a")).to_have_count(len(TOPICS))
        narrow(page)
        needs = lesson(page, "GRU and LSTM").locator("xpath=..").locator(".rl-m-needs")
        assert needs.bounding_box()["width"] > 200 and "Vanishing gradient" in needs.inner_text()
        lesson(page, "GRU and LSTM").tap()
        page.wait_for_url("**/gru-lstm")
        watch.clean()
