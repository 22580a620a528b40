"""The learner's own table: a file, and which of its columns are looked at and learned."""

import streamlit as st

from core.tables import Table, opened
from pages.ui.controls import Controls


def editor(controls: Controls) -> Table | None:
    """Controls for a CSV file and its columns; None until there is a file.

    Raises ``ValueError``, one sentence, for a file that holds no usable table.
    """
    help = "At most 2 MB and 20,000 rows, separated by a comma, a semicolon or a tab. It stays on this computer."
    key = controls.key("CSV file")
    file = controls.here.file_uploader("CSV file", ["csv", "tsv", "txt"], key=key, help=help, max_upload_size=20)
    if file is None:
        return None
    page, columns = read(file.getvalue())
    chosen = [
        controls.pick(label, page.columns, first)
        for label, first in zip(("Across", "Up", "Column to learn"), columns, strict=True)
    ]
    return Table(page.text, *chosen, controls.pick("Learn as", TASKS, TASKS[0]).partition(" ")[0].replace("what", ""))


TASKS = ("what it looks like", "classification", "regression")


@st.cache_resource(max_entries=4, show_spinner="Reading the table…")
def read(content: bytes):
    """A table that was uploaded, and the columns to begin with."""
    return opened(content)
