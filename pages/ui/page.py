"""A lesson: what every page has, built once. Layout only; the numbers come from core."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import streamlit as st

from core.lessons import curriculum
from core.lessons.view import Later, View, itself
from pages.ui import frame
from pages.ui.didactics import Didactics
from pages.ui.kept import cached
from pages.ui.panels import code_panel, link_panel
from pages.ui.wording import literal


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
        self.view = self.right.container(key="stage-views").pills(
            "View", list(views), default=next(iter(views)), required=True, label_visibility="collapsed",
            key=self.key("View"), bind="query-params",
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
        found = subject if view.measure is itself else cached(view.measure)(*given, **values, seed=self.seed)
        looked = {}
        if looks := view.looks(found):
            with self.beside():
                looked = self.ask_all(looks)
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

    def work(self, later: Later, found: object) -> None:
        """Offer work that takes longer; once it is done, ask about it and show it."""
        more = self.job(later.label, later.function, *later.arguments(found))
        answered = bool(more) and (not later.question or self.predict(later.question(more)))
        if answered:
            self.display(later.draw(more), more if hasattr(more, "provenance") else found)
        if later.goal:
            self.challenge(later.goal(more), answered or not more)


@contextmanager
def lesson(file: str) -> Iterator[Page]:
    """The frame of a page: title and promise, lab, idea, challenge, code, reading, and the way on."""
    topic = curriculum.topic(file)
    frame.head(topic)
    left, right = st.columns([5, 14], gap="large")
    with st.container(key="lesson-below"):
        idea, below = st.columns([11, 8], gap="large")
        rest = st.container()
    page = Page(topic, left.container(key="controls"), right, below)
    try:
        with right:  # so that a spinner turns where the picture will be
            yield page
    except ValueError as error:
        right.error(literal(str(error)), icon=":material/error:")
        if caret := getattr(error, "caret", ""):  # a formula, with a mark under the place
            right.code(caret, language=None)
    except Exception:  # the way back stays on the screen
        page.finish()
        raise
    page.draw()
    with idea:
        st.markdown(f"### The idea\n\n{topic.idea}")
    with rest:
        code_panel(page.programs, f"{topic.key}.code.1")
        link_panel(page, f"{topic.key}.link")
        frame.reading(topic)
        frame.ways_on(topic)
    page.finish()
