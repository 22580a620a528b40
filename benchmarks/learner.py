"""A learner without a browser, who opens pages and moves sliders at a person's pace, many of them in one process."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.NumberInput_pb2 import NumberInput
from streamlit.proto.Slider_pb2 import Slider
from websockets.asyncio.client import ClientConnection, connect

PAUSE = (3.0, 8.0)  # seconds between an answer and the next wish, evenly spread
COOKIE = "roadmap_lab"  # by which the proxy keeps a visitor on one hub
MOVES = (3, 8)  # sliders moved on a page before the next one is opened
HASTE, HASTY = 0.15, 0.3  # share of moves that are thought better of, seconds until then
OWN_SEED = 0.3  # share of visits on which the learner asks for a seed of their own
PATIENCE = 60.0  # seconds for an answer
SUCCESS = ForwardMsg.FINISHED_SUCCESSFULLY


class Answer(NamedTuple):
    """A wish, how long it took until the whole answer was there, and what went wrong if something did."""

    page: str
    wish: str
    seconds: float
    error: str = ""


class Learner:
    """One visitor with a WebSocket of their own."""

    def __init__(self, url: str, pages: Sequence[str], seed: int, pause: tuple[float, float] = PAUSE) -> None:
        self.url, self.pages, self.luck, self.pause = url, pages, random.Random(seed), pause
        self.headers = {"Cookie": f"{COOKIE}={self.luck.getrandbits(128):032x}"}
        self.answers: list[Answer] = []
        self.page = self.error = ""
        self.sliders: list[Slider] = []
        self.numbers: list[NumberInput] = []
        self.coming: tuple[list[Slider], list[NumberInput]] = ([], [])
        self.values: dict[str, tuple[str, object]] = {}
        self.runs: set[str] = set()

    async def learn(self, seconds: float) -> None:
        """Open pages and move sliders for so long; what goes wrong is written down, and the learner comes again."""
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            try:
                async with self.arrived() as socket:
                    while time.perf_counter() < end:
                        await self.visit(socket, end)
            except Exception as error:
                self.answers.append(Answer(self.page, "", 0.0, f"{type(error).__name__}: {error}"[:200]))
                await asyncio.sleep(1)

    @asynccontextmanager
    async def arrived(self) -> AsyncIterator[ClientConnection]:
        """A WebSocket, as a browser opens it (without compression, which the server does not offer)."""
        address = self.url.replace("http", "ws", 1) + "/_stcore/stream"
        options = {"max_size": None, "compression": None, "additional_headers": self.headers}
        async with connect(address, subprotocols=["streamlit"], **options) as socket:
            yield socket

    async def visit(self, socket: ClientConnection, end: float) -> None:
        """Open a page and move some of its sliders."""
        self.page, self.values = self.luck.choice(self.pages), {}
        await self.wish(socket, "open")
        if self.luck.random() < OWN_SEED and self.reseed():
            await self.rest(socket, self.luck.uniform(*self.pause))
            await self.wish(socket, "seed")
        for _ in range(self.luck.randint(*MOVES)):
            await self.rest(socket, self.luck.uniform(*self.pause))
            if time.perf_counter() >= end or not self.sliders:
                return
            if self.luck.random() < HASTE:
                self.move()
                await self.ask(socket)
                await self.rest(socket, HASTY)
            self.move()
            await self.wish(socket, "move")

    def move(self) -> None:
        """Set one slider to any of its values."""
        slider = self.luck.choice(self.sliders)
        if slider.options:
            self.values[slider.id] = ("string_array_value", [self.luck.choice(slider.options)] * len(slider.default))
        else:
            steps = round((slider.max - slider.min) / slider.step)
            places = sorted(self.luck.randint(0, steps) for _ in slider.default)
            self.values[slider.id] = ("double_array_value", [slider.min + place * slider.step for place in places])

    def reseed(self) -> bool:
        """Set the seed, if the page has one."""
        for number in self.numbers:
            if number.label == "Seed":
                kind = "double_value" if number.data_type == NumberInput.FLOAT else "int_value"
                self.values[number.id] = (kind, self.luck.randrange(1000))
                return True
        return False

    async def ask(self, socket: ClientConnection) -> None:
        """Send the present page and values; what runs now is answered no more."""
        message = BackMsg()
        message.rerun_script.page_name = self.page
        for key, (kind, value) in self.values.items():
            state = message.rerun_script.widget_states.widgets.add(id=key)
            getattr(state, kind).data.extend(value) if kind.endswith("array_value") else setattr(state, kind, value)
        await socket.send(message.SerializeToString())

    async def wish(self, socket: ClientConnection, name: str) -> None:
        """Ask, and write down how long the whole answer took."""
        start, self.error = time.perf_counter(), ""
        await self.ask(socket)
        try:
            async with asyncio.timeout(PATIENCE):
                await self.answered(socket)
        except asyncio.CancelledError:
            self.answers.append(Answer(self.page, name, time.perf_counter() - start, "the lesson ended first"))
            raise
        self.answers.append(Answer(self.page, name, time.perf_counter() - start, self.error))
        self.runs.clear()

    async def answered(self, socket: ClientConnection) -> None:
        """Read until the run that was asked for last has ended; runs that began before are none of ours."""
        old = set(self.runs)
        while (run := self.heard(await socket.recv())) is None or run in old:
            pass

    async def rest(self, socket: ClientConnection, seconds: float) -> None:
        """Do nothing for a while but read what arrives."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    self.heard(await socket.recv())

    def heard(self, packed: bytes) -> str | None:
        """Take a message in; the run that it says has ended well, if it says so."""
        message = ForwardMsg.FromString(packed)
        kind, run = message.WhichOneof("type"), message.metadata.run.script_run_id
        if kind == "new_session":
            self.runs.add(run)
            self.coming = ([], [])
        elif kind == "delta":
            self.noted(message.delta.new_element)
        elif kind == "script_finished" and message.script_finished == SUCCESS:
            self.sliders, self.numbers = self.coming
            return run
        return None

    def noted(self, element: Element) -> None:
        """Remember the controls that the page shows, and an error if it shows one."""
        kind = element.WhichOneof("type")
        if kind == "exception":
            self.error = f"{element.exception.type}: {element.exception.message}"[:200]
        elif kind == "slider" and not element.slider.disabled:
            self.coming[0].append(element.slider)
        elif kind == "number_input":
            self.coming[1].append(element.number_input)
