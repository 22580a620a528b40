"""A drive as it happens: told to a screen frame by frame, changed and steered while it is under way.

It keeps a little ahead of what the screen has shown and waits there, so that a slow screen, a hidden tab or a pause
costs nothing; after ``PATIENCE`` seconds the simulator is given back.
"""

import math
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from core.projects.driving.collect import pushed
from core.projects.driving.disturb import Disturbance, Disturber
from core.projects.driving.drive import Moment, drive
from core.projects.driving.drivers import NAMES, Driver, Pixels, attention
from core.projects.driving.film import filming
from core.projects.driving.hands import Hands
from core.projects.driving.screen import (
    coarse,
    expert_lap,
    jpeg,
    moment_told,
    outline,
    packed,
    picture,
    pixels,
    where,
)
from core.projects.driving.simulator import RATE, STEPS, checked_seed

AHEAD, CLOSE, PATIENCE = 25, 3, 60.0  # frames ahead of the screen; fewer while a person steers; seconds
WHO = (*NAMES, "you", "student")
EVERY = 2  # one of so many frames is filmed: twice as soon done, and 25 a second are enough for the eye
SETTINGS = [one.name for one in fields(Disturbance)]


@dataclass(frozen=True)
class Order:
    """What a visitor asks for: who drives which track, disturbed how, taught by whom ("" for nobody).

    Every message about this drive repeats its ``number``: a screen can then tell what still comes of an earlier one.
    """

    seed: int
    driver: str = "cnn"
    disturbance: Disturbance = field(default_factory=Disturbance)
    teacher: str = ""
    number: int = 0

    @classmethod
    def read(cls, told: dict) -> "Order":
        """An order from a screen's message; ``ValueError`` with one sentence for what cannot be."""
        who, teacher = told.get("driver", "cnn"), told.get("teacher", "")
        if who not in WHO:
            raise ValueError(f"There is no driver {str(who)[:40]!r}; choose one of {', '.join(WHO)}.")
        if teacher not in ("", "expert", "you"):
            raise ValueError("A teacher is the expert, you or nobody.")
        number = told.get("number", 0)
        return cls(
            checked_seed(told.get("seed")), who, disturbance(told), teacher, number if type(number) is int else 0
        )


def disturbance(told: dict) -> Disturbance:
    """The disturbance in a screen's message; ``ValueError`` with one sentence for what cannot be."""
    return Disturbance(**{name: told[name] for name in SETTINGS if name in told})


class Live:
    """One drive as it happens. ``tell`` is given every message for the screen, from the thread that drives."""

    def __init__(self, order: Order, who: Driver, tell: Callable[[bytes | dict], None], school=None) -> None:
        self.order, self.who, self.school, self.expert = order, who, school, None
        self.tell = lambda message: tell({**message, "drive": order.number} if isinstance(message, dict) else message)
        self.disturber, self.hands = Disturber(order.disturbance, order.seed), Hands()
        self.shown, self.pictures, self.taken, self.push = 0, [], False, 0.0
        self.nudge, self.seeing, self.began = threading.Event(), None, False
        self.place: tuple[float, float, float]  # of the car, from its first frame on
        self.last: Moment | None = None
        self.struck = False

    @property
    def ahead(self) -> int:
        """How many frames may be driven before they are seen."""
        return CLOSE if self.taken or self.order.driver == "you" or self.order.teacher == "you" else AHEAD

    def run(self) -> Iterator[float]:
        """Drive to the end, yielding progress; waits where the screen is too far behind."""
        for moment in drive(self.at_the_wheel, self.order.seed, self.disturber, fast=True):
            self.last = moment
            self.send(moment)
            yield moment.step / STEPS
            if moment.step == AHEAD:
                self.tell({"expert": expert_lap(self.order.seed).scores})
            since = time.monotonic()
            while moment.step - self.shown > self.ahead:
                if time.monotonic() - since > PATIENCE:
                    self.tell({"end": "Paused for a minute: the simulator was given back. What was driven stays here."})
                    return
                self.nudge.wait(0.2)
                self.nudge.clear()
                yield moment.step / STEPS
        self.tell({"expert": expert_lap(self.order.seed).scores})
        self.tell({"end": verdict(moment, expert_lap(self.order.seed).scores[-1])})

    def at_the_wheel(self, shown: np.ndarray, simulator) -> np.ndarray:
        """What is done in this frame; takes the picture, gives an asked-for push, lets the school listen."""
        if not self.began:
            self.began = True
            self.tell({"begin": {"seed": self.order.seed, "driver": self.order.driver, "track": outline(simulator)}})
        self.pictures.append(jpeg(picture(simulator)))
        self.place, push, self.push = where(simulator), self.push, 0.0
        self.struck = bool(push)
        if push:
            pushed(simulator, push, 0.0)
        action = (
            self.hands(shown, simulator) if self.taken or self.order.driver == "you" else self.who(shown, simulator)
        )
        self.seeing = attention(self.who.network, shown) if isinstance(self.who, Pixels) else None
        if self.school is not None:
            self.school.listen(self, shown, simulator, action)
        return action

    def send(self, moment: Moment) -> None:
        """One frame's message."""
        told = moment_told(moment, self.place)
        told |= {"struck": moment.struck or self.struck, "taken": self.taken, "drive": self.order.number}
        told |= {"lessons": len(self.school)} if self.school is not None else {}
        spoiled = b"" if moment.shown is moment.frame else jpeg(moment.shown)
        self.tell(packed(told, self.pictures[-1], coarse(self.seeing), spoiled))

    def heard(self, told: dict) -> None:
        """What the screen says while it drives; ``ValueError`` with one sentence for what cannot be."""
        if "shown" in told and type(told["shown"]) is int:
            self.shown = max(self.shown, min(told["shown"], STEPS))
        if "hands" in told:
            self.hands.want(told["hands"])
        if "take" in told:
            self.taken = bool(told["take"])
        if "push" in told:
            self.push = checked_push(told["push"])
        if "disturb" in told and isinstance(told["disturb"], dict):
            self.disturber.settings = disturbance(told["disturb"])
        self.nudge.set()

    def film(self, tell: Callable[[float], None] = lambda share: None) -> bytes:
        """The drive so far as a video; ``tell`` is given the share done, from 0 to 1, now and then."""
        making = self.filming()
        while True:
            try:
                tell(next(making))
            except StopIteration as end:
                return end.value

    def filming(self) -> Generator[float, None, bytes]:
        """The drive so far as a video, yielding the share done whenever a tenth more is."""
        making, said = filming((pixels(one) for one in self.pictures[::EVERY]), enlarge=1, rate=RATE // EVERY), 0.0
        while True:
            try:
                share = next(making)
            except StopIteration as end:
                return end.value
            if share >= said:
                yield share
                said += 0.1


def checked_push(push: Any) -> float:
    """A push to the right, to the left negative; ``ValueError`` with one sentence if it cannot be."""
    number = type(push) in (int, float)
    return math.copysign(Disturbance(push=abs(push) if number else push).push, push if number else 1)


def verdict(moment: Moment, expert: float) -> str:
    """How a drive went, in one sentence."""
    share = f"{moment.tiles:.0%} of the track"
    lap = "Lap finished" if moment.finished else f"Not finished: {share}"
    return f"{lap} after {moment.step + 1} steps with {moment.score:.0f} points; the expert gets {expert:.0f}."
