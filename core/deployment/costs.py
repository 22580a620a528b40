"""What an operator costs: multiply-adds, bytes moved, and the time that both need on a machine (its roofline)."""

import math
import time
from dataclasses import dataclass

import numpy as np
import torch

from core.deployment.onnx_files import OnnxFile, Operator

FLOAT, SQUARE, COPIED, TIMES = 4, 384, 16_000_000, 6  # bytes; side of a matrix; bytes of a copy; repetitions


@dataclass(frozen=True)
class Machine:
    """What a machine can do at best: ``peak`` in billions of floating-point operations a second, ``bandwidth`` in
    billions of bytes a second, ``memory`` in billions of bytes; and where these numbers come from."""

    peak: float
    bandwidth: float
    memory: float
    source: str

    def seconds(self, multiply_adds: float, moved: float) -> float:
        """The least time for so much arithmetic and so many bytes: whichever takes longer (Williams, Waterman and
        Patterson 2009)."""
        return max(2 * multiply_adds / self.peak, moved / self.bandwidth) / 1e9


def multiply_adds(file: OnnxFile, operator: Operator, batch: int = 1) -> int:
    """Those of a ``Gemm`` or ``Conv``: every number of the answer needs one for each weight of its unit. Other
    operators count as none."""
    if operator.kind not in ("Gemm", "Conv"):
        return 0
    sizes = [size for size in file.shapes[operator.outputs[0]][1:] if isinstance(size, int)]
    weight = [size for size in file.shapes[operator.inputs[1]][1:] if isinstance(size, int)]
    return batch * math.prod(sizes) * math.prod(weight)


def numbers(file: OnnxFile, name: str, batch: int = 1) -> int:
    """How many numbers a tensor holds; sizes that stay open are the batch."""
    return math.prod(size if isinstance(size, int) else batch for size in file.shapes.get(name, ()))


def moved(file: OnnxFile, operator: Operator, batch: int = 1) -> int:
    """Bytes that an operator has to read and write at least, in float32."""
    return FLOAT * sum(numbers(file, name, batch) for name in (*operator.inputs, *operator.outputs))


def memory(file: OnnxFile, batch: int = 1) -> int:
    """Bytes that running the file takes at least: all weights, and the largest operator's input and output."""
    weights = {weight.name for weight in file.weights}
    alive = [
        sum(numbers(file, name, batch) for name in (*each.inputs, *each.outputs) if name not in weights)
        for each in file.operators
    ]
    return FLOAT * (file.parameters + max(alive))


def this_machine() -> Machine:
    """One thread of this machine, measured: a product of two square matrices, and a copy of an array."""
    one = torch.randn(SQUARE, SQUARE)
    source = np.ones(COPIED // FLOAT, np.float32)
    target = np.empty_like(source)
    product = best(lambda: one @ one)
    copy = best(lambda: np.copyto(target, source))
    return Machine(2 * SQUARE**3 / product / 1e9, 2 * COPIED / copy / 1e9, 0.0, "measured here, one thread")


def best(work) -> float:
    """The shortest of some runs, in seconds: nothing makes work faster than the machine is."""
    times = []
    for _ in range(TIMES):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)
