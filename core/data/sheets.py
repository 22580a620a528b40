"""Reading a table that somebody else wrote: encoding, separator, header and decimal comma are recognised.

Whatever arrives, the only error is ``OwnDataError``, one sentence that names the row and the column.
"""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

BYTES, ROWS, COLUMNS, LARGEST = 2_000_000, 20_000, 200, 1e30
SEPARATORS = ("\t", ";", ",")
BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
SIGNATURES = {
    b"PK": "a ZIP archive or an Excel workbook", b"\xd0\xcf\x11\xe0": "an Excel workbook", b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image", b"GIF8": "a GIF image", b"%PDF": "a PDF document", b"\x1f\x8b": "a gzip archive",
    b"PAR1": "a Parquet file", b"SQLite": "a SQLite database", b"\x89HDF": "an HDF5 file", b"RIFF": "a media file",
    b"\x93NUMPY": "a NumPy file", b"7z\xbc\xaf": "a 7-Zip archive", b"\x80": "a Python pickle", b"\x7fELF": "a program",
}  # fmt: skip
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)
COMMA = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d{1,4})?", re.ASCII)
POINT = re.compile(r"[+-]?\d*\.\d+(?:[eE][+-]?\d{1,4})?", re.ASCII)
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}", re.ASCII)
MISSING = ("", "na", "n/a", "nan", "null")
INFINITE = ("inf", "-inf", "+inf", "infinity", "-infinity")


class OwnDataError(ValueError):
    """The learner's data cannot be used; the message is one sentence for the learner."""


@dataclass(frozen=True)
class Sheet:
    """A table of text: the ``text`` it was read from, its ``columns`` by name, its ``rows`` of stripped cells, their
    numbers as a spreadsheet counts them, and the ``decimal`` sign ("," or ".", "?" where it could be either)."""

    text: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    places: tuple[int, ...]
    decimal: str

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
            filled = [cell for cell in self.cells(name) if cell.lower() not in MISSING]
            if 2 * sum(looks_numeric(cell) for cell in filled) >= max(len(filled), 1):
                result.append(name)
        return result

    def complete(self, names: Sequence[str]) -> "Sheet":
        """The table without the rows that have an empty cell in one of these columns."""
        wanted = [self.columns.index(name) for name in names]
        kept = [i for i, row in enumerate(self.rows) if all(row[place].lower() not in MISSING for place in wanted)]
        return replace(self, rows=tuple(self.rows[i] for i in kept), places=tuple(self.places[i] for i in kept))

    def number(self, cell: str) -> float | None:
        """The number a cell holds, or nothing."""
        cell = cell.replace("\u2212", "-")
        if self.decimal == "," and COMMA.fullmatch(cell):
            return float(cell.replace(",", "."))
        if not NUMBER.fullmatch(cell) or (self.decimal == "," and "." in cell):
            return None
        return float(cell)

    def numbers(self, name: str) -> list[float]:
        """One column as numbers; raises ``OwnDataError`` naming the first cell that holds none."""
        values = [self.number(cell) for cell in self.cells(name)]
        for place, value in enumerate(values):
            if value is None or abs(value) > LARGEST:
                raise self.complaint(place, name)
        return values

    def complaint(self, place: int, name: str) -> OwnDataError:
        """What is wrong with a cell that should hold a number."""
        cell = self.rows[place][self.columns.index(name)]
        if cell.lower() in MISSING:
            what = "the cell is empty" if not cell else f"{cell} is not a number"
        elif cell.lower() in INFINITE or self.number(cell) is not None:
            what = f"{short(cell)} is too large"
        elif self.decimal == "?" and COMMA.fullmatch(cell):
            what = f"{cell} could mean {cell.replace(',', '.')} or {cell.replace(',', '')}; write it without the comma"
        elif looks_numeric(cell):
            what = f"{short(cell)} is no number with a decimal {'comma' if self.decimal == ',' else 'point'}"
        else:
            what = f"{short(cell)} is not a number"
        return OwnDataError(f"Row {self.places[place]}, column {short(name)}: {what}.")


