"""What a lesson is made of."""

from core.lessons.goal import Goal
from core.lessons.question import Question, Scale

__all__ = ["Goal", "Question", "Scale"]
