"""The same training in three styles, each a function whose source is what the page shows."""

import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from core.data.digits import digits, mixed_digits, shipped
from core.programs import Program, Step
from core.programs.sources import source_of
from core.provenance import Measured

PLAIN, LIGHTNING, KERAS = STYLES = ("PyTorch loop", "Lightning style", "Keras fit")
EPOCHS, BATCH, RATE, SAMPLES = 10, 20, 0.2, 600


def plain(model: nn.Module, x: Tensor, y: Tensor) -> list[float]:
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    history = []
    for epoch in range(EPOCHS):
        model.train()
        losses = []
        order = torch.randperm(len(x), generator=torch.Generator().manual_seed(epoch))
        for batch in order.split(BATCH):
            loss = functional.cross_entropy(model(x[batch]), y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        history.append(sum(losses) / len(losses))
    return history


class Classifier(nn.Module):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def training_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        x, y = batch
        return functional.cross_entropy(self.network(x), y)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=RATE)


class Trainer:
    def __init__(self, max_epochs: int) -> None:
        self.max_epochs = max_epochs

    def fit(self, module: Classifier, x: Tensor, y: Tensor) -> list[float]:
        optimizer, history = module.configure_optimizers(), []
        for epoch in range(self.max_epochs):
            module.train()
            losses = []
            order = torch.randperm(len(x), generator=torch.Generator().manual_seed(epoch))
            for batch in order.split(BATCH):
                loss = module.training_step((x[batch], y[batch]))
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
            history.append(sum(losses) / len(losses))
        return history


def keras_fit(weights: list[np.ndarray], x: np.ndarray, y: np.ndarray) -> list[float]:
    import keras

    model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(10)])
    model.build((None, x.shape[1]))
    model.set_weights(weights)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.SGD(RATE), loss=loss)
    return model.fit(x, y, batch_size=BATCH, epochs=EPOCHS, verbose=0).history["loss"]


ALIGNED = (  # what it is, and the line in each style; an empty one is done by the framework
    ("Loss from logits", "functional.cross_entropy(model(x[batch]), y[batch])",
     "functional.cross_entropy(self.network(x), y)", "keras.losses.SparseCategoricalCrossentropy(from_logits=True)"),
    ("Optimizer", "torch.optim.SGD(model.parameters(), lr=RATE)", "torch.optim.SGD(self.parameters(), lr=RATE)",
     "keras.optimizers.SGD(RATE)"),
    ("Epochs", "for epoch in range(EPOCHS):", "self.max_epochs = max_epochs", "epochs=EPOCHS"),
    ("Batches, shuffled", "for batch in order.split(BATCH):", "", "batch_size=BATCH"),
    ("Training mode", "model.train()", "", ""),
    ("Clear gradients", "optimizer.zero_grad()", "", ""),
    ("Backward", "loss.backward()", "", ""),
    ("Step", "optimizer.step()", "", ""),
    ("Record", "losses.append(loss.item())", "", '.history["loss"]'),
)  # fmt: skip


def network(seed: int) -> nn.Sequential:
    """The network that all three begin with: 64, 32 ReLU, 10."""
    generator = torch.Generator().manual_seed(seed)
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    with torch.no_grad():
        for part in model.parameters():
            part.uniform_(-0.125, 0.125, generator=generator)
    return model


@dataclass(frozen=True)
class Compared:
    """The mean training loss of each epoch, by style."""

    seed: int
    losses: dict[str, list[float]]
    seconds: float

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return Measured((self.seed,), self.seconds, "Trained live").provenance


def compared(seed: int) -> Compared:
    """Train by the loop and in Lightning's style from the same weights on the same batches."""
    began, data = time.perf_counter(), digits(SAMPLES, seed=seed, flat=True)
    losses = {PLAIN: plain(network(seed), data.x, data.y)}
    losses[LIGHTNING] = Trainer(EPOCHS).fit(Classifier(network(seed)), data.x, data.y)
    return Compared(seed, losses, time.perf_counter() - began)


def with_keras(found: Compared) -> Compared:
    """The same with Keras's ``fit`` on its torch backend, from the same weights, in an order of its own."""
    import os

    os.environ.setdefault("KERAS_BACKEND", "torch")
    began, data = time.perf_counter(), digits(SAMPLES, seed=found.seed, flat=True)
    weights = [part.detach().numpy().T.copy() for part in network(found.seed).parameters()]
    losses = keras_fit(weights, data.x.numpy(), data.y.numpy())
    return Compared(found.seed, {**found.losses, KERAS: losses}, found.seconds + time.perf_counter() - began)


def sources() -> dict[str, str]:
    """The code of each style as it is run."""
    return {PLAIN: source_of(plain), LIGHTNING: "\n\n\n".join(map(source_of, (Classifier, Trainer))),
            KERAS: source_of(keras_fit)}  # fmt: skip


def program_of_styles(found: Compared) -> Program:
    """The loop and Lightning's style, from the same weights."""
    train = len(digits(SAMPLES, seed=found.seed, flat=True).x)
    lines = [
        f"x, y = mixed_digits({found.seed!r}, flat=True)\nx, y = x[:{train!r}], y[:{train!r}]",
        f"loop = plain(network({found.seed!r}), x, y)",
        f"style = Trainer({EPOCHS!r}).fit(Classifier(network({found.seed!r})), x, y)",
        'result = {"loop": loop, "style": style}',
    ]
    functions = (shipped, mixed_digits, network, plain, Classifier, Trainer)
    shown = {"loop": found.losses[PLAIN], "style": found.losses[LIGHTNING]}
    return Program("One training in two styles", (Step("Both", "\n".join(lines)),), functions, shown, 1e-3)
