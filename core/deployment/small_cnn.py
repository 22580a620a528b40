"""A small convolutional network, trained here and now in half a second: what deployment is tried on."""

from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

CHANNELS, EPOCHS, RATE, BATCH, KNOWN = (16, 32, 64), 6, 0.01, 32, 897


def small_cnn(channels: Sequence[int], seed: int) -> nn.Sequential:
    """Three 3×3 convolutions, two of them with pooling, and a linear layer: (batch, 1, 8, 8) → logits (batch, 10)."""
    first, second, third = channels
    model = nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(1, first, 3, padding=1), relu1=nn.ReLU(), pool1=nn.MaxPool2d(2),
            conv2=nn.Conv2d(first, second, 3, padding=1), relu2=nn.ReLU(), pool2=nn.MaxPool2d(2),
            conv3=nn.Conv2d(second, third, 3, padding=1), relu3=nn.ReLU(), flatten=nn.Flatten(),
            output=nn.Linear(4 * third, 10),
        )
    )  # fmt: skip
    draw = torch.Generator().manual_seed(seed)
    for layer in model:
        if hasattr(layer, "weight"):
            nn.init.kaiming_uniform_(layer.weight, a=5**0.5, generator=draw)
            nn.init.zeros_(layer.bias)
    return model


def taught(model: nn.Module, x: Tensor, y: Tensor, epochs: int, rate: float, seed: int) -> nn.Module:
    """The network after some epochs of Adam with a one-cycle schedule, in evaluation mode."""
    draw, steps = torch.Generator().manual_seed(seed), epochs * -(-len(x) // BATCH)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
    for _ in range(epochs):
        for batch in torch.randperm(len(x), generator=draw).split(BATCH):
            optimizer.zero_grad()
            functional.cross_entropy(model(x[batch]), y[batch]).backward()
            optimizer.step()
            schedule.step()
    return model.eval()


@torch.no_grad()
def right(model: nn.Module, x: Tensor, y: Tensor) -> int:
    """How many images get the right answer."""
    return int((model(x).argmax(dim=1) == y).sum())
