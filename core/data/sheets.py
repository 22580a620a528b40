"""Reading a table that somebody else wrote: encoding, separator, header and decimal comma are recognised.

Whatever arrives, the only error is ``OwnDataError``, one sentence that names the row and the column.
"""

import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

from core.data.cells import EITHER, INFINITE, decimal_sign, is_missing, looks_numeric, number_in
from core.data.encodings import CONTROL, decoded
from core.data.headers import is_header, numbers_rows, titles
from core.data.refusals import OwnDataError, short

BYTES, ROWS, COLUMNS, LARGEST = 2_000_000, 20_000, 200, 1e30
SEPARATORS = ("\t", ";", ",")


@dataclass(frozen=True)
class Sheet:
    """A table of text: the ``text`` it was read from, its ``columns`` by name, its ``rows`` of stripped cells, their
    numbers as a spreadsheet counts them, the ``decimal`` sign ("," or ".", "?" where it could be either), the
    ``encoding`` of its bytes ("" for a text), whether its first row was a ``header``, and ``unnamed``, whether that
    had no name for the first column."""

    text: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    places: tuple[int, ...]
    decimal: str
    encoding: str = ""
    header: bool = True
    unnamed: bool = False

    def column(self, name: str) -> str:
        """The name, if there is such a column."""
        if name not in self.columns:
            raise OwnDataError(f"There is no column {short(name)}; there are {', '.join(map(short, self.columns))}.")
        return name

    def cells(self, name: str) -> list[str]:
        """One column, (rows,)."""
        place = self.columns.index(name)
        return [row[place] for row in self.rows]

    def numeric_columns(self) -> list[str]:
        """The columns in which at least half of the filled cells are numbers."""
        result = []
        for name in self.columns:
            filled = [cell for cell in self.cells(name) if not is_missing(cell)]
            if 2 * sum(looks_numeric(cell) for cell in filled) >= max(len(filled), 1):
                result.append(name)
        return result

    def inputs(self, goal: str, least: int = 1) -> list[str]:
        """The columns of numbers beside the one to learn, without a first one that only numbers the rows: it has no
        name or counts. It stays where there would be fewer than ``least``."""
        numeric = [name for name in self.numeric_columns() if name != goal]
        first = self.columns[0]
        if first not in numeric or len(numeric) <= least:
            return numeric
        return numeric[1:] if self.unnamed or numbers_rows(self.cells(first)) else numeric

    def complete(self, names: Sequence[str]) -> "Sheet":
        """The table without the rows that have no value in one of these columns."""
        wanted = [self.columns.index(name) for name in names]
        filled = [i for i, row in enumerate(self.rows) if not any(is_missing(row[place]) for place in wanted)]
        return replace(self, rows=tuple(self.rows[i] for i in filled), places=tuple(self.places[i] for i in filled))

    def number(self, cell: str) -> float | None:
        """The number a cell holds, or nothing."""
        return number_in(cell, self.decimal)

    def numbers(self, name: str) -> list[float]:
        """One column as numbers; raises ``OwnDataError`` naming the first cell that holds none."""
        values: list[float] = []
        for place, cell in enumerate(self.cells(name)):
            value = self.number(cell)
            if value is None or abs(value) > LARGEST:
                raise self.complaint(place, name)
            values.append(value)
        return values

    def complaint(self, place: int, name: str) -> OwnDataError:
        """What is wrong with a cell that should hold a number or a class."""
        cell = self.rows[place][self.columns.index(name)]
        if is_missing(cell):
            what = "the cell is empty" if not cell else f"{cell} is not a number but a missing value"
        elif cell.lower() in INFINITE or self.number(cell) is not None:
            what = f"{short(cell)} is too large"
        elif self.decimal == "?" and EITHER.fullmatch(cell):
            point, bare = cell.replace(",", "."), cell.replace(",", "").replace(".", "")
            what = f"{cell} could mean {point} or {bare}; say which sign is the decimal sign"
        elif looks_numeric(cell):
            what = f"{short(cell)} is no number with a decimal {'comma' if self.decimal == ',' else 'point'}"
        else:
            what = f"{short(cell)} is not a number"
        return OwnDataError(f"Row {self.places[place]}, column {short(name)}: {what}.")


