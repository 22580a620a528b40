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
    """No exception, no sentence with a slip, and no picture without numbers, words or source."""
    assert not app.exception, app.exception[0].message
    assert not shown.slips
    named = any(":material/healing:" in text.value for text in app.markdown)
    for picture, source in shown.pictures:
        assert len(picture.alt) > 20 and source.strip(), "a figure needs a text alternative and a provenance"
        assert len(picture.frames) == len(picture.labels) or not picture.labels
        assert named or "not a number" in picture.alt or all(np.isfinite(values).all() for values in numbers(picture))


@every_page
def test_opens_with_pictures_asks_and_keeps_the_guess_beside_the_truth(topic):
    """One visit: what the pictures say, a question and a goal, controls that stay where they are, the answer."""
    with watched() as shown:
        app = opened(topic)
        sound(app, shown)
        assert shown.pictures, "the first view of a page shows a picture"
        for picture, _ in shown.pictures:
            picture.plotly()  # raises for what Plotly does not know
        assert any("Predict first" in text.value for text in app.markdown)
        goals = [text.value for text in app.markdown if "Challenge" in text.value]
        assert goals and not any("passed" in goal for goal in goals), "a challenge must not be met by the first view"
        first = [element.key for element in app.main if element.key]
        again = [element.key for element in app.run().main if element.key]
        assert first == again and len(set(first)) == len(first) > 1, "controls keep their places"
        button = next(button for button in app.button if ".guess." in button.key and not button.key.endswith(".skip"))
        button.click().run()
    sound(app, shown)
    assert any("You said" in text.value and "measured" in text.value for text in app.markdown)


@every_page
@pytest.mark.parametrize("ends", [1, pytest.param(2, marks=pytest.mark.long)])
def test_every_view_opens_and_every_control_of_it_survives_its_ends(topic, ends, seed):
    """One end of each control, by the seed; both in the long run."""
    draw, tried = random.Random(seed), []
    with watched() as shown:
        app = opened(topic)
        for view in views(app, topic):
            shown.clear()
            look_at(app, topic, view)
            sound(app, shown)
            assert not any(goal.passed for goal in shown.goals), "a challenge must not be met by a view's first values"
            for key, values in controls(app, topic).items():
                if (key, values) in tried:  # the same control as in another view
                    continue
                tried.append((key, values))
                if controls(app, topic).get(key) != values:
                    app.run()  # what the last end had left out or changed is back
                before = app.session_state[key]
                for value in draw.sample((values[0], values[-1]), ends):
                    app.session_state[key] = value
                    app.run()
                    sound(app, shown)
                    shown.clear()
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
            shown.clear()


@every_page
def test_every_views_program_makes_what_is_shown(topic, tmp_path):
    """The program of each view is run; its numbers are those on the page."""
    from core.programs import program_of_beginning
    from core.training import Run

    programs = []
    with watched() as shown:
        app = opened(topic)
        for view in views(app, topic):
            shown.clear()
            look_at(app, topic, view)
            assert shown.programs, f"{view}: every view shows the program behind it"
            programs.append(shown.programs[-1])
    # over a long training roundings grow, with steps of 1 sooner: test_programs.py holds whole runs against float64
    programs = [
        program_of_beginning(each, 20 if each.last.learning_rate < 1 else 10) if isinstance(each, Run) else each
        for each in programs
    ]
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
