"""Requests: what can be sent, what came back, how far it came, and the program called without any network."""

import importlib.util
import io
import json
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType

import numpy as np

from core.deployment.subjects import Subject
from core.jobs.servers import HERE, Exchange, Server
from core.topics.serving.answers import probabilities, row
from core.topics.serving.folders import FLASK, Kind, folder

JSON = "application/json"
RIGHT, TWO, SHORT, WORDS, BROKEN, NAN, LARGE, METHOD, ADDRESS, HEALTH, OWN = (
    "a right request", "two samples at once", "a number too few", "a word for a number", "no JSON", "NaN",
    "2 MB of spaces", "GET instead of POST", "an unknown address", "the health check", "your own JSON",
)  # fmt: skip
PRESETS = (RIGHT, TWO, SHORT, WORDS, BROKEN, NAN, LARGE, METHOD, ADDRESS, HEALTH, OWN)
STAGES = {  # what is checked in order → the status of who fails there
    "address": 404, "method": 405, "size": 413, "JSON": 400, "schema": 422, "network": 500,
}  # fmt: skip
MEANINGS = {
    200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 413: "Content Too Large",
    422: "Unprocessable Content", 500: "Internal Server Error", 503: "Service Unavailable",
}  # fmt: skip
MOST_TYPED, MOST_SHOWN = 2_000, 700  # letters


@dataclass(frozen=True)
class Order:
    """A request to be sent: method, path and body."""

    method: str
    path: str
    body: bytes | None

    @property
    def headers(self) -> dict[str, str]:
        """What is said about the body."""
        return {"Content-Type": JSON} if self.body is not None else {}

    def curl(self, port: int = 8000) -> str:
        """The same request as a line for a shell, its body quoted; a long body is read from a file."""
        address = f"http://{HERE}:{port}{self.path}"
        if self.body is None:
            return f"curl -i -X {self.method} {address}"
        text = self.body.decode("utf-8", "replace")
        quoted = "'" + text.replace("'", "'\\''") + "'" if len(text) <= MOST_SHOWN else "@body.json"
        return f"curl -i -X {self.method} {address} \\\n  -H 'Content-Type: {JSON}' \\\n  --data-binary {quoted}"


@dataclass(frozen=True)
class Answered:
    """An order, its answer, and what torch says of the same samples (samples, classes), if they are right."""

    order: Order
    exchange: Exchange
    subject: Subject
    kind: Kind
    way: str

    @property
    def provenance(self) -> str:
        """Where the answer comes from."""
        return f"{self.way} · {1000 * self.exchange.seconds:.1f} ms · {self.subject.source}"

    @property
    def stage(self) -> str:
        """Where it was stopped; empty where it was not."""
        return next((name for name, status in STAGES.items() if status == self.exchange.status), "")

    @property
    def content(self) -> object:
        """The answer's JSON, or nothing."""
        try:
            return json.loads(self.exchange.body)
        except (ValueError, RecursionError):
            return None

    @property
    def probabilities(self) -> np.ndarray | None:
        """What the server said, (samples, classes); nothing where it refused."""
        content = self.content
        if self.exchange.status != 200 or not isinstance(content, dict) or "answers" not in content:
            return None
        return np.array([[each["probabilities"][name] for name in self.subject.outputs] for each in content["answers"]])

    @property
    def reference(self) -> np.ndarray | None:
        """What torch says of the same samples."""
        if self.probabilities is None:
            return None
        return probabilities(self.subject, np.array(json.loads(self.order.body or b"{}")["inputs"], float))

    @property
    def difference(self) -> float:
        """The largest difference between the two; 0 where there is nothing to compare."""
        given, reference = self.probabilities, self.reference
        return 0.0 if given is None or reference is None else float(np.abs(given - reference).max())


