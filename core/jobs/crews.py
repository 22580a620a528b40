"""Many small pieces of one job: on all machines of the cluster that ``RAY_ADDRESS`` names, else one after another.

A job that is made of such pieces is marked ``spreading``: it stays in this process, and only its pieces travel, so that
losing a machine loses no more than the pieces that it had in hand; these are done again on another.
"""

import os
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

SPREADING: set[Callable] = set()
AGAIN = 20  # times that a piece is begun anew after its machine was lost
Work = TypeVar("Work", bound=Callable)


def spreading(function: Work) -> Work:
    """Mark a job's function as one that sends its pieces to the cluster itself."""
    SPREADING.add(function)
    return function


def spreads(function: Callable) -> bool:
    """Whether a job's function does that."""
    return function in SPREADING


class Crew:
    """Whoever does the pieces: ``send`` them, take the ``next`` that is done, ``size`` is how many are done at once.

    ``function`` and what it is given travel to other machines, so they must belong to this project or be plain values.
    """

    def __init__(self, function: Callable) -> None:
        self.function = function
        self.waiting: deque[tuple[Any, tuple]] = deque()

    @property
    def size(self) -> int:
        return 1

    @property
    def busy(self) -> int:
        """How many pieces are in hand."""
        return len(self.waiting)

    def send(self, key: object, *arguments: object) -> None:
        """Give out a piece; its result comes back under ``key``."""
        self.waiting.append((key, arguments))

    def next(self) -> tuple[Any, Any]:
        """Wait for a piece that is done: its key and its result. What it raised is raised here."""
        key, arguments = self.waiting.popleft()
        return key, self.function(*arguments)

    def close(self) -> None:
        """Give up what is still in hand."""
        self.waiting.clear()


class RayCrew(Crew):
    """The same on a cluster; pieces of a lost machine are begun anew elsewhere."""

    def __init__(self, function: Callable) -> None:
        from core.jobs.cluster import connected

        super().__init__(function)
        self.ray = connected()
        self.remote = self.ray.remote(num_cpus=1, max_retries=AGAIN)(function)
        self.flying: dict[Any, Any] = {}

    @property
    def size(self) -> int:
        return max(1, int(self.ray.cluster_resources().get("CPU", 1)))

    @property
    def busy(self) -> int:
        return len(self.flying)

    def send(self, key: object, *arguments: object) -> None:
        self.flying[self.remote.remote(*arguments)] = key

    def next(self) -> tuple[Any, Any]:
        (done, *_), _ = self.ray.wait(list(self.flying), num_returns=1)
        return self.flying.pop(done), self.ray.get(done)

    def close(self) -> None:
        for piece in self.flying:
            self.ray.cancel(piece)
        self.flying.clear()


def crew(function: Callable) -> Crew:
    """The machines at hand. Raises ``ValueError`` where ``RAY_ADDRESS`` is set and ray is missing."""
    return RayCrew(function) if os.environ.get("RAY_ADDRESS") else Crew(function)
