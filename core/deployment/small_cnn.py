"""A small convolutional network, trained here and now in half a second: what deployment is tried on."""

import copy
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.data.digits import mixed_digits, shipped
from core.probes.certainty import interval
from core.programs import Step
from core.provenance import Measured

CHANNELS, EPOCHS, RATE, BATCH, KNOWN = (16, 32, 64), 6, 0.01, 32, 897
LAYERS = {"conv1": "First convolution", "conv2": "Second convolution", "conv3": "Third convolution",
          "output": "Output layer"}  # fmt: skip


@dataclass(frozen=True)
class SmallCNN:
    """The trained ``model`` in evaluation mode (copy it before you change it), the training images ``x`` and classes
    ``y``, and ``x_test``, ``y_test``, which it never saw: images (images, 1, 8, 8), classes (images,)."""

    model: nn.Sequential
    x: Tensor
    y: Tensor
    x_test: Tensor
    y_test: Tensor
    seed: int
    seconds: float

    @property
    def source(self) -> Measured:
        """Where its weights come from."""
        return Measured((self.seed,), self.seconds, "Measured live on a network trained here")

    def copied(self) -> nn.Sequential:
        """A network of the same weights, to be changed."""
        return copy.deepcopy(self.model)


@dataclass(frozen=True)
class Accuracy:
    """How many of ``count`` held-out images got the ``right`` answer."""

    right: int
    count: int

    @property
    def share(self) -> float:
        """The accuracy."""
        return self.right / self.count

    @property
    def interval(self) -> tuple[float, float]:
        """Its 95 % interval (Wilson)."""
        return interval(self.right, self.count)

    @property
    def words(self) -> str:
        """``96.4 % (95.0 to 97.5)``: the accuracy and its 95 % interval."""
        low, high = self.interval
        return f"{100 * self.share:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def small_cnn(channels: Sequence[int], seed: int) -> nn.Sequential:
    """Three 3×3 convolutions, two of them with pooling, and a linear layer: (batch, 1, 8, 8) → logits (batch, 10)."""
    first, second, third = channels
    model = nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(1, first, 3, padding=1), relu1=nn.ReLU(), pool1=nn.MaxPool2d(2),
            conv2=nn.Conv2d(first, second, 3, padding=1), relu2=nn.ReLU(), pool2=nn.MaxPool2d(2),
            conv3=nn.Conv2d(second, third, 3, padding=1), relu3=nn.ReLU(), flatten=nn.Flatten(),
            output=nn.Linear(4 * third, 10),
        )
    )  # fmt: skip
    draw = torch.Generator().manual_seed(seed)
    for layer in model:
        if hasattr(layer, "weight"):
            nn.init.kaiming_uniform_(layer.weight, a=5**0.5, generator=draw)
            nn.init.zeros_(layer.bias)
    return model


def taught(model: nn.Module, x: Tensor, y: Tensor, epochs: int, rate: float, seed: int) -> nn.Module:
    """The network after some epochs of Adam with a one-cycle schedule, in evaluation mode."""
    draw, steps = torch.Generator().manual_seed(seed), epochs * -(-len(x) // BATCH)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
    for _ in range(epochs):
        for batch in torch.randperm(len(x), generator=draw).split(BATCH):
            optimizer.zero_grad()
            functional.cross_entropy(model(x[batch]), y[batch]).backward()
            optimizer.step()
            schedule.step()
    return model.eval()


@torch.no_grad()
def right(model: nn.Module, x: Tensor, y: Tensor) -> int:
    """How many images get the right answer."""
    return int((model(x).argmax(dim=1) == y).sum())


def judged(model: nn.Module, subject: SmallCNN) -> Accuracy:
    """A network's accuracy on the images that its subject never saw."""
    return Accuracy(right(model, subject.x_test, subject.y_test), len(subject.y_test))


@lru_cache(maxsize=16)
@torch.enable_grad()
def trained(seed: int) -> SmallCNN:
    """The network, trained on half of scikit-learn's digits; the other half is held out."""
    began = time.perf_counter()
    x, y = mixed_digits(seed)
    model = taught(small_cnn(CHANNELS, seed), x[:KNOWN], y[:KNOWN], EPOCHS, RATE, seed)
    return SmallCNN(model, x[:KNOWN], y[:KNOWN], x[KNOWN:], y[KNOWN:], seed, time.perf_counter() - began)


def train_step(seed: int) -> Step:
    """The statements that make the same network in a program, as ``model``, ``x``, ``y``, ``x_test``, ``y_test``."""
    text = (
        f"x, y = mixed_digits({seed})\nx, x_test = x.split([{KNOWN}, len(x) - {KNOWN}])\n"
        f"y, y_test = y.split([{KNOWN}, len(y) - {KNOWN}])\n"
        f"model = taught(small_cnn({CHANNELS!r}, {seed}), x, y, epochs={EPOCHS}, rate={RATE!r}, seed={seed})"
    )
    return Step("Train a small convolutional network", text)


MADE_BY = (shipped, mixed_digits, small_cnn, taught, right)  # the functions that a program with that step lists
