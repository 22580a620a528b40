"""What the page “Recommended reading” states."""

import re

import numpy as np
import pytest
from pages_under_test import opened

from core.lessons import curriculum
from core.lessons.books import BOOKS, parts_for, parts_named
from core.topics.reading.books_view import BOOKS_VIEW, linked
from core.topics.reading.coverage import TITLES, coverage
from core.topics.reading.plan import STARTS, ends, plan
from core.topics.reading.plan_view import projects
from core.topics.reading.views import progress, shares

SLUGS = {topic.slug for topic in curriculum.topics()}


def test_the_five_are_those_of_the_roadmap():
    lines = [line.text for line in curriculum.topic("reading").lines]
    assert len(lines) == len(BOOKS) == 5
    for line, book in zip(lines, BOOKS, strict=True):
        assert book.title.casefold() in line.casefold()


@pytest.mark.parametrize("topic", curriculum.topics(), ids=lambda topic: topic.key)
def test_every_reading_list_names_parts_that_the_books_have(topic):
    for book, part in parts_for(topic):
        assert part in book.parts
    named = [
        book.mark
        for book in BOOKS
        for item in topic.reading
        for words in item.split("; ")
        if words.startswith(book.mark)
    ]
    assert {book.mark for book, _ in parts_for(topic)} == set(named)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("Nielsen, *Neural Networks and Deep Learning*, chapters 1 to 3", ["1", "2", "3"]),
        ("*Dive into Deep Learning*, sections 15.8 to 16.1 and chapter 20", ["15", "16", "20"]),
        ("Deep Learning Specialization, course 2, week 3", ["2"]),
        ("CS231n, *Transfer learning*; *Dive into Deep Learning*, chapter 14", ["", "14"]),
        ("Bishop, *Pattern Recognition and Machine Learning*, 1.2", []),
    ],
)
def test_chapters_are_read_from_an_item(item, expected):
    assert [part.number for _, part in parts_named(item)] == expected


def test_an_item_that_names_no_part_is_an_error():
    with pytest.raises(ValueError, match="No part of CS231n"):
        list(parts_named("CS231n, *Gardening*"))
    with pytest.raises(ValueError, match="none of them"):
        coverage("Gardening")


@pytest.mark.parametrize("title", TITLES)
def test_books_and_lessons_lead_to_each_other(title):
    found = coverage(title)
    for part, lessons in zip(found.book.parts, found.lessons, strict=True):
        for topic in lessons:
            assert (found.book, part) in parts_for(topic)
        assert set(re.findall(r"\]\(([^)]+)\)", linked(lessons))) <= SLUGS
    assert found.counts().sum() == sum(
        pair[0] is found.book for topic in curriculum.topics() for pair in parts_for(topic)
    )
    assert found.readers[title] == sum(
        found.book in [book for book, _ in parts_for(topic)] for topic in curriculum.topics()
    )


def test_a_lesson_leads_to_the_books_and_back():
    app = opened(curriculum.topic("backpropagation"))
    links = [text.value for text in app.caption if "reading?reading.book=" in text.value]
    assert links and "Dive+into+Deep+Learning" in links[0]


def test_weeks_are_sums_over_hours(seeds):
    for seed in seeds:
        draw = np.random.default_rng(seed)
        minutes, hours = draw.integers(20, 300, 40).tolist(), int(draw.integers(1, 20))
        assert ends(minutes, hours) == pytest.approx((np.cumsum(minutes) / 60 / hours).tolist())


def test_a_plan_takes_what_the_formula_says():
    found = plan((), 60, 0, 5, "The very beginning", True)
    assert found.finished[-1] == pytest.approx(len(curriculum.topics()) * 60 / (60 * 5))


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("hours", [1, 7, 20])
def test_a_plan_holds_every_lesson_once_in_the_roadmaps_order(start, hours):
    found = plan((), 60, 30, hours, start, True)
    by_weeks = [topic for week in range(1, found.weeks + 1) for topic in found.of(week)]
    assert by_weeks == [topic for topic in curriculum.topics() if topic.chapter not in STARTS[start]]
    titles = re.findall(r"- \[ \] (.+?)(?: \(|$)", found.markdown, re.MULTILINE)
    assert len(titles) == len(found.lessons)
    for before, after in zip(found.finished, found.finished[1:], strict=False):
        assert before < after


def test_ticked_lessons_are_left_out_only_if_wanted():
    first = curriculum.topics()[0]
    ticked = tuple(line.text for line in first.lines)
    assert first not in plan(ticked, 60, 30, 5, "The very beginning", True).lessons
    assert first in plan(ticked, 60, 30, 5, "The very beginning", False).lessons
    every = tuple(line.text for line in curriculum.lines())
    assert plan(every, 60, 30, 5, "The very beginning", True).weeks == 0


def test_the_goal_of_the_plan_can_be_met_and_not_by_leaving_out():
    assert projects(plan((), 35, 30, 8, "The very beginning", True)).passed
    assert not projects(plan((), 35, 30, 8, "I know the mathematics", True)).passed
    assert not projects(plan((), 60, 30, 5, "The very beginning", True)).passed


def test_the_goal_of_the_books_is_met_by_one_chapter():
    goals = {
        (title, part.label): BOOKS_VIEW.goal(coverage(title), part.label).passed
        for title in TITLES
        for part in coverage(title).parts
    }
    assert 1 <= sum(goals.values()) <= 2
    assert not goals[TITLES[0], coverage(TITLES[0]).parts[0].label]


def test_progress_counts_every_line_of_the_roadmap():
    every = [line.text for line in curriculum.lines()]
    assert sum(total for _, total in shares(every).values()) == len(every)
    assert all(done == total for done, total in shares(every).values())
    assert "**0 of" in progress(()).note
