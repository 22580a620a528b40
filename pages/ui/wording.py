"""Words as they are printed; those that come from outside are shown, never interpreted."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

PHONE, YIELDED, CODE = 48, 8, 6  # letters beside each other on a phone, of a column that breaks its words, of code


def figures(cell: Any) -> Any:
    """A table's cell as it is printed: a number below zero has a true minus sign, also in the power of ten of a cell
    that is nothing but a number; code stays as it is typed."""
    if not isinstance(cell, str):
        return cell
    return signed(cell) if re.fullmatch(r"-?[\d.,]+e-\d+", cell) else re.sub(r"^-(?=\d)", "−", cell)


def signed(text: str) -> str:
    """A sentence whose numbers below zero have a true minus sign, also in powers of ten; code, formulas and addresses
    stay as they are typed."""
    parts = re.split(r"(```.*?```|`[^`]*`|\$[^$]*\$|\]\([^)]*\))", text, flags=re.DOTALL)
    sign = r"(?<![\w.)\]=/-])-(?=\d)|(?<=\de)-(?=\d)"
    return "".join(part if place % 2 else re.sub(sign, "−", part) for place, part in enumerate(parts))


def broken(columns: Mapping[str, Sequence]) -> list[int]:
    """The columns of a table, from 1, whose long words must be broken on a phone: those with the longest, until the
    rest of the table has its words whole."""
    longest = {place: max(map(room, [name, *cells])) for place, (name, cells) in enumerate(columns.items(), start=1)}
    narrow: list[int] = []
    for place in sorted(longest, key=longest.__getitem__, reverse=True):
        if sum(longest.values()) <= PHONE:
            break
        narrow.append(place)
        longest[place] = min(longest[place], YIELDED)
    return sorted(narrow)


def room(cell: Any) -> int:
    """How wide a cell is at least, in letters: its longest word and the space beside it; code breaks anywhere."""
    plain = re.sub(r"`[^`]*`", "-" * CODE, str(cell))
    return 1 + max(map(len, re.sub(r"\]\([^)]*\)|[*\[]", "", plain).split()), default=0)


def literal(text: str) -> str:
    """Text as Markdown that shows it as it is: an error may quote what a learner's file says."""
    return re.sub(r"([\\`*_\[\]<>$~#|]|:(?=\w|//))", r"\\\1", text)
