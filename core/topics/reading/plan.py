"""Lessons laid out over weeks, in the roadmap's order."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.lessons import curriculum
from core.lessons.curriculum import Chapter, Topic
from core.provenance import ClosedForm
from core.topics.reading.coverage import reading_of
from core.wording import counted

STARTS = {  # where a learner begins → chapters that are left out
    "The very beginning": (),
    "I know the mathematics": (2,),
    "I have trained networks": (1, 2, 3),
}


def ends(minutes: Sequence[float], hours_a_week: float) -> list[float]:
    """When each of several tasks is finished, in weeks, if they are done one after another."""
    return [sum(minutes[: place + 1]) / 60 / hours_a_week for place in range(len(minutes))]


@dataclass(frozen=True)
class Plan:
    """Lessons in the order in which they are taken, the week in which each ends, and what was left out."""

    lessons: tuple[Topic, ...]
    minutes: tuple[int, ...]  # of each lesson, with its reading
    hours_a_week: int
    finished: tuple[float, ...]  # in weeks from the beginning
    ticked: int
    skipped: tuple[int, ...]

    @property
    def provenance(self) -> str:
        return ClosedForm("lessons × minutes / hours a week").provenance

    @property
    def weeks(self) -> int:
        """Weeks until the last lesson is done."""
        return int(np.ceil(self.finished[-1] - 1e-9)) if self.lessons else 0

    def of(self, week: int) -> tuple[Topic, ...]:
        """The lessons that end in a week, counted from 1."""
        return tuple(
            topic for topic, end in zip(self.lessons, self.finished, strict=True) if week - 1 < end - 1e-9 <= week
        )

    def span(self, chapter: Chapter) -> tuple[float, float] | None:
        """From when to when a chapter lasts, in weeks; None if it is left out."""
        places = [place for place, topic in enumerate(self.lessons) if topic.chapter == chapter.number]
        if not places:
            return None
        return self.finished[places[0] - 1] if places[0] else 0.0, self.finished[places[-1]]

    @property
    def markdown(self) -> str:
        """The plan as a checklist to print or to keep, week by week."""
        lessons, weeks = counted(len(self.lessons), "lesson"), counted(self.weeks, "week")
        rows = [f"# {lessons} in {weeks}, {counted(self.hours_a_week, 'hour')} a week", ""]
        for week in range(1, self.weeks + 1):
            if lessons := self.of(week):
                rows += [f"## Week {week}", "", *(f"- [ ] {topic.title}{beside(topic)}" for topic in lessons), ""]
        return "\n".join(rows)


def beside(topic: Topic) -> str:
    """What to read beside a lesson, in brackets."""
    words = reading_of(topic)
    return f" ({words})" if words else ""


def plan(
    ticked: tuple[str, ...], lesson_minutes: int, reading_minutes: int, hours_a_week: int, start: str, leave_out: bool
) -> Plan:
    """All lessons of the roadmap over weeks. Reading takes time only where a lesson names one of the five books;
    lessons whose lines are all ``ticked`` are left out if ``leave_out``."""
    wanted = [topic for topic in curriculum.topics() if topic.chapter not in STARTS[start]]
    done = [topic for topic in wanted if {line.text for line in topic.lines} <= set(ticked)] if leave_out else []
    lessons = tuple(topic for topic in wanted if topic not in done)
    minutes = tuple(lesson_minutes + (reading_minutes if reading_of(topic) else 0) for topic in lessons)
    return Plan(lessons, minutes, hours_a_week, tuple(ends(minutes, hours_a_week)), len(done), STARTS[start])
