"""A block's graph as torch.fx traces it from the module: what feeds what, with shapes, costs and times."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, fx, nn

from core.probes.ledger import Entry, ledger
from core.topics.efficient_cnns.costs import COUNTED

RUNS = 12  # of which the first two are not counted
CONVOLUTION, DEPTHWISE, POINTWISE, JOINS, OTHER = "convolution", "depthwise", "1×1", "joins", "other"
FOLLOWERS = (nn.BatchNorm2d, nn.ReLU, nn.ReLU6, nn.SiLU, nn.Sigmoid, nn.Identity)  # drawn with what they follow
FUNCTIONS = {"add": "add", "mul": "multiply", "cat": "concatenate", "mean": "mean of each channel"}


@dataclass
class Vertex:
    """An operation with the norm and activation behind it: what it is in words, its ``kind``, the places of its inputs,
    the shape of its answer without the batch, its parameters, FLOPs and measured seconds."""

    words: str
    kind: str
    inputs: tuple[int, ...]
    shape: tuple[int, ...]
    parameters: int = 0
    flops: int = 0
    seconds: float = 0.0
    followers: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Numbers in its answer."""
        return int(np.prod(self.shape))


class Clocked(fx.Interpreter):
    """Runs a traced module node by node; notes how long each took and the shape of what it answered."""

    def __init__(self, module: fx.GraphModule) -> None:
        super().__init__(module)
        self.seconds: dict[str, list[float]] = {}
        self.shapes: dict[str, tuple[int, ...]] = {}

    def run_node(self, n: fx.Node) -> object:
        began = time.thread_time()
        answer = super().run_node(n)
        self.seconds.setdefault(n.name, []).append(time.thread_time() - began)
        if isinstance(answer, Tensor):
            self.shapes[n.name] = tuple(answer.shape[1:])
        return answer


@torch.no_grad()
def traced(model: nn.Module, x: Tensor) -> list[Vertex]:
    """The operations of a module in the order of its forward pass, as it answers x (batch, channels, height, width)."""
    module = fx.symbolic_trace(model)
    clock = Clocked(module)
    for _ in range(RUNS):
        clock.run(x)
    entries = {entry.name: entry for entry in ledger(model, tuple(x.shape[1:]))}
    vertices: list[Vertex] = []
    owner: dict[fx.Node, int] = {}
    for node in module.graph.nodes:
        if node.op == "output":
            break
        layer = module.get_submodule(node.target) if node.op == "call_module" else None
        entry = entries.get(str(node.target))
        if isinstance(layer, FOLLOWERS):
            owner[node] = owner[node.all_input_nodes[0]]
            follow(vertices[owner[node]], layer)
        else:
            owner[node] = len(vertices)
            inputs = tuple(owner[each] for each in node.all_input_nodes)
            vertices.append(Vertex(*named(node, layer), inputs, clock.shapes[node.name]))
        charge(vertices[owner[node]], entry, clock.seconds[node.name])
    return vertices


def follow(vertex: Vertex, layer: nn.Module) -> None:
    """Note a norm or an activation behind an operation."""
    if not isinstance(layer, nn.Identity):
        vertex.followers.append(type(layer).__name__.replace("BatchNorm2d", "BN"))


def charge(vertex: Vertex, entry: Entry | None, seconds: Sequence[float]) -> None:
    """Add what a layer holds, computes and takes to its operation."""
    vertex.seconds += float(np.median(seconds[2:]))
    if entry is not None:
        vertex.parameters += entry.weights + entry.biases
        vertex.flops += entry.flops if entry.kind in COUNTED else 0


def named(node: fx.Node, layer: nn.Module | None) -> tuple[str, str]:
    """What an operation is called, and its kind."""
    if isinstance(layer, nn.Conv2d):
        side = f"{layer.kernel_size[0]} × {layer.kernel_size[0]}"
        if layer.groups > 1:
            return f"{side} depthwise", DEPTHWISE
        return (side, POINTWISE) if layer.kernel_size[0] == 1 else (f"{side} conv", CONVOLUTION)
    if isinstance(layer, nn.MaxPool2d):
        return f"{layer.kernel_size} × {layer.kernel_size} maximum", OTHER
    if node.op == "placeholder":
        return "input", OTHER
    word = str(node.target) if isinstance(node.target, str) else getattr(node.target, "__name__", "")
    return FUNCTIONS[word], JOINS