def short(text: object) -> str:
    """A name or a cell in quotation marks, on one line, at most 40 characters."""
    text = "".join(character if character.isprintable() else " " for character in str(text)[:200])
    text = " ".join(text.split())
    return f"“{text if len(text) <= 40 else text[:39] + '…'}”"


def looks_numeric(cell: str) -> bool:
    """Whether a cell is a number with one or the other decimal sign."""
    return bool(NUMBER.fullmatch(cell) or COMMA.fullmatch(cell))


def sheet(source: str | bytes | BinaryIO, header: bool | None = None, decimal: str = "") -> Sheet:
    """Read a table from text, bytes or a file, at most 2 MB, 20,000 rows, 200 columns: see ``core.data.table``."""
    text = read(source)
    first = text.partition("\n")[0].strip()
    directive = first[4] if re.fullmatch(r"sep=[\t;,]", first, re.IGNORECASE) else ""
    rows = split_rows(text, directive or separator(text))
    if directive:
        rows = rows[1:]
    if not rows:
        raise OwnDataError("The table is empty.")
    check_widths(rows)
    if header is None:
        header = not any(looks_numeric(cell) for cell in rows[0][1])
    columns = titles(rows[0][1] if header else ["" for _ in rows[0][1]])
    rows = rows[header:]
    if not rows:
        raise OwnDataError("The table has a header and no rows.")
    if len(rows) > ROWS:
        raise too_long()
    kept = [place for place in range(len(columns)) if any(cells[place] for _, cells in rows)]
    table = tuple(tuple(cells[place] for place in kept) for _, cells in rows)
    names = tuple(columns[place] for place in kept)
    return Sheet(text, names, table, tuple(place for place, _ in rows), decimal or decimal_sign(table))


def read(source: str | bytes | BinaryIO) -> str:
    """The text; never more than the allowed size is taken from an open file."""
    if hasattr(source, "read"):
        source = source.read(BYTES + 1)
    if not isinstance(source, str | bytes | bytearray | memoryview):
        raise OwnDataError("A table is text, bytes or an open file.")
    if len(source) > BYTES:
        raise OwnDataError(f"The table is larger than {BYTES // 1_000_000} MB, the most that is read here.")
    text = (source if isinstance(source, str) else decoded(bytes(source))).removeprefix("\ufeff")
    if CONTROL.search(text) or any("\ud800" <= character <= "\udfff" for character in text):
        raise OwnDataError("This is not a table in text form: it holds characters that no text holds.")
    return text


def decoded(content: bytes) -> str:
    """Bytes as text: UTF-8 or UTF-16, else Windows' Latin-1."""
    for mark, encoding in BOMS:
        if content.startswith(mark):
            return decoded_as(content[len(mark) :], encoding)
    if CONTROL.search(content[:4096].decode("latin-1")):
        for signature, what in SIGNATURES.items():
            if content.startswith(signature):
                raise OwnDataError(f"This is {what}, not a table in text form: save the table as CSV.")
        if 4 * content.count(0) >= len(content):
            return decoded_as(content, "utf-16-le" if content[1::2].count(0) > content[::2].count(0) else "utf-16-be")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return decoded_as(content, "cp1252")


def decoded_as(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise OwnDataError("This is not a table in text form: its bytes are no text.") from error


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


def titles(cells: Sequence[str]) -> tuple[str, ...]:
    """Names of the columns; those without a name are numbered."""
    names = tuple(cell or f"column {place}" for place, cell in enumerate(cells, start=1))
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise OwnDataError(f"Two columns are called {short(twice[0])}.")
    return names


def decimal_sign(rows: tuple[tuple[str, ...], ...]) -> str:
    """The decimal sign: a comma where numbers are written with commas and none with a point."""
    commas = [cell for row in rows for cell in row if "," in cell and COMMA.fullmatch(cell)]
    if not commas or any("." in cell and POINT.fullmatch(cell) for row in rows for cell in row):
        return "."
    return "?" if all(THOUSANDS.fullmatch(cell) for cell in commas) else ","
