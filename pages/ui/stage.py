"""The stage: the one component that draws pictures, replays them and reports clicks; and what else stands there."""

import json
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.lessons.curriculum import Topic
from core.lessons.languages import Language
from core.lessons.view import Shown
from core.provenance import name_of
from core.serving.files import PLOTLY
from pages.ui import words
from pages.ui.brought import Brought
from pages.ui.cells import tabular
from pages.ui.witness import noted
from pages.ui.words import prose, said, say
from pages.ui.work import job_panel

if TYPE_CHECKING:  # it loads torch, which the front page must not wait for
    from core.figures.picture import Picture

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "components"


def component(name: str, *scripts: str, **options: Any) -> Callable:
    """One of our own components, from assets/components/, in the learner's language; ``scripts`` come before its."""

    @lru_cache(maxsize=16)
    def registered(tongue: Language | None) -> Callable:
        parts = {kind: FOLDER / f"{name}.{kind}" for kind in ("html", "css", "js")}
        texts = {kind: path.read_text(encoding="utf-8") for kind, path in parts.items() if path.exists()}
        texts["js"] = "".join((FOLDER / f"{script}.js").read_text(encoding="utf-8") for script in scripts) + texts["js"]
        markup, styles, script = texts.get("html"), texts.get("css"), texts["js"]
        for english, other in tongue.parts if tongue else ():
            script, markup = script.replace(english, other), markup and markup.replace(english, other)
        known = f"roadmap_lab_{name}" + (f"_{tongue.code}" if tongue else "")
        return st.components.v2.component(known, html=markup, css=styles, js=script, **options)

    registered(None)  # at import, as Streamlit wants it

    def mounted(**more: Any) -> Any:
        return registered(words.chosen())(**more)

    return mounted


_stage = component("stage", "behind", isolate_styles=False)
_replay = component("replay")
AHEAD = 0.012  # seconds that pictures go ahead of what follows: the browser draws together what comes within 10 ms


def mount(
    pictures: "Sequence[Picture]",
    source: str,
    key: str,
    weights: Sequence[float] = (),
    clickable: bool = False,
    clicked: Callable[[dict], object] | None = None,
    later: Callable[[Callable[[], None]], object] = lambda put: put(),
) -> dict | None:
    """Draw pictures side by side under one replay bar; the point just clicked as {panel, x, y}, or None.

    ``clicked`` is called with that point before the page runs again, so that it may set controls. The pictures go out
    as they are at the end; ``later`` is given a function that sends the frames after them.
    """
    noted("pictures", pictures, source, weights)
    panels = said(drawn(pictures, weights, clickable or bool(clicked)))
    text = json.dumps(panels)
    id = zlib.crc32(text.encode())
    data = {"pictures": text, "source": say(source), "key": key, "id": id, "script": PLOTLY.address}
    if any(picture.frames for picture in pictures):
        later(lambda: replay(pictures, key, id))
    stage = _stage(key=key, data=data, on_clicked_change=lambda: clicked and clicked(st.session_state[key].clicked))
    time.sleep(AHEAD)
    return stage.clicked


def drawn(pictures: "Sequence[Picture]", weights: Sequence[float], click: bool) -> list[dict]:
    """Pictures side by side as the browser draws them, without their frames."""
    return [
        {
            "traces": picture.traces,
            "layout": picture.layout,
            "alt": picture.alt,
            "length": len(picture.frames),
            "end": picture.end,
            "labels": picture.labels,
            "captions": picture.captions,
            "weight": weight,
            "click": click,
        }
        for picture, weight in zip(pictures, weights or [1] * len(pictures), strict=True)
    ]


def replay(pictures: "Sequence[Picture]", key: str, id: int) -> None:
    """Send the frames of the pictures on a stage."""
    frames = json.dumps(said([list(picture.frames) for picture in pictures]))
    _replay(key=f"{key}.replay", data={"key": key, "id": id, "frames": frames})


HERE = str(Path(__file__).resolve().parent)


def line_of_page() -> int:
    """The line of the page that is showing something: the nearest caller outside this kit."""
    frame: Any = sys._getframe(1)
    while frame.f_code.co_filename.startswith(HERE):
        frame = frame.f_back
    return frame.f_lineno


def in_row(clicked: Callable[[dict], None], row: int, spot: dict) -> None:
    """A click, and in which row of pictures it was."""
    clicked({**spot, "row": row})


