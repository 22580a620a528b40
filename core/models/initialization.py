"""Starting weights, drawn from an explicit generator, good ones and bad ones."""

import math

import torch
from torch import nn

INITIALIZATIONS = ("He", "Xavier", "normal 0.01", "normal 1", "zeros", "constant 0.5")


def initialize(model: nn.Module, scheme: str = "He", seed: int = 0) -> nn.Module:
    """Redraw every linear and convolution layer of ``model`` in place; return it. Good schemes draw small biases.

    He: normal, variance 2/fan-in (He et al. 2015). Xavier: uniform, variance 2/(fan-in + fan-out) (Glorot and Bengio
    2010). The others are there to be seen failing. Raises ``ValueError`` for an unknown scheme.
    """
    generator = torch.Generator().manual_seed(seed)
    draw = {
        "He": lambda weight: nn.init.kaiming_normal_(weight, nonlinearity="relu", generator=generator),
        "Xavier": lambda weight: nn.init.xavier_uniform_(weight, generator=generator),
        "normal 0.01": lambda weight: weight.normal_(0, 0.01, generator=generator),
        "normal 1": lambda weight: weight.normal_(0, 1, generator=generator),
        "zeros": lambda weight: weight.zero_(),
        "constant 0.5": lambda weight: weight.fill_(0.5),
    }
    if scheme not in draw:
        raise ValueError(f"There is no initialization {scheme!r}; choose one of {', '.join(draw)}.")
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d):
                draw[scheme](module.weight)
                if module.bias is not None:
                    bound = 1 / math.sqrt(module.weight[0].numel())
                    if scheme in ("He", "Xavier"):  # small biases spread the units' kinks over the data
                        module.bias.uniform_(-bound, bound, generator=generator)
                    else:
                        module.bias.zero_()
    return model
