"""The networks that are served: one trained here and now, and the shipped reader of digits; and their files."""

import json
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import torch
from torch import nn

from core.data import spiral
from core.deployment.onnx_writer import written
from core.models import MLP
from core.models.digits import SIDE, recognizer, training_digits
from core.provenance import fingerprint
from core.training import Recipe, train

YOURS, DIGITS = "your network", "the digits network"
NETWORKS = (YOURS, DIGITS)
RATE = {8: 0.02, 64: 0.005, 512: 0.001}  # learning rate by hidden units
UNITS = tuple(RATE)


@dataclass(frozen=True)
class Subject:
    """A network, ``example`` (one sample as a flat list of numbers), the names of its classes, and what turns its
    logits into probabilities: ``shift`` (classes,), then ``temperature``."""

    name: str
    model: nn.Module
    shape: tuple[int, ...]
    example: tuple[float, ...]
    names: tuple[str, ...]
    shift: tuple[float, ...]
    temperature: float
    source: str

    @cached_property
    def onnx(self) -> bytes:
        """The network as an ONNX file."""
        return written(self.model)

    @cached_property
    def expected(self) -> dict[str, float]:
        """What torch answers to the example."""
        return dict(zip(self.names, map(float, self.probabilities(np.array([self.example]))[0]), strict=True))

    @torch.no_grad()
    def probabilities(self, rows: np.ndarray) -> np.ndarray:
        """Samples (samples, numbers) to probabilities (samples, classes), by torch."""
        logits = self.model(torch.from_numpy(rows.astype(np.float32)).reshape(-1, *self.shape))
        return torch.softmax((logits + torch.tensor(self.shift)) / self.temperature, dim=1).numpy()

    @property
    def provenance(self) -> str:
        """Where its weights come from."""
        return self.source

    @property
    def parameters(self) -> int:
        """How many numbers the network has learned."""
        return sum(each.numel() for each in self.model.parameters())

    def about(self, health: str, answers_json: bool) -> bytes:
        """What the served program has to know, in JSON."""
        known = {
            "shape": self.shape, "names": self.names, "shift": self.shift, "temperature": self.temperature,
            "example": self.example, "expected": self.expected, "health": health, "answers json": answers_json,
            "parameters": self.parameters, "network": fingerprint(self.onnx.hex()),
        }  # fmt: skip
        return json.dumps(known, indent=1).encode()


def subject(network: str, hidden_units: int, seed: int) -> Subject:
    """One of the ``NETWORKS``."""
    return digits() if network == DIGITS else yours(hidden_units, seed)


@lru_cache(maxsize=16)
@torch.enable_grad()
def yours(units: int, seed: int) -> Subject:
    """A network of two hidden layers, trained now on two spirals."""
    data = spiral(samples=400, noise=0.1, seed=seed)
    epochs = 60 if units < UNITS[-1] else 6
    recipe = Recipe(epochs, 16, learning_rate=RATE[units], seed=seed, frames=2)
    run = train(MLP(2, units, units, 2, activation="tanh", seed=seed), data, recipe)
    source = f"{run.provenance} · {100 * run.last.test_score:.0f} % right on held-out points"
    names = tuple(map(str, data.classes))
    return Subject(YOURS, run.at().eval(), (2,), (0.5, -0.5), names, (0.0, 0.0), 1.0, source)


@lru_cache(maxsize=1)
def digits() -> Subject:
    """The shipped network and one of its training digits."""
    model, calibration = recognizer()
    pictures, _ = training_digits()
    example = tuple(round(float(value), 3) for value in pictures[-1].reshape(-1))
    names = (*"0123456789", "none of these")
    shift = (*[0.0] * 10, calibration.shift)
    return Subject(DIGITS, model, (1, SIDE, SIDE), example, names, shift, calibration.temperature, "Shipped weights")
