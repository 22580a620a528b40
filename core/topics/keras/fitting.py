"""Keras's ``fit`` beside the loop: from the same weights, on the same batches, with settings matched or Keras's own."""

import time
from collections.abc import Generator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from core.data.digits import digits, mixed_digits, shipped
from core.programs import Program, Step
from core.provenance import Measured
from core.topics.keras.loading import keras_on_torch
from core.topics.keras.networks import KERAS_OWN, TORCHS, Network, batches, carried, fresh, keras_network

LOOP, MATCHED, OWN = "the loop", "fit, settings matched", "fit, Keras's own defaults"
SAMPLES, HELD_OUT, UNITS, EPOCHS = 400, 0.5, 32, 8
RULES = {  # the optimizer in torch, in Keras, and what makes Keras's the same
    "SGD": ("SGD", {}, "SGD", {}, {}),
    "Momentum": ("SGD", {"momentum": 0.9}, "SGD", {"momentum": 0.9}, {}),
    "RMSprop": ("RMSprop", {}, "RMSprop", {}, {"rho": 0.99, "epsilon": 1e-16}),
    "Adam": ("Adam", {}, "Adam", {}, {"epsilon": 1e-8}),
    "Adagrad": ("Adagrad", {}, "Adagrad", {}, {"initial_accumulator_value": 0.0, "epsilon": 1e-20}),
}


@dataclass(frozen=True)
class Fitted:
    """Name → (epochs, 3): the mean training loss of each epoch, held-out loss and accuracy after it. ``variances``: the
    first unit's running variance in the end."""

    optimizer: str
    learning_rate: float
    seed: int
    histories: dict[str, np.ndarray]
    variances: dict[str, float]
    seconds: float

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return Measured((self.seed,), self.seconds, "Trained live").provenance

    def apart(self, name: str, column: int = 0) -> float:
        """The largest difference from the loop in an epoch's training loss (0), held-out loss (1) or accuracy (2)."""
        return float(np.abs(self.histories[name][:, column] - self.histories[LOOP][:, column]).max())


def loop(
    model: Network, optimizer: torch.optim.Optimizer, x: Tensor, y: Tensor, x_test: Tensor, y_test: Tensor, seed: int
):
    """The loop: after each epoch a row of training loss, held-out loss and held-out accuracy."""
    history = []
    for epoch in range(EPOCHS):
        model.train()
        losses = []
        for inputs, labels in batches(x, y, seed, epoch):
            loss = functional.cross_entropy(model(inputs), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        model.eval()
        with torch.no_grad():
            history.append([sum(losses) / len(losses), *judged(model(x_test), y_test)])
    return history


def judged(logits: Tensor, y: Tensor) -> list[float]:
    """Loss and accuracy."""
    return [functional.cross_entropy(logits, y).item(), (logits.argmax(dim=1) == y).float().mean().item()]


def fitted(optimizer: str, learning_rate: float, seed: int) -> Fitted:
    """The loop alone."""
    began, data, model = (
        time.perf_counter(),
        digits(SAMPLES, seed=seed, held_out=HELD_OUT, flat=True),
        fresh(UNITS, seed),
    )
    name, settings, *_ = RULES[optimizer]
    rule = getattr(torch.optim, name)(model.parameters(), lr=learning_rate, **settings)
    history = np.array(loop(model, rule, data.x, data.y, data.x_test, data.y_test, seed))
    variance = float(model.norm.running_var[0])
    return Fitted(optimizer, learning_rate, seed, {LOOP: history}, {LOOP: variance}, time.perf_counter() - began)


def with_fit(found: Fitted) -> Generator[tuple[float, str], None, Fitted]:
    """The same by ``fit``, matched and with Keras's own defaults; yields (share done, message)."""
    yield 0.0, "importing Keras"
    began, keras = time.perf_counter(), keras_on_torch()
    data, histories, variances = digits(SAMPLES, seed=found.seed, held_out=HELD_OUT, flat=True), {}, {}
    _, _, name, settings, matched = RULES[found.optimizer]
    for name_of_way, norm, more in ((MATCHED, TORCHS, matched), (OWN, KERAS_OWN, {})):
        model = keras_network(UNITS, **norm)
        model.set_weights(carried({key: part.detach() for key, part in fresh(UNITS, found.seed).state_dict().items()}))
        rule = getattr(keras.optimizers, name)(found.learning_rate, **settings, **more)
        model.compile(rule, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        rows = []
        for epoch in range(EPOCHS):
            done = model.fit(batches(data.x, data.y, found.seed, epoch), shuffle=False, verbose=0)
            with torch.no_grad():
                logits = model(data.x_test, training=False)
            rows.append([float(done.history["loss"][0]), *judged(logits, data.y_test)])
            yield (len(histories) + (epoch + 1) / EPOCHS) / 2, f"{name_of_way}, epoch {epoch + 1} of {EPOCHS}"
        histories[name_of_way], variances[name_of_way] = np.array(rows), model.weights[4].value[0].detach().item()
    seconds = found.seconds + time.perf_counter() - began
    return replace(
        found, histories={**found.histories, **histories}, variances={**found.variances, **variances}, seconds=seconds
    )


FIT = """values = carried({{name: part.detach() for name, part in fresh({units!r}, {seed!r}).state_dict().items()}})
network = keras_network({units!r}, **{norm!r})
network.set_weights(values)
keras = keras_on_torch()
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
network.compile(keras.optimizers.{name}({rate!r}, **{more!r}), loss)
fit = []
for epoch in range({epochs!r}):
    fit += network.fit(batches(x, y, {seed!r}, epoch), shuffle=False, verbose=0).history["loss"]
result = {{"loop": [row[0] for row in history], "fit": [float(loss) for loss in fit]}}"""


def program_of_fit(found: Fitted) -> Program:
    """The loop and the matched fit."""
    torchs, settings, name, keras_settings, matched = RULES[found.optimizer]
    train = round(SAMPLES * (1 - HELD_OUT))
    lines = [
        f"x, y = mixed_digits({found.seed!r}, flat=True)",
        f"x, y, x_test, y_test = x[:{train!r}], y[:{train!r}], x[{train!r}:{SAMPLES!r}], y[{train!r}:{SAMPLES!r}]",
        f"model = fresh({UNITS!r}, {found.seed!r})",
        f"optimizer = torch.optim.{torchs}(model.parameters(), lr={found.learning_rate!r}, **{settings!r})",
        f"history = loop(model, optimizer, x, y, x_test, y_test, {found.seed!r})",
    ]
    fit = FIT.format(
        units=UNITS, seed=found.seed, norm=TORCHS, name=name, rate=found.learning_rate, epochs=EPOCHS,
        more={**keras_settings, **matched},
    )  # fmt: skip
    losses = found.histories[LOOP][:, 0].tolist()
    shown = {"loop": losses, **({"fit": found.histories[MATCHED][:, 0].tolist()} if MATCHED in found.histories else {})}
    functions = (shipped, mixed_digits, Network, fresh, batches, loop, judged, keras_network, carried, keras_on_torch)
    steps = (Step("The loop", "\n".join(lines)), Step("Keras's fit", fit))
    return Program("Keras's fit beside the loop", steps, functions, shown, tolerance=2e-3)
