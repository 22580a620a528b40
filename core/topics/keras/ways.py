"""The three ways side by side: what each answers for held-out digits with weights carried from one to the others."""

import functools
import time
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from core.data.digits import digits
from core.provenance import Measured
from core.topics.keras.loading import keras_on_torch
from core.topics.keras.networks import KERAS_OWN, TORCHS, Network, batches, by_hand, carried, fresh, keras_network

RAW, MODULE, KERAS = "raw tensors", "nn.Module", "Keras"
SAMPLES, HELD_OUT = 600, 1 / 3
WHOLE = "running statistics"
FORMULAS = (WHOLE, "the batch's own statistics", "running statistics, epsilon 0.1", "no batch norm")
COMPLETE = "all, transposed"
CARRIES = (COMPLETE, "all, Keras's own epsilon", "without running statistics", "not transposed")
CLOSE = 1e-5


@functools.lru_cache(maxsize=32)
def trained(units: int, epochs: int, seed: int) -> MappingProxyType:
    """The state of a network after some epochs on 400 digits (Adam, step 0.01, batches of 20): name → tensor."""
    data = digits(SAMPLES, seed=seed, held_out=HELD_OUT, flat=True)
    model = fresh(units, seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01, fused=True)
    for epoch in range(epochs):
        for x, y in batches(data.x, data.y, seed, epoch):
            optimizer.zero_grad()
            functional.cross_entropy(model(x), y).backward()
            optimizer.step()
    return MappingProxyType({name: value.detach().clone() for name, value in model.state_dict().items()})


@dataclass(frozen=True)
class Ways:
    """What each way answers, name → logits (samples, 10), for held-out digits ``y``; ``said`` is a refusal of Keras's
    instead of its answer; ``changed`` names how the last way was made."""

    units: int
    epochs: int
    seed: int
    changed: str
    logits: dict[str, np.ndarray]
    y: np.ndarray
    seconds: float
    said: str = ""

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return Measured((self.seed,), self.seconds, "Computed live").provenance

    @property
    def last(self) -> str:
        """The way that is compared with the module."""
        return list(self.logits)[-1]

    def apart(self, name: str) -> np.ndarray:
        """The largest difference from the module's logits, by digit."""
        return np.abs(self.logits[name] - self.logits[MODULE]).max(axis=1)

    def agreement(self, name: str) -> float:
        """The share of digits that get the module's class."""
        return float((self.logits[name].argmax(axis=1) == self.logits[MODULE].argmax(axis=1)).mean())

    def score(self, name: str) -> float:
        """The share of digits that get the right class."""
        return float((self.logits[name].argmax(axis=1) == self.y).mean())


def module_of(units: int, weights) -> Network:
    """The module with some weights, in evaluation mode."""
    model = Network(units)
    model.load_state_dict(dict(weights))
    return model.eval()


def formula(x: Tensor, weights, name: str) -> Tensor:
    """The raw tensors' answer with one of ``FORMULAS``; (samples, 64) → (samples, 10)."""
    hidden, changed = x @ weights["hidden.weight"].T, dict(weights)
    if name == "the batch's own statistics":
        changed |= {"norm.running_mean": hidden.mean(dim=0), "norm.running_var": hidden.var(dim=0, unbiased=False)}
    if name == "running statistics, epsilon 0.1":
        changed["norm.running_var"] = weights["norm.running_var"] + (0.1 - TORCHS["epsilon"])
    if name == "no batch norm":
        ones = torch.ones_like(weights["norm.weight"])
        changed |= {"norm.running_mean": 0 * ones, "norm.running_var": ones, "norm.weight": ones, "norm.bias": 0 * ones}
    return by_hand(x, changed)


def hand_and_module(units: int, epochs: int, batch_norm: str, seed: int) -> Ways:
    """Raw tensors beside the module."""
    began, weights = time.perf_counter(), trained(units, epochs, seed)
    data = digits(SAMPLES, seed=seed, held_out=HELD_OUT, flat=True)
    with torch.no_grad():
        answers = {MODULE: module_of(units, weights)(data.x_test), RAW: formula(data.x_test, weights, batch_norm)}
    logits = {name: answer.numpy() for name, answer in answers.items()}
    return Ways(units, epochs, seed, batch_norm, logits, data.y_test.numpy(), time.perf_counter() - began)


def three(units: int, epochs: int, carried_over: str, seed: int) -> Ways:
    """Raw tensors, the module and Keras."""
    keras_on_torch()
    began, found = time.perf_counter(), hand_and_module(units, epochs, WHOLE, seed)
    x = digits(SAMPLES, seed=seed, held_out=HELD_OUT, flat=True).x_test
    logits, said = dict(found.logits), ""
    try:
        with torch.no_grad():
            logits[KERAS] = keras_with(units, trained(units, epochs, seed), carried_over)(x, training=False).numpy()
    except ValueError as error:
        said = str(error)
    return Ways(units, epochs, seed, carried_over, logits, found.y, time.perf_counter() - began, said)


def keras_with(units: int, weights, carried_over: str):
    """A Keras model with the weights carried over as one of ``CARRIES``. Raises ``ValueError`` where shapes differ."""
    settings = KERAS_OWN if carried_over == CARRIES[1] else TORCHS
    model, values = keras_network(units, **settings), carried(dict(weights))
    if carried_over == "without running statistics":
        values[3:5] = np.zeros(units), np.ones(units)
    if carried_over == "not transposed":
        values[0] = values[0].T
    model.set_weights(values)
    return model
