"""What generator and discriminator of a GAN each lower: pairs of losses on the discriminator's answers.

Answers are plain numbers (batch,), for real and for generated samples; large means "real". Both losses are scalars.
"""

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional


def cross_entropy(real: Tensor, fake: Tensor) -> Tensor:
    """The discriminator tells real from fake: −log σ(d(x)) − log(1 − σ(d(G(z)))) (Goodfellow et al. 2014)."""
    return functional.softplus(-real).mean() + functional.softplus(fake).mean()


def minimax(fake: Tensor) -> Tensor:
    """log(1 − σ(d(G(z)))), the game as first written down: its slope vanishes where the discriminator is sure."""
    return -functional.softplus(fake).mean()


def non_saturating(fake: Tensor) -> Tensor:
    """−log σ(d(G(z))): steep exactly where the discriminator is sure (Goodfellow et al. 2014, section 3)."""
    return functional.softplus(-fake).mean()


def squares(real: Tensor, fake: Tensor) -> Tensor:
    """Half the squared distance to 1 for real and to 0 for generated samples (Mao et al. 2017)."""
    return ((real - 1).square().mean() + fake.square().mean()) / 2


def square(fake: Tensor) -> Tensor:
    """Half the squared distance to 1."""
    return (fake - 1).square().mean() / 2


def margins(real: Tensor, fake: Tensor) -> Tensor:
    """Real samples should be above 1, generated ones below −1 (Lim and Ye 2017)."""
    return (1 - real).relu().mean() + (1 + fake).relu().mean()


def difference(real: Tensor, fake: Tensor) -> Tensor:
    """Minus the lead of the real samples: with slopes bounded, the Wasserstein distance (Arjovsky et al. 2017)."""
    return fake.mean() - real.mean()


def height(fake: Tensor) -> Tensor:
    """Minus what the discriminator answers."""
    return -fake.mean()


LOSSES: dict[str, tuple[Callable[[Tensor, Tensor], Tensor], Callable[[Tensor], Tensor]]] = {
    "minimax": (cross_entropy, minimax),
    "non-saturating": (cross_entropy, non_saturating),
    "least squares": (squares, square),
    "hinge": (margins, height),
    "Wasserstein": (difference, height),
}
PENALTIES = ("none", "R1", "gradient")  # of the discriminator's slope; with "gradient" Wasserstein is WGAN-GP
