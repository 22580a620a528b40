"""One network three ways: raw tensors, an ``nn.Module``, a Keras model on the torch backend. 64 inputs, ten classes."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.topics.keras.loading import keras_on_torch

PIXELS, CLASSES = 64, 10
TORCHS = {"epsilon": 1e-5, "momentum": 0.9}  # nn.BatchNorm1d's, in Keras's words: share of the old value that is kept
KERAS_OWN = {"epsilon": 1e-3, "momentum": 0.99}


class Network(nn.Module):
    """Linear, batch norm, ReLU, linear. (samples, 64) → (samples, 10)."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(64, units, bias=False)
        self.norm = nn.BatchNorm1d(units)
        self.output = nn.Linear(units, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.output(functional.relu(self.norm(self.hidden(x))))


def by_hand(x: Tensor, weights: dict[str, Tensor]) -> Tensor:
    """The same from raw tensors, named as in a ``state_dict``. (samples, 64) → (samples, 10)."""
    hidden = x @ weights["hidden.weight"].T
    spread = (weights["norm.running_var"] + 1e-5).sqrt()
    hidden = (hidden - weights["norm.running_mean"]) / spread * weights["norm.weight"] + weights["norm.bias"]
    return hidden.clamp(min=0) @ weights["output.weight"].T + weights["output.bias"]


def keras_network(units: int, epsilon: float, momentum: float):
    """The same as a Keras model."""
    keras = keras_on_torch()
    return keras.Sequential(
        [
            keras.layers.Input((64,)),
            keras.layers.Dense(units, use_bias=False),
            keras.layers.BatchNormalization(epsilon=epsilon, momentum=momentum),
            keras.layers.Activation("relu"),
            keras.layers.Dense(10),
        ]
    )


def carried(weights: dict[str, Tensor]) -> list:
    """A ``state_dict`` in the order and the shapes of Keras's ``set_weights``."""
    norm = [weights[f"norm.{name}"].numpy() for name in ("weight", "bias", "running_mean", "running_var")]
    kernels = [weights[f"{name}.weight"].T.numpy() for name in ("hidden", "output")]  # Keras: (inputs, outputs)
    return [kernels[0], *norm, kernels[1], weights["output.bias"].numpy()]


def fresh(units: int, seed: int) -> Network:
    """A network with first weights drawn as PyTorch does, uniform within ± 1/√inputs, from a generator of its own."""
    model, generator = Network(units), torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for layer in (model.hidden, model.output):
            for part in layer.parameters():
                bound = layer.in_features**-0.5
                part.uniform_(-bound, bound, generator=generator)
    return model


def batches(x: Tensor, y: Tensor, seed: int, epoch: int):
    """An epoch's batches of 20, of samples that divide into them, in an order that seed and epoch give."""
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(1000 * seed + epoch))
    twenties = torch.utils.data.TensorDataset(x[order].unflatten(0, (-1, 20)), y[order].unflatten(0, (-1, 20)))
    return torch.utils.data.DataLoader(twenties, batch_size=None)


ALIGNED = (  # what it is, and the line in each way
    ("Hidden layer", 'hidden = x @ weights["hidden.weight"].T', "self.hidden = nn.Linear(64, units, bias=False)",
     "keras.layers.Dense(units, use_bias=False)"),
    ("Batch norm", 'spread = (weights["norm.running_var"] + 1e-5).sqrt()', "self.norm = nn.BatchNorm1d(units)",
     "keras.layers.BatchNormalization(epsilon=epsilon, momentum=momentum)"),
    ("Activation", "hidden.clamp(min=0)", "functional.relu(self.norm(self.hidden(x)))",
     'keras.layers.Activation("relu")'),
    ("Output layer", '@ weights["output.weight"].T + weights["output.bias"]', "self.output = nn.Linear(units, 10)",
     "keras.layers.Dense(10)"),
    ("Number of inputs", "", "nn.Linear(64, units, bias=False)", "keras.layers.Input((64,))"),
    ("Order of the layers", "return hidden.clamp(min=0)", "def forward(self, x: Tensor) -> Tensor:",
     "return keras.Sequential("),
)  # fmt: skip
