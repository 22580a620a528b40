"""What networks are made of, where torch's own layer will not do."""

import torch
from torch import Tensor, nn

from core.provenance import written
from core.randomness import uniform

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "linear": nn.Identity, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh,
    "ReLU": nn.ReLU, "LeakyReLU": nn.LeakyReLU, "GELU": nn.GELU,
}  # fmt: skip


class Model(nn.Module):
    """A network that remembers the call that made it, in ``source``."""

    source: str

    def __new__(cls, *arguments, **keywords):
        self = super().__new__(cls)
        if arguments or keywords:  # a copy is made without any
            self.__dict__["source"] = written(cls, arguments, keywords)
        return self


class Dropout(nn.Module):
    """Silence each value with probability ``rate`` and scale the survivors by 1/(1−rate) (Srivastava et al. 2014).

    Unlike ``nn.Dropout`` its masks come from (seed, layer, step), never from the process-wide generator: two learners
    do not disturb each other and a forked run meets the masks it would have met. The training loop sets ``place``.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        if not 0 <= rate < 1:
            raise ValueError("A dropout rate must be at least 0 and below 1.")
        self.rate = rate
        self.place = (0, 16, 0)  # seed, stream, step

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.rate == 0:
            return x
        return x * self.mask(tuple(x.shape))

    def mask(self, shape: tuple[int, ...]) -> Tensor:
        """0 for the silenced, 1/(1−rate) for the others."""
        return (uniform(*self.place, shape) >= self.rate).to(torch.float32) / (1 - self.rate)

    def extra_repr(self) -> str:
        return f"rate={self.rate}"
