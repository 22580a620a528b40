"""Experiments that are kept: what one learner has asked for, the next one gets at once."""

import functools
from collections.abc import Callable

import streamlit as st

KEPT = 24  # experiments kept per page function, for all learners of the process together


def cached(function: Callable) -> Callable:
    """Keep an experiment's result for every learner of this process; its arguments must be settings and seeds.

    Every page runs as the module ``__main__`` and Streamlit keys its cache by module, name and text: two pages with
    the same three lines would be given each other's results, so the page's file becomes part of the name.
    """

    @functools.wraps(function)
    def named(*arguments, **settings):
        return function(*arguments, **settings)

    named.__qualname__ = f"{function.__code__.co_filename}:{function.__qualname__}"
    return st.cache_resource(named, max_entries=KEPT, show_spinner="Training…")
