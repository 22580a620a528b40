"""How good predictions are."""

from torch import Tensor


def accuracy(outputs: Tensor, y: Tensor) -> float:
    """Share of samples whose class is predicted; outputs (samples, classes), or (samples, 1) as one logit."""
    predicted = outputs.argmax(dim=1) if outputs.shape[1] > 1 else (outputs[:, 0] > 0).long()
    return (predicted == y).float().mean().item()


def r_squared(outputs: Tensor, y: Tensor) -> float:
    """Share of the targets' variance that is explained: 1 is perfect, 0 is the mean, negative is worse."""
    total = (y - y.mean(dim=0)).square().sum()
    return (1 - (y - outputs).square().sum() / total.clamp_min(1e-12)).item()


def score(outputs: Tensor, y: Tensor) -> float:
    """Accuracy for class numbers, R² for real targets."""
    return r_squared(outputs, y) if y.is_floating_point() else accuracy(outputs, y)
