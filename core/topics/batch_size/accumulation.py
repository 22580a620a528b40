"""A large batch in parts: gradients added up over small batches before one step."""

import time
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.models import MLP
from core.provenance import Measured, Sourced
from core.topics.batch_size.problems import UNITS, problem

SIZES = (2, 4, 8, 16, 24, 32, 48, 60)  # of a part; not all divide the batch
BATCH = 64
WEIGHTED, MEANS, SUMMED, NORMED = "weighted by samples", "mean of the parts", "summed", "weighted, batch norm"


def gradient_of(model: nn.Module) -> Tensor:
    """The gradient that a model holds, (parameters,); it is emptied."""
    gradient = torch.cat([parameter.grad.flatten() for parameter in model.parameters()])
    model.zero_grad()
    return gradient


def at_once(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """The gradient of the mean loss over a whole batch, (parameters,)."""
    nn.functional.cross_entropy(model(x), y).backward()
    return gradient_of(model)


def accumulated(model: nn.Module, x: Tensor, y: Tensor, size: int, weights: str) -> Tensor:
    """The gradient added up over parts of ``size`` samples, (parameters,). ``weights``: each part's mean loss counts by
    its share of the "samples", by one "part" of all, or "fully"."""
    parts = list(zip(x.split(size), y.split(size), strict=True))
    for inputs, targets in parts:
        share = {"samples": len(inputs) / len(x), "part": 1 / len(parts), "fully": 1.0}[weights]
        (share * nn.functional.cross_entropy(model(inputs), targets)).backward()
    return gradient_of(model)


def bytes_saved(model: nn.Module, x: Tensor, y: Tensor) -> int:
    """Bytes that autograd keeps of a forward pass for the way back, the weights themselves left out."""
    own = {parameter.data_ptr() for parameter in model.parameters()}
    sizes: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        if tensor.data_ptr() not in own:
            sizes[tensor.untyped_storage().data_ptr()] = tensor.numel() * tensor.element_size()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        loss = nn.functional.cross_entropy(model(x), y)
    del loss
    return sum(sizes.values())


@dataclass(frozen=True)
class Parts(Sourced):
    """One batch in parts of ``size``: ``apart`` is how far each way's gradient is from the whole batch's, in lengths of
    it; ``saved`` are bytes kept for the way back by size of a part."""

    data: str
    size: int
    counts: tuple[int, ...]  # samples of every part
    apart: dict[str, float]
    saved: dict[int, int]
    source: Measured


def parts(data: str, part_size: int, seed: int) -> Parts:
    """Accumulate the gradient of one batch in every way, at a network's first weights."""
    began, learned = time.perf_counter(), problem(data, seed)
    x, y = learned.x[:BATCH], learned.y[:BATCH]
    plain, normed = (
        MLP(x.shape[1], UNITS, learned.outputs, activation="tanh", init="Xavier", batch_norm=norm, seed=seed).train()
        for norm in (False, True)
    )
    apart = {}
    for name, model, weights in (
        (WEIGHTED, plain, "samples"), (MEANS, plain, "part"), (SUMMED, plain, "fully"), (NORMED, normed, "samples"),
    ):  # fmt: skip
        whole = at_once(model, x, y)
        apart[name] = ((accumulated(model, x, y, part_size, weights) - whole).norm() / whole.norm()).item()
    saved = {size: bytes_saved(plain, x[:size], y[:size]) for size in (*SIZES, BATCH)}
    counts = tuple(len(part) for part in x.split(part_size))
    return Parts(data, part_size, counts, apart, saved, Measured((seed,), time.perf_counter() - began))
