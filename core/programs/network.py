"""Networks, written: as an nn.Sequential, with the weights drawn as the network's own were."""

import copy
from collections.abc import Iterator
from itertools import groupby

import torch
from torch import nn

from core.models import CNN, MLP, Dropout, Formula, Recurrent, TypedMLP, initialize
from core.programs.recurrent import recurrent_lines

SEVERAL = 3  # equal layers from which on they are repeated
DROPOUT = "Dropout("  # which knows its layer
DRAWN = {  # by the name of an initialization: how a layer's weight is drawn
    "He": "nn.init.kaiming_normal_(layer.weight)", "Xavier": "nn.init.xavier_uniform_(layer.weight)",
    "normal 0.01": "nn.init.normal_(layer.weight, std=0.01)", "normal 1": "nn.init.normal_(layer.weight)",
    "zeros": "nn.init.zeros_(layer.weight)", "constant 0.5": "nn.init.constant_(layer.weight, 0.5)",
}  # fmt: skip


def network_lines(model: nn.Module, seed: int) -> str:
    """Statements that make ``model``; dropout draws from ``seed``.

    Raises ValueError, one sentence, for a network that cannot be written.
    """
    if type(model) is Recurrent:
        return recurrent_lines(model)
    if type(model) not in (MLP, TypedMLP, CNN):
        raise ValueError(f"There is no program for a network of the kind {type(model).__name__}.")
    begun = initialize(copy.deepcopy(model), model.init, model.seed)
    if any(not torch.equal(ours, theirs) for ours, theirs in zip(model.parameters(), begun.parameters(), strict=True)):
        raise ValueError("There is no program for this network: it did not begin with the weights of its seed.")
    layers = list(layers_of(model, seed))
    return "\n".join([sequential(layers), *initialization(model)])


def layers_of(model: nn.Module, seed: int) -> Iterator[str]:
    """The parts of a network in their order; what belongs to one layer in one text."""
    silences = [part for part in model.modules() if isinstance(part, Dropout)]
    if isinstance(model, CNN):
        layers = [*model.blocks, [nn.Flatten(), model.silence, model.output]]
    else:
        layers = [*model.hidden, [model.output]]
    for layer in layers:
        yield ", ".join(filter(None, (part_of(part, seed, silences) for part in layer)))


def part_of(part: nn.Module, seed: int, silences: list[Dropout]) -> str:
    """One part as it is made; nothing for a part that changes nothing."""
    if isinstance(part, nn.Identity) or getattr(part, "rate", 1) == 0:
        return ""
    if isinstance(part, nn.Linear):
        return f"nn.Linear({part.in_features}, {part.out_features})"
    if isinstance(part, nn.Conv2d):
        return f"nn.Conv2d({part.in_channels}, {part.out_channels}, kernel_size=3, padding=1)"
    if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
        return f"nn.{type(part).__name__}({part.num_features})"
    if isinstance(part, Dropout):
        return f"Dropout({part.rate!r}, layer={silences.index(part)}, seed={seed!r})"
    if isinstance(part, nn.MaxPool2d):
        return "nn.MaxPool2d(2)"
    return "Formula()" if isinstance(part, Formula) else f"nn.{type(part).__name__}()"


def sequential(layers: list[str]) -> str:
    """``nn.Sequential`` of layers, one in a line; equal ones in a row are repeated."""
    if len(layers) == 1:
        return f"model = nn.Sequential({layers[0]})"
    lines = []
    for layer, row in groupby(layers):
        count = len(list(row))
        repeated = f"*[part for _ in range({count}) for part in ({layer}{'' if ', nn.' in layer else ','})]"
        lines += [repeated] if count >= SEVERAL and DROPOUT not in layer else [layer] * count
    return "\n".join(["model = nn.Sequential(", *(f"    {line}," for line in lines), ")"])


def initialization(model: nn.Module) -> Iterator[str]:
    """How the first weights are drawn; good schemes draw small biases too."""
    kind = "nn.Linear | nn.Conv2d" if isinstance(model, CNN) else "nn.Linear"
    inputs = "layer.weight[0].numel()" if isinstance(model, CNN) else "layer.in_features"
    if not model.init.startswith(("zeros", "constant")):
        yield f"torch.manual_seed({model.seed!r})"
    yield "for layer in model:"
    yield f"    if isinstance(layer, {kind}):"
    yield f"        {DRAWN[model.init]}"
    if model.init in ("He", "Xavier"):
        yield f"        nn.init.uniform_(layer.bias, -{inputs}**-0.5, {inputs}**-0.5)"
    else:
        yield "        nn.init.zeros_(layer.bias)"


def formula_lines(model: nn.Module) -> str:
    """A typed activation as a class, written from what the parser understood; nothing for other networks."""
    formula = next((part for part in model.modules() if isinstance(part, Formula)), None)
    if formula is None:
        return ""
    return (
        "class Formula(nn.Module):\n"
        '    """The typed activation."""\n\n'
        f"    def forward(self, x: Tensor) -> Tensor:\n        return {formula.expression.python()}"
    )
