"""A learner's table as a problem in the plane: two columns to look at, one to learn."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.data.cells import is_missing
from core.data.data import Data, Tabular
from core.data.encodings import NAMES
from core.data.own import table
from core.data.planar import EXTENT
from core.data.refusals import OwnDataError
from core.data.sheets import Sheet, sheet

MOST = 6  # classes that the figures have a colour and a symbol for
WIDEST = 24  # letters of a class's name that a legend has room for
# What people call the column that is to be learned.
GOALS = ("class", "target", "label", "species", "kind", "category", "outcome", "diagnosis")


@dataclass(frozen=True)
class Table:
    """A table's ``text``, the columns that go ``across`` and ``up``, and the ``target``; ``task``, ``header`` and
    ``decimal`` as ``core.data.table``'s."""

    text: str
    across: str
    up: str
    target: str
    task: str = ""
    header: bool | None = None
    decimal: str = ""

    def problem(self, held_out: float, seed: int) -> Tabular:
        """The table's rows as points of the plane, standardised. Raises ``OwnDataError``, one sentence."""
        if self.across == self.up:
            raise OwnDataError("Choose two different columns to look at.")
        data = table(
            self.text,
            (self.across, self.up),
            self.target,
            self.task,
            self.header,
            self.decimal,
            drop_incomplete=True,
            held_out=held_out,
            seed=seed,
        )
        if len(data.classes) > MOST:
            raise OwnDataError(f"At most {MOST} classes can be drawn; this column has {len(data.classes)}.")
        return replace(data, classes=screen_names(data.classes))


def screen_names(names: Sequence[str]) -> tuple[str, ...]:
    """Names for a legend, each different from the others: where their beginnings are alike, their ends are shown, and
    where both are, they are numbered."""
    plain = tuple(map(plainly, names))
    for cut in (head, tail):
        if len(set(map(cut, plain))) == len(plain):
            return tuple(map(cut, plain))
    alike = Counter(map(head, plain))
    return tuple(
        f"{name[: WIDEST - 4]} ({place})" if alike[head(name)] > 1 else head(name)
        for place, name in enumerate(plain, start=1)
    )


def plainly(name: str) -> str:
    """A class name without anything that a screen could take for markup."""
    return re.sub(r"[^\w .,+%=‹›≤≥-]", "·", name.replace("<", "‹").replace(">", "›"))


def head(name: str) -> str:
    """The beginning of a name, at most 24 characters."""
    return name if len(name) <= WIDEST else f"{name[: WIDEST - 1]}…"


def tail(name: str) -> str:
    """The end of a name, at most 24 characters."""
    return name if len(name) <= WIDEST else f"…{name[1 - WIDEST :]}"


def proposal(page: Sheet) -> tuple[str, str, str]:
    """Columns to begin with: the first two that hold numbers, and the column that looks most like classes.

    Raises ``OwnDataError`` if there are no two columns of numbers beside any other.
    """
    for target in goals(page):
        numeric = page.inputs(target, least=2)
        if len(numeric) >= 2:
            return numeric[0], numeric[1], target
    raise OwnDataError("The table needs two columns of numbers beside the column to learn.")


def goals(page: Sheet) -> list[str]:
    """The columns by how much they look like what is to be learned: one that is called a class, a last column of
    classes, another one of classes, then the last column and those before it."""
    numeric = page.numeric_columns()
    classed = [name for name in page.columns if name not in numeric and is_classed(page.cells(name))]
    called = [name for name in page.columns if name.lower() in GOALS]
    last = [name for name in classed if name == page.columns[-1]]
    return list(dict.fromkeys([*called, *last, *classed, *reversed(page.columns)]))


def is_classed(cells: Sequence[str]) -> bool:
    """Whether a column of words holds a few that come again."""
    counts = Counter(cell for cell in cells if not is_missing(cell))
    return 2 <= len(counts) <= MOST and min(counts.values()) > 1


def opened(
    content: bytes, header: bool | None = None, decimal: str = "", encoding: str = ""
) -> tuple[Sheet, tuple[str, str, str]]:
    """An uploaded table and the columns to begin with. Raises ``OwnDataError``, one sentence."""
    page = sheet(content, header, decimal, encoding)
    return page, proposal(page)


def account(page: Sheet, chosen: Table) -> str:
    """How a table was read, and what of it is left out: sentences without a word of the table's own."""
    rows, left = len(page.rows), len(page.rows) - len(page.complete((chosen.across, chosen.up, chosen.target)).rows)
    said = [f"{rows:,} rows, read as {NAMES.get(page.encoding, 'text')}"]
    said[0] += "; their first row holds the columns' names." if page.header else "; no row holds names."
    if page.decimal == ",":
        said.append("The decimal sign is a comma.")
    if left:
        rest = "1 row has" if left == 1 else f"{left:,} rows have"
        said.append(f"{rest} no value in a chosen column and {'is' if left == 1 else 'are'} left out.")
    return " ".join(said)


def outside(data: Data) -> float:
    """The share of points that lie outside the picture."""
    return ((data.x.abs() > EXTENT).any(dim=1)).float().mean().item()
