"""Long work on a page: a button, progress, a way to stop, and the answer when it is there."""

from collections.abc import Callable

import streamlit as st

from pages.ui.wording import literal


@st.cache_resource(scope="session", on_release=lambda owner: owner.close(), show_spinner=False)
def owner():
    """The learner's own jobs; closing the tab cancels them."""
    from core.jobs import Owner

    return Owner()


def begin(key: str, function: Callable, arguments: tuple) -> None:
    """Start the work, or keep the one sentence why it cannot start now."""
    from core.jobs import BusyError, start

    try:
        st.session_state[key] = (arguments, start(function, *arguments, owner=owner()), "")
    except BusyError as error:
        st.session_state[key] = (arguments, None, str(error))


def job_panel(label: str, function: Callable, arguments: tuple, key: str):
    """The job's result once it is done for exactly these arguments, else None."""
    asked, job, refusal = st.session_state.get(key, ((), None, ""))
    same = asked == arguments
    if job is not None and job.status in ("queued", "running"):
        watched(key, job)
        return None
    if same and job is not None and job.status == "done":
        return job.result
    if job is not None and job.status == "failed":
        st.error(literal(job.error))
    elif refusal:
        st.warning(literal(refusal))
    st.button(label, key=f"{key}.start", on_click=begin, args=[key, function, arguments], icon=":material/play_arrow:")
    return None


@st.fragment(run_every=0.4)
def watched(key: str, job) -> None:
    """Progress of a running job, twice a second, without running the rest of the page."""
    if job.status not in ("queued", "running"):
        st.rerun()
    waits = f"waiting, number {job.place} in the line" if job.status == "queued" else job.message or "working"
    st.progress(job.progress, text=f"{waits} · {job.seconds:.0f} s")
    st.button("Stop", key=f"{key}.stop", on_click=job.cancel, icon=":material/stop:")
