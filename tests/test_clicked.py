"""The learner's own points as text: there and back, and whatever a link may hold."""

import random

import pytest

from core.data.clicked import LETTERS, MOST, as_text, from_text
from core.data.planar import EXTENT


def test_points_come_back_from_their_text(seeds):
    for seed in seeds:
        draw = random.Random(seed)
        place = lambda: round(draw.uniform(-EXTENT, EXTENT), 2)  # noqa: E731
        rows = tuple((place(), place(), draw.randrange(len(LETTERS))) for _ in range(draw.randrange(MOST + 1)))
        assert from_text(as_text(rows)) == rows
        assert set(as_text(rows)) <= set("0123456789.-_" + LETTERS), "no character that a link would have to escape"


def test_a_text_of_all_points_fits_into_a_link():
    assert len(as_text([(-1.23, -1.23, 5)] * MOST)) <= 2400


def test_points_are_moved_into_the_picture_and_rounded():
    assert as_text([(99, -1.23456, 0), (-0.001, 0, 1)]) == "o2.4_-1.23b0_0"


@pytest.mark.parametrize(
    "text",
    ["foo", "o1", "o1_", "o1_1x", "z1_1", "o9_1", "o1e3_1", "o1,5_1", "o١_1", "onan_1", "o--1_1",
     "o" * 5000, "o1_1" * 201],
)  # fmt: skip
def test_what_holds_no_points_is_refused_in_one_sentence(text):
    with pytest.raises(ValueError, match=r"^[A-Z].{10,120}\.$|blue\)\.$"):
        from_text(text)


def test_a_hostile_text_is_never_slow_or_fatal(seeds):
    for seed in seeds:
        draw = random.Random(seed)
        text = "".join(draw.choice("obg019.-_ \n\x00é'<") for _ in range(draw.randrange(3000)))
        try:
            rows = from_text(text)
        except ValueError:
            continue
        assert len(rows) <= MOST


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_coordinate_is_a_number(value):
    with pytest.raises(ValueError, match="number"):
        as_text([(value, 0, 0)])


def test_one_point_too_many_is_refused():
    with pytest.raises(ValueError, match="At most 200"):
        as_text([(0, 0, 0)] * 201)
