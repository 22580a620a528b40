"""Long work that must not stop a page: started, watched, cancelled; never more at once than the machine can bear.

``start(function, …)`` returns a ``Job`` at once. Work runs in daemon threads that call no screen; a page reads the job
whenever it redraws. All users of a process share the same few places (``PLACES``) and one line of bounded length. A
visitor's ``Owner`` cancels what is left when the visitor goes.

With the environment variable ``RAY_ADDRESS`` the same call runs on that Ray cluster: see ``core.jobs.cluster``.
"""

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from heapq import heapify, heapreplace
from statistics import median

from core.cancel import Cancel
from core.jobs.crews import spreads
from core.jobs.events import produced, sentence
from core.jobs.visits import BusyError, Owner

PLACES = 2  # jobs that run at once, of all users together
LINE = 20  # jobs that may wait
EACH = 5  # of them, of one owner
RAY_PLACES = 8  # jobs that run at once where a cluster does the work
KEPT = 100  # of the values a job yields, the last so many
LOG = logging.getLogger(__name__)


class Job:
    """One piece of long work.

    ``status`` is "queued", "running", "done", "failed" or "cancelled". ``progress`` goes from 0 to 1; ``latest`` is
    the last value the work yielded, ``recent`` the last ``KEPT``. ``result`` is what a function returned, or what a
    generator returned or else yielded last; a cancelled job's is what there was. ``error`` is one sentence.
    """

    def __init__(self, function: Callable, arguments: tuple, keywords: dict, owner: Owner | None) -> None:
        self.work: tuple[Callable, tuple, dict] | None = (function, arguments, keywords)
        self.owner = owner
        self.status, self.progress, self.message = "queued", 0.0, ""
        self.latest, self.result, self.error = None, None, ""
        self.recent: deque = deque(maxlen=KEPT)
        self.epochs = next((one.epochs for one in (*arguments, *keywords.values()) if hasattr(one, "epochs")), 0)
        self.cancelled, self.finished = Cancel(), threading.Event()
        self.began = self.ended = 0.0
        self.pool: Pool | None = None
        self.released = False

    @property
    def seconds(self) -> float:
        """How long it has run; 0 while it waits."""
        return (self.ended or time.monotonic()) - self.began if self.began else 0.0

    @property
    def place(self) -> int:
        """Its place in the line, from 1; 0 if it does not wait."""
        return self.pool.place(self) if self.pool and self.status == "queued" else 0

    @property
    def wait_expected(self) -> float | None:
        """About how many seconds it will still wait for a place; 0 if it does not wait, None where nobody can say."""
        return self.pool.wait_expected(self) if self.pool and self.status == "queued" else 0.0

    def left(self, usual: float | None) -> float | None:
        """About how many seconds it will still run, by its progress or else by what is ``usual``."""
        if self.progress > 0.05:
            return self.seconds * (1 - self.progress) / self.progress
        return None if usual is None else max(usual - self.seconds, 0.0)

    def cancel(self) -> None:
        """Leave the line at once, or stop at the next value yielded. A function sees it in its ``cancel`` argument."""
        self.cancelled.set()
        if self.pool:
            self.pool.leave(self)

    def wait(self, seconds: float | None = None) -> "Job":
        """Wait until it is over, at most so long; return it. For tests and programs, never for a page."""
        self.finished.wait(seconds)
        return self

    def release(self) -> None:
        """Cancel it if it is not over, and let go of everything it holds."""
        self.released = True
        self.cancel()
        self.drop()
        if self.owner:
            self.owner.forget(self)

    def drop(self) -> None:
        """Let go of values and arguments, but not of what says how it went."""
        self.latest = self.result = self.work = None
        self.recent.clear()

    def note(self, value: object) -> None:
        """Take a value that the work yielded: a fraction, (fraction, message), an epoch, or anything else."""
        self.latest = value
        self.recent.append(value)
        fraction = value[0] if isinstance(value, tuple) and value else value
        if isinstance(value, tuple) and len(value) > 1 and isinstance(value[1], str):
            self.message = value[1]
        number = getattr(value, "number", None)
        if self.epochs and number is not None:
            fraction = number / self.epochs
        if isinstance(fraction, int | float) and not isinstance(fraction, bool):
            self.progress = min(max(float(fraction), 0.0), 1.0)

    def end(self, status: str, result: object = None, error: str = "") -> None:
        """Enter a final status."""
        self.result, self.error, self.work = result, error, None
        self.progress = 1.0 if status == "done" else self.progress
        self.ended, self.status = time.monotonic(), status
        if self.released:
            self.drop()
        self.finished.set()


