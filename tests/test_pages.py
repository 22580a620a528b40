"""The contract of every page, over discovery: a new page inherits all of it."""

import math
import random
import re
import subprocess
import sys

import numpy as np
import pytest
from pages_under_test import controls, numbers, opened, watched

from core import curriculum

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
def test_every_control_survives_both_ends(topic):
    with watched() as shown:
        app = opened(topic)
        for key, values in controls(app, topic).items():
            before = app.session_state[key]
            for value in (values[0], values[-1]):
                app.session_state[key] = value
                app.run()
                sound(app, shown)
                shown.pictures.clear()
            app.session_state[key] = before


@every_page
def test_random_positions_of_all_controls(topic, seed):
    draw = random.Random(seed)
    with watched() as shown:
        app = opened(topic)
        for _ in range(4):
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
def test_the_program_shown_repeats_the_run(topic, tmp_path):
    from core.script import program
    from core.training import Run

    with watched() as shown:
        opened(topic)
    assert shown.programs, "every page shows the program behind it"
    for number, run in enumerate(shown.programs[-2:]):
        file = tmp_path / f"experiment{number}.py"
        file.write_text(program(run), encoding="utf-8")
        result = subprocess.run([sys.executable, "-I", file], cwd=tmp_path, capture_output=True, text=True, timeout=200)
        assert result.returncode == 0, result.stderr[-2000:]
        if isinstance(run, Run):
            found = float(re.search(r"final train loss (\S+)", result.stdout)[1])
            # the compiled engine rounds differently, and training magnifies rounding
            close = {"rel_tol": 1e-5} if run.engine == "torch" else {"rel_tol": 0.05, "abs_tol": 2e-3}
            assert math.isclose(found, run.last.train_loss, **close), (found, run.last.train_loss)


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
