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


def logistic(x: Tensor, y: Tensor, classes: int, decay: float, those: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Logistic regression of several classes, found to the end: x (samples, features) → weights, offsets.

    Minimises the summed cross-entropy + decay / 2 · ‖weights‖², which has one minimum, with L-BFGS in double
    precision (Nocedal and Wright 2006, chapter 7); the offsets are free, so that x may be centred first. ``those``
    (heads, samples) says which samples each of several heads learns from: their sum has its minimum where each of
    them has, and weights and offsets have the heads first.
    """
    middle = x.double().mean(dim=0)
    basis = torch.linalg.qr((x - middle).T).Q  # of fewer samples than features the best weights lie in their span
    z = (x - middle) @ basis
    truth = functional.one_hot(y, classes).double()
    share = torch.ones(1, len(x), 1, dtype=torch.double) if those is None else those[..., None].double()
    weights = torch.zeros(len(share), classes, z.shape[1], dtype=torch.double)
    offsets = torch.zeros(len(share), 1, classes, dtype=torch.double)
    optimizer = torch.optim.LBFGS([weights, offsets], max_iter=300, tolerance_grad=1e-6, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        logs = (z @ weights.mT + offsets).log_softmax(dim=2)
        wrong = share * (logs.exp() - truth)
        weights.grad, offsets.grad = wrong.mT @ z + decay * weights, wrong.sum(dim=1, keepdim=True)
        return decay / 2 * weights.square().sum() - (share * truth * logs).sum()

    optimizer.step(loss)
    found = weights @ basis.T
    free = offsets[:, 0] - found @ middle
    return (found[0].float(), free[0].float()) if those is None else (found.float(), free.float())


def fitted(x: Tensor, y: Tensor, classes: int, decay: float = DECAY) -> Head:
    """A head trained on features (samples, features) and class numbers (samples,)."""
    return Head(*logistic(x, y, classes, decay))


def several(x: Tensor, y: Tensor, classes: int, those: Tensor) -> list[Head]:
    """Heads that learn from some of the samples each, ``those`` (heads, samples), in little more time than one."""
    return [Head(*parts) for parts in zip(*logistic(x, y, classes, DECAY, those), strict=True)]


def probabilities(logits: Tensor, temperature: float) -> Tensor:
    """(samples, classes) → (samples, classes), rows of sum 1."""
    return functional.softmax(logits / temperature, dim=1)
