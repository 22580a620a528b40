"""The hub's server: what is ready leaves at once."""

import asyncio
import socket
from threading import Thread

import pytest
from uvicorn import Config


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
