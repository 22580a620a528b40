"""Opens pages of the hub without a browser, and sees everything they put on the stage."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from streamlit.testing.v1 import AppTest

from core.figures import Picture
from core.lessons import curriculum
from core.training import warm

HUB = Path(__file__).resolve().parent.parent / "pages" / "hub.py"


@dataclass
class Shown:
    """What the last script run showed: pictures with their provenance, and the programs offered."""

    pictures: list[tuple[Picture, str]] = field(default_factory=list)
    programs: list = field(default_factory=list)


@contextmanager
def watched() -> Iterator[Shown]:
    """Everything that pages mount on the stage while the block runs."""
    from pages.ui import page, stage

    shown, mount, panel = Shown(), stage.mount, page.code_panel

    def mounting(pictures, source, *rest, **options):
        shown.pictures += [(picture, source) for picture in pictures]
        return mount(pictures, source, *rest, **options)

    def offering(programs, key):
        shown.programs += programs
        return panel(programs, key)

    stage.mount, page.code_panel = mounting, offering
    try:
        yield shown
    finally:
        stage.mount, page.code_panel = mount, panel


def opened(topic: curriculum.Topic, values: dict | None = None) -> AppTest:
    """The hub with one page open and some of its controls set."""
    warm()  # as Home does: pages are tested with the engine that serves them
    app = AppTest.from_file(str(HUB), default_timeout=120).run()
    app.switch_page(str(topic.path.relative_to(HUB.parent)))
    for name, value in (values or {}).items():
        app.session_state[name] = value
    return app.run()


def views(app: AppTest, topic: curriculum.Topic) -> list[str]:
    """The names of the page's views; one without a name on a page that has no several."""
    return next((list(app_options(pills)) for pills in app.pills if pills.key == f"{topic.key}.view"), [""])


def look_at(app: AppTest, topic: curriculum.Topic, view: str) -> AppTest:
    """The page with one of its views in sight."""
    if view:
        app.session_state[f"{topic.key}.view"] = view
    return app.run()


def controls(app: AppTest, topic: curriculum.Topic) -> dict[str, list]:
    """Every control of the page with the values to try: both ends of sliders, all options of pickers, on and off."""
    found = {}
    for widget in (*app.slider, *app.number_input):
        found[widget.key] = [widget.min, widget.max]
    for widget in (*app.select_slider, *app.selectbox, *app.segmented_control, *app.pills, *app.radio):
        found[widget.key] = list(app_options(widget))
    for widget in (*app.toggle, *app.checkbox):
        found[widget.key] = [True, False]
    own = {key: values for key, values in found.items() if key and key.startswith(f"{topic.key}.")}
    return {key: values for key, values in own.items() if key != f"{topic.key}.view"}


def app_options(widget) -> list:
    """The options of a picker as its value wants them."""
    return [getattr(option, "content", option) for option in widget.options]


def numbers(picture: Picture) -> Iterator[np.ndarray]:
    """Every float array inside a picture; places where x and y are both nan are gaps in a line, not numbers."""

    def walk(value):
        if isinstance(value, dict) and "bdata" in value:
            if value["dtype"].startswith("f"):
                yield np.frombuffer(base64.b64decode(value["bdata"]), value["dtype"])
        elif isinstance(value, dict):
            for name, item in value.items():
                if name in ("x", "y") and gapped(value):
                    continue
                yield from walk(item)
        elif isinstance(value, list | tuple):
            floats = [item for item in value if isinstance(item, float)]
            if floats:
                yield np.array(floats)
            for item in value:
                yield from walk(item) if isinstance(item, dict | list | tuple) else ()

    def gapped(value):
        x, y = (next(walk(value.get(name)), np.zeros(0)) for name in "xy")
        return np.isnan(x).any() and x.shape == y.shape and (np.isnan(x) == np.isnan(y)).all()

    yield from walk([picture.traces, picture.frames])
