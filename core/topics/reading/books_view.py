"""A book's chapters and the lessons beside them."""

import textwrap
from collections.abc import Sequence

import numpy as np

from core.figures.curves import across
from core.figures.marks import hover
from core.figures.picture import BLUE, INK, PAPER, Picture, layout
from core.lessons import Goal, Question, curriculum
from core.lessons.controls import Control, pick
from core.lessons.curriculum import Topic
from core.lessons.view import Shown, View
from core.programs import Program, Step
from core.topics.reading.coverage import TITLES, Coverage, coverage

LINE = 22  # characters of a label
BOOK = pick("Book", TITLES, help="The five that the roadmap recommends.")


def chart(found: Coverage) -> Picture:
    """The book's parts down, the hub's chapters across, in each cell how many lessons."""
    rows = found.counts()
    table, names = rows[rows.sum(axis=1) > 0], [part.label for part in found.parts]
    cells = {
        "type": "heatmap", "z": table.tolist(), "zmin": 0, "zmax": 10, "showscale": False,
        "colorscale": [[0, PAPER], [1, BLUE]], "xgap": 2, "ygap": 2, "textfont": {"color": INK, "size": 13},
        "text": [[str(count) if count else "" for count in row] for row in table.tolist()], "texttemplate": "%{text}",
        "customdata": [[name] * len(row) for name, row in zip(names, table, strict=True)],
        **hover("%{customdata}: %{z} lessons"),
    }  # fmt: skip
    busiest, parts = int(np.argmax(table.sum(axis=1))), len(found.book.parts)
    alt = (
        f"{found.book.title}: lessons here by its chapters. {table[busiest].sum()} lessons name {names[busiest]}, "
        f"the most; {parts - len(names)} of {parts} parts are named by none."
    )
    chapters = [str(chapter.number) for chapter in curriculum.chapters()]
    axis = {"tickvals": list(range(len(chapters))), "ticktext": chapters, "showgrid": False, "side": "top"}
    plan = layout("Chapter of this roadmap", "", 90 + 34 * len(names), xaxis=axis, yaxis=down(names))
    return Picture([cells], plan, alt)


def down(names: Sequence[str]) -> dict:
    """A vertical axis that names rows from above, in lines short enough for a telephone."""
    words = ["<br>".join(textwrap.wrap(name, LINE)) for name in names]
    return {
        "tickvals": list(range(len(names))),
        "ticktext": words,
        "range": [len(names) - 0.5, -0.5],
        "showgrid": False,
    }


def linked(lessons: tuple[Topic, ...]) -> str:
    """Lessons as links."""
    return ", ".join(f"[{topic.title}]({topic.slug})" for topic in lessons)


def about(found: Coverage) -> str:
    """The book in a sentence."""
    book = found.book
    return f"**{book.title}** — {book.authors}; {book.terms}. [{book.address.split('//')[1]}]({book.address})"


def before(found: Coverage, book_chapter: str) -> Shown:
    """The chosen book alone."""
    return Shown(((chart(found),),), about(found))


def shown(found: Coverage, book_chapter: str) -> Shown:
    """The chosen book and all five."""
    rows = [
        {"Chapter": part.label, "Lessons": linked(found.of(part.label))}
        for part in sorted(found.parts, key=lambda part: part.label != book_chapter)
    ]
    books = across(
        ["<br>".join(textwrap.wrap(title, LINE)) for title in found.readers],
        {"lessons": list(found.readers.values())},
        "Lessons that send you there",
        330,
    )
    return Shown(((chart(found),), (books,)), about(found), (rows,))


def looks(found: Coverage) -> tuple[Control, ...]:
    """The chapters of the chosen book."""
    return (pick("Book chapter", [part.label for part in found.parts], help="Its lessons come first in the table."),)


def most_read(found: Coverage, book_chapter: str) -> Question:
    """Which book is named most?"""
    truth = max(found.readers, key=lambda title: found.readers[title])
    because = "It is counted from the reading lists at the end of the lessons."
    return Question("Which of the five do most lessons send you to?", list(TITLES), truth, because)


def busiest(found: Coverage, book_chapter: str) -> Goal:
    """Find the chapter with the most lessons."""
    most = max(len(lessons) for title in TITLES for lessons in coverage(title).lessons)
    lessons = len(found.of(book_chapter))
    text = "**The one chapter**: choose the book and the chapter that more lessons here send you to than to any other."
    return Goal(text, lessons == most, f"Now: *{book_chapter}*, {lessons} of at most {most} lessons.")


def program(found: Coverage, book_chapter: str) -> Program:
    """The count of the chosen book."""
    named = {part.label: [topic.title for topic in found.of(part.label)] for part in found.parts}
    lines = ",\n".join(f"    {label!r}: {titles!r}" for label, titles in named.items())
    text = f"lessons = {{\n{lines},\n}}\nresult = {{chapter: len(titles) for chapter, titles in lessons.items()}}"
    counts = {label: len(titles) for label, titles in named.items()}
    return Program(f"Lessons beside {found.book.title}", (Step("Lessons by chapter", text),), (), counts)


def measure(ticked: tuple[str, ...], book: str) -> Coverage:
    """The chosen book."""
    return coverage(book)


BOOKS_VIEW = View((BOOK,), measure, shown, look=looks, before=before, question=most_read, goal=busiest, program=program)
