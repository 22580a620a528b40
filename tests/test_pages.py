"""The contract of every page, over discovery: a new page inherits all of it."""

import random

import nbformat
import numpy as np
import pytest
import yaml
from pages_under_test import controls, look_at, numbers, opened, views, watched
from programs_run import distance, lines_of_code, results_of

from core.lessons import curriculum

TOPICS = curriculum.topics()
every_page = pytest.mark.parametrize("topic", TOPICS, ids=[topic.key for topic in TOPICS])

pytestmark = pytest.mark.usefixtures("compilation")  # pages as they answer once the hub is warm


def sound(app, shown) -> None:
    """No exception, and no picture without numbers, words or source."""
    assert not app.exception, app.exception[0].message
    named = any(":material/healing:" in text.value for text in app.markdown)
    for picture, source in shown.pictures:
        assert len(picture.alt) > 20 and source.strip(), "a figure needs a text alternative and a provenance"
        assert len(picture.frames) == len(picture.labels) or not picture.labels
        assert named or "not a number" in picture.alt or all(np.isfinite(values).all() for values in numbers(picture))


@every_page
def test_opens_with_pictures_that_say_what_they_show(topic):
    with watched() as shown:
        app = opened(topic)
    sound(app, shown)
    assert shown.pictures, "the first view of a page shows a picture"
    for picture, _ in shown.pictures:
        picture.plotly()  # raises for what Plotly does not know


@every_page
def test_controls_keep_their_places(topic):
    """Drawn at once the first time, and after the picture from then on."""
    with watched():
        app = opened(topic)
        first = [element.key for element in app.main if element.key]
        again = [element.key for element in app.run().main if element.key]
    assert first == again and len(set(first)) == len(first) > 1


@every_page
def test_asks_before_it_shows_and_sets_a_goal(topic):
    with watched():
        app = opened(topic)
    assert any("Predict first" in text.value for text in app.markdown)
    goals = [text.value for text in app.markdown if "Challenge" in text.value]
    assert goals and not any("passed" in goal for goal in goals), "a challenge must not be met by the first view"


@every_page
def test_a_guess_is_kept_beside_the_truth(topic):
    with watched() as shown:
        app = opened(topic)
        button = next(button for button in app.button if ".guess." in button.key and not button.key.endswith(".skip"))
        button.click().run()
    sound(app, shown)
    assert any("You said" in text.value and "measured" in text.value for text in app.markdown)


@every_page
def test_every_view_opens_and_every_control_of_it_survives_both_ends(topic):
    tried = []
    with watched() as shown:
        app = opened(topic)
        for view in views(app, topic):
            look_at(app, topic, view)
            sound(app, shown)
            for key, values in controls(app, topic).items():
                if (key, values) in tried:  # the same control as in another view
                    continue
                tried.append((key, values))
                before = app.session_state[key]
                for value in (values[0], values[-1]):
                    app.session_state[key] = value
                    app.run()
                    sound(app, shown)
                    shown.pictures.clear()
                app.session_state[key] = before


@every_page
def test_random_positions_of_all_controls_in_any_view(topic, seed):
    draw = random.Random(seed)
    with watched() as shown:
        app = opened(topic)
        names = views(app, topic)
        for _ in range(4):
            look_at(app, topic, draw.choice(names))
            for key, values in controls(app, topic).items():
                low, high = values[0], values[-1]
                if len(values) == 2 and all(type(value) in (int, float) for value in values):
                    value = draw.randint(low, high) if isinstance(low, int) else draw.uniform(low, high)
                else:
                    value = draw.choice(values)
                app.session_state[key] = value
            app.run()
            sound(app, shown)
            shown.pictures.clear()


@every_page
def test_every_views_program_makes_what_is_shown(topic, tmp_path):
    """The program of each view is run; its numbers are those on the page."""
    from core.programs import program_of_beginning
    from core.training import Run

    programs = []
    with watched() as shown:
        app = opened(topic)
        for view in views(app, topic):
            shown.programs.clear()
            look_at(app, topic, view)
            assert shown.programs, f"{view}: every view shows the program behind it"
            programs.append(shown.programs[-1])
    # over a long training roundings grow: whole runs are held against float64 in tests/test_programs.py
    programs = [program_of_beginning(each, 20) if isinstance(each, Run) else each for each in programs]
    for program in programs:
        assert lines_of_code(program.text) <= 100
        nbformat.validate(nbformat.reads(program.colab, as_version=4))
        assert "conda-forge" in yaml.safe_load(program.environment)["channels"]
    if topic.slug == "self-driving":
        return  # those drive for minutes: tests/claims/test_self_driving.py compares them
    results = results_of(programs, tmp_path)
    for program, result in zip(programs, results, strict=True):
        if program.shown:  # else a job has to measure first: the claims compare those
            assert distance(result, program.shown) <= program.tolerance, (result, program.shown)


def test_home_shows_every_line_of_the_roadmap_as_done_next_or_coming():
    from pages_under_test import HUB
    from streamlit.testing.v1 import AppTest

    app = AppTest.from_file(str(HUB), default_timeout=60)
    app.session_state["checklist"] = True  # the drawer is open
    app.run()
    assert not app.exception
    labels = {box.label.strip() for box in app.checkbox}
    assert len(labels) >= len({line.text for line in curriculum.lines()})
    text = " ".join(caption.value for caption in app.caption)
    for line in curriculum.coming():
        assert line.text.endswith(":") or line.text.replace("[", "\\[") in text


@pytest.mark.parametrize("words", ["spiral", "<script>alert(1)</script>", "'; drop table", "🙂" * 300, "\x00"])
def test_search_answers_or_says_that_nothing_does(words):
    from pages_under_test import HUB
    from streamlit.testing.v1 import AppTest

    app = AppTest.from_file(str(HUB), default_timeout=60).run()
    app.text_input(key="search").set_value(words).run()
    assert not app.exception


def test_what_a_learner_typed_is_shown_and_not_interpreted():
    from pages_under_test import HUB
    from streamlit.testing.v1 import AppTest

    app = AppTest.from_file(str(HUB), default_timeout=60).run()
    app.text_input(key="search").set_value("![seen](http://example.org/seen.png)").run()
    assert [one for one in app.info if "\\!" in one.value or "!\\[seen\\]" in one.value]
