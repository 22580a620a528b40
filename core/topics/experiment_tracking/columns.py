"""A table of runs: its columns, a filter that is typed or brushed, an order, and what is coloured by what."""

import csv
import io
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.provenance import duration
from core.training.logbook import CURVES, Entry, Value

RUN, SECONDS, WHERE, SPEC = "Run", "Seconds", "From", "Spec"
RESULTS = tuple(CURVES)
FEW = 6  # different values that are told apart by colour
WIDE = 8  # a range of positive numbers wider than this factor is drawn on a logarithmic axis
EXAMPLE = "Learning rate 0.01..0.1; Held-out loss 0..0.3; Optimizer Adam"
THIRDS = ("lowest third", "middle third", "highest third")


@dataclass(frozen=True)
class Column:
    """One column of a table: its values from top to bottom, numbers or words; "" where a run has none."""

    name: str
    values: tuple[Value, ...]

    @cached_property
    def numbers(self) -> np.ndarray | None:
        """The values as numbers (rows,), a missing one or one that is not finite as nan; None for words."""
        if not all(isinstance(value, int | float) or value == "" for value in self.values):
            return None
        rows = np.array([math.nan if value == "" else float(value) for value in self.values])
        return np.where(np.isfinite(rows), rows, np.nan) if np.isfinite(rows).any() else None

    @cached_property
    def different(self) -> list[Value]:
        """Every value once, numbers in their order."""
        seen = dict.fromkeys(self.values)
        if self.numbers is None:
            return list(seen)
        return sorted(seen, key=lambda value: math.inf if value == "" else float(value))

    @property
    def is_logarithmic(self) -> bool:
        """Whether the numbers are spread over orders of magnitude."""
        low, high = self.ends
        return low > 0 and high / low >= WIDE

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and the highest number."""
        assert self.numbers is not None
        return float(np.nanmin(self.numbers)), float(np.nanmax(self.numbers))

    def scaled(self, value: float) -> float:
        """A number's height on the axis, between 0 and 1."""
        low, high = self.ends
        if self.is_logarithmic:
            low, high, value = math.log(low), math.log(high), math.log(max(value, 1e-300))
        return (value - low) / (high - low) if high > low else 0.5

    def number_at(self, height: float) -> float:
        """The number at a height of the axis."""
        low, high = self.ends
        return low * (high / low) ** height if self.is_logarithmic else low + height * (high - low)

    @cached_property
    def heights(self) -> np.ndarray:
        """Where the rows stand on the axis, (rows,); words evenly, what is no number at the top."""
        if self.numbers is None:
            places = {value: (k + 0.5) / len(self.different) for k, value in enumerate(self.different)}
            return np.array([places[value] for value in self.values])
        return np.array([1.0 if math.isnan(value) else self.scaled(value) for value in self.numbers])

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """What is written at the axis."""
        if self.numbers is None:
            return [(float(self.heights[self.values.index(value)]), written(value)[:14]) for value in self.different]
        low, high = self.ends
        if low == high:
            return [(0.5, written(low))]
        inner = [value for value in self.different if value != "" and low < float(value) < high]
        inner = inner if len(self.different) <= FEW else []
        return [
            (0.0, written(low)),
            *((self.scaled(float(each)), written(each)) for each in inner),
            (1.0, written(high)),
        ]

    def groups(self) -> dict[str, list[int]]:
        """The rows by value; by thirds where numbers are too many to tell apart."""
        found: dict[str, list[int]] = {}
        if len(self.different) <= FEW or self.numbers is None:
            names = [written(value) if len(self.different) <= FEW else "…" for value in self.different]
            named = dict(zip(self.different, names, strict=True))
            for place, value in enumerate(self.values):
                found.setdefault(named[value], []).append(place)
            return found
        cuts = np.nanquantile(self.numbers, (1 / 3, 2 / 3))
        for place, value in enumerate(self.numbers):
            found.setdefault(THIRDS[2 if math.isnan(value) else int((value > cuts).sum())], []).append(place)
        return {name: found[name] for name in THIRDS if name in found}


def written(value: Value) -> str:
    """A value as the table shows it."""
    return f"{value:.4g}" if isinstance(value, float) else str(value) if value != "" else "–"


