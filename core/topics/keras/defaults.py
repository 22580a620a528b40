"""Defaults that differ between PyTorch and Keras, each measured on both."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from core.lessons.controls import Control, pick, scale
from core.provenance import Measured
from core.topics.keras.loading import keras_on_torch


def norm_epsilon(epsilon: float, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What an input of 1 becomes where the running variance is small."""
    variances = np.logspace(-6, 0, 25).astype(np.float32)
    ours, theirs = nn.BatchNorm1d(25), keras_on_torch().layers.BatchNormalization(epsilon=epsilon)
    ours.running_var = torch.from_numpy(variances)
    theirs.build((None, 25))
    theirs.set_weights([np.ones(25), np.zeros(25), np.zeros(25), variances])
    with torch.no_grad():
        return (
            variances,
            ours.eval()(torch.ones(1, 25)).numpy()[0],
            theirs(torch.ones(1, 25), training=False).numpy()[0],
        )


def norm_momentum(momentum: float, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The running mean after batches whose mean is 1."""
    batch, means = torch.tensor([[0.5], [1.5]]), []
    ours, theirs = nn.BatchNorm1d(1), keras_on_torch().layers.BatchNormalization(momentum=momentum)
    with torch.no_grad():
        for _ in range(40):
            ours(batch), theirs(batch, training=True)
            means.append((float(ours.running_mean[0]), float(theirs.moving_mean[0])))
    return np.arange(1.0, 41), *np.array(means).T


def first_weights(initializer: str, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sizes of a 64 × 64 layer's first weights, sorted, from the median up."""
    from core.randomness import torchs_own

    initializers = keras_on_torch().initializers
    theirs = {
        "glorot_uniform": initializers.GlorotUniform(seed=seed), "he_uniform": initializers.HeUniform(seed=seed),
        SCALED: initializers.VarianceScaling(1 / 3, "fan_in", "uniform", seed=seed),
    }[initializer]((64, 64))  # fmt: skip
    with torchs_own(seed):
        ours = nn.Linear(64, 64).weight
    shares = np.linspace(0.5, 1, 26)
    sizes = [np.quantile(np.abs(each.detach().numpy()), shares) for each in (ours, theirs)]
    return shares, *sizes


def adam_epsilon(epsilon: float, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The length of Adam's first step, in learning rates, for gradients of all sizes."""
    gradients = torch.logspace(-11, -4, 29)
    keras, ours = keras_on_torch(), torch.zeros(29, requires_grad=True)
    ours.grad, theirs = gradients.clone(), keras.Variable(np.zeros(29))
    torch.optim.Adam([ours], lr=1.0).step()
    with torch.no_grad():
        keras.optimizers.Adam(1.0, epsilon=epsilon).apply([gradients], [theirs])
    return gradients.numpy(), -ours.detach().numpy(), -theirs.value.detach().numpy()


def rmsprop_memory(rho: float, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """RMSprop's step lengths while gradients of 1 fall to 0.1 after 20 steps, in learning rates."""
    keras, ours = keras_on_torch(), torch.zeros(1, requires_grad=True)
    theirs, places = keras.Variable(np.zeros(1)), []
    mine, other = torch.optim.RMSprop([ours], lr=1.0), keras.optimizers.RMSprop(1.0, rho=rho)
    for step in range(60):
        ours.grad = torch.tensor([1.0 if step < 20 else 0.1])
        mine.step()
        with torch.no_grad():
            other.apply([ours.grad], [theirs])
        places.append((-ours.item(), -theirs.value.detach().item()))
    return np.arange(1.0, 61), *np.diff(np.array(places), axis=0, prepend=0).T


def leaky_slope(slope: float, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values of LeakyReLU."""
    x = torch.linspace(-3, 3, 25)
    return x.numpy(), nn.LeakyReLU()(x).numpy(), keras_on_torch().layers.LeakyReLU(negative_slope=slope)(x).numpy()


def loss_of_logits(expects: str, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The loss of three logits z, 1, 1 where the first class is right."""
    z, y = torch.linspace(-4, 4, 30), torch.zeros(30, dtype=torch.long)
    logits = torch.stack([z, torch.ones(30), torch.ones(30)], dim=1)
    loss = keras_on_torch().losses.SparseCategoricalCrossentropy(from_logits=expects == "logits", reduction=None)
    return z.numpy(), functional.cross_entropy(logits, y, reduction="none").numpy(), loss(y, logits).numpy()


SCALED = "VarianceScaling(1/3)"


@dataclass(frozen=True)
class Default:
    """A default: PyTorch's as written, the control of Keras's (at Keras's own), the value that makes them agree, what
    is measured against what (``curves``: places, PyTorch's values, Keras's), logarithmic axes, why, and how far apart
    (a share) still counts as the same."""

    torchs: str
    control: Control
    match: object
    curves: Callable[[Any, int], tuple[np.ndarray, np.ndarray, np.ndarray]]
    axes: tuple[str, str]
    log: str
    why: str
    close: float = 0.01


def when(name: str) -> Callable[..., bool]:
    """A control matters while its default is looked at."""
    return lambda values: values.get("default") == name


def table() -> dict[str, Default]:
    """All defaults by name."""
    rows: dict[str, tuple[Any, ...]] = {
        "Batch norm: epsilon": ("eps=1e-5", scale, "Batch norm epsilon", (1e-5, 1e-4, 1e-3, 1e-2), 1e-3, 1e-5,
            norm_epsilon, ("Running variance", "Output for an input of 1"), "xy",
            "The output is 1/√(variance + epsilon): the larger epsilon flattens units that hardly vary."),
        "Batch norm: momentum": ("momentum=0.1, the new batch's share", scale, "Batch norm momentum",
            (0.1, 0.9, 0.95, 0.99), 0.99, 0.9, norm_momentum, ("Batches seen", "Running mean"), "",
            "PyTorch's momentum is the share of the new batch, Keras's the share of the old value: 0.1 there is 0.9 "
            "here."),
        "First weights": ("uniform within ±1/√inputs", pick, "Initializer", ("glorot_uniform", "he_uniform", SCALED),
            "glorot_uniform", SCALED, first_weights, ("Share of the weights that are smaller", "Size of a weight"), "",
            "PyTorch draws within ±1/√inputs, Glorot within ±√(6/(inputs + outputs)); Keras's biases begin at zero."),
        "Adam: epsilon": ("eps=1e-8", scale, "Adam epsilon", (3.1623e-10, 1e-8, 1e-7, 1e-6), 1e-7, 3.1623e-10,
            adam_epsilon, ("Gradient", "First step, in learning rates"), "xy",
            "Keras adds epsilon before the bias correction: in the first step it weighs 1/√0.001 = 31.6 times as much "
            "as the same number does in PyTorch."),
        "RMSprop: memory": ("alpha=0.99", scale, "RMSprop rho", (0.8, 0.9, 0.99, 0.999), 0.9, 0.99, rmsprop_memory,
            ("Step", "Step length, in learning rates"), "",
            "The mean of squared gradients remembers about 1/(1 − rho) steps: 10 in Keras, 100 in PyTorch."),
        "LeakyReLU: slope": ("negative_slope=0.01", scale, "Negative slope", (0.01, 0.1, 0.2, 0.3), 0.3, 0.01,
            leaky_slope, ("Input", "Output"), "",
            "The layer's slope left of zero is 0.01 in PyTorch and 0.3 in Keras."),
        "Cross-entropy: input": ("logits", pick, "Loss expects", ("probabilities", "logits"), "probabilities", "logits",
            loss_of_logits, ("Logit z of the right class", "Loss of z, 1, 1"), "",
            "PyTorch's loss takes logits, Keras's probabilities unless told from_logits=True. No error is raised."),
    }  # fmt: skip
    return {
        name: Default(torchs, kind(label, options, own, when=when(name)), match, curves, axes, log, why,
                      0.1 if name == "First weights" else 0.01)
        for name, (torchs, kind, label, options, own, match, curves, axes, log, why) in rows.items()
    }  # fmt: skip


DEFAULTS = table()


@dataclass(frozen=True)
class Differed:
    """One default measured with a setting of Keras's."""

    name: str
    setting: object
    seed: int
    curves: tuple[np.ndarray, np.ndarray, np.ndarray]
    seconds: float

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return Measured((self.seed,), self.seconds, "Both measured live").provenance

    @property
    def apart(self) -> float:
        """The largest difference, as a share of the larger value."""
        _, ours, theirs = self.curves
        return float((np.abs(ours - theirs) / np.maximum(np.maximum(np.abs(ours), np.abs(theirs)), 1e-9)).max())

    @property
    def agrees(self) -> bool:
        """Whether both do the same."""
        return self.apart <= DEFAULTS[self.name].close


def differed(name: str, setting: object, seed: int) -> Differed:
    """Measure a default in both."""
    keras_on_torch()
    began = time.perf_counter()
    curves = DEFAULTS[name].curves(setting, seed)
    return Differed(name, setting, seed, curves, time.perf_counter() - began)
