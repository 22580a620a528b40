"""How long the network itself takes for a batch, measured in this process."""

import time
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.deployment.subjects import Subject
from core.provenance import Measured, Sourced
from core.topics.serving.answers import onnx_of, row

SIZES = (1, 2, 4, 8, 16, 32, 64)
ROUNDS, LONGEST = 12, 0.08  # at most so many calls and so many seconds for a size


@dataclass(frozen=True)
class Times(Sourced):
    """Seconds for a batch of each of ``SIZES`` (the median of some calls), and the largest difference between what a
    batch of 64 answers and what its samples get alone."""

    seconds: tuple[float, ...]
    difference: float
    subject: Subject
    source: Measured

    @property
    def pairs(self) -> tuple[tuple[int, float], ...]:
        """(size, seconds)."""
        return tuple(zip(SIZES, self.seconds, strict=True))

    def gain(self, size: int) -> float:
        """How many times more samples a second than one by one."""
        return size * self.seconds[0] / self.seconds[SIZES.index(size)]


def session_of(found: Subject):
    """The network in ONNX Runtime, on one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(onnx_of(found), options, providers=["CPUExecutionProvider"])


def batch_of(found: Subject, size: int) -> np.ndarray:
    """So many different samples: the example, ever weaker, (size, …)."""
    example = np.array(row(found), np.float32)
    weaker = [example * (1 - place / (2 * size)) for place in range(size)]
    return np.stack(weaker).reshape(size, *found.example.shape[1:])


@lru_cache(maxsize=16)
def times(found: Subject, seed: int) -> Times:
    """Measure every size."""
    began, running, medians = time.perf_counter(), session_of(found), []
    for size in SIZES:
        x, taken = batch_of(found, size), []
        running.run(None, {"x": x})
        while len(taken) < 3 or (len(taken) < ROUNDS and sum(taken) < LONGEST):
            start = time.perf_counter()
            running.run(None, {"x": x})
            taken.append(time.perf_counter() - start)
        medians.append(float(np.median(taken)))
    whole = batch_of(found, SIZES[-1])
    alone = np.concatenate([running.run(None, {"x": each[None]})[0] for each in whole[:8]])
    difference = float(np.abs(running.run(None, {"x": whole})[0][:8] - alone).max())
    return Times(tuple(medians), difference, found, Measured((seed,), time.perf_counter() - began, "Measured live"))
