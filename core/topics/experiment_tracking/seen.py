"""A sweep beside what else was written down during the visit."""

from dataclasses import dataclass, field
from functools import cached_property

from core.provenance import fingerprint
from core.topics.experiment_tracking.columns import Table
from core.topics.experiment_tracking.sweep import Sweep
from core.training.logbook import Entry

HERE, ALL = "this sweep", "all of this visit"


@dataclass(frozen=True)
class Seen:
    """A sweep, and what else was written down during this visit."""

    sweep: Sweep
    others: tuple[Entry, ...] = field(default=())

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        more = f" · {len(self.others)} more of this visit" if self.others else ""
        return self.sweep.provenance + more

    @cached_property
    def here(self) -> Table:
        """The sweep as a table."""
        return Table(self.sweep.entries)

    @cached_property
    def all(self) -> Table:
        """All runs of the visit."""
        return Table((*self.sweep.entries, *self.others))

    def table(self, rows: str) -> Table:
        """The rows that are wanted."""
        return self.here if rows == HERE else self.all


def seen(sweep: Sweep, visit: tuple[Entry, ...]) -> Seen:
    """A sweep beside the runs of the visit that are not part of it."""
    own = {each.specification for each in sweep.entries}
    return Seen(sweep, tuple(each for each in visit if each.specification not in own))


def digest(found: Seen) -> str:
    """Digits that change with the runs."""
    return fingerprint([each.specification for each in found.all.entries])
