"""Long work on a page: a button, progress, a way to stop, and the answer when it is there.

Work belongs to the tab, not to the connection: after a reload the tab finds its running jobs and their answers again.
Its token lies in the tab's own storage (assets/components/tab.js), which closing the tab empties.
"""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from pages.ui.wording import literal
from pages.ui.words import say

if TYPE_CHECKING:
    from core.jobs import Job


@st.cache_resource(scope="session", on_release=lambda visit: visit.end(), show_spinner=False)
def visit():
    """This connection's hold on the learner's jobs; a while after the last one is gone they are cancelled."""
    from core.jobs import Visit

    return Visit()


def owner():
    """The learner's own jobs, those from before a reload included."""
    if before := st.session_state.get("tab", {}).get("before"):
        visit().resume(str(before))
    return visit().owner


def own(name: str, make: Callable, close: Callable):
    """Something else that belongs to the tab: made when it is first asked for, closed when the tab is gone."""
    mine = owner()
    if name not in mine.named:
        thing = mine.named[name] = make()
        mine.endings.append(lambda: close(thing))
    st.session_state["owner"] = mine.token  # from here on there is something to come back to
    return mine.named[name]


def begin(key: str, function: Callable, arguments: tuple) -> None:
    """Start the work, or keep the one sentence why it cannot start now."""
    from core.jobs import BusyError, start

    mine = owner()
    st.session_state["owner"] = mine.token
    try:
        mine.named[key] = (arguments, start(function, *arguments, owner=mine), "")
    except BusyError as error:
        mine.named[key] = (arguments, None, str(error))


def job_panel(label: str, function: Callable, arguments: tuple, key: str, live: Callable | None = None):
    """The job's result once it is done for exactly these arguments, else None. ``live`` shows the value that it has
    yielded last, while it runs."""
    asked, job, refusal = owner().named.get(key, ((), None, ""))
    same = asked == arguments
    if job is not None and job.status in ("queued", "running"):
        watched(key, job, live)
        return None
    if same and job is not None and job.status == "done":
        return job.result
    if job is not None and job.status == "failed":
        st.error(literal(say(job.error)))
    elif refusal:
        st.warning(literal(say(refusal)))
    st.button(
        say(label), key=f"{key}.start", on_click=begin, args=[key, function, arguments], icon=":material/play_arrow:"
    )
    return None


@st.fragment(run_every=0.4)
def watched(key: str, job: "Job", live: Callable | None = None) -> None:
    """Progress of a running job, twice a second, without running the rest of the page."""
    if job.status not in ("queued", "running"):
        st.rerun()
    words = say(in_line(job) if job.status == "queued" else job.message or "working")
    st.progress(job.progress, text=f"{words} · {job.seconds:.0f} s")
    st.button(say("Stop"), key=f"{key}.stop", on_click=job.cancel, icon=":material/stop:")
    if live and job.latest is not None:
        live(job.latest)


def in_line(job: "Job") -> str:
    """Where a job waits, and about how long."""
    seconds = job.wait_expected
    about = f", about {10 * max(1, math.ceil(seconds / 10))} s more" if seconds else ""
    return f"waiting, number {job.place} in the line{about}"