class Pool:
    """A few places to run, and a line. A thread lives only as long as there is work for it.

    ``here``: the work stays in this process even where a cluster does the rest, because it talks to a screen.
    """

    def __init__(self, places: int = PLACES, line: int = LINE, each: int = EACH, here: bool = False) -> None:
        self.places, self.length, self.each, self.here = places, line, each, here
        self.line: deque[Job] = deque()
        self.running = 0
        self.active: list[Job] = []
        self.durations: deque[float] = deque(maxlen=20)  # seconds that the last jobs ran
        self.lock = threading.Lock()

    def submit(self, job: Job, places: int | None = None) -> Job:
        """Give a job a place, or put it in the line; raises ``BusyError`` if that is full."""
        with self.lock:
            has_place = self.running < (places or self.places)
            if not has_place and len(self.line) >= self.length:
                raise BusyError(f"{self.running} jobs are running and {len(self.line)} wait in line: try again later.")
            if job.owner and sum(one.owner is job.owner for one in self.line) >= self.each:
                raise BusyError(f"{self.each} jobs of yours wait in line already: cancel one, or let them run first.")
            if job.owner:
                job.owner.add(job)
            job.pool = self
            self.line.append(job)
            self.running += has_place
        if has_place:
            threading.Thread(target=self.serve, name="job", daemon=True).start()
        return job

    def place(self, job: Job) -> int:
        with self.lock:
            return self.line.index(job) + 1 if job in self.line else 0

    def wait_expected(self, job: Job) -> float | None:
        """About how many seconds a job in the line will still wait; None where nobody can say."""
        with self.lock:
            ahead = self.line.index(job) if job in self.line else 0
            usual = median(self.durations) if self.durations else None
            left = [running.left(usual) for running in self.active]
        free = [seconds for seconds in left if seconds is not None]
        if not free or len(free) < len(left) or (ahead and usual is None):
            return None
        heapify(free)
        for _ in range(ahead):
            heapreplace(free, free[0] + (usual or 0.0))  # whoever stands in front takes the place that is free first
        return free[0]

    def leave(self, job: Job) -> None:
        """Take a job that still waits out of the line."""
        with self.lock:
            if job not in self.line:
                return
            self.line.remove(job)
        job.end("cancelled")

    def serve(self) -> None:
        """Run jobs from the line until it is empty."""
        while True:
            with self.lock:
                if not self.line:
                    self.running -= 1
                    return
                job = self.line.popleft()
                job.began, job.status, work = time.monotonic(), "running", job.work
                self.active.append(job)
            if work:
                run(job, *work)
            with self.lock:
                self.active.remove(job)
                self.durations.append(job.seconds)


POOL = Pool()


def start(function: Callable, *arguments, owner: Owner | None = None, pool: Pool = POOL, **keywords) -> Job:
    """Run ``function(*arguments, **keywords)`` in the background.

    A generator function yields its progress: a fraction, (fraction, message), an ``Epoch``, anything. A plain function
    that has a parameter ``cancel`` is given one (``core.cancel.Cancel``) and should stop when it is set.
    Raises ``BusyError``, one sentence, if the line is full or ``owner`` is gone.
    """
    remote = on_ray() and not pool.here and not spreads(function)
    return pool.submit(Job(function, arguments, keywords, owner), RAY_PLACES if remote else None)


def on_ray() -> bool:
    """Whether a cluster does the work."""
    return bool(os.environ.get("RAY_ADDRESS"))


def run(job: Job, function: Callable, arguments: tuple, keywords: dict) -> None:
    """Do a job's work in this thread, whatever happens."""
    if on_ray() and not (job.pool and job.pool.here) and not spreads(function):
        from core.jobs.cluster import produced_remotely as produce
    else:
        produce = produced
    events = produce(function, arguments, keywords, job.cancelled)
    last = result = None
    try:
        for kind, value in events:
            if kind == "failed":
                return job.end("failed", error=value)
            if kind == "value":
                job.note(last := value)
            else:
                result = value
    except BaseException as error:
        LOG.warning("a job failed", exc_info=error)
        return job.end("failed", error=sentence(error))
    return job.end("cancelled" if job.cancelled.is_set() else "done", last if result is None else result)
