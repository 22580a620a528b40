"""The lesson kit on a page that nobody has written: what it does for one it does for all."""

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.ui import stage

KEY = "what_is_deep_learning"


def page():
    """A page with some controls, a preset, a question about a number, two views and a goal."""
    import streamlit as st

    from core.figures.picture import Picture
    from core.lessons import Goal, Question, Scale, curriculum
    from core.lessons.controls import Preset, folded, pick, slider, toggle
    from core.lessons.view import Shown, View
    from pages.ui.page import Page

    class Measured:
        provenance = "counted"

        def __init__(self, depth):
            self.depth = depth

    def measure(hidden_layers, noise, deep, seed):
        return Measured(hidden_layers)

    def draw(found, layer):
        picture = Picture([], {}, f"A picture of layer {layer} of {found.depth}.")
        return Shown(((picture,),), f"layer {layer} of {found.depth}", (), lambda at: ((depth, at["x"]),))

    st.session_state["stages"] = []
    depth = slider("Hidden layers", 1, st.session_state.get("deepest", 10), 4)
    controls = (depth, folded(slider("Noise", 0.0, 1.0, 0.1), toggle("Deep", when=lambda v: v["hidden_layers"] > 5)))
    looking = View(controls, measure, draw, look=lambda found: (slider("Layer", 0, found.depth, 0),))
    guess = Question("How many?", Scale(0, 20, 1, "units"), st.session_state.get("truth", 13), "So it is.")
    lesson = Page(curriculum.topic("what-is-deep-learning"), st.container(), st.container(), st.container())
    lesson.presets(
        [Preset("Deep", (("hidden_layers", 9),), "It is deep."), Preset("Off", (("rate", 7.0),), "No.", False)]
    )
    rate = lesson.scale("Rate", (0.1, 1.0, 10.0), 1.0)
    data = lesson.ask(pick("Data", ("moons", "circle", "spiral")))
    guessed = lesson.predict(guess)
    asking = View(
        (), lambda seed: Measured(1), lambda found: Shown((), "answered"), before=lambda found: Shown((), "asked"),
        question=lambda found: Question("Which one?", ["this", "that"], "that", "So it is."),
        goal=lambda found: Goal("Find it.", True, "Now: that."),
    )  # fmt: skip
    slow = View((slider("Noise", 0.0, 1.0, 0.5),), lambda noise, seed: Measured(1), lambda found: Shown((), "slow"))
    views = {"Look": looking, "Other": lambda: lesson.note("the other view"), "Ask": asking, "Slow": slow}
    view = lesson.views(views)
    lesson.challenge(Goal("Go deep.", False, "Now: not deep."))
    st.session_state["result"] = {"rate": rate, "data": data, "guessed": guessed, "view": view}
    asked = ({"rate": 0.1, "noise": 0.2}, {"rate": 0.1, "deep": True}, {"batch_size": 8}, {})
    st.session_state["owned"] = [lesson.owns(changes) for changes in asked]
    st.session_state["lesson"] = lesson
    lesson.finish()


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> AppTest:
    def mount(pictures, source: str, key: str, *rest) -> None:
        st.session_state["stages"].append((key, rest[2]))

    monkeypatch.setattr(stage, "mount", mount)
    return AppTest.from_function(page).run()


def values(app: AppTest, *names: str) -> tuple:
    assert not app.exception, app.exception[0].message
    return tuple(app.session_state[f"{KEY}.{name}"] for name in names)


def test_a_page_asks_what_its_views_need(app):
    assert values(app, "hidden_layers", "noise", "layer", "rate", "data") == (4, 0.1, 0, 1.0, "moons")
    assert f"{KEY}.deep" not in app.session_state, "what does not matter is not drawn"
    app.session_state[f"{KEY}.hidden_layers"] = 8
    assert values(app.run(), "deep") == (False,)


def test_a_preset_sets_all_controls_and_mends_what_is_outside(app):
    app.session_state[f"{KEY}.noise"] = 0.7
    app.run()
    app.selectbox(key=f"{KEY}.preset").select("✓ Deep").run()
    assert values(app, "hidden_layers", "noise") == (9, 0.1)
    app.selectbox(key=f"{KEY}.preset").select("✗ Off").run()
    assert values(app, "hidden_layers", "rate") == (4, 10.0), "7 is nearest to 10 on this scale"


