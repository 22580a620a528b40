"""The learner's own table: a file, how it is read, and which of its columns are looked at and learned."""

import streamlit as st

from core.data.encodings import REGIONAL
from core.data.tables import Table, account, opened
from pages.ui.controls import Controls
from pages.ui.words import say

LOOKS = "what it looks like"
TASKS = {LOOKS: "", "classification": "classification", "regression": "regression"}
FIRST_ROWS = {LOOKS: None, "names": True, "values": False}
SIGNS = {LOOKS: "", "point": ".", "comma": ","}
ENCODINGS = {LOOKS: "", **{name: encoding for encoding, name in REGIONAL.items()}}


def editor(controls: Controls) -> Table | None:
    """Controls for a CSV file and its columns; None until there is a file.

    Raises ``ValueError``, one sentence, for a file that holds no usable table.
    """
    help = "At most 2 MB and 20,000 rows, separated by a comma, a semicolon or a tab. It stays on this computer."
    key = controls.key("CSV file")
    file = controls.here.file_uploader(
        say("CSV file"), ["csv", "tsv", "txt"], key=key, help=say(help), max_upload_size=20
    )
    if file is None:
        return None
    header, decimal, encoding = reading(controls)
    with st.spinner(say("Reading the table…")):
        page, columns = read(file.getvalue(), header, decimal, encoding)
    chosen = [
        controls.pick(label, page.columns, first)
        for label, first in zip(("Across", "Up", "Column to learn"), columns, strict=True)
    ]
    table = Table(page.text, *chosen, TASKS[controls.pick("Learn as", TASKS)], header, decimal)
    controls.here.caption(say(account(page, table)))
    return table


def reading(controls: Controls) -> tuple[bool | None, str, str]:
    """How a file is read where it does not look like what it is: its first row, decimal sign and encoding."""
    with controls.more("How the file is read"):
        header = FIRST_ROWS[controls.pick("First row", FIRST_ROWS)]
        decimal = SIGNS[controls.pick("Decimal sign", SIGNS)]
        return header, decimal, ENCODINGS[controls.pick("Encoding", ENCODINGS, help="Where it is not UTF-8.")]


@st.cache_resource(max_entries=4, show_spinner=False)
def read(content: bytes, header: bool | None, decimal: str, encoding: str):
    """A table that was uploaded, and the columns to begin with."""
    return opened(content, header, decimal, encoding)
