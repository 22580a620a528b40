"""Words as they are printed; those that come from outside are shown, never interpreted."""

import re
from typing import Any


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


def literal(text: str) -> str:
    """Text as Markdown that shows it as it is: an error may quote what a learner's file says."""
    return re.sub(r"([\\`*_\[\]<>$~#|]|:(?=\w|//))", r"\\\1", text)
