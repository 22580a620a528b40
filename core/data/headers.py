"""Whether a table's first row holds names or values, and which of its columns only number the rows."""

import itertools
from collections import Counter
from collections.abc import Sequence

from core.data.cells import WHOLE, is_missing, looks_numeric, number_in
from core.data.refusals import OwnDataError, short


def is_header(first: Sequence[str], columns: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns; ``columns`` are the cells below it.

    Words are names. Numbers are, if they count (0, 1, 2 or 2019, 2020, 2021), no column says otherwise, and one says
    so: by words that come again while its first does not, or by numbers that are all unlike the first.
    """
    numeric = [cell for cell in first if looks_numeric(cell)]
    if not numeric:
        return True
    if not counts(numeric):
        return False
    hints = [hint(cell, column) for cell, column in zip(first, columns, strict=True)]
    sure = [said for cell, said in zip(first, hints, strict=True) if not looks_numeric(cell)]
    if sure and any(said > 0 for said in sure):
        return min(sure) >= 0 and (len(numeric) > 1 or min(hints) >= 0)
    return min(said for cell, said in zip(first, hints, strict=True) if cell) > 0


def counts(cells: Sequence[str]) -> bool:
    """Whether whole numbers follow one another in equal steps upwards."""
    if not all(WHOLE.fullmatch(cell) for cell in cells):
        return False
    values = [int(cell) for cell in cells]
    steps = {after - before for before, after in itertools.pairwise(values)}
    return len(steps) < 2 and min(steps, default=1) > 0


def hint(first: str, column: Sequence[str]) -> int:
    """1 if the first cell is unlike those below it, -1 if it is one of them, 0 if that cannot be told."""
    filled = [cell for cell in column if not is_missing(cell)]
    numbers = [value for cell in filled if (value := number(cell)) is not None]
    if is_missing(first) or len(filled) < 3:
        return 0
    if 2 * len(numbers) < len(filled):
        return -1 if first in filled else int(2 * len(Counter(filled)) <= len(filled))
    value = number(first)
    return 1 if value is None else unlike(first, value, filled, numbers)


def number(cell: str) -> float | None:
    """A cell's number, whichever its decimal sign."""
    return number_in(cell, "," if "," in cell else ".")


def unlike(first: str, value: float, filled: Sequence[str], numbers: Sequence[float]) -> int:
    """As ``hint``, of a number above numbers: a whole one above decimals, or far outside their range."""
    low, high = min(numbers), max(numbers)
    if not any(WHOLE.fullmatch(cell) for cell in filled):
        return 1
    outside = max(low - value, value - high)
    return 1 if outside > high - low else -1 if outside <= 0 else 0


def titles(cells: Sequence[str]) -> tuple[str, ...]:
    """Names of the columns; those without a name are numbered. Raises ``OwnDataError`` for a name that comes twice."""
    names = tuple(cell or f"column {place}" for place, cell in enumerate(cells, start=1))
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise OwnDataError(f"Two columns are called {short(twice[0])}.")
    return names


def numbers_rows(cells: Sequence[str]) -> bool:
    """Whether a column only counts the rows: whole numbers, each one more than the one before."""
    if len(cells) < 3 or not all(WHOLE.fullmatch(cell) for cell in cells):
        return False
    return all(int(after) == int(before) + 1 for before, after in itertools.pairwise(cells))
