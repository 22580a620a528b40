"""Tables of plain text, in HTML of their own: Streamlit makes a component of every cell, and the browser would draw the
pictures of an answer only when it is through with 250 of them."""

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from core import markdown
from pages.ui.wording import figures

PHONE, YIELDED, CODE = 48, 8, 6  # letters beside each other on a phone, of a column that breaks its words, of code
MARKS = re.compile(r"[\\`*_\[]")  # without these, text is no Markdown


def tabular(columns: Mapping[str, Sequence]) -> str:
    """A table as HTML. Cells are numbers, or text with code, bold words and links in Markdown; text that has
    something else in it is shown as it is."""
    narrow = "".join(f" rl-breaks{place}" for place in broken(columns))
    head = "".join(f'<th scope="col">{marked(name)}</th>' for name in columns)
    rows = zip(*columns.values(), strict=True)
    body = "".join(f"<tr>{''.join(f'<td>{marked(figures(cell))}</td>' for cell in row)}</tr>" for row in rows)
    return f'<table class="rl-table{narrow}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def marked(cell: Any) -> str:
    """A cell's content as HTML."""
    text = str(cell)
    return markdown.reader().renderInline(text) if MARKS.search(text) else escape(text)


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
