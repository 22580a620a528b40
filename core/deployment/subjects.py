"""The networks that are deployed: a small one trained here and now, and the shipped reader of digits.

A subject is settings and an input of the learner's own: small, hashable, and the same for everybody. What it stands
for (the trained network, the run) is made on demand and kept for a while.
"""

import functools
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn

from core.data import PLANAR, Data
from core.deployment.controls import DIGITS
from core.models import MLP
from core.models.digits import NAMES, SIDE, recognizer, training_digits
from core.training import Recipe, Run, train

TRIED, DIGITS_TRIED = 200, 128  # inputs that answers are compared on
RECIPE = Recipe(120, 16, learning_rate=0.02, frames=2)
WIDE = {64: (60, 16, 0.005), 256: (12, 100, 0.001)}  # from so many units on: epochs, batch size, learning rate


@dataclass(frozen=True)
class Playground:
    """A multilayer perceptron trained now on points of the plane, and the point (``input_x``, ``input_y``) that it is
    asked about."""

    data: str = "spiral"
    hidden_layers: int = 2
    units_per_layer: int = 8
    activation: str = "tanh"
    input_x: float = 0.5
    input_y: float = -0.5
    seed: int = 0
    name = "your network"
    temperature = 1.0

    @property
    def run(self) -> Run:
        """The training."""
        return trained(self.data, self.hidden_layers, self.units_per_layer, self.activation, self.seed)

    @property
    def model(self) -> nn.Module:
        """The trained network."""
        return self.run.at().eval()

    @property
    def network(self) -> "Playground":
        """The same network without the learner's input."""
        return replace(self, input_x=0.0, input_y=0.0)

    @property
    def example(self) -> Tensor:
        """The learner's point, (1, 2)."""
        return torch.tensor([[self.input_x, self.input_y]])

    @property
    def samples(self) -> Tensor:
        """Held-out points, (``TRIED``, 2)."""
        return self.run.data.x_test[:TRIED]

    @property
    def outputs(self) -> tuple[str, ...]:
        """What the logits stand for."""
        return tuple(map(str, self.run.data.classes))

    @property
    def shift(self) -> tuple[float, ...]:
        """What is added to the logits before softmax: nothing."""
        return (0.0,) * len(self.outputs)

    @property
    def title(self) -> str:
        """The network in a few words."""
        layers = {0: "no hidden layer", 1: "one hidden layer"}
        depth = layers.get(self.hidden_layers, f"{self.hidden_layers} hidden layers")
        return f"your network of {depth}, {self.run.last.test_score:.1%} right on held-out points"

    @property
    def source(self) -> str:
        """Where its weights come from, for the line under a figure."""
        return self.run.provenance


@dataclass(frozen=True)
class Digits:
    """The shipped reader of digits, and the picture that it is asked about: 28 × 28 ``pixels`` as float32 bytes."""

    pixels: bytes = field(repr=False)
    name = "the digits network"

    @property
    def model(self) -> nn.Module:
        """The trained network."""
        return recognizer()[0]

    @property
    def network(self) -> "Digits":
        """The same network without the learner's input."""
        return replace(self, pixels=b"")

    @property
    def example(self) -> Tensor:
        """The learner's picture, (1, 1, 28, 28)."""
        return torch.frombuffer(bytearray(self.pixels), dtype=torch.float32).reshape(1, 1, SIDE, SIDE)

    @property
    def samples(self) -> Tensor:
        """Training digits, (``DIGITS_TRIED``, 1, 28, 28)."""
        return mixed_digits()[:DIGITS_TRIED]

    @property
    def outputs(self) -> tuple[str, ...]:
        """What the logits stand for."""
        return NAMES

    @property
    def shift(self) -> tuple[float, ...]:
        """What its calibration adds to the logits before softmax."""
        return (*[0.0] * 10, recognizer()[1].shift)

    @property
    def temperature(self) -> float:
        """What its calibration divides the logits by."""
        return recognizer()[1].temperature

    @property
    def title(self) -> str:
        """The network in a few words."""
        return "the shipped digits network, 99.66% right on MNIST's test images"

    @property
    def source(self) -> str:
        """Where its weights come from, for the line under a figure."""
        return "Live · shipped weights of the digit recognizer"


Subject = Playground | Digits


def deployed(network: str, seed: int, **settings) -> Subject:
    """A network by its ``core.deployment.controls``; the digits network is asked about one of its training digits."""
    return of_picture(training_digits()[0][-1, 0]) if network == DIGITS else Playground(**settings, seed=seed)


def of_picture(seen: Tensor) -> Digits:
    """The digits network asked about ink (28, 28)."""
    return Digits(seen.float().contiguous().numpy().tobytes())


@functools.lru_cache(maxsize=32)
@torch.enable_grad()
def trained(data: str, hidden_layers: int, units: int, activation: str, seed: int) -> Run:
    """A network of the playground's kind; a wide one learns in fewer and smaller steps."""
    problem: Data = PLANAR[data](samples=400, noise=0.1, seed=seed)
    model = MLP(2, *[units] * hidden_layers, 2, activation=activation, seed=seed)
    wide = [settings for least, settings in WIDE.items() if units >= least]
    epochs, batch, rate = wide[-1] if wide else (RECIPE.epochs, RECIPE.batch_size, RECIPE.learning_rate)
    return train(model, problem, replace(RECIPE, epochs=epochs, batch_size=batch, learning_rate=rate, seed=seed))


@functools.cache
def mixed_digits() -> Tensor:
    """Training digits, the ten in turn: (digits, 1, 28, 28)."""
    pictures, _ = training_digits()
    return pictures.unflatten(0, (10, -1)).transpose(0, 1).flatten(0, 1).contiguous()
