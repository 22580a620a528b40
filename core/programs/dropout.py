"""Dropout as a program writes it."""

import numpy as np
import torch
from torch import Tensor, nn


class Dropout(nn.Module):
    """As nn.Dropout, but its masks depend on seed, layer and step alone, so that a fork meets the same ones."""

    def __init__(self, rate: float, layer: int, seed: int) -> None:
        super().__init__()
        self.rate, self.layer, self.seed, self.step = rate, layer, seed, 0

    def forward(self, x: Tensor) -> Tensor:
        draw = np.random.Generator(np.random.Philox(key=self.seed, counter=[0, self.step, 16 + self.layer, 0]))
        self.step += self.training
        kept = torch.from_numpy(draw.random(x.shape, dtype=np.float32) >= self.rate)
        return x * kept / (1 - self.rate) if self.training else x
