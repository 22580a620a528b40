"""The machine examined live: what computes, how much memory there is, and with what torch was built.

Nothing that names a person, a computer or a folder is read.
"""

import os
import platform
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import torch

from core.provenance import Measured, Sourced

PACKAGES = ("torch", "torchvision", "numpy", "streamlit", "gradio", "safetensors", "scikit-learn", "onnxruntime",
            "transformers", "keras", "jupyterlab", "notebook", "ipykernel")  # fmt: skip
VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "CUDA_VISIBLE_DEVICES", "KERAS_BACKEND", "CONDA_DEFAULT_ENV")
TYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float64": torch.float64}
COPIES = {"SGD": 2, "SGD with momentum": 3, "Adam": 4}  # numbers kept per weight: itself, its gradient, the memory
INPUTS, CLASSES = 784, 10
GIGABYTE = 1e9


@dataclass(frozen=True)
class Memory:
    """Gigabytes (10⁹ bytes): of the machine or of the container it is in, what is free of it, and this process's."""

    total: float
    free: float
    own: float


@dataclass(frozen=True)
class Machine(Sourced):
    """What was found: ``tables`` of facts by heading, the memory, and a training that is planned for it."""

    tables: Mapping[str, Mapping[str, str]]
    memory: Memory
    hidden_units: int
    optimizer: str
    number_type: str
    source: Measured

    @property
    def parameters(self) -> int:
        """Weights and biases of the planned network: 784 inputs, two hidden layers, 10 outputs."""
        return parameters(self.hidden_units)

    @property
    def planned(self) -> float:
        """Gigabytes that its weights, their gradients and the optimizer's memory take."""
        return self.parameters * COPIES[self.optimizer] * TYPES[self.number_type].itemsize / GIGABYTE


def parameters(units: int) -> int:
    """Weights and biases of a network with 784 inputs, two hidden layers of so many units and 10 outputs."""
    return (INPUTS + 1) * units + (units + 1) * units + (units + 1) * CLASSES


def examined(hidden_units: int, optimizer: str, number_type: str, seed: int) -> Machine:
    """Look at this machine now."""
    began = time.perf_counter()
    memory = memory_of()
    tables = {
        "Versions": versions(), "Processor and memory": hardware(memory), "PyTorch was built with": built(),
        "Threads": threads(),
    }  # fmt: skip
    source = Measured((seed,), time.perf_counter() - began, "Read live from this machine")
    return Machine(tables, memory, hidden_units, optimizer, number_type, source)


def versions() -> dict[str, str]:
    """Python and the packages that a learner meets, at the versions that are installed."""
    found = {"Python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def hardware(memory: Memory) -> dict[str, str]:
    """What computes."""
    return {
        "System": f"{platform.system()} on {platform.machine()}",
        "Processor": processor(),
        "Cores of the machine": str(os.cpu_count() or 1),
        "Cores that this process may use": str(cores()),
        "Memory": f"{memory.total:.1f} GB, {memory.free:.1f} GB free",
        "Accelerator": accelerator(),
    }


def processor() -> str:
    """The processor's name as the system gives it."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def cores() -> int:
    """Cores that this process may use: those it is bound to, and no more than a container grants."""
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with suppress(OSError, ValueError):
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="utf-8").split()
        return max(1, min(bound, int(float(quota) / float(period))))  # "max" is no number: no limit
    return bound


def accelerator() -> str:
    """What torch can use besides the processor."""
    if not torch.accelerator.is_available():
        return "none that torch can use"
    device = torch.accelerator.current_accelerator()
    kind = device.type if device else "unknown"
    name = torch.cuda.get_device_name() if kind == "cuda" else ""
    return f"{kind} × {torch.accelerator.device_count()} {name}".strip()


def memory_of() -> Memory:
    """Memory now. A container's limit counts where it is the smaller one."""
    import psutil

    machine, own = psutil.virtual_memory(), psutil.Process().memory_info().rss
    total, free = machine.total, machine.available
    with suppress(OSError, ValueError):
        limit = int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="utf-8"))
        used = int(Path("/sys/fs/cgroup/memory.current").read_text(encoding="utf-8"))
        total, free = min(total, limit), min(free, max(limit - used, 0))
    return Memory(total / GIGABYTE, free / GIGABYTE, own / GIGABYTE)


def built() -> dict[str, str]:
    """What torch's own build says."""
    cuda = torch.version.cuda
    return {
        "Release": str(torch.__version__),
        "For an NVIDIA card": f"CUDA {cuda}" if cuda else "no: a build for the processor alone",
        "A card is there": "yes" if torch.cuda.is_available() else "no",
        "Processor's instructions in use": torch.backends.cpu.get_cpu_capability(),
        "Matrix library (MKL)": yes(torch.backends.mkl.is_available()),
        "Layer library (oneDNN)": yes(torch.backends.mkldnn.is_available()),
        "Threads by": "OpenMP" if torch.backends.openmp.is_available() else "its own pool",
        "Usual type of numbers": str(torch.get_default_dtype()).removeprefix("torch."),
        "NumPy's matrix library": numpys(),
    }


def numpys() -> str:
    """The library that multiplies NumPy's matrices."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return f"{blas['name']} {blas['version']}"


def threads() -> dict[str, str]:
    """How many threads an operation here uses, and what says so."""
    named = {name: os.environ.get(name, "not set") for name in VARIABLES}
    return {
        "Threads inside an operation": str(torch.get_num_threads()),
        "Operations side by side": str(torch.get_num_interop_threads()),
        **named,
    }


def yes(value: bool) -> str:
    """A fact in a word."""
    return "yes" if value else "no"
