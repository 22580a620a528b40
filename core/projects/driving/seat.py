"""Every visitor has a seat with a simulator of their own. A few drive at once, as jobs; the others wait in line."""

import secrets
import threading
from collections.abc import Callable
from weakref import WeakValueDictionary

from core.jobs import BusyError, Job, Owner, Pool, start
from core.projects.driving.drivers import NAMES, Driver, Pixels, driver
from core.projects.driving.hands import Hands
from core.projects.driving.line import full, in_line
from core.projects.driving.live import Live, Order
from core.projects.driving.school import School

POOL = Pool(places=3, line=12, each=1, here=True)  # simulators at once, and visitors in line: three fill one core


class Seat:
    """One visitor's place: at most one drive at a time, seen by one screen. Its token is known to that visitor only."""

    def __init__(self) -> None:
        self.token, self.owner = secrets.token_urlsafe(18), Owner()
        self.live: Live | None = None
        self.job: Job | None = None
        self.lock, self.screen = threading.Lock(), None
        self.school = School()
        SEATS[self.token] = self

    def begin(self, order: Order, tell: Callable[[bytes | dict], None]) -> None:
        """End the drive before and begin another; raises ``BusyError`` with one sentence if the line is full."""
        with self.lock:
            self.end()
            self.live = Live(order, self.driver(order), tell, self.school if order.teacher else None)
            try:
                self.job = start(self.live.run, owner=self.owner, pool=POOL)
            except BusyError:
                raise BusyError(full(POOL)) from None

    def driver(self, order: Order) -> Driver:
        """Who sits at the wheel; ``ValueError`` if there is no student yet."""
        if order.driver in NAMES:
            return driver(order.driver)
        if order.driver == "student":
            if self.school.student is None:
                raise ValueError("Nobody has been taught yet: record some frames and clone a driver first.")
            return Pixels(self.school.student)
        return Hands()

    def end(self) -> None:
        """Give the simulator back; what was driven stays for a video."""
        if self.job is not None:
            self.job.release()
            self.job = None

    def close(self) -> None:
        """For the moment a tab is closed."""
        self.owner.close()
        SEATS.pop(self.token, None)

    @property
    def waiting(self) -> str:
        """One sentence while the drive waits for a simulator, else nothing."""
        return in_line(self.job) if self.job is not None else ""

    @property
    def trouble(self) -> str:
        """One sentence if the drive broke off by itself, else nothing."""
        return self.job.error if self.job is not None and self.job.status == "failed" else ""


SEATS: WeakValueDictionary[str, Seat] = WeakValueDictionary()
