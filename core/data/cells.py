"""Single cells of a table: numbers with either decimal sign, missing values, and which sign a table uses."""

import re
from collections.abc import Sequence

NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)
COMMA = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d{1,4})?", re.ASCII)
POINT = re.compile(r"[+-]?\d*\.\d+(?:[eE][+-]?\d{1,4})?", re.ASCII)
WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
# A sign before every three digits groups thousands; a single one could also be the decimal sign.
GROUPED = {
    ".": re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?", re.ASCII),
    ",": re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+(?:,\d+)?", re.ASCII),
}
EITHER = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", re.ASCII)
INFINITE = ("inf", "-inf", "+inf", "infinity", "-infinity")
# What pandas, R, spreadsheets and the classic data sets write where there is no value.
MISSING = frozenset((
    "", "na", "n/a", "nan", "-nan", "null", "none", "nil", "?", "-", "--", "–", "—", ".", "<na>", "#na", "#n/a",
    "#n/a n/a", "1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan", "#div/0!", "#value!", "#ref!", "#num!", "#name?", "#null!",
))  # fmt: skip


def is_missing(cell: str) -> bool:
    """Whether a cell says that there is no value."""
    return cell.lower() in MISSING


def looks_numeric(cell: str) -> bool:
    """Whether a cell is a number with one or the other decimal sign."""
    cell = cell.replace("\u2212", "-")
    return bool(
        NUMBER.fullmatch(cell) or COMMA.fullmatch(cell) or any(sign.fullmatch(cell) for sign in GROUPED.values())
    )


def number_in(cell: str, decimal: str) -> float | None:
    """The number a cell holds where the decimal sign is "," or "." or, with "?", not known; or nothing."""
    cell = cell.replace("\u2212", "-")
    if decimal == "?" and EITHER.fullmatch(cell):
        return None
    if decimal in GROUPED and GROUPED[decimal].fullmatch(cell):
        cell = cell.replace("." if decimal == "," else ",", "")
    if decimal == "," and COMMA.fullmatch(cell):
        return float(cell.replace(",", "."))
    if not NUMBER.fullmatch(cell) or (decimal == "," and "." in cell):
        return None
    return float(cell)


def decimal_sign(columns: Sequence[Sequence[str]], separator: str) -> str:
    """The decimal sign: the one that some number can only be written with, else a point; "?" where it could be either.

    A number like 1,234 could always be either. One like 1.250 could where its column holds whole numbers too, such as
    950, or where semicolons separate the cells, as they do where the comma is the decimal sign.
    """
    commas = [cell for column in columns for cell in column if "," in cell]
    points = [cell for column in columns for cell in column if "." in cell]
    if any(shows(cell, POINT, ".") for cell in (*points, *commas)):
        return "."
    if any(shows(cell, COMMA, ",") for cell in (*commas, *points)):
        return ","
    grouped = any(doubtful(column, separator) for column in columns)
    return "?" if grouped or any(EITHER.fullmatch(cell) for cell in commas) else "."


def shows(cell: str, pattern: re.Pattern[str], decimal: str) -> bool:
    """Whether a cell can only be a number with this decimal sign."""
    if EITHER.fullmatch(cell):
        return False
    return bool(pattern.fullmatch(cell) or GROUPED[decimal].fullmatch(cell))


def doubtful(column: Sequence[str], separator: str) -> bool:
    """Whether the points of a column could separate thousands."""
    if not any("." in cell and EITHER.fullmatch(cell) for cell in column):
        return False
    return separator == ";" or any(WHOLE.fullmatch(cell) for cell in column)
