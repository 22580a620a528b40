"""A page with several views: each is a lab with its own controls, its own experiment and its own pictures."""

from collections.abc import Callable
from dataclasses import dataclass

from core.controls import Control, Group
from core.figures.playground import Shown


@dataclass(frozen=True)
class Later:
    """Work that takes longer: ``function`` gets ``arguments(found)``; ``draw`` shows what it returns."""

    label: str
    function: Callable
    arguments: Callable[[object], tuple]
    draw: Callable[[object], Shown]


@dataclass(frozen=True)
class Lab:
    """One view of a page.

    ``controls`` are in sight, ``more`` folded; ``measure`` takes their values by name and a ``seed``, ``draw`` shows
    what it found. ``question`` gives (question, options, truth, because), and ``before`` what is shown until the
    learner has answered; ``goal`` gives (goal, passed, now); ``program`` what the code panel writes out; ``later`` is
    offered as a job.
    """

    measure: Callable
    draw: Callable[[object], Shown]
    controls: tuple[Control, ...]
    more: tuple[Control, ...] = ()
    before: Callable[[object], Shown] | None = None
    question: Callable[[object], tuple] | None = None
    goal: Callable[[object], tuple] | None = None
    program: Callable[[object], object] | None = None
    later: Later | None = None

    @property
    def groups(self) -> tuple[Group, ...]:
        """The controls as a form draws them."""
        return (Group("", self.controls), *([Group("More settings", self.more)] if self.more else []))
