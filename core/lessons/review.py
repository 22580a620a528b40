"""Spaced review: a guess that was wrong is asked again after some days, and less and less often while it is right.

Leitner (1972), *So lernt man lernen*: a right answer moves a card on, a wrong one back to the beginning; that spacing
helps is the finding of Cepeda and others (2006), *Distributed practice in verbal recall tasks*.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace

from core.lessons.question import Question, Scale

DAYS = (1, 3, 7, 21)  # until it is asked again, after 0, 1, 2 … right answers in a row
DAY = 24 * 60 * 60  # seconds
LONGEST = 4_000  # characters of one stored question
MOST = 40  # questions that wait at a time


@dataclass(frozen=True)
class Review:
    """A question that is to come back: of which lesson (``slug``), in which state of it (``link``, the address's
    parameters), what was asked, how many times in a row it has been ``right`` and when it is ``due`` (seconds)."""

    slug: str
    link: dict[str, list[str]]
    text: str
    options: list[str] | dict[str, float | str | None]
    truth: str | float
    because: str
    right: int
    due: float

    @property
    def question(self) -> Question:
        """What is asked."""
        options = Scale(**self.options) if isinstance(self.options, dict) else self.options  # ty: ignore
        return Question(self.text, options, self.truth, self.because)

    def answered(self, is_right: bool, now: float) -> "Review | None":
        """When it comes back after another answer; None once it has been right often enough."""
        right = self.right + 1 if is_right else 0
        return None if right == len(DAYS) else replace(self, right=right, due=now + DAYS[right] * DAY)

    @property
    def stored(self) -> str:
        """The same as text, for the browser."""
        return json.dumps(asdict(self), ensure_ascii=False)


def missed(question: Question, truth: str | float, slug: str, link: Mapping[str, list[str]], now: float) -> Review:
    """A question that was answered wrong, with what was measured then."""
    scale = question.options
    options = asdict(scale) if isinstance(scale, Scale) else list(scale)
    measured = float(truth) if isinstance(scale, Scale) else str(truth)
    return Review(slug, dict(link), question.text, options, measured, question.because, 0, now + DAYS[0] * DAY)


def read(text: object) -> Review | None:
    """A review from a browser's text, which may be anything; None if it is none."""
    if not isinstance(text, str) or not 0 < len(text) <= LONGEST:
        return None
    try:
        review = Review(**json.loads(text))
        question = review.question
        number = isinstance(question.options, Scale)
        words = (review.slug, review.text, review.because, *(() if number else (*question.options, review.truth)))
        sound = all(isinstance(each, str) for each in words) and isinstance(review.link, dict)
        sound = sound and review.right in range(len(DAYS)) and isinstance(review.due, int | float)
        question.verdict(question.truth, question.truth)
        if isinstance(question.options, Scale):
            low, high, step = question.options.low, question.options.high, question.options.step
            sound = sound and type(low) is type(high) is type(step) and low < high and 0 < step <= high - low
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError, ZeroDivisionError):
        return None
    return review if sound else None


def due(reviews: Mapping[str, Review], now: float) -> list[str]:
    """The names of those that are to be asked now, the longest overdue first."""
    return sorted((name for name, review in reviews.items() if review.due <= now), key=lambda name: reviews[name].due)


def days(review: Review, now: float) -> int:
    """In how many days it comes back, at least one."""
    return max(1, round((review.due - now) / DAY))


def room(reviews: Iterable[str]) -> bool:
    """Whether another question may wait."""
    return len(list(reviews)) < MOST
