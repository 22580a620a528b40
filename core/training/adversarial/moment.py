"""What was true at one recorded moment of an adversarial training."""

from dataclasses import dataclass, field

from torch import Tensor


@dataclass(frozen=True)
class Round:
    """What was true after ``number`` rounds; what ``core.training.Epoch`` is to a training without an adversary.

    Losses and gradients' norms are those of each side's last update (not a number before the first). ``generator`` and
    ``discriminator`` (parameters,) are the weights, layer by layer; their ``moments`` (moments, parameters) and the
    ``ages`` of these in updates, and with spectral norm the ``directions`` of its power iteration, are enough to go on
    exactly. Each pair begins with the generator's.
    """

    number: int
    losses: tuple[float, float]
    gradient_norms: tuple[float, float]
    generator: Tensor = field(repr=False)
    discriminator: Tensor = field(repr=False)
    moments: tuple[Tensor, Tensor] = field(repr=False)
    ages: tuple[int, int] = (0, 0)
    directions: Tensor | None = field(default=None, repr=False)
