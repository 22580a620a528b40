"""A training whose whole state can be put into a file: weights, optimizer, place in the schedule, random numbers."""

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from core.data import Data, moons
from core.provenance import Measured

EPOCHS, BATCH, RATE = 30, 20, 0.02
OPTIMIZER, SCHEDULE, RANDOM = "optimizer", "place in the schedule", "random numbers"
PARTS = (OPTIMIZER, SCHEDULE, RANDOM)  # the weights are always saved
TAKEN = {OPTIMIZER: "optimizer", SCHEDULE: "schedule", RANDOM: "random"}  # part → its name in the file


class Training:
    """A small network that learns with dropout, shuffled batches, Adam and a cosine schedule.

    Everything random is drawn from one generator, so that the state is complete: ``state()`` gives it, ``load()``
    takes it back, ``epoch()`` trains for one epoch and returns the training loss without dropout.
    """

    def __init__(self, x: Tensor, y: Tensor, epochs: int, seed: int) -> None:
        self.x, self.y = x, y
        self.generator = torch.Generator().manual_seed(seed)
        self.layers = nn.Sequential(nn.Linear(2, 24), nn.Tanh(), nn.Linear(24, 24), nn.Tanh(), nn.Linear(24, 2))
        for parameter in self.layers.parameters():
            nn.init.normal_(parameter, 0.0, 0.3, generator=self.generator)
        self.optimizer = torch.optim.Adam(self.layers.parameters(), lr=RATE)
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimizer, epochs)

    def epoch(self) -> float:
        """Train for one epoch."""
        order = torch.randperm(len(self.x), generator=self.generator)
        for batch in order.split(BATCH):
            hidden = self.layers[:4](self.x[batch])
            kept = torch.rand(hidden.shape, generator=self.generator) < 0.8  # dropout
            loss = nn.functional.cross_entropy(self.layers[4](hidden * kept / 0.8), self.y[batch])
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
        self.schedule.step()
        with torch.no_grad():
            return nn.functional.cross_entropy(self.layers(self.x), self.y).item()

    def state(self) -> dict[str, Any]:
        """Everything that the future depends on."""
        return {
            "weights": self.layers.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "random": self.generator.get_state(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Take over what a checkpoint holds; what it lacks stays as it is at the beginning."""
        self.layers.load_state_dict(state["weights"])
        rate = self.optimizer.param_groups[0]["lr"]
        if "optimizer" in state:
            self.optimizer.load_state_dict(state["optimizer"])
        if "schedule" in state:
            self.schedule.load_state_dict(state["schedule"])
        self.optimizer.param_groups[0]["lr"] = self.schedule.get_last_lr()[0] if "schedule" in state else rate
        if "random" in state:
            self.generator.set_state(state["random"])


def saved(state: dict[str, Any]) -> bytes:
    """A checkpoint as ``torch.save`` writes it."""
    file = io.BytesIO()
    torch.save(state, file)
    return file.getvalue()


def loaded(content: bytes) -> dict[str, Any]:
    """A checkpoint read without running anything in it. Raises ``RuntimeError`` for a file that is cut short."""
    return torch.load(io.BytesIO(content), weights_only=True)


@dataclass(frozen=True)
class Resumed:
    """A training that was never stopped and the same one, killed and gone on with from its last checkpoint."""

    whole: tuple[float, ...]  # training loss after every epoch
    again: tuple[float, ...]  # from the checkpoint on
    checkpoint: int  # the epoch it was written after
    killed: int
    every: int
    apart: float  # largest difference of any final weight
    content: bytes
    sizes: dict[str, int]  # part of the whole state → bytes
    parts: tuple[str, ...]
    seed: int
    seconds: float

    @property
    def provenance(self) -> str:
        return Measured((self.seed,), self.seconds, "Live runs").provenance


def last_checkpoint(killed: int, every: int) -> int:
    """The last epoch after which a checkpoint was written, 0 for the one from the beginning."""
    return killed // every * every


def sizes_of(state: dict[str, Any]) -> dict[str, int]:
    """Bytes of the tensors in every part of a state, and of its plain numbers at eight bytes each."""
    return {name: size_of(part) for name, part in state.items()}


def size_of(part: Any) -> int:
    """Bytes of a nested part."""
    if isinstance(part, Tensor):
        return part.numel() * part.element_size()
    if isinstance(part, dict):
        return sum(map(size_of, part.values()))
    if isinstance(part, list | tuple):
        return sum(map(size_of, part))
    return 8 if isinstance(part, int | float) else 0


def data_of(seed: int) -> Data:
    """Half-moons to learn."""
    return moons(samples=300, noise=0.3, seed=seed)


def begun(seed: int, data_seed: int) -> Training:
    """A training at its beginning."""
    data = data_of(data_seed)
    return Training(data.x, data.y, EPOCHS, seed)


def weights_of(training: Training) -> np.ndarray:
    """All weights in one row."""
    return nn.utils.parameters_to_vector(training.layers.parameters()).detach().numpy().copy()
