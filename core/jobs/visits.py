"""Visitors: an open tab and the jobs that belong to it."""

import secrets
import threading
from collections.abc import Callable
from typing import Protocol

GRACE = 45.0  # seconds for which the jobs of a closed tab go on: it may only have been loaded anew
OWNERS: dict[str, "Owner"] = {}


class BusyError(ValueError):
    """No place in the line; the message is one sentence for the learner."""


class Work(Protocol):
    """All that an owner knows of a job: it can be let go."""

    def release(self) -> None: ...


class Owner:
    """The jobs of one visitor. ``close`` cancels and forgets them all, and no more can be started for it.

    Every open tab holds its owner; the ``token`` is known to that tab only and brings a reloaded one back to the same
    jobs. Once nobody has held it for ``GRACE`` seconds, it closes. ``named`` is what a screen keeps with it.
    """

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(18)
        self.jobs: list[Work] = []
        self.named: dict[str, object] = {}
        self.endings: list[Callable[[], None]] = []  # what else is to be done when it closes
        self.holders, self.closed = 0, False
        self.lock = threading.Lock()

    def hold(self) -> "Owner":
        """For the moment a tab opens."""
        with self.lock:
            self.holders += 1
            OWNERS[self.token] = self
        return self

    def let_go(self) -> None:
        """For the moment a tab is closed or loaded anew: nobody knows yet which."""
        with self.lock:
            self.holders -= 1
        timer = threading.Timer(GRACE, self.close_if_gone)
        timer.daemon = True
        timer.start()

    def close_if_gone(self) -> None:
        """Close, unless a tab has come back."""
        with self.lock:
            gone = self.holders <= 0
        if gone:
            self.close()

    def add(self, job: Work) -> None:
        with self.lock:
            if self.closed:
                raise BusyError("This visit is over: reload the page to start something new.")
            self.jobs.append(job)

    def forget(self, job: Work) -> None:
        with self.lock:
            self.jobs = [other for other in self.jobs if other is not job]

    def close(self) -> None:
        """For the moment a visit is over."""
        with self.lock:
            self.closed, jobs, endings = True, list(self.jobs), list(self.endings)
        OWNERS.pop(self.token, None)
        for job in jobs:
            job.release()
        for ending in endings:
            ending()
        self.named.clear()


class Visit:
    """One open tab: it holds an owner of its own, or the one it had before it was loaded anew."""

    def __init__(self) -> None:
        self.owner = Owner().hold()

    def resume(self, token: str) -> None:
        """Go on with the jobs that belong to a token, if they are still there."""
        before = OWNERS.get(token)
        if before is not None and before is not self.owner and not before.closed:
            before.hold()
            self.owner.let_go()
            self.owner = before

    def end(self) -> None:
        """For the moment the tab is gone."""
        self.owner.let_go()
