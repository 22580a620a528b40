"""How long one call takes: several ways in turns, so that whatever else the machine does meets all of them."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

WARMING = 5  # calls that are not counted


@dataclass(frozen=True)
class Latency:
    """Milliseconds of single calls, (calls,)."""

    milliseconds: np.ndarray

    @property
    def median(self) -> float:
        """Half of all calls are faster."""
        return float(np.median(self.milliseconds))

    @property
    def p95(self) -> float:
        """Nineteen of twenty calls are faster."""
        return float(np.quantile(self.milliseconds, 0.95))

    @property
    def middle(self) -> tuple[float, float]:
        """A 95% interval of the median, by the order of the calls (the binomial law of how many fall below it)."""
        ordered, count = np.sort(self.milliseconds), len(self.milliseconds)
        reach = 0.98 * count**0.5
        low, high = int(max(count / 2 - reach, 0)), int(min(np.ceil(count / 2 + reach), count - 1))
        return float(ordered[low]), float(ordered[high])

    @property
    def words(self) -> str:
        """Median and 95th percentile, as a table shows them."""
        return f"{shortly(self.median)} / {shortly(self.p95)}"


def shortly(milliseconds: float) -> str:
    """Milliseconds with three digits."""
    return f"{milliseconds:.3g}" if milliseconds < 1000 else f"{milliseconds:,.0f}"


def in_turns(
    calls: Mapping[str, Callable[[], object]], rounds: int, each: int = 3, warming: int = WARMING,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[dict[str, Latency]]:  # fmt: skip
    """Time every call ``each`` times in each of ``rounds`` rounds, after ``warming`` calls that are not counted; yields
    all that is known after every round. ``clock`` gives seconds: ``time.thread_time`` counts only those in which the
    processor works for this thread."""
    for call in calls.values():
        for _ in range(warming):
            call()
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            call()  # what the others left in the caches is not its fault
            for _ in range(each):
                began = clock()
                call()
                taken[name].append(1000 * (clock() - began))
        yield {name: Latency(np.array(values)) for name, values in taken.items()}


def rounds_within(calls: Mapping[str, Callable[[], object]], most: int, seconds: float = 25.0, each: int = 3) -> int:
    """How many rounds of ``in_turns`` take no longer than so many seconds: 3 at least, ``most`` at most."""
    once = 0.0
    for call in calls.values():
        call()
        began = time.perf_counter()
        call()
        once += time.perf_counter() - began
    return min(most, max(3, round(seconds / ((each + 1) * once))))
