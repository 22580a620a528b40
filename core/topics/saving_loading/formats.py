"""One small network in five files: what each weighs, holds, and may do when it is opened."""

import io
import pickle
from dataclasses import dataclass

import torch
from torch import nn

from core.data import moons
from core.models import MLP
from core.topics.saving_loading.files import KINDS, SAFETENSORS, Inspected, inspected, written

STEPS = 30
RULES = {
    "SGD": lambda model: torch.optim.SGD(model.parameters(), lr=0.1),
    "Momentum": lambda model: torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9),
    "Adam": lambda model: torch.optim.Adam(model.parameters(), lr=0.01),
}


def trained(units: int, rule: str, seed: int) -> tuple[nn.Module, torch.optim.Optimizer]:
    """A network of two hidden layers after ``STEPS`` steps on two moons, and its optimizer."""
    data = moons(samples=200, seed=seed)
    model = MLP(2, units, units, 2, activation="tanh", seed=seed)
    optimizer = RULES[rule](model)
    for _ in range(STEPS):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(data.x), data.y).backward()
        optimizer.step()
    return model, optimizer


@dataclass(frozen=True)
class Formats:
    """The files by kind: their bytes, what looking into them found, and whether torch's own restricted reader opens
    them (``weights_only=True``)."""

    contents: dict[str, bytes]
    looked: dict[str, Inspected]
    opens: dict[str, bool]
    is_equal: dict[str, bool]
    units: int
    rule: str
    seed: int
    provenance: str

    def ratio(self, kind: str) -> float:
        """A file's bytes as a multiple of the safetensors file's."""
        return len(self.contents[kind]) / len(self.contents[SAFETENSORS])


def formats(units: int, rule: str, seed: int) -> Formats:
    """Write the network in every way and look into the files."""
    model, optimizer = trained(units, rule, seed)
    contents = {kind: written(model, optimizer, kind) for kind in KINDS}
    looked = {kind: inspected(content) for kind, content in contents.items()}
    opens = {kind: kind == SAFETENSORS or is_opened(content) for kind, content in contents.items()}
    equal = {kind: holds(found, model) for kind, found in looked.items()}
    return Formats(
        contents, looked, opens, equal, units, rule, seed, f"Live · files written and read here · seed {seed}"
    )


def is_opened(content: bytes) -> bool:
    """Whether ``torch.load(weights_only=True)`` takes a file of our own making."""
    try:
        torch.load(io.BytesIO(content), weights_only=True)
    except (pickle.UnpicklingError, RuntimeError):
        return False
    return True


def holds(found: Inspected, model: nn.Module) -> bool:
    """Whether the tensors of a file are the network's, to the bit."""
    parts = {part.name.removeprefix("model."): part.values for part in found.parts}
    state = model.state_dict()
    return all(name in parts and torch.equal(torch.from_numpy(parts[name]), value) for name, value in state.items())
