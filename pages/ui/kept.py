"""Experiments that are kept: what one learner has asked for, the next one gets at once; what is new takes turns."""

import functools
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from types import FunctionType
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.ui.words import say

if TYPE_CHECKING:
    from core.jobs.turns import Experiment

KEPT = 24  # experiments kept per page function, for all learners of the process together
PAUSE = 0.05  # seconds between two looks whether the learner has moved on
LOOKS = 8  # until the learner is told again how far it is
STOPPED = "stopped"  # the tab's experiment that is not to be asked for again
SOON = 20  # looks until a way to stop is offered


def cached(function: FunctionType, spinner: str = "Training…", **options: Any) -> Callable:
    """Keep an experiment's result for every learner of this process; its arguments must be settings and seeds.

    An experiment that nobody has asked for takes its turn (``core.jobs.turns``) while this run of the page waits.
    Once the learner asks for something else the run ends here, and what nobody else waits for is given up.

    Every page runs as the module ``__main__`` and Streamlit keys its cache by module, name and text: two pages with
    the same three lines would be given each other's results, so the page's file becomes part of the name.
    """
    name = f"{function.__code__.co_filename}:{function.__qualname__}"

    @functools.wraps(function)
    def place(*arguments, **settings):
        from core.jobs.turns import Experiment

        return Experiment((name, *(each for each in arguments if isinstance(each, str))))

    place.__qualname__ = name
    places = st.cache_resource(max_entries=KEPT, show_spinner=False, **options)(place)

    @functools.wraps(function)
    def asked(*arguments, **settings):
        return result(places(*arguments, **settings), functools.partial(function, *arguments, **settings), spinner)

    return asked


def result(experiment: "Experiment", work: Callable[[], object], spinner: str) -> Any:
    """An experiment's result, as soon as it is there; raises what the experiment raises."""
    from core.cancel import GivenUpError, around
    from core.jobs.turns import TURNS

    if experiment.done:
        return experiment.result
    if around() is not None:  # inside another experiment, whose turn it is
        return work()
    if st.session_state.get(STOPPED) is experiment:
        st.button(say("Go on"), on_click=stop, args=[None], icon=":material/play_arrow:", help=say("It was stopped."))
        raise GivenUpError
    context = get_script_run_ctx(suppress_warning=True)
    with TURNS.waiting(experiment, work, context.session_id if context else threading.get_ident()):
        if not experiment.settled.wait(PAUSE):
            watched(experiment, spinner)
        if experiment.error is not None:
            raise experiment.error
        return experiment.result


def stop(experiment: "Experiment | None") -> None:
    """This tab waits for an experiment no longer; None: it asks again."""
    st.session_state[STOPPED] = experiment


def watched(experiment: "Experiment", spinner: str) -> None:
    """Wait for an experiment. After a second there is a way to stop, and how far it is where it says so."""
    from core.jobs.turns import TURNS

    place = st.empty()
    with place, st.spinner(say(spinner)):
        look(experiment.settled, SOON)
    if experiment.settled.is_set():
        return
    with place.container():
        line = st.empty()
        key = f"stop-{id(experiment)}"  # one run may wait for several, one after the other
        st.button(say("Stop"), key=key, on_click=stop, args=[experiment], icon=":material/stop:")
        began = time.monotonic() - SOON * PAUSE
        while not experiment.settled.is_set():
            before, progress = TURNS.before(experiment), experiment.progress
            ahead = say(f"({before} before you) ") if before else ""
            words = f"{say(spinner)} {ahead}{time.monotonic() - began:.0f} s"
            with line, st.spinner(words) if progress is None else nullcontext(line.progress(progress, words)):
                look(experiment.settled, LOOKS)
    place.empty()


def look(settled: threading.Event, times: int) -> None:
    """Wait a while for an experiment, unless the learner asks for something else: touching the session's state ends
    a run that Streamlit wants to end."""
    for _ in range(times):
        if settled.wait(PAUSE):
            return
        st.session_state.get("turn")
