"""A learner's table as a problem in the plane: two columns to look at, one to learn."""

import re
from dataclasses import dataclass, replace

from core.data.data import Data
from core.data.own import table
from core.data.planar import EXTENT
from core.data.sheets import OwnDataError, Sheet, sheet

MOST = 6  # classes that the figures have a colour and a symbol for


@dataclass(frozen=True)
class Table:
    """A table's ``text``, the columns that go ``across`` and ``up``, and the ``target``; ``task`` as ``table``'s."""

    text: str
    across: str
    up: str
    target: str
    task: str = ""

    def problem(self, held_out: float, seed: int) -> Data:
        """The table's rows as points of the plane, standardised. Raises ``OwnDataError``, one sentence."""
        if self.across == self.up:
            raise OwnDataError("Choose two different columns to look at.")
        data = table(
            self.text,
            (self.across, self.up),
            self.target,
            self.task,
            drop_incomplete=True,
            held_out=held_out,
            seed=seed,
        )
        if len(data.classes) > MOST:
            raise OwnDataError(f"At most {MOST} classes can be drawn; this column has {len(data.classes)}.")
        return replace(data, classes=tuple(map(plainly, data.classes)))


def plainly(name: str) -> str:
    """A class name without anything that a screen could take for markup, at most 24 characters."""
    kept = re.sub(r"[^\w .,+%=-]", "·", name)
    return kept if len(kept) <= 24 else f"{kept[:23]}…"


def proposal(page: Sheet) -> tuple[str, str, str]:
    """Columns to begin with: the first two that hold numbers, and the last column as the target."""
    target = page.columns[-1]
    numeric = [name for name in page.numeric_columns() if name != target]
    if len(numeric) < 2:
        raise OwnDataError("The table needs two columns of numbers beside the column to learn.")
    return numeric[0], numeric[1], target


def opened(content: bytes) -> tuple[Sheet, tuple[str, str, str]]:
    """An uploaded table and the columns to begin with. Raises ``OwnDataError``, one sentence."""
    page = sheet(content)
    return page, proposal(page)


def outside(data: Data) -> float:
    """The share of points that lie outside the picture."""
    return ((data.x.abs() > EXTENT).any(dim=1)).float().mean().item()
