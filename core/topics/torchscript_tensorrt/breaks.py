"""How torch.compile cuts a program into graphs, and when it compiles again, counted in a process of its own:
``python -m core.topics.torchscript_tensorrt.breaks '{"names": […]}'``.

The counts come from Dynamo alone (``backend="eager"``): no compiler is needed for them.
"""

import contextlib
import json
import logging
import sys
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

FEW = 4  # rows of an ordinary call


class Layers(nn.Module):
    """Two linear layers."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(2, 8), nn.Linear(8, 2)


class Plain(Layers):
    def forward(self, x: Tensor) -> Tensor:
        return self.second(torch.tanh(self.first(x)))


class Printing(Layers):
    def forward(self, x: Tensor) -> Tensor:
        hidden = torch.tanh(self.first(x))
        print("hidden:", hidden.shape)
        return self.second(hidden)


class Reading(Layers):
    def forward(self, x: Tensor) -> Tensor:
        hidden = torch.tanh(self.first(x))
        return self.second(hidden * hidden.abs().max().item())


class Deciding(Layers):
    def forward(self, x: Tensor) -> Tensor:
        hidden = torch.tanh(self.first(x))
        if hidden.sum() > 0:
            hidden = -hidden
        return self.second(hidden)


SAME, GROWING, SHRINKING = (4, 4, 4, 4), (4, 5, 6, 7), (4, 5, 6, 1)
PRESETS: dict[str, tuple[type[Layers], tuple[int, ...]]] = {
    "nothing in the way": (Plain, SAME), "print": (Printing, SAME), ".item()": (Reading, SAME),
    "a branch on a value": (Deciding, SAME), "another batch size": (Plain, GROWING),
    "a batch of one": (Plain, SHRINKING),
}  # fmt: skip


@torch.no_grad()
def counted(name: str) -> dict[str, Any]:
    """Graphs and breaks of one call with their reasons; graphs compiled by the first 1, 2, … calls of the preset."""
    dynamo: Any = torch._dynamo
    kind, sizes = PRESETS[name]
    torch.manual_seed(0)
    module = kind().eval()
    dynamo.reset()
    told = dynamo.explain(module)(torch.ones(FEW, 2))
    reasons = [str(each.reason).splitlines()[0] for each in told.break_reasons]
    dynamo.reset()
    dynamo.utils.counters.clear()
    running, made = torch.compile(module, backend="eager"), []
    apart = 0.0
    for size in sizes:
        x = torch.linspace(-1, 1, 2 * size).reshape(size, 2)
        apart = max(apart, float((running(x) - module(x)).abs().max()))
        made.append(dynamo.utils.counters["stats"]["unique_graphs"])
    return {"graphs": told.graph_count, "breaks": told.graph_break_count, "operators": told.op_count,
            "reasons": list(dict.fromkeys(reasons)), "made": made, "apart": apart}  # fmt: skip


def all_counted(names: Sequence[str]) -> dict[str, Any]:
    """The same for several presets, with progress."""
    found = {}
    for place, name in enumerate(names):
        print(json.dumps([place / len(names), f"compiling: {name}"]), flush=True)
        with contextlib.redirect_stdout(sys.stderr):  # one of them prints
            found[name] = counted(name)
    return found


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    print(json.dumps(all_counted(json.loads(sys.argv[1])["names"])))
