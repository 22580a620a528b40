"""Turns for heavy work that a page waits for, so that a learner's light answers never stand behind another's training.

A page asks for an ``Experiment``; a thread of the ``Turns`` does it, once for all who ask for the same. Few run at
once. Whoever was served longest ago is next, whatever the order in which they asked, and keeps that place through any
number of changes of mind. What nobody waits for any more leaves the line, or stops where it stands.

There are two lines, because what takes a moment must not wait for what takes seconds: how long experiments of a kind
took lately says in which of them the next one waits.
"""

import os
import statistics
import sys
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count

from core.cancel import Cancel, GivenUpError, until

MOMENT = 0.2  # seconds: a kind that lately took longer than this waits in the long line
LATELY = 5  # experiments of a kind, of whose times the median is believed
KINDS = 1000  # kinds whose times are remembered
PLACES = {"quick": 1, "long": 2}  # experiments that run at once, by line
LOWERED = 5  # how much less of a busy core an experiment gets than an answer (a Unix nice value)


class Experiment:
    """A result that is worked out once for all who ask for it; empty until then.

    ``kind`` names what is expected to take about as long. ``visitors`` are those who wait, each as often as they wait.
    ``settled`` is set once there is a result or an error; an error is forgotten when the last who saw it has left, a
    result never: ``done`` says that there is one.
    """

    def __init__(self, kind: Hashable = None) -> None:
        self.kind = kind
        self.visitors: list[Hashable] = []
        self.work: Callable[[], object] | None = None
        self.cancel: Cancel | None = None  # of the attempt that runs
        self.settled = threading.Event()
        self.done = False
        self.result: object = None
        self.error: BaseException | None = None

    @property
    def progress(self) -> float | None:
        """The share of the work that is done, where it runs and says so."""
        cancel = self.cancel
        return cancel.progress if cancel else None


def begin(serve: Callable[[], None]) -> None:
    """Run a function in a thread that leaves a busy core to the threads that answer."""
    threading.Thread(target=lowered, args=[serve], name="turns", daemon=True).start()


def lowered(serve: Callable[[], None]) -> None:
    """Run a function in this thread, for good at a lower priority (Linux only: elsewhere it would be the process's)."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOWERED)
    serve()


class Turns:
    """The lines. ``begin`` starts a thread that serves one, ``clock`` tells seconds."""

    def __init__(
        self,
        places: Mapping[str, int] = PLACES,
        begin: Callable[[Callable[[], None]], None] = begin,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.places, self.begin, self.clock = places, begin, clock
        self.lines: dict[str, list[Experiment]] = {name: [] for name in places}
        self.running = dict.fromkeys(places, 0)
        self.tickets: dict[Hashable, int] = {}  # a visitor draws one on asking and gives it up on being served
        self.numbers = count()
        self.took: OrderedDict[Hashable, deque[float]] = OrderedDict()
        self.lock = threading.Lock()

    @contextmanager
    def waiting(self, experiment: Experiment, work: Callable[[], object], visitor: Hashable) -> Iterator[None]:
        """Be among those who wait for an experiment; ``work`` is how it is done, should nobody have done it yet."""
        self.join(experiment, work, visitor)
        try:
            yield
        finally:
            self.leave(experiment, visitor)

    def join(self, experiment: Experiment, work: Callable[[], object], visitor: Hashable) -> None:
        """One more waits for an experiment."""
        with self.lock:
            experiment.visitors.append(visitor)
            if experiment.settled.is_set():
                return
            self.draw(visitor)
            experiment.work = work
            if experiment.cancel is None and self.line(experiment) is None:
                self.enter(experiment)

    def leave(self, experiment: Experiment, visitor: Hashable) -> None:
        """One waits no longer. What nobody waits for is given up; the visitor's next wish inherits the ticket."""
        with self.lock:
            experiment.visitors.remove(visitor)
            if experiment.visitors:
                return
            if (line := self.line(experiment)) is not None:
                line.remove(experiment)
            if experiment.cancel is not None:
                experiment.cancel.set()
            if experiment.error is not None:
                experiment.error = None
                experiment.settled.clear()
            experiment.work = None

    def before(self, experiment: Experiment) -> int:
        """How many experiments of the line have their turn before this one; 0 if it does not wait."""
        with self.lock:
            line = self.line(experiment) or []
            return sum(self.rank(other) < self.rank(experiment) for other in line)

    def draw(self, visitor: Hashable) -> None:
        """Give a visitor the next ticket, who has none."""
        if visitor not in self.tickets:
            self.tickets[visitor] = next(self.numbers)

    def rank(self, experiment: Experiment) -> int:
        """The oldest ticket of those who wait for an experiment."""
        return min(self.tickets[visitor] for visitor in experiment.visitors)

    def line(self, experiment: Experiment) -> list[Experiment] | None:
        """The line in which an experiment waits."""
        return next((line for line in self.lines.values() if experiment in line), None)

    def enter(self, experiment: Experiment) -> None:
        """Put an experiment into the line of its kind; where a place is free, a thread begins to serve that line."""
        took = self.took.get(experiment.kind)
        name = "quick" if took and statistics.median(took) <= MOMENT else "long"
        self.lines[name].append(experiment)
        if self.running[name] < self.places[name]:
            self.running[name] += 1
            self.begin(lambda: self.serve(name))

    def serve(self, name: str) -> None:
        """Do the experiments of a line, one after another, until it is empty."""
        while (experiment := self.called(name)) is not None:
            if experiment.cancel and experiment.work:
                self.attempt(experiment, experiment.cancel, experiment.work)

    def called(self, name: str) -> Experiment | None:
        """Take the next experiment out of a line; those who wait for it are served with that."""
        with self.lock:
            if not self.lines[name]:
                self.running[name] -= 1
                if not any(self.lines.values()):
                    self.tickets.clear()
                return None
            experiment = min(self.lines[name], key=self.rank)
            self.lines[name].remove(experiment)
            experiment.cancel = Cancel()
            for visitor in set(experiment.visitors):
                del self.tickets[visitor]
            for other in (other for line in self.lines.values() for other in line):
                for visitor in other.visitors:
                    self.draw(visitor)
            return experiment

    def attempt(self, experiment: Experiment, cancel: Cancel, work: Callable[[], object]) -> None:
        """Do an experiment in this thread and tell those who wait, whatever happens."""
        began, result, error = self.clock(), None, None
        try:
            with until(cancel):
                result = work()
        except BaseException as raised:
            error = raised
        with self.lock:
            experiment.cancel = None
            if not isinstance(error, GivenUpError):
                self.settle(experiment, result, error, self.clock() - began)
            elif experiment.visitors:  # somebody came after the others had left
                for visitor in experiment.visitors:
                    self.draw(visitor)
                self.enter(experiment)

    def settle(self, experiment: Experiment, result: object, error: BaseException | None, seconds: float) -> None:
        """Keep a result, or an error for those who wait for it, and how long it took."""
        self.took.setdefault(experiment.kind, deque(maxlen=LATELY)).append(seconds)
        self.took.move_to_end(experiment.kind)
        if len(self.took) > KINDS:
            self.took.popitem(last=False)
        if error is None or experiment.visitors:
            experiment.result, experiment.error, experiment.work = result, error, None
            experiment.done = error is None
            experiment.settled.set()


TURNS = Turns()  # of all visitors of this process
