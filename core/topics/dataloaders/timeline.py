"""When a loader's workers and the training were busy: measured here, or recorded earlier.

``python -m core.topics.dataloaders.timeline`` measures the shipped record again (assets/recorded/dataloaders.json).
"""

import os
import time
from collections.abc import Generator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np

from core.jobs.apart import apart
from core.lessons.record import Record, finished
from core.provenance import Measured, Sourced
from core.topics.dataloaders.loading import BATCHES, Plan, Span, as_argument, watched
from core.wording import counted

WORKERS, PREFETCH, CHANNELS = (0, 1, 2, 4), (1, 4), (4, 96)
BATCH_SIZE = 16


@dataclass(frozen=True)
class Timeline(Sourced):
    """Seconds from the first loading on: ``loads`` (worker, from, to) per batch, ``steps`` (batches, 3) as asked,
    received, trained. ``start`` is how long the workers took to start, ``device`` where the network was trained."""

    plan: Plan
    loads: tuple[Span, ...]
    steps: np.ndarray
    start: float
    device: str
    source: Any

    @property
    def waiting(self) -> float:
        """The share of the time that the training waited for data, from the first batch's arrival on; with no worker
        all loading is waiting, that of the first batch too."""
        since = 0 if self.plan.workers == 0 else 1
        asked, received, trained = self.steps[since:].T
        begin = asked[0]
        return float((received - asked).sum() / (trained[-1] - begin))

    @property
    def throughput(self) -> float:
        """Pictures a second, the first batch left out where workers had to be awaited."""
        since = 0 if self.plan.workers == 0 else 1
        seconds = self.steps[-1, 2] - self.steps[since, 0]
        return float((len(self.steps) - since) * self.plan.batch_size / seconds)

    @property
    def owners(self) -> list[int]:
        """Which worker loaded each batch."""
        return [worker for worker, _, _ in self.loads]


def timeline_of(plan: Plan, seen: dict[str, Any], source: Any) -> Timeline:
    """What ``loading.watched`` saw, as a ``Timeline``."""
    loads = tuple((int(worker), begin, end) for worker, begin, end in seen["loads"])
    return Timeline(plan, loads, np.array(seen["steps"]), seen["start"], seen["device"], source)


def measured(plan: Plan) -> Generator[tuple[float, str], None, Timeline]:
    """Load and train on this machine, in a process of its own; yields (share of the time allowed, message)."""
    began = time.perf_counter()
    message = f"{counted(plan.workers, 'worker')}, {BATCHES} batches"
    seen = yield from apart("core.topics.dataloaders.loading", as_argument(plan), message)
    source = Measured((0,), time.perf_counter() - began, f"Measured live, {os.cpu_count()} cores")
    return timeline_of(plan, seen, source)


@dataclass(frozen=True)
class Pair:
    """One plan measured without and with pinned memory."""

    plain: Timeline
    pinned: Timeline

    @property
    def provenance(self) -> str:
        """Where these numbers come from."""
        return self.plain.provenance


def measured_pair(plan: Plan) -> Generator[tuple[float, str], None, Pair]:
    """The same plan without and with pinned memory."""
    plain = yield from measured(replace(plan, is_pinned=False))
    pinned = yield from measured(replace(plan, is_pinned=True))
    return Pair(plain, pinned)


def key(plan: Plan) -> str:
    """A plan's name in the record; without workers nothing is fetched ahead."""
    return "-".join(map(str, (plan.workers, plan.prefetch if plan.workers else 0, plan.batch_size, plan.channels)))


def plans() -> list[Plan]:
    """All plans that are recorded."""
    settings = product(WORKERS, PREFETCH, (BATCH_SIZE,), CHANNELS)
    return list({key(plan): plan for plan in (Plan(*each) for each in settings)}.values())


def cheapest() -> tuple[tuple[str | int, ...], float]:
    """Who loads the third batch where there are no workers: of a record of times, what must repeat."""
    plan = Plan(0, 1, BATCH_SIZE, 4)
    return (key(plan), "loads", 2, 0), watched(plan)["loads"][2][0]


RECORD = Record(
    "dataloaders",
    {"workers": WORKERS, "prefetch": PREFETCH, "batch_size": BATCH_SIZE, "channels": CHANNELS, "batches": BATCHES,
     "start": "spawn", "version": 1},
    cheapest,
)  # fmt: skip


def recorded(plan: Plan) -> Timeline:
    """The shipped measurement of a plan."""
    return timeline_of(plan, RECORD.contents[key(plan)], RECORD.source)


def main() -> None:
    """Measure the shipped record again."""
    found = {}
    for plan in plans():
        seen = finished(measured(plan))
        found[key(plan)] = {
            "loads": seen.loads, "steps": seen.steps, "start": seen.start, "device": seen.device,
        }  # fmt: skip
    RECORD.write({**found, "cores": os.cpu_count() or 1})


if __name__ == "__main__":
    main()
