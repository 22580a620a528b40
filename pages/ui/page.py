"""A lesson: what every page has, built once. Layout only; the numbers come from core."""

import dis
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from types import FunctionType

import streamlit as st

from core.lessons import curriculum
from core.lessons.controls import Control
from core.lessons.view import Later, View, itself
from pages.ui import atlas, classroom, frame, logbook, memory, paths, tour
from pages.ui.didactics import Didactics
from pages.ui.kept import cached
from pages.ui.panels import code_panel
from pages.ui.wording import literal
from pages.ui.words import say, saying, told, understand

LONG = 200  # characters; a field that takes more is as wide as the stage


class Page(Didactics):
    """What a lesson's body works with: controls on the left, the stage on the right, goals below."""

    @contextmanager
    def beside(self) -> Iterator[None]:
        """Controls that belong to the stage are drawn there."""
        row = self.right.container(horizontal=True, vertical_alignment="bottom")
        self.extra = lambda: row
        try:
            yield
        finally:
            self.extra = None

    def views(self, views: Mapping, subject: object = None, clicked: Callable[[dict], None] | None = None) -> str:
        """Let the learner pick one of several views, by name; only that one is asked, measured and drawn. Its name.

        A view is a ``core.lessons.view.View``, or a function of the page's own that shows it. Where all views are about
        one ``subject`` (a run, a drawing, common settings), they are given that; ``clicked`` is for clicks in pictures
        that set nothing themselves.
        """
        key = self.key("View")
        if key not in st.session_state:
            understand(key, list(views))
        self.view = self.right.container(key="stage-views").pills(
            say("View"), list(views), default=next(iter(views)), required=True, label_visibility="collapsed",
            key=key, bind="query-params", format_func=saying(),
        )  # fmt: skip
        view, name = views[self.view], self.view
        if isinstance(view, View):
            self.open(view, subject, clicked)
        else:
            view() if subject is None else view(subject)
        self.view = ""
        return name

    def open(self, view: View, subject: object = None, clicked: Callable[[dict], None] | None = None) -> None:
        """The whole body of a page for one ``core.lessons.view.View``."""
        values = self.ask_all(view.controls)
        given = () if subject is None else (subject,)
        drawn = seeding(view.measure, lambda: self.seed)
        found = subject if view.measure is itself else cached(view.measure, view.waiting)(*given, **values, **drawn)
        looked = {}
        for row in rows(view.looks(found)):
            with self.beside():
                looked |= self.ask_all(row)
        if view.prepare:
            cached(view.prepare, "Measuring…")(found, **looked)
        if view.program:
            self.code(view.program(found, **looked))
        answered = not view.question or self.predict(view.question(found, **looked))
        draw = view.draw if answered else view.before or view.draw
        self.display(draw(found, **looked), found, clicked)
        if view.findings and answered:
            self.findings(view.findings(found))
        if view.files and answered:
            self.downloads(*view.files(found))
        if view.later:
            self.work(view.later, found)
        if view.goal:
            self.challenge(view.goal(found, **looked), answered)

    def ticked(self) -> tuple[str, ...]:
        """The roadmap's lines that the learner has done."""
        return tuple(sorted(memory.ticked()))

    def checklist(self) -> None:
        """The roadmap's lines to tick, and as Markdown out and in."""
        with self.right:
            atlas.checklist()

    def visited(self) -> tuple:
        """Every run of this visit so far (core.training.logbook.Entry)."""
        return logbook.visited()

    def work(self, later: Later, found: object) -> None:
        """Offer work that takes longer; once it is done, ask about it and show it."""
        more = self.job(later.label, later.function, *later.arguments(found))
        answered = bool(more) and (not later.question or self.predict(later.question(more)))
        if answered:
            self.display(later.draw(more), more if hasattr(more, "provenance") else found)
            if later.files:
                self.downloads(*later.files(more))
        if later.goal:
            self.challenge(later.goal(more), answered or not more)


def seeding(measure: FunctionType, seed: Callable[[], int]) -> dict[str, int]:
    """The seed that a view's measurement is given, by name; only one that draws something asks for the learner's."""
    if not takes_seed(measure):
        return {}
    return {"seed": seed() if reads_seed(measure) else 0}


def takes_seed(measure: Callable) -> bool:
    """Whether a view's measurement is given a seed, by name or among whatever it is given."""
    taken = inspect.signature(measure).parameters.values()
    return any(each.name == "seed" or each.kind is each.VAR_KEYWORD for each in taken)


@lru_cache(maxsize=1024)
def reads_seed(measure: FunctionType) -> bool:
    """Whether a measurement draws anything: one that is given a seed as all are, and leaves it alone, does not."""
    if "seed" not in inspect.signature(measure).parameters:
        return True  # it passes on whatever it is given
    return any(step.argval == "seed" and step.opname.startswith("LOAD") for step in dis.get_instructions(measure))


def rows(looks: Sequence[Control]) -> list[list[Control]]:
    """Controls beside the stage in rows: a field for a long text has one to itself."""
    fields = [[control] for control in looks if control.kind == "text" and control.options[0] > LONG]
    others = [control for control in looks if [control] not in fields]
    return [*fields, *([others] if others else [])]


@contextmanager
def lesson(file: str) -> Iterator[Page]:
    """The frame of a page: title and promise, lab, idea, challenge, code, reading, and the way on."""
    from core.cancel import GivenUpError  # which loads NumPy

    topic = curriculum.topic(file)
    frame.head(topic)
    paths.builds_on(topic)
    tour.mount()
    classroom.task()
    left, right = st.columns([5, 14], gap="large")
    with st.container(key="lesson-below"):
        idea, below = st.columns([11, 8], gap="large")
        rest = st.container()
    page = Page(topic, left.container(key="controls"), right, below)
    try:
        with right:  # so that a spinner turns where the picture will be
            yield page
    except GivenUpError:  # the learner has stopped it, and may go on
        pass
    except ValueError as error:
        right.error(literal(say(str(error))), icon=":material/error:")
        if caret := getattr(error, "caret", ""):  # a formula, with a mark under the place
            right.code(caret, language=None)
    except Exception:  # the way back stays on the screen
        page.finish()
        raise
    page.draw()
    with idea:
        st.markdown(f"## {say('The idea')}\n\n{told(topic).idea}")
    with rest:
        code_panel(page.programs, f"{topic.key}.code.1")
        classroom.panel(page, f"{topic.key}.link")
        frame.reading(topic)
        paths.ways_on(topic)
    page.finish()
    logbook.keep(page.sources, topic.title)
