"""TensorFlow's words beside PyTorch's and Keras's, and one training written with each."""

import time
from collections.abc import Generator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch.nn import functional

from core.data.digits import shipped
from core.jobs.extras import in_extras
from core.programs import Program, Step
from core.provenance import Measured

PACKAGE = "tensorflow-cpu"
WORDS = (  # what it is, in PyTorch, in Keras 3, in TensorFlow
    ("Array of numbers", "torch.tensor", "keras.ops.convert_to_tensor", "tf.constant"),
    ("Weights that are learned", "nn.Parameter", "keras.Variable", "tf.Variable"),
    ("Part of a network", "nn.Module", "keras.layers.Layer", "tf.Module"),
    ("Gradients", "loss.backward()", "inside fit", "tf.GradientTape"),
    ("Change in place", "w -= step", "variable.assign_sub(step)", "w.assign_sub(step)"),
    ("Matrix product", "x @ w", "keras.ops.matmul(x, w)", "tf.matmul(x, w)"),
    ("Activation", "functional.relu", "keras.ops.relu", "tf.nn.relu"),
    ("Loss from logits", "functional.cross_entropy", "keras.losses.SparseCategoricalCrossentropy(from_logits=True)",
     "tf.nn.sparse_softmax_cross_entropy_with_logits"),
    ("Compiled graph", "torch.compile", "model.compile(jit_compile=True)", "tf.function"),
    ("Batches", "DataLoader", "keras.utils.PyDataset", "tf.data.Dataset"),
    ("Training", "a loop of your own", "model.fit", "tf.keras.Model.fit"),
    ("Order of an image's axes", "channels, height, width", "height, width, channels", "height, width, channels"),
    ("Keep on disk", "torch.save(model.state_dict())", "model.save_weights", "tf.train.Checkpoint"),
)  # fmt: skip
TENSORFLOW = '''"""One training in TensorFlow's own words; needs tensorflow and scikit-learn."""

import json

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits

digits, generator = load_digits(), np.random.RandomState({seed!r})
x = tf.constant(digits.data[:400] / 16, tf.float32)
y = tf.constant(digits.target[:400])
w1 = tf.Variable(generator.uniform(-0.2, 0.2, (64, 32)), dtype=tf.float32)
w2 = tf.Variable(generator.uniform(-0.2, 0.2, (32, 10)), dtype=tf.float32)


@tf.function
def step():
    with tf.GradientTape() as tape:
        logits = tf.matmul(tf.nn.relu(tf.matmul(x, w1)), w2)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, logits))
    for weights, gradient in zip((w1, w2), tape.gradient(loss, (w1, w2))):
        weights.assign_sub({rate!r} * gradient)
    return loss


print(json.dumps([float(step()) for _ in range({steps!r})]))
'''


def losses_of(learning_rate: float, steps: int, seed: int) -> list[float]:
    """The same in PyTorch: 64 inputs, 32 ReLU, 10 classes, the first 400 digits as one batch; the loss of each step."""
    images, y = shipped()
    x, y, generator = images[:400].flatten(1), y[:400], np.random.RandomState(seed)
    w1, w2 = (
        torch.tensor(generator.uniform(-0.2, 0.2, shape), dtype=torch.float32, requires_grad=True)
        for shape in ((64, 32), (32, 10))
    )
    losses = []
    for _ in range(steps):
        loss = functional.cross_entropy(functional.relu(x @ w1) @ w2, y)
        for weights, gradient in zip((w1, w2), torch.autograd.grad(loss, (w1, w2)), strict=True):
            weights.data -= learning_rate * gradient
        losses.append(loss.item())
    return losses


@dataclass(frozen=True)
class Translated:
    """The losses of each step by library, and TensorFlow's program with these settings."""

    learning_rate: float
    steps: int
    seed: int
    losses: dict[str, list[float]]
    seconds: float

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return Measured((self.seed,), self.seconds, "Trained live").provenance

    @property
    def text(self) -> str:
        """TensorFlow's program."""
        return TENSORFLOW.format(seed=self.seed, rate=self.learning_rate, steps=self.steps)


def translated(learning_rate: float, steps: int, seed: int) -> Translated:
    """Train in PyTorch."""
    began = time.perf_counter()
    losses = {"PyTorch": losses_of(learning_rate, steps, seed)}
    return Translated(learning_rate, steps, seed, losses, time.perf_counter() - began)


def with_tensorflow(found: Translated) -> Generator[tuple[float, str], None, Translated]:
    """Run TensorFlow's program where TensorFlow is; yields (fraction, message). Raises ``ValueError`` where it is not
    installed."""
    losses = yield from in_extras((PACKAGE,), found.text, {}, "TensorFlow is at work")
    return replace(found, losses={**found.losses, "TensorFlow": losses})


def program_of_words(found: Translated) -> Program:
    """PyTorch's program."""
    text = f'result = {{"losses": losses_of({found.learning_rate!r}, {found.steps!r}, {found.seed!r})}}'
    return Program(
        "One training in PyTorch", (Step("Train", text),), (shipped, losses_of), {"losses": found.losses["PyTorch"]}
    )
