"""The nouns of a lesson: controls that own their names and their mending, guesses that are scored, views."""

import random

import pytest

from core.lessons import Goal, Question, Scale
from core.lessons.controls import (
    MOST,
    Group,
    choose,
    defaults,
    flat,
    folded,
    name_of,
    pick,
    scale,
    slider,
    text,
    toggle,
)
from core.lessons.view import Shown, View

DEPTH = slider("Hidden layers", 1, 10, 6)
NOISE = slider("Noise", 0.0, 1.0, 0.1, 0.05)
RATE = scale("Learning rate", (0.001, 0.01, 0.1), 0.01)
DATA = pick("Data", ("moons", "circle", "spiral"), "circle")
INPUTS = choose("Inputs", ("x", "y", "xy"), ("x", "y"))
ALL = (DEPTH, NOISE, RATE, DATA, INPUTS, toggle("Batch norm"), text("Border", "y > x", longest=9))


@pytest.mark.parametrize(
    ("label", "name"),
    [("Learning rate", "learning_rate"), ("First class's share", "first_class_s_share"), ("θ x", "x")],
)
def test_a_name_is_the_label_in_snake_case(label, name):
    assert name_of(label) == name == slider(label, 0, 1, 0).name


@pytest.mark.parametrize(
    ("control", "brought", "mended"),
    [
        (DEPTH, 99, 10), (DEPTH, -3, 1), (DEPTH, 3.4, 3), (DEPTH, 1e300, 10), (DEPTH, float("nan"), 6),
        (DEPTH, None, 6), (DEPTH, "7", 6), (NOISE, 2, 1.0), (NOISE, -1.0, 0.0), (NOISE, 0.33, 0.33),
        (RATE, 0.0234, 0.01), (RATE, 5, 0.1), (RATE, float("inf"), 0.1), (RATE, "fast", 0.01),
        (DATA, "spiral", "spiral"), (DATA, "gone", "circle"), (DATA, None, "circle"), (DATA, [], "circle"),
        (INPUTS, ["xy", "gone", "x"], ("xy", "x")), (INPUTS, None, ()), (INPUTS, "xy", ()),
        (toggle("On"), 1, True), (text("Border", "y > x", longest=3), "x < 5", "x <"), (text("Border", "y"), 7, "y"),
    ],
)  # fmt: skip
def test_a_value_from_outside_becomes_the_nearest_valid_one(control, brought, mended):
    found = control.mended(brought)
    assert found == mended and type(found) is type(mended)


def test_what_is_valid_stays(seeds):
    for seed in seeds:
        draw = random.Random(seed)
        low, high = sorted((draw.randrange(-50, 50), draw.randrange(-50, 51)))
        control = slider("Any", low, high + 1, low)
        value = draw.randint(low, high + 1)
        assert control.mended(value) == value and control.mended(high + 1 + draw.randrange(1, 9)) == high + 1
        options = tuple(sorted(draw.uniform(0, 1) for _ in range(5)))
        ordered = scale("Scale", options, options[0])
        nearest = ordered.mended(at := draw.uniform(-1, 2))
        assert all(abs(nearest - at) <= abs(option - at) for option in options)
    for control in ALL:
        assert control.mended(control.value) == control.value


def test_a_sweep_tries_all_of_few_values_and_an_even_choice_of_many():
    assert DEPTH.tried() == list(range(1, 11)) and DATA.tried() == list(DATA.options)
    assert toggle("On").tried() == [False, True]
    many = slider("Epochs", 1, 2000, 300).tried()
    assert many[0] == 1 and many[-1] == 2000 and len(many) <= MOST
    for control in (NOISE, RATE, scale("Rates", [10.0**k for k in range(-20, 20)], 1.0)):
        tried = control.tried()
        assert 2 <= len(tried) <= MOST and [control.mended(value) for value in tried] == tried
        assert tried[0] == control.options[0]


def test_folded_controls_are_controls_too():
    parts = (DEPTH, folded(NOISE, RATE), Group("Data", (DATA,)))
    assert flat(parts) == (DEPTH, NOISE, RATE, DATA)
    assert defaults(parts) == {"hidden_layers": 6, "noise": 0.1, "learning_rate": 0.01, "data": "circle"}


UNITS = Question("How many units matter?", Scale(0, 20, 1, "units"), 13, "So it is.")


@pytest.mark.parametrize(("guess", "score"), [(13, 100), (12, 100), (14, 100), (11, 89), (18, 56), (3, 0), (0, 0)])
def test_a_number_is_scored_by_its_distance(guess, score):
    assert UNITS.options.score(guess, 13) == score
    assert UNITS.is_right(guess, 13) == (score == 100)


def test_guess_and_truth_stand_side_by_side_with_their_distance():
    said = UNITS.verdict(18, 13)
    assert "You said **18 units**, measured: **13 units**" in said and "5 units apart" in said
    assert "(up to 1 unit counts as close)" in said and Scale(0, 9, 1, "boxes").written(1) == "1 box"
    assert Scale(0, 9, 1, "times").written(1) == "1 times" and Scale(0, 9, 1, "%").written(1) == "1%"
    assert "counts as close" in said and "**56** of 100" in said
    exact = Question("How wide?", Scale(0, 9, 1, "pixels", close=0), 6, "So.")
    assert "counts as close" not in exact.verdict(5, 6)
    words = Question("Which?", ("a", "b"), "b", "So.")
    assert words.verdict("a", "b") == "You said **a**, measured: **b**."
    assert words.is_right("b", "b") and not words.is_right("a", "b")


def test_nearer_guesses_never_score_less(seeds):
    for seed in seeds:
        draw = random.Random(seed)
        numbers = Scale(low := draw.uniform(-9, 9), low + draw.uniform(1, 50), 0.1, close=draw.choice([None, 0.0, 0.5]))
        truth = draw.uniform(numbers.low - 3, numbers.high + 3)
        guesses = [draw.uniform(numbers.low, numbers.high) for _ in range(30)]
        ranked = sorted(guesses, key=lambda guess: abs(guess - truth))
        scores = [numbers.score(guess, truth) for guess in ranked]
        assert scores == sorted(scores, reverse=True) and all(0 <= score <= 100 for score in scores)
        best = min(max(truth, numbers.low), numbers.high)
        assert numbers.score(best, truth) == 100, "the best that could be guessed"


def test_what_is_looked_at_may_depend_on_what_was_measured():
    view = View((DEPTH,), lambda hidden_layers, seed: hidden_layers, look=lambda depth: (slider("Layer", 0, depth, 0),))
    assert view.looks(4)[0].options == (0, 4, 1) and View(draw=Shown).looks(None) == ()
    assert Goal("Do it.", True, "Now: done.").fewest is None
