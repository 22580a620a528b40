"""The hub without turns, for comparison: every run of a page trains at once, in its own thread, and threads change as
Python would have it.

python benchmarks/without_turns.py run Home.py
"""

import sys
from collections.abc import Callable

import streamlit as st
from streamlit.web import cli

import pages.ui
from pages.ui import kept, panels


def cached(function: Callable, spinner: str = "Training…", **options) -> Callable:
    """Streamlit's own cache, which computes in the thread that asks and holds up all others who ask for the same."""

    def named(*arguments, **settings):
        return function(*arguments, **settings)

    named.__qualname__ = f"{function.__code__.co_filename}:{function.__qualname__}"
    return st.cache_resource(named, max_entries=kept.KEPT, show_spinner=spinner, **options)


if __name__ == "__main__" and sys.argv[1:]:
    pages.ui.cached = kept.cached = cached
    sys.setswitchinterval = lambda _: None  # Home.py's
    panels.kept_fork = panels.forked
    cli.main(prog_name="streamlit")
