"""One view of a page: its controls, what they measure, and what is asked, shown and aimed at."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import TYPE_CHECKING, Any

from core.lessons.controls import Control, Group
from core.lessons.goal import Goal
from core.lessons.question import Question

if TYPE_CHECKING:  # it loads torch, which the front page must not wait for
    from core.figures.picture import Picture


@dataclass(frozen=True)
class Shown:
    """What one view shows: rows of pictures that replay together, a sentence before them, tables and the source of what
    is drawn (Python) after them. ``clicked`` turns a click (its ``row`` and ``panel``, ``x`` and ``y``) into controls
    and what they are set to."""

    pictures: "tuple[tuple[Picture, ...], ...]"
    note: str = ""
    tables: tuple[list[dict], ...] = ()
    clicked: Callable[[dict], tuple[tuple[Control, object], ...]] | None = None
    code: str = ""


@dataclass(frozen=True)
class Later:
    """Work that takes longer: ``function`` gets ``arguments(found)``; ``draw`` shows what it returns, once the
    ``question`` about that is answered. ``goal`` is to be reached with it (None: not there yet), ``files`` (label, file
    name, bytes) can be taken away."""

    label: str
    function: Callable
    arguments: Callable[[Any], tuple]
    draw: Callable[[Any], Shown]
    question: Callable[[Any], Question] | None = None
    goal: Callable[[Any], Goal] | None = None
    files: Callable[[Any], Sequence[tuple[str, str, bytes]]] | None = None


def itself(subject):
    """The measurement of a view that looks at the page's subject as it is."""
    return subject


@dataclass(frozen=True)
class View:
    """One view of a page: only the one in sight is asked, measured and drawn.

    ``controls`` set up the experiment: ``measure`` takes their values by name and, if it draws anything, a ``seed``,
    behind the page's subject if it has one (``page.views``); its answer is kept, and has a ``provenance``. ``look`` are
    controls beside the pictures that change nothing of it (which layer, which sample); where their ranges depend on
    what was measured, a function of it. All others are functions of what was measured, and of the values of ``look`` by
    name: ``prepare`` works out what takes long and keeps it for the others, ``draw`` shows it, ``question`` is asked
    first and ``before`` shown until it is answered, ``goal`` is to be reached, ``program`` is what the code panel
    writes out, ``later`` is offered as a job, ``findings`` (core.diagnosis.findings.Finding) say what went wrong,
    ``files`` (label, file name, bytes) can be taken away, ``waiting`` is said while it is measured.
    """

    controls: tuple[Control | Group, ...] = ()
    measure: FunctionType = itself
    draw: Callable[..., Shown] = itself
    look: tuple[Control, ...] | Callable[[Any], tuple[Control, ...]] = ()
    before: Callable[..., Shown] | None = None
    question: Callable[..., Question] | None = None
    goal: Callable[..., Goal] | None = None
    program: Callable[..., object] | None = None
    later: Later | None = None
    findings: Callable[..., Sequence[object]] | None = None
    files: Callable[..., Sequence[tuple[str, str, bytes]]] | None = None
    prepare: FunctionType | None = None
    waiting: str = "Training…"

    def looks(self, found: object) -> tuple[Control, ...]:
        """The controls beside the pictures of what was measured."""
        return self.look if isinstance(self.look, tuple) else self.look(found)
