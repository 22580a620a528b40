"""Requests that wait for one worker: simulated one by one, with and without batches, and held against formulas."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

COUNT = 4_000  # requests that a simulation follows


@dataclass(frozen=True)
class Queue:
    """Requests in order: when each ``came`` and ``left`` (seconds, (requests,)), how many were answered together with
    it (``together``), and the rate at which they came (per second)."""

    came: np.ndarray
    left: np.ndarray
    together: np.ndarray
    rate: float

    @property
    def seconds(self) -> np.ndarray:
        """How long each was there: W of every request."""
        return self.left - self.came

    @property
    def throughput(self) -> float:
        """Requests answered per second: λ as it was."""
        return len(self.came) / float(self.left.max() - self.came.min())

    @cached_property
    def inside(self) -> float:
        """How many requests are there on average: L, seen at 40,000 moments spread evenly over the whole
        time."""
        moments = np.linspace(self.came.min(), self.left.max(), 10 * COUNT)
        arrived = np.searchsorted(np.sort(self.came), moments, side="right")
        gone = np.searchsorted(np.sort(self.left), moments, side="right")
        return float((arrived - gone).mean())

    @property
    def little(self) -> float:
        """λ W (Little 1961)."""
        return self.throughput * float(self.seconds.mean())

    def percentile(self, share: float) -> float:
        """Milliseconds that this share of the requests is answered within."""
        return 1000 * float(np.quantile(self.seconds, share))


def service(times: Sequence[tuple[int, float]], size: int) -> float:
    """Seconds for a batch of ``size``, between the sizes that were measured (along a line)."""
    return float(np.interp(size, [each for each, _ in times], [seconds for _, seconds in times]))


def simulated(
    rate: float, times: Sequence[tuple[int, float]], largest: int, wait: float, seed: int, count: int = COUNT
) -> Queue:
    """Requests come at random (exponential gaps, ``rate`` per second) to one worker. It takes up to ``largest``
    of those that wait; with fewer it waits ``wait`` seconds from the moment it saw the first. ``times`` (size,
    seconds) say how long a batch takes."""
    came = np.cumsum(np.random.default_rng(seed).exponential(1 / rate, count))
    left, together, free, place = np.empty(count), np.empty(count, int), 0.0, 0
    while place < count:
        began = max(free, came[place])
        full = came[place + largest - 1] if place + largest <= count else np.inf
        began = max(began, min(began + wait, full)) if largest > 1 else began
        size = min(largest, int(np.searchsorted(came, began, side="right")) - place)
        free = began + service(times, size)
        left[place : place + size], together[place : place + size] = free, size
        place += size
    return Queue(came, left, together, rate)


def expected_wait(rate: float, seconds: float) -> float:
    """Mean seconds in an M/D/1 queue, the service included (Pollaczek and Khinchine): s + λ s² / (2 (1 − λ s));
    infinite from λ s = 1 on."""
    load = rate * seconds
    return seconds + load * seconds / (2 * (1 - load)) if load < 1 else float("inf")


def capacity(times: Sequence[tuple[int, float]], largest: int) -> float:
    """The most requests per second that one worker can answer."""
    return max(size / service(times, size) for size in range(1, largest + 1))
