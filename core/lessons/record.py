"""Numbers measured earlier and shipped: where they lie, what made them, and whether they still belong to this code."""

import datetime
import functools
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.provenance import Recorded

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "recorded"
PLACES = 4  # decimals that a record keeps


class StaleError(ValueError):
    """A record that this code did not make."""


@dataclass(frozen=True)
class Record:
    """A measurement in ``assets/recorded``.

    ``specification`` (anything JSON can say) determines every number in it, together with the shipped ``weights`` that
    were measured, if any. ``cheapest`` measures one stored number again: it returns the keys under which the number is
    stored and its new value; the tests compare the two exactly, or within a share
    of it, ``tolerance``, where a long training in torch rounds otherwise on another processor (only on demand if it
    ``takes_minutes``).
    """

    name: str
    specification: Mapping[str, object]
    cheapest: Callable[[], tuple[tuple[str | int, ...], float]]
    weights: Path | None = None
    takes_minutes: bool = False
    tolerance: float = 0.0

    @property
    def path(self) -> Path:
        """The record's file."""
        return FOLDER / f"{self.name}.json"

    @property
    def made_by(self) -> dict[str, object]:
        """What a record of this code says that it was made by."""
        weights = {} if self.weights is None else {"weights": fingerprint_of(self.weights)}
        return json.loads(json.dumps({"specification": self.specification, **weights}))

    @property
    def stale(self) -> str:
        """Why the shipped record does not belong to this code, in a sentence; empty if it does."""
        parts = [part for part, value in self.made_by.items() if self.text.get(part) != value]
        return f"{self.path.name} was made with another {' and another '.join(parts)}." if parts else ""

    @functools.cached_property
    def text(self) -> dict:
        """The file as it stands."""
        return json.loads(self.path.read_text(encoding="utf-8"))

    @property
    def contents(self) -> dict:
        """What was measured. Raises ``StaleError``, in one sentence, for a record of other code or other weights."""
        if self.stale:
            raise StaleError(self.stale)
        return self.text["contents"]

    @property
    def source(self) -> Recorded:
        """Where its numbers come from, for the line under a figure."""
        return Recorded(self.made_by, self.text["date"])

    def write(self, contents: Mapping[str, object]) -> None:
        """Ship a new measurement in place of the old one; numbers are rounded to ``PLACES``."""
        text = {**self.made_by, "date": datetime.date.today().isoformat(), "contents": rounded(contents)}
        self.path.write_text(json.dumps(text) + "\n", encoding="utf-8")

    def stored(self, keys: tuple[str | int, ...]) -> float:
        """One number of the shipped record."""
        part: Any = self.contents
        for key in keys:
            part = part[key]
        return part


def rounded(part: Any) -> Any:
    """Contents as JSON keeps them: mappings and lists of numbers with ``PLACES`` decimals; arrays become lists."""
    if isinstance(part, Mapping):
        return {str(key): rounded(value) for key, value in part.items()}
    part = part.tolist() if hasattr(part, "tolist") else part
    if isinstance(part, list | tuple):
        return [rounded(value) for value in part]
    return round(part, PLACES) if isinstance(part, float) else part


@functools.cache
def fingerprint_of(path: Path) -> str:
    """Sixteen hexadecimal digits that name a file's content."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def finished(work: Iterator):
    """What a job (a generator of fractions and messages) returns in the end; its progress is printed."""
    while True:
        try:
            fraction, message = next(work)
            print(f"{fraction:4.0%} {message}", flush=True)
        except StopIteration as end:
            return end.value
