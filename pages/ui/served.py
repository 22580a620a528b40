"""A server of the visitor's own: a button that starts it, where it answers, a button that ends it."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

import streamlit as st

from core.jobs.servers import HERE, IDLE, Berth, Server, moored
from pages.ui import work


def berth() -> Berth:
    """The visitor's place for a server; closing the tab gives it back."""
    return work.own("berth", Berth, Berth.close)


def running(name: str) -> Server | None:
    """The visitor's server of this name, if it runs."""
    return berth().running(name)


def offered(
    page,
    name: str,
    command: Sequence[str],
    files: Mapping[str, bytes],
    health: str,
    settings: Mapping[str, str],
    missing: str = "",
    lasts: str = f"after {IDLE:.0f} s without a call it ends",
) -> None:
    """Where the server of this name listens, how long it ``lasts``, and a button that ends it; or the offer to start
    it, or the sentence that says what is missing."""
    mine = berth()
    if missing:
        page.note(missing)
    elif (mine_now := mine.running(name)) is None:
        page.job(f"Start {name} on this machine", moored, mine, name, command, files, health, settings, mine.turn)
    else:
        with page.right:
            row = st.container(horizontal=True, vertical_alignment="center")
            row.markdown(f"**{name}** listens on 127.0.0.1:{mine_now.port}; {lasts}.")
            row.button("End it", key=page.numbered("server.end"), on_click=mine.leave, icon=":material/stop:")


def embedded(page, name: str, alt: str, height: int = 760) -> None:
    """The server of this name in a frame, if it runs and the visitor's browser is on this machine; it does not count as
    idle while it is looked at."""
    if (mine := running(name)) is None:
        return
    with page.right:
        if (urlsplit(st.context.url or "").hostname or HERE) in (HERE, "localhost", "::1"):
            st.link_button("Open it in a tab of its own", f"http://{HERE}:{mine.port}/", icon=":material/open_in_new:")
            st.iframe(f"http://{HERE}:{mine.port}/", height=height, alt=alt)
        else:
            st.info("It listens on the machine on which the hub runs, and can be looked at there only.")
        looked_at(mine)


@st.fragment(run_every=IDLE / 4)
def looked_at(server: Server) -> None:
    """Say again and again that somebody looks."""
    server.touch()