def order(send: str, typed: str, subject: Subject, health: str = "/health") -> Order:
    """One of the ``PRESETS``; ``typed`` is the learner's own JSON, sent as it is."""
    numbers = row(subject)
    bodies: dict[str, object] = {
        RIGHT: [numbers], TWO: [numbers, [0.5 * value for value in numbers]], SHORT: [numbers[:-1]],
        WORDS: [[*numbers[:-1], "many"]], NAN: [[*numbers[:-1], float("nan")]],
    }  # fmt: skip
    if send in bodies:
        return Order("POST", "/predict", json.dumps({"inputs": bodies[send]}).encode())
    right = json.dumps({"inputs": [numbers]}).encode()
    others = {
        BROKEN: Order("POST", "/predict", right[:-2]),
        LARGE: Order("POST", "/predict", b" " * 2_000_000),
        METHOD: Order("GET", "/predict", None),
        ADDRESS: Order("POST", "/answer", right),
        HEALTH: Order("GET", health, None),
    }
    return others.get(send) or Order("POST", "/predict", typed[:MOST_TYPED].encode("utf-8", "replace"))


def called(server: Server, wanted: Order, subject: Subject, kind: Kind) -> Answered:
    """Send an order to a server that runs. Raises ``ValueError`` where no answer comes."""
    answer = server.call(wanted.method, wanted.path, wanted.body, wanted.headers)
    return Answered(
        wanted, answer, subject, kind, f"Answered by {kind.name}, process {server.process.pid}, on loopback"
    )


def without_network(wanted: Order, subject: Subject) -> Answered:
    """The Flask program's answer inside this process: the same code, but no port and no server."""
    app = application(subject)
    began = time.perf_counter()
    said: list[tuple[str, list[tuple[str, str]]]] = []
    environment = wsgi(wanted)
    parts = app(environment, lambda status, headers, _=None: said.append((status, headers)))
    try:
        body = b"".join(parts)
    finally:
        getattr(parts, "close", lambda: None)()
    status, _, reason = said[0][0].partition(" ")
    answer = Exchange(int(status), reason, tuple(said[0][1]), body, time.perf_counter() - began)
    return Answered(wanted, answer, subject, FLASK, "Flask called inside this process (WSGI, no port)")


def wsgi(wanted: Order) -> dict[str, object]:
    """A request as WSGI hands it to an application (PEP 3333)."""
    body = wanted.body or b""
    return {
        "REQUEST_METHOD": wanted.method, "SCRIPT_NAME": "", "PATH_INFO": wanted.path, "QUERY_STRING": "",
        "SERVER_NAME": HERE, "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": HERE,
        "CONTENT_TYPE": JSON if body else "", "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr, "wsgi.url_scheme": "http", "wsgi.version": (1, 0), "wsgi.multithread": True,
        "wsgi.multiprocess": False, "wsgi.run_once": False,
    }  # fmt: skip


LOADING = threading.Lock()


@lru_cache(maxsize=8)
def application(subject: Subject):
    """The Flask folder's own program, imported."""
    with LOADING, tempfile.TemporaryDirectory() as place:
        files = folder(FLASK, subject)
        for name in ("network.py", "app.py", "network.onnx", "network.json"):
            (Path(place) / name).write_bytes(files[name])
        before = sys.modules.get("network")
        try:
            sys.modules["network"] = imported("network", Path(place))
            return imported("app", Path(place)).app
        finally:
            sys.modules.pop("network", None)
            if before is not None:
                sys.modules["network"] = before


def imported(name: str, place: Path) -> ModuleType:
    """A module from a file, under a name that nobody else has."""
    specification = importlib.util.spec_from_file_location(f"served_{name}", place / f"{name}.py")
    assert specification and specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def kept(headers: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    """An answer's headers without what only says when and by whom."""
    return [(name, value[:200]) for name, value in headers if name.lower() not in ("date", "server", "connection")]


def shortened(body: bytes | None) -> str:
    """A body as text, its middle left out where it is long."""
    text = (body or b"").decode("utf-8", "replace")
    if len(text) <= MOST_SHOWN:
        return text
    return f"{text[: MOST_SHOWN // 2]} … {len(text) - MOST_SHOWN:,} letters … {text[-MOST_SHOWN // 2 :]}"
