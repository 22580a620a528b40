"""An ``nn.Module`` put together from blocks, and what its forward and backward hooks measure."""

import time
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.data.digits import digits, mixed_digits, shipped
from core.programs import Program, Step
from core.provenance import Measured
from core.randomness import torchs_own

BATCH, INPUTS, CLASSES = 128, 64, 10
BLOCKS = ("Linear", "Linear + ReLU", "Linear + tanh", "Linear + sigmoid", "Linear + LayerNorm + ReLU",
          "Linear + BatchNorm1d + ReLU", "Linear + ReLU + Dropout")  # fmt: skip
PARTS = {"ReLU": "nn.ReLU()", "tanh": "nn.Tanh()", "sigmoid": "nn.Sigmoid()", "Dropout": "nn.Dropout(0.5)"}


@dataclass(frozen=True)
class Passed:
    """What the hooks of one module saw: the deviation and the share of zeros of its output (batch, features), and the
    root mean square of the loss's gradient by that output, times the batch size."""

    name: str
    kind: str
    shape: tuple[int, ...]
    deviation: float
    zeros: float
    gradient: float


@dataclass(frozen=True)
class Hooked:
    """A module of ``blocks`` with its hooks' numbers in the order of the forward pass. ``backward`` names the modules
    in the order in which their backward hooks were called."""

    blocks: tuple[str, ...]
    width: int
    scale: float
    trains: bool
    seed: int
    model: nn.Sequential
    passed: tuple[Passed, ...]
    backward: tuple[str, ...]
    loss: float
    seconds: float

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return Measured((self.seed,), self.seconds, f"Hooks on one batch of {BATCH} digits").provenance

    @property
    def linear(self) -> list[Passed]:
        """What the hooks of the Linear modules saw."""
        return [each for each in self.passed if each.kind == "Linear"]

    @property
    def ratio(self) -> float:
        """The first Linear module's gradient over the last one's."""
        return self.linear[0].gradient / max(self.linear[-1].gradient, 1e-30)

    @property
    def count(self) -> int:
        """How many parameters the module registers."""
        return sum(each.numel() for each in self.model.parameters())


def lines_of(blocks: tuple[str, ...], width: int) -> list[str]:
    """The layers as PyTorch writes them, one a line."""
    lines, size = [], INPUTS
    for block in blocks:
        for part in block.split(" + "):
            if part == "Linear":
                lines.append(f"nn.Linear({size!r}, {width!r})")
                size = width
            else:
                lines.append(f"nn.{part}({width!r})" if part.endswith(("Norm", "Norm1d")) else PARTS[part])
    return [*lines, f"nn.Linear({size!r}, {CLASSES!r})"]


def layer_of(block: str, size: int, width: int) -> list[nn.Module]:
    """The layers of one block."""
    made = {"Linear": lambda: nn.Linear(size, width), "LayerNorm": lambda: nn.LayerNorm(width),
            "BatchNorm1d": lambda: nn.BatchNorm1d(width), "ReLU": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid,
            "Dropout": lambda: nn.Dropout(0.5)}  # fmt: skip
    return [made[part]() for part in block.split(" + ")]


def assembled(blocks: tuple[str, ...], width: int, scale: float, seed: int) -> nn.Sequential:
    """The module, its weight matrices times ``scale``; torch's own initialisation from ``seed``."""
    with torchs_own(seed):
        layers = [layer for place, block in enumerate(blocks)
                  for layer in layer_of(block, INPUTS if place == 0 else width, width)]  # fmt: skip
        model = nn.Sequential(*layers, nn.Linear(width if blocks else INPUTS, CLASSES))
    with torch.no_grad():
        for layer in model:
            if isinstance(layer, nn.Linear):
                layer.weight *= scale
    return model


def hooked(blocks: tuple[str, ...], width: int, scale: float, trains: bool, seed: int) -> Hooked:
    """Send a batch of digits forward and the cross-entropy's gradient back, with a hook on every module."""
    began, data = time.perf_counter(), digits(seed=seed, flat=True)
    model = assembled(blocks, width, scale, seed).train(trains)
    seen: dict[str, Tensor] = {}
    back: dict[str, Tensor] = {}
    handles = []
    for name, layer in model.named_children():
        handles += [
            layer.register_forward_hook(lambda _, inputs, output, name=name: seen.update({name: output.detach()})),
            layer.register_full_backward_hook(lambda _, inputs, outputs, name=name: back.update({name: outputs[0]})),
        ]
    with torchs_own(seed):  # Dropout draws its masks
        x = data.x[:BATCH].clone().requires_grad_()  # else torch warns that the first module's inputs want none
        loss = functional.cross_entropy(model(x), data.y[:BATCH])
    loss.backward()
    for handle in handles:
        handle.remove()
    passed = tuple(
        Passed(name, type(layer).__name__, tuple(seen[name].shape), seen[name].std().item(),
               (seen[name] == 0).float().mean().item(), back[name].square().mean().sqrt().item() * BATCH)
        for name, layer in model.named_children()
    )  # fmt: skip
    return Hooked(blocks, width, scale, trains, seed, model, passed, tuple(back), loss.item(),
                  time.perf_counter() - began)  # fmt: skip


def program_of_module(found: Hooked) -> Program:
    """The class, its hooks, and one pass there and back."""
    layers = "\n".join(f"            {line}," for line in lines_of(found.blocks, found.width))
    module = f"""class Network(nn.Module):
    def __init__(self):
        super().__init__()  # registers what is set below: parameters() and state_dict() find it
        self.layers = nn.Sequential(
{layers}
        )

    def forward(self, x):
        return self.layers(x)


torch.manual_seed({found.seed!r})
network = Network().train({found.trains!r})"""
    scaled = f"""
with torch.no_grad():
    for layer in network.layers:
        if isinstance(layer, nn.Linear):
            layer.weight *= {found.scale!r}"""
    hooks = f"""deviation, gradient = {{}}, {{}}


def forward_hook(module, inputs, output):
    deviation[module] = output.std().item()


def backward_hook(module, grad_input, grad_output):
    gradient[module] = grad_output[0].square().mean().sqrt().item() * {BATCH!r}


for layer in network.layers:
    layer.register_forward_hook(forward_hook)
    layer.register_full_backward_hook(backward_hook)"""
    run = f"""torch.manual_seed({found.seed!r})
loss = functional.cross_entropy(network(x), y)
loss.backward()
result = {{
    "loss": loss.item(), "parameters": sum(each.numel() for each in network.parameters()),
    "deviations": [deviation[layer] for layer in network.layers],
    "gradients": [gradient[layer] for layer in network.layers],
}}"""
    shown = {"loss": found.loss, "parameters": found.count, "deviations": [each.deviation for each in found.passed],
             "gradients": [each.gradient for each in found.passed]}  # fmt: skip
    batch = f"x, y = mixed_digits({found.seed!r}, flat=True)\nx, y = x[:{BATCH!r}].requires_grad_(), y[:{BATCH!r}]"
    steps = (
        Step("A batch of digits", batch),
        Step("The module", module + (scaled if found.scale != 1 else "")), Step("Hooks", hooks),
        Step("There and back", run),
    )  # fmt: skip
    return Program("A module and its hooks", steps, (shipped, mixed_digits), shown)