class Stage(Brought):
    """The right side of a lesson: pictures, sentences, tables, and work that takes longer.

    What is shown is known by the view in sight and its place there, not by how much was shown before it: an answered
    question may then put a picture in between, and those below stay as they are, replays at their moment too. The
    place of a picture is the line of the page that shows it; guesses, challenges and jobs are counted view by view.
    """

    def __init__(self, topic: Topic, left: DeltaGenerator, right: DeltaGenerator) -> None:
        super().__init__(topic, left)
        self.right = right
        self.view = ""
        self.counts: Counter[str] = Counter()
        self.sources: list = []  # of all pictures that were shown

    def numbered(self, kind: str) -> str:
        """A key for the next element of a kind in this view."""
        kind = f"{kind}.{self.view}" if self.view else kind
        self.counts[kind] += 1
        return f"{self.topic.key}.{kind}.{self.counts[kind]}"

    @contextmanager
    def ahead(self, place: DeltaGenerator) -> Iterator[None]:
        """Keep a place on the stage for what depends on answers given further down: ``place = page.space()`` first,
        then ``with page.ahead(place): page.show(...)``."""
        before, self.right = self.right, place
        try:
            yield
        finally:
            self.right = before

    def space(self):
        """A place on the stage that is filled later, by ``ahead``."""
        return self.right.container()

    def note(self, text: str) -> None:
        """A sentence on the stage; nothing takes no room."""
        noted("note", text)
        if text:
            self.right.markdown(prose(text))

    def show(
        self,
        *pictures: "Picture",
        source: Any,
        weights: Sequence[float] = (),
        clickable: bool = False,
        clicked: Callable[[dict], object] | None = None,
    ) -> dict | None:
        """Draw pictures side by side with their provenance (``source`` is a run or anything with ``provenance``);
        several with frames replay together. Returns the point just clicked, if ``clickable``; ``clicked`` is called
        with it before the page runs again, so that it may set a control (``page.set``)."""
        key = self.numbered(f"stage.{line_of_page()}")
        self.sources.append(source)
        with self.right:
            return mount(pictures, source.provenance, key, weights, clickable, clicked, self.after)

    def table(self, rows: Sequence[dict]) -> None:
        """Rows of equal keys as a table of plain text, readable without a mouse."""
        noted("table", rows)
        self.right.html(tabular({say(name): [say(row[name]) for row in rows] for name in rows[0]}))

    def display(self, shown: Shown, source: Any, clicked: Callable[[dict], None] | None = None) -> None:
        """A sentence, rows of pictures and tables that core has put together (core.lessons.view.Shown); a click sets
        the controls that it names, else it goes to ``clicked``."""
        if shown.note:
            self.note(shown.note)
        if settings := shown.clicked:

            def clicked(spot: dict) -> None:
                for pair in settings(spot):
                    self.set(*pair)

        for row, pictures in enumerate(shown.pictures):
            self.show(*pictures, source=source, clicked=clicked and partial(in_row, clicked, row))
        for rows in shown.tables:
            self.table(rows)
        if shown.code:
            noted("note", f"```python\n{shown.code}\n```")
            self.right.code(shown.code, "python", wrap_lines=True)  # what scrolls could not be reached by key

    def downloads(self, *files: tuple[str, str, bytes | str]) -> None:
        """Buttons that hand over files, each as (label, file name, content)."""
        row = self.right.container(horizontal=True)
        for label, name, content in files:
            row.download_button(say(label), content, name, key=self.numbered("download"), on_click="ignore")

    def job(self, label: str, function: Callable, *arguments, live: Callable[[Any], Shown] | None = None):
        """Offer work that takes longer than a slider's answer: a button, then progress and a way to stop, then the
        result; None until it is there. ``function`` may be a generator that yields (fraction, message, …); ``live``
        draws what it has yielded last, while it runs."""
        key = self.numbered(f"job.{name_of(function)}")

        def lively(latest: Any) -> None:
            for row, pictures in enumerate(live(latest).pictures if live else ()):
                mount(pictures, "Live training", f"{key}.live.{row}")

        with self.right:
            return job_panel(label, function, arguments, key, lively if live else None)

    def worked(self, quick: bool, at_once: Callable, as_job: Callable, *arguments):
        """What a function gives: at once if that is quick, else offered as a job; None until it is there."""
        return at_once(*arguments) if quick else self.job("Train: this takes a while", as_job, *arguments)
