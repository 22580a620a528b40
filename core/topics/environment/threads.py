"""Training steps a second against the threads that an operation may use, measured in a process of its own.

``python -m core.topics.environment.threads '{...}'`` is that process: there the number of threads can be set without
changing anybody else's work.
"""

import json
import os
import sys
import time
from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from core.jobs.apart import apart
from core.probes import luck
from core.provenance import Measured, Sourced
from core.topics.environment.machine import cores
from core.wording import counted

REPEATS, SECONDS = 6, 0.15
MOST = 64  # threads


@dataclass(frozen=True)
class Plan:
    """A network of two hidden layers of so many units, and how many samples a step takes."""

    hidden_units: int
    batch_size: int


@dataclass(frozen=True)
class Rates(Sourced):
    """Training steps a second (repeats, counts) for each of ``threads``; ``cores`` are those of the process,
    ``load`` how many threads wanted one in the minute before (not a number where the system does not tell)."""

    plan: Plan
    threads: tuple[int, ...]
    steps: np.ndarray
    cores: int
    source: Measured
    load: float = float("nan")

    @property
    def is_busy(self) -> bool:
        """Whether others wanted the cores as well: then threads that wait for each other wait longest."""
        return self.load > self.cores / 2

    @property
    def means(self) -> np.ndarray:
        """Steps a second, the geometric mean of the repeats (counts,)."""
        return np.exp(np.log(self.steps).mean(axis=0))

    @property
    def speedups(self) -> np.ndarray:
        """How many times as fast as one thread (counts,)."""
        return self.means / self.means[0]

    @property
    def rows(self) -> dict[int, np.ndarray]:
        """Logarithms of steps a second by number of threads: noise multiplies."""
        return {count: np.log(self.steps[:, place]) for place, count in enumerate(self.threads)}

    @property
    def best(self) -> int:
        """The number of threads with most steps a second, the mean over the repeats."""
        return max(self.threads, key=lambda count: self.rows[count].mean())

    @property
    def enough(self) -> int:
        """The fewest threads that cannot be told from the best."""
        named = {str(count): row for count, row in self.rows.items()}
        return min([self.best, *map(int, luck.equals(named, str(self.best)))])

    @property
    def parallel(self) -> float:
        """The parallel share that explains the speed-ups up to the number of cores best, by least squares: of
        1 / S(n) = 1 − p (1 − 1/n), which is a line in p. Between 0 and 1; not a number for a single core."""
        counts = np.array(self.threads)
        inside = (counts > 1) & (counts <= max(self.cores, 2))
        gains = 1 - 1 / counts[inside]
        losses = 1 - 1 / self.speedups[inside]
        return float(np.clip((gains * losses).sum() / (gains**2).sum(), 0, 1)) if inside.any() else float("nan")


def amdahl(threads: np.ndarray | Sequence[int], parallel: float) -> np.ndarray:
    """How many times as fast n threads are if the share ``parallel`` of the work can be divided (Amdahl, 1967)."""
    return 1 / (1 - parallel + parallel / np.asarray(threads, dtype=float))


def counts_of(available: int) -> tuple[int, ...]:
    """The numbers of threads that are tried on so many cores: powers of two, the cores, and twice as many."""
    powers = [2**power for power in range(8) if 2**power <= min(2 * available, MOST)]
    return tuple(sorted({1, 2, *powers, min(available, MOST), min(2 * available, MOST)}))


def network(hidden_units: int) -> nn.Sequential:
    """The network whose training is timed."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Linear(64, hidden_units), nn.ReLU(), nn.Linear(hidden_units, hidden_units), nn.ReLU(),
        nn.Linear(hidden_units, 10),
    )  # fmt: skip


def batch(samples: int, seed: int) -> tuple[Tensor, Tensor]:
    """Random inputs (samples, 64) and classes (samples,)."""
    source = torch.Generator().manual_seed(seed)
    return torch.randn(samples, 64, generator=source), torch.randint(0, 10, (samples,), generator=source)


def trained(model: nn.Module, x: Tensor, y: Tensor, steps: int) -> float:
    """The loss before the last of some steps of gradient descent."""
    optimizer, loss = torch.optim.SGD(model.parameters(), lr=0.05), torch.zeros(())
    for _ in range(steps):
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    return loss.item()


def rate(model: nn.Module, x: Tensor, y: Tensor, threads: int, seconds: float) -> float:
    """Training steps a second with so many threads, timed for at least so many seconds."""
    torch.set_num_threads(threads)
    trained(model, x, y, 3)
    steps, began = 0, time.perf_counter()
    while (passed := time.perf_counter() - began) < seconds:
        trained(model, x, y, 5)
        steps += 5
    return steps / passed


def timed(plan: Plan, seed: int, counts: Sequence[int]) -> dict[str, Any]:
    """Steps a second for each number of threads, in turns, so that whatever else the machine does meets all of them;
    prints (fraction, message) after each."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None  # before this process adds its own
    model, (x, y) = network(plan.hidden_units), batch(plan.batch_size, seed)
    steps = np.zeros((REPEATS, len(counts)))
    for repeat in range(REPEATS):
        for place, count in enumerate(counts):
            done = (repeat * len(counts) + place) / steps.size
            print(json.dumps([done, f"round {repeat + 1} of {REPEATS}, {counted(count, 'thread')}"]), flush=True)
            steps[repeat, place] = rate(model, x, y, count, SECONDS)
    return {"threads": list(counts), "steps": steps.tolist(), "cores": cores(), "load": load}


def measured(hidden_units: int, batch_size: int, seed: int) -> Generator[tuple[float, str], None, Rates]:
    """Time this machine; yields (fraction, message)."""
    began, plan = time.perf_counter(), Plan(hidden_units, batch_size)
    seen = yield from apart(__name__, json.dumps({**asdict(plan), "seed": seed}), "PyTorch starts")
    what = f"Measured live on {seen['cores']} cores, {REPEATS} rounds"
    source = Measured((seed,), time.perf_counter() - began, what)
    return Rates(plan, tuple(seen["threads"]), np.array(seen["steps"]), seen["cores"], source,
                 float("nan") if seen["load"] is None else seen["load"])  # fmt: skip


def main(text: str) -> None:
    """Measure what JSON describes, and print it as JSON."""
    asked = json.loads(text)
    plan = Plan(asked["hidden_units"], asked["batch_size"])
    print(json.dumps(timed(plan, asked["seed"], counts_of(cores()))))


if __name__ == "__main__":
    main(sys.argv[1])
