"""A drive for screens that are sent text: chunks of half a second, in the pace of real time."""

import base64
import json
import time
from collections.abc import Iterator
from dataclasses import asdict

from core.jobs import BusyError, Pool, start
from core.projects.driving.drivers import driver
from core.projects.driving.evaluate import expert_result, result
from core.projects.driving.line import full, in_line
from core.projects.driving.live import Live, Order
from core.projects.driving.meanwhile import meanwhile
from core.projects.driving.simulator import RATE

CHUNK = 25  # frames
POOL = Pool(places=2, line=20, here=True)  # drives at once, and visitors in line
DRIVERS = {"network": "cnn", "expert": "expert"}


def ordered(seed, who, push, blur, dark, drop, colours) -> Order:
    """What a screen asks for; ``ValueError`` with one sentence for what cannot be."""
    if not isinstance(who, str) or who not in DRIVERS:
        raise ValueError(f"At the wheel is one of {', '.join(DRIVERS)}.")
    told = {"seed": seed, "driver": DRIVERS[who], "push": push}
    return Order.read(told | {"every": 100, "blur": blur, "dark": dark, "drop": drop, "colours": colours})


def opening() -> str:
    """What a screen shows until its first drive: a recorded lap, and what to do."""
    return chunk("recorded", [{"waiting": "Press “Drive”."} | meanwhile()], 0, 1)


def streamed(
    seed: int, who: str, push: float, blur: int, dark: float, drop: float, colours: str
) -> Iterator[tuple[str, str]]:
    """Yields (messages, sentence): JSON with this chunk and the one before it, because a screen may skip one.

    Who waits in line is told the place and given a recorded lap. A push is given every two seconds. The last chunk
    holds the drive as a video. What cannot be is a sentence.
    """
    try:
        order = ordered(seed, who, push, blur, dark, drop, colours)
        drive = Stream(order)
    except ValueError as error:  # or BusyError, which is one
        yield "", str(error)
        return
    try:
        yield from drive.waited()
        yield from drive.driven()
        if drive.job.status == "done":
            yield from drive.filmed()
    finally:
        drive.job.release()  # whoever stops or leaves gives the simulator back


class Stream:
    """One drive as chunks of messages. Raises ``BusyError`` if the line is full."""

    def __init__(self, order: Order) -> None:
        self.said, self.sent, self.name = [], [0, 0], f"{order.seed}-{time.time_ns()}"
        self.live = Live(order, driver(order.driver), self.said.append)
        try:
            self.job = start(self.live.run, pool=POOL)
        except BusyError:
            raise BusyError(full(POOL)) from None

    def chunk(self) -> str:
        """What has been said since the chunk before the last."""
        self.sent.append(len(self.said))
        return chunk(self.name, self.said, self.sent[-3], self.sent[-1])

    def waited(self) -> Iterator[tuple[str, str]]:
        """The place in line, whenever it changes, and a lap to watch meanwhile."""
        said = ""
        while words := in_line(self.job):
            if words != said:
                self.said.append({"waiting": words} | ({} if said else meanwhile()))
                yield self.chunk(), words
            said = words
            time.sleep(0.2)

    def driven(self) -> Iterator[tuple[str, str]]:
        """The drive in the pace of real time, half a second ahead of it."""
        began = time.monotonic()
        while not self.job.finished.is_set():
            self.live.heard({"shown": round((time.monotonic() - began + 0.5) * RATE)})
            if (last := self.live.last) and len(self.said) - self.sent[-1] >= CHUNK:
                yield self.chunk(), f"Step {len(self.live.pictures)}, {last.score:.0f} points."
            time.sleep(0.02)
        yield self.chunk(), self.ending

    @property
    def ending(self) -> str:
        """How the drive went, in one sentence."""
        ends = (one["end"] for one in reversed(self.said) if isinstance(one, dict) and "end" in one)
        return next(ends, self.job.error)

    def filmed(self) -> Iterator[tuple[str, str]]:
        """How far the video is, and then the video."""
        making = self.live.filming()
        while True:
            try:
                share = next(making)
            except StopIteration as end:
                self.said.append({"video": base64.b64encode(end.value).decode()})
                yield self.chunk(), self.ending
                return
            self.said.append({"filming": round(share, 2)})
            yield self.chunk(), f"{self.ending} The video is being made: {share:.0%}."


def chunk(name: str, said: list, first: int, end: int) -> str:
    """Messages ``first`` to ``end`` as JSON; binary ones as base64."""
    part = [one if isinstance(one, dict) else base64.b64encode(one).decode() for one in said[first:end]]
    return json.dumps({"drive": name, "first": first, "messages": part}, separators=(",", ":"))


def measured(seed: int, who: str, push: float, blur: int, dark: float, drop: float, colours: str) -> dict:
    """One drive in numbers, and the expert's score on the same track; {"error": one sentence} if it cannot be."""
    try:
        order = ordered(seed, who, push, blur, dark, drop, colours)
    except ValueError as error:
        return {"error": str(error)}
    one = result(order.driver, order.seed, order.disturbance, fast=True)
    return {**asdict(one), "driver": who, "expert_score": expert_result(order.seed).score}