def test_what_a_change_of_the_range_leaves_outside_is_mended(app):
    app.session_state[f"{KEY}.hidden_layers"] = 9
    app.session_state["deepest"] = 6
    assert values(app.run(), "hidden_layers") == (6,)
    app.session_state[f"{KEY}.layer"] = 6
    app.session_state[f"{KEY}.hidden_layers"] = 3
    assert values(app.run(), "hidden_layers", "layer") == (3, 3), "a range that depends on what was measured"


def test_a_range_that_keeps_changing_brings_no_earlier_value_back(app):
    steps = {"hidden_layers": 9}, {"layer": 8}, {"hidden_layers": 8}, {"layer": 2}, {"hidden_layers": 5}
    for step in steps:
        for name, value in step.items():
            app.session_state[f"{KEY}.{name}"] = value
        app.run()
    assert values(app, "hidden_layers", "layer") == (5, 2)


def test_a_fix_finds_the_controls_in_use(app):
    assert app.session_state["owned"] == [True, False, False, False]


def test_a_link_hides_controls_that_keep_their_values():
    app = AppTest.from_function(page)
    app.query_params["hide"] = "rate,noise"
    app.query_params[f"{KEY}.rate"] = "10.0"
    assert values(app.run(), "rate", "noise") == (10.0, 0.1)
    hidden = app.get("container")
    assert app.session_state["lesson"].hidden == {"rate", "noise"} and hidden is not None


@pytest.mark.parametrize(("text", "value"), [("3.7", 1.0), ("1e9", 10.0), ("fast", 1.0), ("nan", 1.0), ("0.1", 0.1)])
def test_a_number_in_a_link_becomes_the_nearest_on_the_scale(text, value):
    app = AppTest.from_function(page)
    app.query_params[f"{KEY}.rate"] = text
    assert values(app.run(), "rate") == (value,)


def test_a_number_is_guessed_and_stands_beside_the_truth(app):
    assert not app.session_state["result"]["guessed"]
    assert any("Predict first" in text.value for text in app.markdown)
    app.slider(key=f"{KEY}.guess.1.number").set_value(18)
    app.button(key=f"{KEY}.guess.1.commit").click().run()
    assert app.session_state["result"]["guessed"]
    said = next(text.value for text in app.markdown if "You said" in text.value)
    assert "**18 units**, measured: **13 units**" in said and "5 units apart" in said and "So it is." in said
    app.session_state["truth"] = 4
    said = next(text.value for text in app.run().markdown if "You said" in text.value)
    assert "measured: **13 units**" in said and "With the present settings: **4 units**" in said
    app.button(key=f"{KEY}.guess.1.again").click().run()
    assert not app.session_state["result"]["guessed"]
    app.button(key=f"{KEY}.guess.1.skip").click().run()
    assert app.session_state["result"]["guessed"]


def test_only_the_view_in_sight_is_asked_and_stages_are_known_by_it(app):
    ((key, _),) = app.session_state["stages"]
    assert ".Look." in key
    app.session_state[f"{KEY}.view"] = "Other"
    assert not app.run().exception and app.session_state["stages"] == []
    assert any(text.value == "the other view" for text in app.markdown)
    assert app.session_state["result"]["view"] == "Other"


def test_views_begin_at_their_own_values_and_keep_what_was_chosen(app):
    noise = f"{KEY}.noise"
    for view, first in (("Slow", 0.5), ("Look", 0.1)):
        app.session_state[f"{KEY}.view"] = view
        assert values(app.run(), "noise") == (first,)
    app.session_state[noise] = 0.3
    app.run()
    app.session_state[f"{KEY}.view"] = "Slow"
    assert values(app.run(), "noise") == (0.3,)


def test_a_challenge_says_nothing_while_the_question_beside_it_is_open(app):
    app.session_state[f"{KEY}.view"] = "Ask"
    said = [text.value for text in app.run().caption]
    assert not app.exception and "First your guess; then this counts." in said and "Now: that." not in said
    assert not any("passed" in text.value for text in app.markdown)
    skip = next(button for button in app.button if button.key.endswith(".skip") and ".Ask." in button.key)
    said = [text.value for text in skip.click().run().caption]
    assert not app.exception and "Now: that." in said
    assert any("Challenge — passed" in text.value for text in app.markdown)