def sheet(source: str | bytes | BinaryIO, header: bool | None = None, decimal: str = "", encoding: str = "") -> Sheet:
    """Read a table from text, bytes or a file, at most 2 MB, 20,000 rows, 200 columns: see ``core.data.table``."""
    text, encoding = read(source, encoding)
    first = text.partition("\n")[0].strip()
    directive = first[4] if re.fullmatch(r"sep=[\t;,]", first, re.IGNORECASE) else ""
    sign = directive or separator(text)
    rows = split_rows(text, sign)[bool(directive) :]
    if not rows:
        raise OwnDataError("The table is empty.")
    check_widths(rows)
    top, columns = rows[0][1], list(zip(*(cells for _, cells in rows[1:]), strict=True)) or [()] * len(rows[0][1])
    header = is_header(top, columns) if header is None else header
    rows = rows[header:]
    if not rows:
        raise OwnDataError("The table has a header and no rows.")
    if len(rows) > ROWS:
        raise too_long()
    names = titles(top if header else ["" for _ in top])
    filled = [place for place in range(len(names)) if any(cells[place] for _, cells in rows)]
    table = tuple(tuple(cells[place] for place in filled) for _, cells in rows)
    decimal = decimal or decimal_sign(list(zip(*table, strict=True)), sign)
    unnamed = bool(header and filled and not top[filled[0]])
    columns = tuple(names[place] for place in filled)
    return Sheet(text, columns, table, tuple(place for place, _ in rows), decimal, encoding, header, unnamed)


def read(source: str | bytes | BinaryIO, encoding: str = "") -> tuple[str, str]:
    """The text and the encoding it had; never more than the allowed size is taken from an open file."""
    if not isinstance(source, str | bytes | bytearray | memoryview) and hasattr(source, "read"):
        source = source.read(BYTES + 1)
    if not isinstance(source, str | bytes | bytearray | memoryview):
        raise OwnDataError("A table is text, bytes or an open file.")
    if len(source) > BYTES:
        raise OwnDataError(f"The table is larger than {BYTES // 1_000_000} MB, the most that is read here.")
    text, encoding = (source, "") if isinstance(source, str) else decoded(bytes(source), encoding)
    if CONTROL.search(text) or any("\ud800" <= character <= "\udfff" for character in text):
        raise OwnDataError("This is not a table in text form: it holds characters that no text holds.")
    return unicodedata.normalize("NFC", text.removeprefix("\ufeff")), encoding


def separator(text: str) -> str:
    """The sign between cells: the one that cuts the first rows most evenly into more than one cell."""
    start = text[:20_000].splitlines(keepends=True)[:50]
    shares = {}
    for sign in SEPARATORS:
        try:
            widths = Counter(len(row) for row in csv.reader(start, delimiter=sign) if row)
        except csv.Error:
            widths = Counter()
        width, count = widths.most_common(1)[0] if widths else (1, 0)
        shares[sign] = count / widths.total() if width > 1 else 0.0
    return max(SEPARATORS, key=shares.__getitem__) if max(shares.values()) else ","


def split_rows(text: str, sign: str) -> list[tuple[int, list[str]]]:
    """The rows that hold anything, each with its number and its stripped cells."""
    rows, place = [], 0
    try:
        for place, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=sign, strict=True), start=1):
            cells = [cell.strip() for cell in row]
            if any(cells):
                rows.append((place, cells))
            if len(rows) > ROWS + 1 or place > 5 * ROWS:
                raise too_long()
    except csv.Error as error:
        why = "a cell is too long" if "limit" in str(error) else "a quotation mark is not closed or misplaced"
        raise OwnDataError(f"Row {place + 1} cannot be read: {why}.") from error
    return rows


def too_long() -> OwnDataError:
    return OwnDataError(f"The table has more than {ROWS:,} rows, the most that are read here.")


def check_widths(rows: list[tuple[int, list[str]]]) -> None:
    """Raise ``OwnDataError`` unless all rows have the same number of cells, from 2 to 200."""
    width = len(rows[0][1])
    if max(len(cells) for _, cells in rows) < 2:
        raise OwnDataError("The table has one column; it needs two, separated by a comma, a semicolon or a tab.")
    if width > COLUMNS:
        raise OwnDataError(f"The table has {width:,} columns; at most {COLUMNS} are read here.")
    for place, cells in rows:
        if len(cells) != width:
            raise OwnDataError(f"Row {place} has {len(cells)} cells, but row {rows[0][0]} has {width}.")
