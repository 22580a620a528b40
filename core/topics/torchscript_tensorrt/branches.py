"""Three networks that look at a value and then decide, each with a version that says so in torch's own words."""

import functools
import threading
import time
import warnings
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from core.provenance import Measured, Sourced

SIZE, HIDDEN, STEPS, REACH = 4, 8, 33, 2.0
CLOSE = 1e-5  # answers that differ by less are the same


class Parts(nn.Module):
    """A deep path of two layers, and a straight one of one layer."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.straight = nn.Linear(4, 8), nn.Linear(8, 1), nn.Linear(4, 1)

    def deep(self, x: Tensor) -> Tensor:
        return self.second(torch.tanh(self.first(x)))

    def short(self, x: Tensor) -> Tensor:
        return self.straight(x)


class Sign(Parts):
    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 0:
            return self.deep(x)
        return self.short(x)


class SignMended(Parts):
    def forward(self, x: Tensor) -> Tensor:
        return torch.cond(x.sum() > 0, self.deep, self.short, (x,))


class EarlyExit(Parts):
    def forward(self, x: Tensor) -> Tensor:
        if x.norm() > 1:  # far out the straight path will do
            return self.short(x)
        return self.deep(x)


class EarlyExitMended(Parts):
    def forward(self, x: Tensor) -> Tensor:
        return torch.cond(x.norm() > 1, self.short, self.deep, (x,))


class Halving(Parts):
    def forward(self, x: Tensor) -> Tensor:
        while x.norm() > 1:
            x = x / 2
        return self.deep(x)


class HalvingMended(Parts):
    def forward(self, x: Tensor) -> Tensor:
        small = torch.while_loop(lambda y: y.norm() > 1, lambda y: (y / 2,), (x,))[0]
        return self.deep(small)


BRANCHES: dict[str, tuple[type[Parts], type[Parts]]] = {
    "the sign of a sum": (Sign, SignMended),
    "an early exit": (EarlyExit, EarlyExitMended),
    "a loop of unknown length": (Halving, HalvingMended),
}


@dataclass(frozen=True)
class Taken(Sourced):
    """What a network, its trace and its script answer along a line of inputs, (steps,); ``warned`` are torch's own
    warnings (kind, words), ``graphs`` the code of what was traced and scripted."""

    name: str
    example: float
    seed: int
    truth: np.ndarray
    traced: np.ndarray
    scripted: np.ndarray
    warned: tuple[tuple[str, str], ...]
    graphs: tuple[str, str]
    source: Measured

    @property
    def wrong(self) -> np.ndarray:
        """Where the trace answers something else, (steps,)."""
        return np.abs(self.traced - self.truth) > CLOSE


def scales() -> np.ndarray:
    """The places along the line, (steps,)."""
    return np.linspace(-REACH, REACH, STEPS)


def place_of(scale: float) -> int:
    """The step of a place on the line."""
    return round((scale + REACH) / (2 * REACH) * (STEPS - 1))


def network(name: str, seed: int) -> tuple[Parts, Parts]:
    """The network with untrained weights, and the version in torch's own words with the same weights."""
    broken, mended = BRANCHES[name]
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        first = broken().eval()
    second = mended().eval()
    second.load_state_dict(first.state_dict())
    return first, second


def direction(seed: int) -> list[float]:
    """An input of length 1 whose numbers add up to more than 0."""
    drawn = torch.rand(SIZE, generator=torch.Generator().manual_seed(seed)) + 0.05
    return (drawn / drawn.norm()).mul(1e4).round().div(1e4).tolist()


def line(seed: int) -> Tensor:
    """The direction times −2 … 2, (steps, 1, size)."""
    return torch.linspace(-REACH, REACH, STEPS)[:, None, None] * torch.tensor(direction(seed))


@torch.no_grad()
def answers(module, x: Tensor) -> np.ndarray:
    """One number for each input, (steps,)."""
    return np.array([float(module(each)) for each in x])


BUSY = threading.Lock()  # warnings and TorchScript's compiler belong to the whole process


@functools.lru_cache(maxsize=64)
def taken(name: str, example: float, seed: int) -> Taken:
    """Trace the network with the example at one place of the line, and script it."""
    began, x = time.perf_counter(), line(seed)
    module, _ = network(name, seed)
    with BUSY, warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        traced = torch.jit.trace(module, (x[place_of(example)],), check_trace=False)
        scripted = torch.jit.script(module)
    warned = dict.fromkeys((each.category.__name__, str(each.message)) for each in heard)
    found = [answers(each, x) for each in (module, traced, scripted)]
    source = Measured((seed,), time.perf_counter() - began, "Traced, scripted and run live")
    return Taken(name, example, seed, *found, tuple(warned), (code(traced), code(scripted)), source)


def code(module) -> str:
    """TorchScript's code of a network and of what it calls."""
    parts = [module.code]
    for name in ("deep", "short"):
        if f".{name}(" in module.code:
            parts.append(getattr(module, name).code)
    return "\n".join(part.strip() for part in parts)
