"""A reverse proxy for tests, which forwards one path and nothing else."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue
from threading import Thread


class Proxy:
    """Forwards requests and WebSockets under ``path`` to a server on this machine; ``refused`` are all other paths.

    With ``strip`` the server sees the addresses without ``path``.
    """

    def __init__(self, port: int, path: str, strip: bool) -> None:
        self.port, self.path, self.strip, self.refused = port, path, strip, []
        self.visits: dict[asyncio.Task, asyncio.StreamWriter] = {}

    def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Noted before its task has begun: a task cancelled before its first step closes nothing by itself."""
        visit = asyncio.create_task(self.visited(reader, writer))
        self.visits[visit] = writer
        visit.add_done_callback(self.visits.pop)

    async def leave(self) -> None:
        """Drop every connection, also one that is only just being accepted, or whose last bytes nobody has read."""
        while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
            for visit, writer in self.visits.items():
                writer.transport.abort()
                visit.cancel()
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)

    async def visited(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, which carries one request or one WebSocket."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            first, _, headers = head.decode("latin-1").partition("\r\n")
            method, target, version = first.split(" ")
            if not target.startswith(self.path + "/"):
                self.refused.append(target)
                writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            server_reader, server = await asyncio.open_connection("127.0.0.1", self.port)
            target = target.removeprefix(self.path) if self.strip else target
            try:
                server.write(f"{method} {target} {version}\r\n{once(headers)}".encode("latin-1"))
                await asyncio.gather(carried(reader, server), carried(server_reader, writer))
            finally:
                server.transport.abort()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # somebody has left, or the test is over
        finally:
            writer.close()


def once(headers: str) -> str:
    """The same headers, but the connection ends after the answer, unless it becomes a WebSocket."""
    if "upgrade: websocket" in headers.lower():
        return headers
    rows = [row for row in headers.split("\r\n") if not row.lower().startswith("connection:")]
    return "\r\n".join(["Connection: close", *rows])


async def carried(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry bytes one way until that side has ended."""
    try:
        while part := await reader.read(65_536):
            writer.write(part)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


@contextmanager
def forwarding(url: str, path: str, strip: bool = False) -> Iterator[tuple[str, list[str]]]:
    """A proxy before the server at ``url``: its own address, and the list of the paths it has refused."""
    proxy, ready = Proxy(int(url.rpartition(":")[2]), path, strip), Queue()

    async def open_until_told() -> None:
        over = asyncio.Event()
        async with await asyncio.start_server(proxy.connected, "127.0.0.1", 0) as server:
            ready.put((server.sockets[0].getsockname()[1], asyncio.get_running_loop(), over))
            await over.wait()
            await proxy.leave()

    thread = Thread(target=asyncio.run, args=[open_until_told()], daemon=True)  # Playwright has a loop in this one
    thread.start()
    port, loop, over = ready.get(timeout=10)
    try:
        yield f"http://127.0.0.1:{port}{path}", proxy.refused
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)
        assert not thread.is_alive()
