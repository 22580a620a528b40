"""Paths through the lessons: each leads to some lessons by way of everything that they need."""

from collections.abc import Set
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.lessons import curriculum
from core.lessons.curriculum import ROOT, Topic


@dataclass(frozen=True)
class LearningPath:
    """A way through the lessons: its name, what it is for, and the slugs of the lessons that it leads to; without any
    it is the whole roadmap."""

    name: str
    promise: str
    goals: tuple[str, ...] = ()

    def lessons(self, root: Path = ROOT) -> tuple[Topic, ...]:
        """The goals and what they need, directly or by way of others, in teaching order: nothing comes before what it
        builds on."""
        return _lessons(self.goals, root)


@lru_cache
def _lessons(goals: tuple[str, ...], root: Path) -> tuple[Topic, ...]:
    ends = [topic for topic in curriculum.topics(root) if topic.slug in goals]
    slugs = {topic.slug for topic in (*ends, *curriculum.needed(ends, root))}
    return tuple(topic for topic in curriculum.topics(root) if not goals or topic.slug in slugs)


WHOLE = LearningPath("Whole roadmap", "Every lesson, in the order of the roadmap.")
PATHS = (
    WHOLE,
    LearningPath(
        "First weekend",
        "From the first neuron to a network that reads the digits you draw.",
        ("mlp", "digit-recognizer"),
    ),
    LearningPath(
        "Computer vision",
        "Networks that see: classify your own pictures, find objects, drive by sight.",
        (
            "receptive-field",
            "vision-transformer",
            "self-supervised",
            "image-classifier",
            "object-detection",
            "self-driving",
        ),
    ),
    LearningPath(
        "Language",
        "Networks that read and write: gates and memory, attention, a chatbot.",
        ("training-loop", "gru-lstm", "chatbot"),
    ),
)


def path_named(name: object) -> LearningPath:
    """The path of a name; the whole roadmap for any other."""
    return next((path for path in PATHS if path.name == name), WHOLE)


def ahead(path: LearningPath, done: Set[str], root: Path = ROOT) -> Topic | None:
    """The first lesson of a path whose slug is not among those done: all that it needs is. None where all are."""
    return next((topic for topic in path.lessons(root) if topic.slug not in done), None)


def after(here: Topic, path: LearningPath, done: Set[str], root: Path = ROOT) -> Topic | None:
    """Where a path leads from a lesson that has just been read, on the path or beside it; None where all is done.

    That is the next lesson that is not done, or the first thing that this needs and that was left out. Who has marked
    nothing as done is taken at their word: what stands before this lesson counts as read.
    """
    read = {*done, here.slug}
    open = [topic for topic in path.lessons(root) if topic.slug not in read]
    later = [topic for topic in open if topic.path > here.path]
    if not (coming := (later or open)[:1]):
        return None
    missing = [topic for topic in curriculum.needed(coming, root) if topic.slug not in read] if done else []
    return (missing or coming)[0]


def before(here: Topic, path: LearningPath, root: Path = ROOT) -> Topic | None:
    """The lesson of a path that stands before this one; None before the first."""
    return next((topic for topic in reversed(path.lessons(root)) if topic.path < here.path), None)
