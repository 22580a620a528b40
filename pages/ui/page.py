"""A lesson: what every page has, built once. Layout only; the numbers come from core."""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import streamlit as st

from core import curriculum
from pages.ui import frame, memory, stage
from pages.ui.controls import Controls
from pages.ui.panels import answer_panel, code_panel, diagnosis_panel, fork_panel
from pages.ui.wording import literal
from pages.ui.work import job_panel


class Page:
    """What a lesson's body works with: controls on the left, the stage on the right."""

    def __init__(self, topic: curriculum.Topic, left, right, below) -> None:
        self.topic = topic
        self.controls = Controls(topic, left)
        self.right = right
        self.below = below
        self.counts: dict[str, int] = {}
        self.programs: list = []
        for name in ("slider", "scale", "pick", "choose", "toggle", "text"):
            setattr(self, name, getattr(self.controls, name))

    @functools.cached_property
    def seed(self) -> int:
        """The experiment's seed."""
        return self.controls.seed()

    def seeds(self, count: int) -> tuple[int, ...]:
        """Consecutive seeds from the experiment's own, for bands."""
        return tuple(range(self.seed, self.seed + count))

    @contextmanager
    def more(self, label: str = "More settings") -> Iterator[None]:
        """Controls that most learners do not need at first."""
        self.controls.extra = self.controls.folded(label)
        try:
            yield
        finally:
            self.controls.extra = None

    @contextmanager
    def beside(self) -> Iterator[None]:
        """Controls that belong to the stage are drawn there."""
        row = self.right.container(horizontal=True, vertical_alignment="bottom")
        self.controls.extra = lambda: row
        try:
            yield
        finally:
            self.controls.extra = None

    def form(self, groups: Sequence) -> dict:
        """Controls that core describes (core.controls), those of labelled groups folded; all values by name."""
        from pages.ui import form

        return form.form(self, groups)

    def presets(self, groups, named) -> None:
        """A list of named settings (core.controls.Preset); choosing one sets every control of the groups."""
        from pages.ui import form

        form.presets(self.controls, groups, named)

    def downloads(self, *files: tuple[str, str, bytes | str]) -> None:
        """Buttons that hand over files, each as (label, file name, content)."""
        row = self.right.container(horizontal=True)
        for label, name, content in files:
            row.download_button(label, content, name, key=self.numbered("download"), on_click="ignore")

    def link(self, hidden: Sequence[str] = ()) -> None:
        """The address that reopens what is on screen, without the controls of these labels, to copy."""
        from pages.ui import form

        names = [self.controls.key(label).split(".", 1)[1] for label in hidden]
        self.right.code(form.link(names), language=None, wrap_lines=True)

    def display(self, shown, source, clicked=None) -> None:
        """A sentence, rows of pictures and tables that core has put together (core.figures.playground.Shown)."""
        if shown.note:
            self.note(shown.note)
        if shown.clicked:
            clicked = lambda spot: self.set(*shown.clicked(spot))  # noqa: E731
        for pictures in shown.pictures:
            self.show(*pictures, source=source, clicked=clicked)
        for rows in shown.tables:
            self.table(rows)

    def view(self, options: Sequence[str]) -> str:
        """What the stage shows, of several things: only that is computed."""
        return self.right.container(key="stage-views").pills(
            "View", options, default=options[0], required=True, label_visibility="collapsed",
            **self.controls.bound("View"),
        )  # fmt: skip

    def own_table(self):
        """A table (core.tables.Table) that the learner uploads, and its columns; None until there is one."""
        from pages.ui import tables

        return tables.editor(self.controls)

    def points(self, classes: int = 2) -> tuple[tuple[float, float, int], ...]:
        """The learner's own points, rows of (x, y, class), kept in the link: set by a click in a picture shown with
        ``clicked=page.add_point``, by coordinates or as text, at most 200."""
        from pages.ui import points  # needs the data sets, which the front page can do without

        return points.editor(self.controls, classes)

    def add_point(self, click: dict) -> None:
        """Set a point where the learner clicked, in the chosen colour."""
        from pages.ui import points

        if not click.get("panel"):
            points.add(self.controls, click["x"], click["y"])

    def drawing(self, examples: Mapping[str, str], first: str, read: Callable):
        """A drawing pad beside the stage; what ``read`` makes of the picture on it, its ``sentence`` below the pad.

        The picture is one of ``examples`` (data URLs by name, ``first`` at the start) until the learner draws, then
        whatever the browser sent: a data URL, "" for a bare canvas, or a stranger's."""
        from pages.ui import pad  # needs the recognizer's script, which the front page can do without

        return pad.drawing(self.controls, examples, first, read)

    def numbered(self, kind: str) -> str:
        """A key for the next element of a kind on this page."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        return f"{self.topic.key}.{kind}.{self.counts[kind]}"

    @contextmanager
    def ahead(self, place) -> Iterator[None]:
        """Keep a place on the stage for what depends on answers given further down: ``place = page.space()`` first,
        then ``with page.ahead(place): page.show(...)``."""
        kept, self.right = self.right, place
        try:
            yield
        finally:
            self.right = kept

    def space(self):
        """A place on the stage that is filled later, by ``ahead``."""
        return self.right.container()

    def note(self, text: str) -> None:
        """A sentence on the stage."""
        self.right.markdown(text)

    def show(self, *pictures, source, weights: Sequence[float] = (), clickable=False, clicked=None) -> dict | None:
        """Draw pictures side by side with their provenance (``source`` is a run or anything with ``provenance``);
        several with frames replay together. Returns the point just clicked, if ``clickable``; ``clicked`` is called
        with it before the page runs again, so that it may set a control (``page.set``)."""
        with self.right:
            key = self.numbered("stage")
            return stage.mount(pictures, source.provenance, key, weights, clickable, clicked, self.controls.after)

    def table(self, rows: Sequence[dict]) -> None:
        """Rows of equal keys as a table of plain text, readable without a mouse."""
        self.right.table({name: [row[name] for row in rows] for name in rows[0]}, border="horizontal")

    def set(self, *pairs) -> None:
        """Set controls of this page, from a click: a label and a value, one after another."""
        for label, value in zip(pairs[::2], pairs[1::2], strict=True):
            self.controls.apply({self.controls.key(label).split(".", 1)[1]: value})

    def diagnosis(self, run) -> None:
        """What the diagnosis says of a run, with a button where a control can mend it."""
        with self.right:
            diagnosis_panel(run, self.controls, self.numbered("diagnosis"))

    def replay(self, *pictures, run, weights: Sequence[float] = (), clicked=None) -> None:
        """Show a recorded run: pictures with frames, what the diagnosis says of it, and its program below."""
        self.show(*pictures, source=run, weights=weights, clicked=clicked)
        self.diagnosis(run)
        self.code(run)

    def job(self, label: str, function: Callable, *arguments):
        """Offer work that takes longer than a slider's answer: a button, then progress and a way to stop, then the
        result; None until it is there. ``function`` may be a generator that yields (fraction, message)."""
        with self.right:
            return job_panel(label, function, arguments, self.numbered(f"job.{function.__name__}"))

    def worked(self, quick: bool, at_once: Callable, as_job: Callable, *arguments):
        """What a function gives: at once if that is quick, else offered as a job; None until it is there."""
        return at_once(*arguments) if quick else self.job("Train: this takes a while", as_job, *arguments)

    def fork(self, run, draw: Callable) -> None:
        """Let the learner go on from a recorded moment with other settings; ``draw(run, fork)`` returns pictures."""
        with self.right:
            other = fork_panel(run, self.numbered("fork"))
        if other is not None:
            self.show(*draw(run, other), source=other)

    def predict(self, question: str, options: Sequence[str], truth: str, because: str, name: str = "") -> bool:
        """Ask before showing: False until the learner has committed to a guess. ``truth`` is the measured answer;
        guess and truth then stand side by side with one sentence why. ``name`` tells apart the questions of views."""
        key = self.numbered(f"guess{name and '.'}{name}")
        card = self.right.container(border=True, key=f"predict-{key}".replace(".", "-"))
        state = st.session_state.setdefault(f"{key}.state", {})
        if not state:
            card.markdown(f"**Predict first.** {question}")
            row = card.container(horizontal=True)
            for option in options:
                row.button(
                    option, key=f"{key}.{option}", on_click=state.update, kwargs={"guess": option, "truth": truth}
                )
            row.button(
                "Just show me", key=f"{key}.skip", type="tertiary", on_click=state.update, kwargs={"skipped": True}
            )
            return False
        row = card.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
        if "guess" in state:
            mark = ":material/check_circle:" if state["guess"] == state["truth"] else ":material/cancel:"
            since = "" if truth == state["truth"] else f" With the present settings: **{truth}**."
            said = f"{mark} {question} You said **{state['guess']}**, measured: **{state['truth']}**. {because}"
            row.markdown(said + since)
        else:
            row.markdown(f"{question} Measured: **{truth}**. {because}")
        row.button("Guess again", key=f"{key}.again", type="tertiary", on_click=state.clear)
        return True

    def answers(self, questions: Sequence) -> list[bool | None]:
        """Ask for numbers worked out by hand (core.grading.Question), one after another. Per question: True once the
        learner's number is right, False if the learner asked to see it, None (so: hide it) while it is open."""
        with self.right:
            return answer_panel(questions, self.numbered("answer"))

    def answer(self, question: str, truth: float, tolerance: float, because: str) -> bool | None:
        """Ask for one number, ``truth`` within ``tolerance``; what comes back is explained at ``answers``."""
        from core.grading import Question

        return self.answers([Question(question, truth, tolerance, because)])[0]

    def challenge(self, goal: str, passed: bool, now: str, fewest: float | None = None, name: str = "") -> None:
        """A goal that the program checks on the learner's own run; ``now`` says where that run stands. Of ``fewest``
        (units, steps: the less, the better) this browser keeps the lowest number that passed. ``name`` tells apart the
        goals of views."""
        key = self.numbered(f"challenge{name and '.'}{name}")
        if passed:
            memory.keep(key, self.topic)
        if fewest is not None and (best := memory.best(key, fewest if passed else None)) is not None:
            now = f"{now} Your best so far: {best:g}."
        done = memory.passed(key)
        with self.below.container(border=True, key=f"challenge-{key}".replace(".", "-")):
            icon = ":material/trophy:" if done else ":material/flag:"
            st.markdown(f"**{icon} Challenge{' — passed' if done else ''}**  \n{goal}")
            st.caption(now)

    def code(self, *runs) -> None:
        """Offer the program behind what is on screen (runs, or anything ``core.script.program`` takes)."""
        self.programs += runs


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
        page.controls.finish()
        raise
    page.controls.draw()
    with idea:
        st.markdown(f"### The idea\n\n{topic.idea}")
    with rest:
        code_panel(page.programs, page.numbered("code"))
        frame.reading(topic)
        frame.ways_on(topic)
    page.controls.finish()
