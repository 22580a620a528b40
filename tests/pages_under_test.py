"""Opens pages of the hub without a browser, and sees everything they put on the stage."""

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from streamlit.testing.v1 import AppTest

from core.figures import Picture
from core.lessons import curriculum
from core.training import warm
from deploy.walking import app_options, controls, views
from pages.ui.witness import watching

HUB = Path(__file__).resolve().parent.parent / "pages" / "hub.py"
__all__ = ["HUB", "Shown", "app_options", "controls", "look_at", "numbers", "opened", "views", "watched"]


THINGS = """
answers|bars|batches|bits|boxes|branches|breaks|bytes|calls|cells|channels|classes|columns|days|digits|directions
|entries|epochs|frames|graphs|heads|hours|images|inputs|kinds|labels|layers|lessons|maps|minutes|mistakes|models|moments
|neighbours|networks|numbers|operators|outputs|pairs|parameters|pictures|pixels|points|questions|requests|rounds|rows
|runs|samples|seeds|servers|settings|steps|threads|tokens|trials|tries|units|updates|vectors|weeks|weights|words|workers
"""
# What no sentence may say: one of several things, a gap before a percent sign or a comma, no number, less than nothing.
SLIPS = re.compile(
    rf"(?<![\d.,:·×^/−-])(?<!\d, )\b1\*{{0,2}} (?:\w+ )?(?:{THINGS.replace(chr(10), '')})\b"
    r"|\d\*{0,2} %|\bnan\b|(?<!\d)[-−]0\.?0*(?=%| points)|\w  +\w| [,;:](?!\w)"
)


class Shown:
    """What pages have shown since it was last emptied: pictures with their provenance, and the programs offered."""

    def __init__(self, seen: list[tuple]) -> None:
        self.seen = seen

    @property
    def pictures(self) -> list[tuple[Picture, str]]:
        return [(picture, parts[1]) for kind, *parts in self.seen if kind == "pictures" for picture in parts[0]]

    @property
    def programs(self) -> list:
        return [program for kind, *parts in self.seen if kind == "programs" for program in parts[0]]

    @property
    def questions(self) -> list:
        return [parts[0] for kind, *parts in self.seen if kind == "question"]

    @property
    def goals(self) -> list:
        return [parts[0] for kind, *parts in self.seen if kind == "goal"]

    @property
    def sentences(self) -> Iterator[str]:
        """All that was said: notes, alternatives to pictures, questions, goals, tables."""
        for kind, *parts in self.seen:
            if kind == "note" and "```" not in parts[0]:
                yield parts[0]
            elif kind == "pictures":
                yield from (words for picture in parts[0] for words in (picture.alt, *picture.captions))
            elif kind == "question":
                yield from (parts[0].text, parts[0].because)
            elif kind == "goal":
                yield from (parts[0].text, parts[0].now)
            elif kind == "table":
                yield from (value for row in parts[0] for value in row.values() if isinstance(value, str))

    @property
    def slips(self) -> list[str]:
        """What ``SLIPS`` finds, each with the words around it."""
        found = ((text, match) for text in self.sentences for match in SLIPS.finditer(text))
        return [text[max(match.start() - 40, 0) : match.end() + 40] for text, match in found] + self.odd_cells

    @property
    def odd_cells(self) -> list[str]:
        """Cells of tables that would be printed as they should not: numbers nobody has rounded, formulas."""
        cells = (cell for kind, *parts in self.seen if kind == "table" for row in parts[0] for cell in row.values())
        return [repr(cell) for cell in cells if not isinstance(cell, str | int) or re.search(r"(?<!\\)\$", str(cell))]

    def clear(self) -> None:
        """Forget it all."""
        self.seen.clear()


@contextmanager
def watched() -> Iterator[Shown]:
    """Everything that pages mount on the stage while the block runs."""
    with watching() as seen:
        yield Shown(seen)


def opened(topic: curriculum.Topic, values: dict | None = None) -> AppTest:
    """The hub with one page open and some of its controls set."""
    warm()  # as Home does: pages are tested with the engine that serves them
    app = AppTest.from_file(str(HUB), default_timeout=120).run()
    app.switch_page(str(topic.path.relative_to(HUB.parent)))
    for name, value in (values or {}).items():
        app.session_state[name] = value
    return app.run()


def look_at(app: AppTest, topic: curriculum.Topic, view: str) -> AppTest:
    """The page with one of its views in sight."""
    if view:
        app.session_state[f"{topic.key}.view"] = view
    return app.run()


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
