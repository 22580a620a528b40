"""Which lessons send the reader to which chapter of which book: counted from the lessons' own reading lists."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.lessons import curriculum
from core.lessons.books import BOOKS, Book, Part, parts_for
from core.lessons.curriculum import Topic
from core.provenance import ClosedForm

TITLES = tuple(book.title for book in BOOKS)
SOURCE = ClosedForm("counted from the lessons' reading lists")


@dataclass(frozen=True)
class Coverage:
    """One book beside the lessons: for each of its parts the lessons that name it, and how many name each book."""

    book: Book
    lessons: tuple[tuple[Topic, ...], ...]  # one for each part
    readers: dict[str, int]  # title of a book → lessons that name it

    @property
    def provenance(self) -> str:
        return SOURCE.provenance

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts that any lesson names."""
        return tuple(part for part, lessons in zip(self.book.parts, self.lessons, strict=True) if lessons)

    def of(self, label: str) -> tuple[Topic, ...]:
        """The lessons that name a part."""
        return next(
            (found for part, found in zip(self.book.parts, self.lessons, strict=True) if part.label == label), ()
        )

    def counts(self) -> np.ndarray:
        """How many lessons of each of the ten chapters name each part: (parts, 10)."""
        table = np.zeros((len(self.lessons), len(curriculum.chapters())), dtype=int)
        for row, lessons in enumerate(self.lessons):
            for topic in lessons:
                table[row, topic.chapter - 1] += 1
        return table


@lru_cache
def named() -> dict[Topic, tuple[tuple[Book, Part], ...]]:
    """What each lesson's reading list names of the five books."""
    return {topic: parts_for(topic) for topic in curriculum.topics()}


def coverage(title: str) -> Coverage:
    """A book beside the lessons. Raises ``ValueError`` for a title that is none of the five."""
    if title not in TITLES:
        raise ValueError(f"The roadmap names five books and courses; {title!r} is none of them.")
    book = BOOKS[TITLES.index(title)]
    lessons = tuple(tuple(topic for topic, pairs in named().items() if (book, part) in pairs) for part in book.parts)
    readers = {each.title: sum(any(pair[0] is each for pair in pairs) for pairs in named().values()) for each in BOOKS}
    return Coverage(book, lessons, readers)


def reading_of(topic: Topic) -> str:
    """What a lesson names of the five books, in words; empty for none."""
    books: dict[str, list[str]] = {}
    for book, part in named()[topic]:
        books.setdefault(book.title, []).append(part.number or part.title)
    return "; ".join(f"{title} {', '.join(parts)}" for title, parts in books.items())
