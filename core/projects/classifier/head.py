"""The classifier that is trained: one linear layer on features that stay as they are."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

DECAY = 0.1  # weight decay of the summed loss; between 0.01 and 1 it hardly matters (benchmarks/image_classifier.py)


@dataclass(frozen=True)
class Head:
    """Weights (classes, features) and offsets (classes,) of logistic regression."""

    weights: Tensor
    offsets: Tensor

    def logits(self, features: Tensor) -> Tensor:
        """Features (samples, features) of length 1 → (samples, classes)."""
        return features @ self.weights.T + self.offsets


def logistic(x: Tensor, y: Tensor, classes: int, decay: float) -> tuple[Tensor, Tensor]:
    """Logistic regression of several classes, found to the end: x (samples, features) → weights, offsets.

    Minimises the summed cross-entropy + decay / 2 · ‖weights‖², which has one minimum, with L-BFGS in double
    precision (Nocedal and Wright 2006, chapter 7); the offsets are free, so that x may be centred first.
    """
    middle = x.double().mean(dim=0)
    basis = torch.linalg.qr((x - middle).T).Q  # of fewer samples than features the best weights lie in their span
    z = (x - middle) @ basis
    truth = functional.one_hot(y, classes).double()
    weights, offsets = torch.zeros(classes, z.shape[1], dtype=torch.double), torch.zeros(classes, dtype=torch.double)
    optimizer = torch.optim.LBFGS([weights, offsets], max_iter=300, tolerance_grad=1e-6, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        logs = (z @ weights.T + offsets).log_softmax(dim=1)
        wrong = logs.exp() - truth
        weights.grad, offsets.grad = wrong.T @ z + decay * weights, wrong.sum(dim=0)
        return decay / 2 * weights.square().sum() - (truth * logs).sum()

    optimizer.step(loss)
    found = weights @ basis.T
    return found.float(), (offsets - found @ middle).float()


def fitted(x: Tensor, y: Tensor, classes: int, decay: float = DECAY) -> Head:
    """A head trained on features (samples, features) and class numbers (samples,)."""
    return Head(*logistic(x, y, classes, decay))


def probabilities(logits: Tensor, temperature: float) -> Tensor:
    """(samples, classes) → (samples, classes), rows of sum 1."""
    return functional.softmax(logits / temperature, dim=1)
