"""The detector on the stage: a picture with raw boxes, which sliders choose among in the browser alone."""

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from pages.ui import pad, work
from pages.ui.stage import component

_detector = component("detector", "boxes", "detector-canvas", "detector-score", isolate_styles=False)
DRAWING, FILE, WEBCAM = "own drawing", "own file", "webcam"
MOST_KEPT = 50  # pictures whose true boxes are remembered


def source(page, shipped: Mapping[str, Callable], read: Callable, read_file: Callable, sheet: str, controls, asking):
    """A picture: one of those ``shipped``, by name and made from the page's seed; or what ``read`` makes of the drawing
    on a pad that begins with a ``sheet`` (data URLs), ``read_file`` of a file or a photograph (bytes, none of them
    while there is none). All of them are also given what ``asking`` makes of the values of some ``controls``."""

    def ask():
        with page.more("Model and parts"):
            return asking(**page.ask_all(controls))

    choice = page.pick("Picture", (*shipped, DRAWING, FILE, WEBCAM))
    if choice in shipped:
        asked = ask()
        return shipped[choice](page.seed, asked)
    if choice == DRAWING:
        with page.here.container():
            drawing = pad.sketch(page.key("Sketch"), sheet)
        return read(drawing, ask())
    if choice == FILE:
        file = pad.sent_file(page, "Picture file", pad.TYPES, pad.PICTURES)
        return read_file(file, ask())
    with page.here.container():
        shot = photograph(page)
    return read_file(shot, ask())


def photograph(page) -> bytes:
    """What the learner's camera has taken; it stays on this computer."""
    shot = st.camera_input("Photograph", key=page.key("Photograph"), help="It stays on this computer.")
    return shot.getvalue() if shot else b""


def mount(page, data: dict, looked_at: Callable[[int], Sequence] | None = None, name: str = "detector") -> object:
    """Show a picture and its raw boxes (``core.projects.detection.lesson.browser``). True boxes that the learner draws
    are kept with their picture (``drawn``); ``looked_at`` turns the box that is looked at into controls and values.
    Returns where the sliders stood when they were last let go, as the browser sent it."""
    key = f"{page.topic.key}.{name}"

    def truth() -> None:
        sent = st.session_state[key].truth
        if isinstance(sent, dict) and isinstance(sent.get("id"), str):
            mine = remembered()
            mine[sent["id"][:40]] = sent
            while len(mine) > MOST_KEPT:
                mine.pop(next(iter(mine)))

    def chosen() -> None:
        sent = st.session_state[key].chosen
        place = sent.get("at") if isinstance(sent, dict) and sent.get("id") == data["id"] else None
        if looked_at and type(place) is int:
            for pair in looked_at(place):
                page.set(*pair)

    with page.right:
        return _detector(
            key=key, data={**data, "key": key}, on_truth_change=truth, on_chosen_change=chosen,
            on_settings_change=lambda: None,
        ).settings  # fmt: skip


def remembered() -> dict[str, dict]:
    """The true boxes that the learner has drawn, as the browser sent them, by picture."""
    return work.own("true boxes", dict, dict.clear)


def drawn(id: str) -> dict | None:
    """Those of one picture; None where the learner has drawn none."""
    return remembered().get(id)


def film(page, types: Sequence[str]) -> bytes:
    """The bytes of a learner's film; none of them while there is none."""
    help = "At most 20 MB and two minutes. It stays on this computer."
    return pad.sent_file(page, "Film file", types, help, most=20)


def play(page, content: bytes) -> None:
    """Show a film, if there is one."""
    if content:
        page.right.video(content, muted=True)
