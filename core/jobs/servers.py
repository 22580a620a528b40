"""Servers that a page starts: processes of their own on random ports of 127.0.0.1, few at once over all visitors, ended
with the visit, when nobody has called for a while, and with the hub."""

import atexit
import http.client
import os
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.jobs.apart import end
from core.jobs.crews import spreading
from core.jobs.visits import BusyError

MOST = 4  # servers at once, over all visitors
IDLE = 120.0  # seconds without a call after which a server is ended
STARTING = 60.0  # seconds that a server may take to answer its health check
MEMORY = 6_000_000_000  # bytes of address space; Linux only
MOST_ANSWER = 200_000  # bytes of an answer that are read
HERE = "127.0.0.1"
PASSED_ON = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "TMPDIR", "HOME")  # no variable with a secret in it


@dataclass(frozen=True)
class Exchange:
    """A request that was sent and what came back: status, reason, headers, body, and how long it took."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    seconds: float


class Server:
    """A running server. ``close`` ends it with all that it started; it can be called as often as one likes."""

    def __init__(self, process: subprocess.Popen, port: int, place: tempfile.TemporaryDirectory) -> None:
        self.process, self.port, self.place = process, port, place
        self.used, self.busy = time.monotonic(), 0

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def touch(self) -> None:
        """It was called just now."""
        self.used = time.monotonic()

    def close(self) -> None:
        """End it."""
        end(self.process)
        self.place.cleanup()

    def call(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], wait: float = 10
    ) -> Exchange:
        """Send one request. Raises ``ValueError``, one sentence, where no answer comes."""
        self.touch()
        return exchange(self.port, method, path, body, headers, wait)


def exchange(
    port: int, method: str, path: str, body: bytes | None, headers: Mapping[str, str], wait: float = 10
) -> Exchange:
    """Send one request to a port of this machine, and to no other. Raises ``ValueError`` where no answer comes."""
    began = time.perf_counter()
    line = http.client.HTTPConnection(HERE, port, timeout=wait)
    try:
        with suppress(BrokenPipeError, ConnectionResetError):  # it may have answered before it had read everything
            line.request(method, path, body, dict(headers))
        answer = line.getresponse()
        content = answer.read(MOST_ANSWER)
        headed = tuple((name, value) for name, value in answer.getheaders())
        return Exchange(answer.status, answer.reason, headed, content, time.perf_counter() - began)
    except (OSError, http.client.HTTPException) as error:
        raise ValueError(f"The server gave no answer ({type(error).__name__}): it may have hung up or ended.") from None
    finally:
        line.close()


class Fleet:
    """The servers of all visitors."""

    def __init__(self, most: int = MOST, idle: float = IDLE) -> None:
        self.most, self.idle = most, idle
        self.servers: list[Server] = []
        self.coming = 0
        self.lock = threading.Lock()
        self.watching = False

    def start(
        self, command: Sequence[str], files: Mapping[str, bytes], health: str, settings: Mapping[str, str] | None = None
    ) -> Generator[tuple[float, str], None, Server]:
        """Write a server's folder, start it and wait until it is healthy; yields (fraction, message).

        ``command`` is run in the folder with HOST, PORT and ``settings`` in its environment. Raises ``BusyError`` where
        too many run, ``ValueError`` where it does not come up.
        """
        self.reserve()
        server = None
        try:
            server = self.begin(command, files, settings or {})
            yield from self.healthy(server, health)
            with self.lock:
                self.servers.append(server)
            self.watch()
            return server
        except BaseException:
            if server:
                server.close()
            raise
        finally:
            with self.lock:
                self.coming -= 1

    def reserve(self) -> None:
        """Take a place. Raises ``BusyError``."""
        with self.lock:
            self.servers = [each for each in self.servers if each.alive]
            if len(self.servers) + self.coming >= self.most:
                raise BusyError(f"{self.most} servers run on this machine already: try again in {self.idle:.0f} s.")
            self.coming += 1

    def begin(self, command: Sequence[str], files: Mapping[str, bytes], settings: Mapping[str, str]) -> Server:
        """Write the folder and start the process."""
        place = tempfile.TemporaryDirectory(prefix="served-")
        for name, content in files.items():
            target = Path(place.name) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        port = free_port()
        passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        own = {"HOST": HERE, "PORT": str(port), "OMP_NUM_THREADS": "1"}
        process = subprocess.Popen(
            command, cwd=place.name, env={**passed, **own, **settings}, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        limit_memory(process.pid)
        return Server(process, port, place)

    def healthy(self, server: Server, health: str) -> Generator[tuple[float, str], None, None]:
        """Wait for the health check. Raises ``ValueError``."""
        began = time.monotonic()
        while (passed := time.monotonic() - began) < STARTING:
            if not server.alive:
                raise ValueError("The server ended before it could answer.")
            with suppress(ValueError):
                if server.call("GET", health, None, {}, 2).status == 200:
                    return
            yield min(0.9, passed / 10), "starting the server"
            time.sleep(0.05)
        raise ValueError(f"The server was not ready after {STARTING:.0f} s and was ended.")

    def watch(self) -> None:
        """See to it that idle servers are ended."""
        with self.lock:
            if self.watching:
                return
            self.watching = True
        threading.Thread(target=self.watched, name="servers", daemon=True).start()

    def watched(self) -> None:
        """End what nobody has called for a while, until none is left."""
        while True:
            time.sleep(min(1.0, self.idle / 4))
            with self.lock:
                idle = [each for each in self.servers if time.monotonic() - each.used > self.idle and not each.busy]
                self.servers = [each for each in self.servers if each.alive and each not in idle]
                left = self.watching = bool(self.servers)
            for each in idle:
                each.close()
            if not left:
                return

    def end(self, server: Server) -> None:
        """End one server."""
        with self.lock:
            self.servers = [each for each in self.servers if each is not server]
        server.close()

    def close(self) -> None:
        """End all of them."""
        for server in list(self.servers):
            self.end(server)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as one:
        one.bind((HERE, 0))
        return one.getsockname()[1]


def limit_memory(process: int) -> None:
    """A process may not ask for more than ``MEMORY`` (Linux only)."""
    with suppress(ImportError, AttributeError, OSError):
        import resource

        resource.prlimit(process, resource.RLIMIT_AS, (MEMORY, MEMORY))


FLEET = Fleet()  # of all visitors of this process
atexit.register(FLEET.close)


class Berth:
    """A visitor's place for one server at a time. ``turn`` counts the servers that have stood here."""

    def __init__(self, fleet: Fleet = FLEET) -> None:
        self.fleet = fleet
        self.server: Server | None = None
        self.name, self.turn, self.closed = "", 0, False

    def running(self, name: str) -> Server | None:
        """The server of this name, if it runs."""
        if self.server and not self.server.alive:
            self.leave()
        return self.server if self.server and self.name == name else None

    def start(
        self, name: str, command: Sequence[str], files: Mapping[str, bytes], health: str, settings: Mapping[str, str]
    ) -> Generator[tuple[float, str], None, Server]:
        """Start a server as ``Fleet.start`` does, in the place of the one before it."""
        self.leave()
        server = yield from self.fleet.start(command, files, health, settings)
        self.server, self.name = server, name
        if self.closed:  # the visit ended meanwhile
            self.leave()
        return server

    def close(self) -> None:
        """For the moment a visit is over."""
        self.closed = True
        self.leave()

    def leave(self) -> None:
        """End what runs here."""
        if self.server:
            self.fleet.end(self.server)
            self.server = None
            self.turn += 1


@spreading
def moored(
    berth: Berth,
    name: str,
    command: Sequence[str],
    files: Mapping[str, bytes],
    health: str,
    settings: Mapping,
    turn: int,
) -> Generator[tuple[float, str], None, Server]:
    """A job that starts a server in a visitor's berth; it runs in this process, wherever other jobs do. ``turn`` makes
    the job another one once a server has ended."""
    server = yield from berth.start(name, command, files, health, settings)
    return server
