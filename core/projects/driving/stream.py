"""A drive for screens that are sent text: chunks of half a second, in the pace of real time."""

import base64
import json
import time
from collections.abc import Iterator
from dataclasses import asdict

from core.projects.driving.drivers import driver
from core.projects.driving.evaluate import expert_result, result
from core.projects.driving.live import Live, Order
from core.projects.driving.simulator import RATE, STEPS

CHUNK = 25  # frames
DRIVERS = {"network": "cnn", "expert": "expert"}


def ordered(seed, who, push, blur, dark, drop, colours) -> Order:
    """What a screen asks for; ``ValueError`` with one sentence for what cannot be."""
    if not isinstance(who, str) or who not in DRIVERS:
        raise ValueError(f"At the wheel is one of {', '.join(DRIVERS)}.")
    told = {"seed": seed, "driver": DRIVERS[who], "push": push}
    return Order.read(told | {"every": 100, "blur": blur, "dark": dark, "drop": drop, "colours": colours})


def streamed(
    seed: int, who: str, push: float, blur: int, dark: float, drop: float, colours: str
) -> Iterator[tuple[str, str]]:
    """Yields (messages, sentence): JSON with this chunk and the one before it, because a screen may skip one.

    A push is given every two seconds. The last chunk holds the drive as a video. What cannot be is a sentence.
    """
    try:
        order = ordered(seed, who, push, blur, dark, drop, colours)
    except ValueError as error:
        yield "", str(error)
        return
    said, sent, began = [], [0, 0], time.monotonic()
    live = Live(order, driver(order.driver), said.append)
    live.shown = STEPS
    name = f"{order.seed}-{time.time_ns()}"
    for fraction in live.run():
        if len(live.pictures) % CHUNK == 0:
            ahead = fraction * STEPS / RATE - (time.monotonic() - began) - 1
            time.sleep(max(0.0, ahead))
            sent.append(len(said))
            yield chunk(name, said, sent[-3], sent[-1]), f"Step {len(live.pictures)}, {live.last.score:.0f} points."
    ending = next(one["end"] for one in reversed(said) if isinstance(one, dict) and "end" in one)
    said.append({"video": base64.b64encode(live.film()).decode()})
    yield chunk(name, said, sent[-2], len(said)), ending


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