@dataclass(frozen=True)
class Table:
    """Runs and the columns in which they differ; ``same`` is what they all share."""

    entries: tuple[Entry, ...]

    @cached_property
    def settings(self) -> dict[str, Column]:
        """Every setting of any run."""
        names = dict.fromkeys(name for each in self.entries for name in each.settings)
        return {name: Column(name, tuple(each.settings.get(name, "") for each in self.entries)) for name in names}

    @cached_property
    def varied(self) -> list[str]:
        """The settings in which the runs differ."""
        return [name for name, column in self.settings.items() if len(column.different) > 1]

    @property
    def same(self) -> dict[str, Value]:
        """The settings that all runs share."""
        return {name: column.values[0] for name, column in self.settings.items() if len(column.different) == 1}

    @cached_property
    def columns(self) -> dict[str, Column]:
        """All columns but the name: settings that differ, results, seconds, where from, specification."""
        rows = self.entries
        results = [Column(name, tuple(each.results.get(name, "") for each in rows)) for name in RESULTS]
        last = (
            Column(SECONDS, tuple(each.seconds for each in rows)),
            Column(WHERE, tuple(each.where for each in rows)),
            Column(SPEC, tuple(each.specification for each in rows)),
        )
        return {each.name: each for each in (*(self.settings[name] for name in self.varied), *results, *last)}

    def ordered(self, places: Sequence[int], by: str) -> list[int]:
        """Some rows in the order of a column, what is no number last; in the order they came for any other name."""
        column = self.columns.get(by)
        if column is None:
            return sorted(places)
        if column.numbers is None:
            return sorted(places, key=lambda place: str(column.values[place]))
        numbers = column.numbers
        return sorted(places, key=lambda place: (math.isnan(numbers[place]), numbers[place]))

    def row(self, place: int) -> dict[str, str]:
        """One row as the page shows it."""
        one = self.entries[place]
        hidden = {"Training score", *([WHERE] if len(self.columns[WHERE].different) == 1 else [])}
        cells = {name: written(column.values[place]) for name, column in self.columns.items() if name not in hidden}
        return {
            RUN: one.name.partition(":")[0].replace(" ", "\N{NO-BREAK SPACE}"),
            **cells,
            SECONDS: duration(one.seconds),
        }

    @property
    def csv(self) -> str:
        """The whole table with all settings; words that a spreadsheet would take for a formula begin with a quote."""
        text = io.StringIO()
        out = csv.writer(text, lineterminator="\n")
        own = [name for name in self.columns if name not in self.settings]
        out.writerow([RUN, *self.settings, *own])
        for place, each in enumerate(self.entries):
            cells = [each.name, *(column.values[place] for column in self.settings.values())]
            out.writerow([safe(cell) for cell in [*cells, *(self.columns[name].values[place] for name in own)]])
        return text.getvalue()

    @property
    def json(self) -> str:
        """All records."""
        return json.dumps([json.loads(each.text) for each in self.entries], indent=1)


def safe(cell: Value) -> Value:
    """A cell that no spreadsheet runs."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


@dataclass(frozen=True)
class Condition:
    """What a row has to fulfil in one column: a number from ``low`` to ``high``, or one of some ``words``."""

    column: str
    low: float = -math.inf
    high: float = math.inf
    words: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """As it is typed."""
        return f"{self.column} {' | '.join(self.words)}" if self.words else f"{self.column} {self.low:g}..{self.high:g}"

    def holds(self, column: Column) -> np.ndarray:
        """Which rows fulfil it, (rows,)."""
        if self.words:
            allowed = {word.lower() for word in self.words}
            return np.array([written(value).lower() in allowed for value in column.values])
        if column.numbers is None:
            return np.zeros(len(column.values), dtype=bool)
        with np.errstate(invalid="ignore"):
            return (column.numbers >= self.low) & (column.numbers <= self.high)


def conditions(text: str, table: Table) -> list[Condition]:
    """A typed filter: conditions, a semicolon between them. Raises ``ValueError``, one sentence, for what is none."""
    return [condition(part.strip(), table) for part in text.split(";") if part.strip()]


def condition(part: str, table: Table) -> Condition:
    """One of them. A setting in which no rows differ can be named as well."""
    known = {**table.settings, **table.columns}
    name = next((each for each in sorted(known, key=len, reverse=True) if part.lower().startswith(each.lower())), "")
    said = part[len(name) :].strip().lstrip("=:").strip()
    if not name or not said:
        names = ", ".join(table.columns)
        raise ValueError(f"A filter names a column and what to keep, such as “{EXAMPLE}”; there are {names}.")
    if found := re.fullmatch(r"(\S*?)\s*\.\.\s*(\S*)", said):
        low, high = (
            bound(each, infinite) for each, infinite in zip(found.groups(), (-math.inf, math.inf), strict=True)
        )
        return Condition(name, low, high)
    return Condition(name, words=tuple(word.strip() for word in said.split("|")))


def bound(text: str, infinite: float) -> float:
    """An end of a range; none is infinite. Raises ``ValueError``, one sentence."""
    try:
        number = float(text) if text.isascii() else math.nan
    except ValueError:
        number = infinite if text == "" else math.nan
    if math.isnan(number):
        raise ValueError(f"A range of numbers is written like this: {EXAMPLE.partition(';')[0]}.")
    return number


def kept(table: Table, wanted: Sequence[Condition]) -> list[int]:
    """The rows that fulfil all conditions."""
    known = {**table.settings, **table.columns}
    holds = np.ones(len(table.entries), dtype=bool)
    for each in wanted:
        holds &= each.holds(known[each.column])
    return np.flatnonzero(holds).tolist()


def brushed(text: str, table: Table, name: str, first: float, last: float) -> str:
    """A filter after an axis was brushed from one height to another; a bare click takes the axis' condition away."""
    others = [each for each in conditions(text, table) if each.column != name]
    low, high = sorted((first, last))
    return "; ".join(
        each.text for each in [*others, *([between(table.columns[name], low, high)] if high - low > 0.02 else [])]
    )


def between(column: Column, low: float, high: float) -> Condition:
    """The condition that keeps what stands between two heights of an axis."""
    if column.numbers is None:
        inside = [value for value, height in zip(column.values, column.heights, strict=True) if low <= height <= high]
        return Condition(column.name, words=tuple(dict.fromkeys(map(written, inside))) or ("nothing",))
    low, high = (float(f"{column.number_at(height):.3g}") for height in (max(low, -0.05), min(high, 1.05)))
    return Condition(column.name, low, high)
