"""Weights under other names or in other shapes: what ``load_state_dict`` says, and what a silent load costs."""

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn

from core.data import spiral
from core.data.data import Data
from core.models import MLP
from core.training import Recipe, train

SAVED = {
    "same names": "under this network's own names",
    "module. in front": "from nn.DataParallel, which puts the network inside another",
    "old names": "from an earlier version of the code: fc instead of hidden",
    "a layer more": "from a network with a hidden layer more",
    "wider": "from a network whose hidden layers are wider",
    "other classes": "from a network with four outputs",
}
FIXES = {
    "none": lambda name: name,
    "take module. away": lambda name: name.removeprefix("module."),
    "fc to hidden": lambda name: re.sub(r"^fc(\d)", lambda found: f"hidden.{found[1]}.0", name),
}


def network(seed: int, classes: int = 2, *widths: int) -> MLP:
    """The network that weights are to be loaded into."""
    return MLP(2, *(widths or (16, 16)), classes, activation="tanh", init="Xavier", seed=seed)


def saved_state(seed: int, kind: str) -> tuple[dict[str, Tensor], Data]:
    """The weights of a network that was trained on a spiral, saved as ``kind`` says, and the spiral."""
    widths = {"a layer more": (16, 16, 16), "wider": (24, 24)}.get(kind, (16, 16))
    classes = 4 if kind == "other classes" else 2
    data = spiral(samples=400, noise=0.05, seed=seed, **({"classes": classes} if classes > 2 else {}))
    run = train(network(seed, classes, *widths), data, Recipe(epochs=80, learning_rate=0.02, seed=seed, frames=2))
    state = dict(run.at().state_dict())
    if kind == "module. in front":
        state = {f"module.{name}": value for name, value in state.items()}
    if kind == "old names":
        state = {re.sub(r"^hidden\.(\d)\.0", r"fc\1", name): value for name, value in state.items()}
    return state, spiral(samples=400, noise=0.05, seed=seed)


@dataclass(frozen=True)
class Difference:
    """How a file's names and shapes differ from a network's."""

    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    mismatched: tuple[tuple[str, tuple[int, ...], tuple[int, ...]], ...]  # name, in the file, in the network

    @property
    def is_none(self) -> bool:
        """Whether a strict load succeeds."""
        return not (self.missing or self.unexpected or self.mismatched)


def difference(state: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> Difference:
    """What ``load_state_dict(strict=True)`` would complain about."""
    mismatched = tuple(
        (name, tuple(state[name].shape), tuple(value.shape))
        for name, value in wanted.items()
        if name in state and state[name].shape != value.shape
    )
    missing = tuple(name for name in wanted if name not in state)
    return Difference(missing, tuple(name for name in state if name not in wanted), mismatched)


def suggested(state: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> dict[str, str]:
    """A renaming, file's name → network's, if the shapes agree one by one in their order; else none."""
    pairs = list(zip(state.items(), wanted.items(), strict=False))
    if len(state) != len(wanted) or any(a.shape != b.shape for (_, a), (_, b) in pairs):
        return {}
    return {mine: theirs for (mine, _), (theirs, _) in pairs}


@dataclass(frozen=True)
class Loaded:
    """A network after loading: what differed, torch's own words, and how right it is on held-out samples."""

    difference: Difference
    said: str
    taken: tuple[str, ...]
    score: float
    original: float
    kind: str
    fix: str
    shapes: tuple[tuple[str, tuple[int, ...]], ...]  # of the file, after renaming
    suggestion: dict[str, str]
    model: nn.Module
    provenance: str

    @cached_property
    def is_whole(self) -> bool:
        """Whether every tensor of the network came from the file."""
        return len(self.taken) == len(self.model.state_dict())


def load(kind: str, fix: str, strict: bool, seed: int) -> Loaded:
    """Load what was saved into a network with random weights. Even where torch raises an error it has by then copied
    every tensor that fits."""
    state, data = saved_state(seed, kind)
    original = score(saved_network(seed, kind, state), data) if kind != "other classes" else float("nan")
    renamed = {FIXES[fix](name): value for name, value in state.items()}
    model = network(seed + 1)
    wanted = model.state_dict()
    gap = difference(renamed, wanted)
    said = ""
    try:
        model.load_state_dict(renamed, strict=strict)
    except RuntimeError as error:
        said = str(error)
    now = model.state_dict()
    taken = tuple(name for name in now if name in renamed and torch.equal(now[name], renamed[name]))
    shapes = tuple((name, tuple(value.shape)) for name, value in renamed.items())
    source = f"Live · networks of seeds {seed} (saved) and {seed + 1} (loaded into)"
    suggestion = {} if gap.is_none else suggested(renamed, wanted)
    return Loaded(gap, said, taken, score(model, data), original, kind, fix, shapes, suggestion, model, source)


def saved_network(seed: int, kind: str, state: Mapping[str, Tensor]) -> nn.Module:
    """The network that the weights came from."""
    model = network(seed, 2, *{"a layer more": (16, 16, 16), "wider": (24, 24)}.get(kind, (16, 16)))
    plain = {FIXES["fc to hidden"](FIXES["take module. away"](name)): value for name, value in state.items()}
    model.load_state_dict(plain)
    return model


def score(model: nn.Module, data: Data) -> float:
    """Accuracy on the held-out samples."""
    with torch.no_grad():
        answers = copy.deepcopy(model).eval()(data.x_test)
    return float((answers[:, :2].argmax(dim=1) == data.y_test).double().mean())
