"""The hub's server: what is ready leaves at once, and a crowd is let in."""

import asyncio
import socket
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from threading import Barrier, Thread

import pytest
from browser import served
from uvicorn import Config

from benchmarks import session
from benchmarks.session import Session
from core.lessons import curriculum

CROWD = 40


@pytest.mark.skipif("sys.platform == 'win32'", reason="uvloop does not run on Windows")
def test_a_small_message_does_not_wait_for_the_last_one_to_be_acknowledged():
    """Streamlit binds its socket itself, and asyncio then leaves Nagle's algorithm on: with it, every answer of several
    messages took 40 ms longer. The loop that uvicorn chooses has to switch it off."""
    seen = []

    class Peer(asyncio.Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:
            accepted = transport.get_extra_info("socket")
            seen.append(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            transport.close()

    async def visited() -> None:
        listening = socket.socket()  # as Streamlit makes it
        listening.bind(("127.0.0.1", 0))
        server = await asyncio.get_running_loop().create_server(Peer, sock=listening)
        _, writer = await asyncio.open_connection(*listening.getsockname())
        while not seen:
            await asyncio.sleep(0.01)
        writer.close()
        server.close()

    def served() -> None:
        with asyncio.Runner(loop_factory=Config("Home:app").get_loop_factory()) as runner:
            runner.run(visited())

    thread = Thread(target=served)  # a browser under test may have a loop in this one
    thread.start()
    thread.join(30)
    assert seen == [1]


@pytest.mark.filterwarnings("ignore:connect:DeprecationWarning")  # a session is closed by its own context
def test_forty_visitors_at_once_are_all_let_in_and_never_stop_the_loop_for_a_walk(monkeypatch):
    """Streamlit's file watcher walks all modules on the event loop after every run: with torch imported the loop stood
    still for seconds, and half of forty visitors could not connect. So as the hub is shipped nothing watches."""
    monkeypatch.setattr(session, "connect", partial(session.connect, open_timeout=None))  # a busy machine may be slow
    pages = [topic.slug for topic in curriculum.topics()][:2]
    program = [sys.executable, "-m", "uvicorn", "--app-dir", "tests", "counted_hub:app", "--port", "{port}"]
    with served(*program) as url, ThreadPoolExecutor(CROWD) as crowd, ExitStack() as visits:
        for page in pages:
            visits.enter_context(Session(url, page))  # whatever is computed on first sight is not the crowd's matter
        at_once = Barrier(CROWD)

        def visit(place: int) -> Session:
            at_once.wait(60)
            return Session(url, pages[place % len(pages)])

        visitors = [visits.enter_context(visitor) for visitor in crowd.map(visit, range(CROWD))]
        assert all(visitor.bytes > 10_000 for visitor in visitors)
        assert urllib.request.urlopen(f"{url}/walks").read() == b"0"
