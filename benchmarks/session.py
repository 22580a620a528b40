"""A server in a process of its own, and sessions that speak its WebSocket protocol without a browser."""

import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.NumberInput_pb2 import NumberInput
from streamlit.proto.Slider_pb2 import Slider
from websockets.sync.client import connect

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def served(*command: str, ready: str = "/_stcore/health") -> Iterator[tuple[str, subprocess.Popen]]:
    """A Streamlit server on a free port, as (its URL, its process), once ``ready`` answers 200."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--server.port", str(port), "--server.headless", "true", "--browser.gatherUsageStats", "false"]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [*command, *options, "--server.address", "127.0.0.1"],
            cwd=ROOT if "Home.py" in command else tempfile.gettempdir(),
            stdout=log,
            stderr=log,
        )
        try:
            until_answered(f"http://127.0.0.1:{port}{ready}", process)
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.terminate()
            process.wait(20)


def until_answered(url: str, process: subprocess.Popen, seconds: float = 120) -> None:
    """Wait for a URL to answer 200."""
    for _ in range(int(seconds / 0.02)):
        if process.poll() is not None:
            raise RuntimeError("the server stopped while starting")
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError(f"{url} did not answer within {seconds:.0f} s")


class PageFailedError(RuntimeError):
    """The page shows an exception instead of itself."""


class Session:
    """One learner: a page, the values of its controls, and how long the server takes to answer a change."""

    def __init__(self, url: str, page: str = "") -> None:
        self.page = page
        self.values: dict[str, tuple[str, object]] = {}
        self.sliders: list[Slider] = []
        self.numbers: list[NumberInput] = []
        self.stack = ExitStack()
        address = url.replace("http", "ws", 1) + "/_stcore/stream"
        self.socket = self.stack.enter_context(connect(address, subprotocols=["streamlit"], max_size=None))
        self.seconds, self.bytes = self.answer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave the page."""
        self.stack.close()

    def answer(self) -> tuple[float, int]:
        """Run the page's script with the present values: seconds until it has finished, and bytes received."""
        message = BackMsg()
        message.rerun_script.page_name = self.page
        for key, (kind, value) in self.values.items():
            state = message.rerun_script.widget_states.widgets.add(id=key)
            getattr(state, kind).data.append(value) if kind.endswith("array_value") else setattr(state, kind, value)
        start = time.perf_counter()
        self.socket.send(message.SerializeToString())
        return self.received(start)

    def received(self, start: float) -> tuple[float, int]:
        self.sliders, self.numbers, size = [], [], 0
        while True:
            packed = self.socket.recv(300)
            size += len(packed)
            message = ForwardMsg.FromString(packed)
            if message.WhichOneof("type") == "script_finished":
                return time.perf_counter() - start, size
            self.noted(message)

    def noted(self, message: ForwardMsg) -> None:
        """Remember the controls that the page shows; an error on the page stops the measurement."""
        element = message.delta.new_element
        kind = element.WhichOneof("type")
        if kind == "exception":
            raise PageFailedError(f"/{self.page}: {element.exception.type}: {element.exception.message}")
        if kind == "slider":
            self.sliders.append(element.slider)
        if kind == "number_input":
            self.numbers.append(element.number_input)

    def moved(self, slider: Slider, step: int) -> float:
        """Seconds for the answer to a slider's handle at its start (0) or a step away from it (1)."""
        if slider.options:
            count = len(slider.options)
            self.values[slider.id] = ("string_array_value", slider.options[(int(slider.default[0]) + step) % count])
        else:
            other = slider.default[0] + step * slider.step
            value = other if other <= slider.max else slider.default[0] - step * slider.step
            self.values[slider.id] = ("double_array_value", value)
        return self.answer()[0]

    def reseeded(self, seed: int) -> None:
        """Give the page another seed, where it has one."""
        for number in self.numbers:
            if number.label == "Seed":
                self.values[number.id] = (
                    "double_value" if number.data_type == NumberInput.FLOAT else "int_value",
                    seed,
                )
        self.answer()
