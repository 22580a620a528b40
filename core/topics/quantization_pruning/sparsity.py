"""Single weights set to zero: which ones, what is left of the accuracy, of the file, and of the time."""

import io
import json
import sys
import time
import warnings
import zipfile
from collections.abc import Generator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn

from core.deployment.clock import Latency, in_turns, rounds_within
from core.jobs.apart import apart
from core.provenance import Measured, Sourced
from core.topics.quantization_pruning.candidates import Accuracy, Candidate, by_the_clock, candidate, filled, judged

GLOBAL, LOCAL, RANDOM = METHODS = ("smallest of all", "smallest of each layer", "random")
SHARES = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95)
DRAWS, ROUNDS = 3, 60
DENSE, ZEROS, SPARSE, NARROW = "dense", "dense, with zeros", "sparse (CSR)", "channels removed"


@dataclass(frozen=True)
class Pruned:
    """A network with a share ``sparsity`` of its weights at zero by ``method``: accuracies ``before`` and ``after``,
    accuracies by method over ``SHARES`` (draws, shares), zeros by layer, and bytes by kind of file."""

    method: str
    sparsity: float
    batch: int
    before: Accuracy
    after: Accuracy
    curves: dict[str, np.ndarray]
    zeros: dict[str, float]
    sizes: dict[str, int]
    subject: Candidate

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return self.subject.provenance


def masks_of(weights: dict[str, Tensor], sparsity: float, method: str, seed: int) -> dict[str, Tensor]:
    """Which weights stay, by layer: all but the smallest of the network or of each layer, or random ones."""
    draw = torch.Generator().manual_seed(seed)
    importance = {name: torch.rand(weight.shape, generator=draw) if method == "random" else weight.abs()
                  for name, weight in weights.items()}  # fmt: skip
    groups = [[name] for name in weights] if method == "smallest of each layer" else [list(weights)]
    kept = {}
    for names in groups:
        values = torch.cat([importance[name].flatten() for name in names])
        mask = torch.ones(len(values), dtype=torch.bool)
        mask[values.argsort(stable=True)[: round(sparsity * len(values))]] = False
        parts = mask.split([weights[name].numel() for name in names])
        kept |= {name: part.view_as(weights[name]) for name, part in zip(names, parts, strict=True)}
    return kept


def prune(model: nn.Module, sparsity: float, method: str, seed: int) -> nn.Module:
    """The same network with weights set to zero, changed in place; biases stay."""
    weights = {name: layer.weight.detach() for name, layer in model.named_children() if hasattr(layer, "weight")}
    for name, mask in masks_of(weights, sparsity, method, seed).items():
        weights[name].mul_(mask)
    return model


@lru_cache(maxsize=16)
def curves_of(subject: Candidate) -> dict[str, np.ndarray]:
    """Accuracy (draws, shares) by method; only random pruning differs from draw to draw."""
    found = {}
    for method in METHODS:
        rows = [[judged(prune(subject.copied(), share, method, subject.seed + draw), subject).share for share in SHARES]
                for draw in range(DRAWS if method == RANDOM else 1)]  # fmt: skip
        found[method] = np.array(rows)
    return found


def pruned(subject: Candidate, sparsity: float, method: str, batch: int) -> Pruned:
    """Prune the trained network and judge it again."""
    model = prune(subject.copied(), sparsity, method, subject.seed)
    zeros = {name: float((getattr(model, name).weight == 0).float().mean()) for name in subject.layers}
    return Pruned(method, sparsity, batch, subject.whole, judged(model, subject), curves_of(subject),
                  zeros, sizes_of(model), subject)  # fmt: skip


def sizes_of(model: nn.Module) -> dict[str, int]:
    """Bytes of the network as a file: all numbers, the same file zipped, and the numbers that are not zero with their
    places (CSR: a column of 16 bits each, a row pointer of 32 bits per output)."""
    from safetensors.torch import save

    dense = save({name: value.contiguous() for name, value in model.state_dict().items()})
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.safetensors", dense)
    layers = [layer for layer in model.children() if hasattr(layer, "weight")]
    sparse = sum(
        6 * int(layer.weight.count_nonzero()) + 4 * (len(layer.weight) + 1) + 4 * layer.bias.numel() for layer in layers
    )
    return {"all numbers": len(dense), "zipped": len(stream.getvalue()), "places and values (CSR)": sparse}


class SparseNetwork(nn.Module):
    """A network with its weights as sparse matrices (CSR): a convolution is one matrix times all its patches."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.steps = list(model.named_children())
        self.matrices = {name: layer.weight.detach().flatten(1).to_sparse_csr() for name, layer in self.steps
                         if hasattr(layer, "weight")}  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        """x (batch, …) → logits (batch, classes)."""
        for name, layer in self.steps:
            if isinstance(layer, nn.Conv2d):
                images, _, high, wide = x.shape
                patches = nn.functional.unfold(x, 3, padding=1).transpose(0, 1).flatten(1)  # (weights, images · places)
                answer = (self.matrices[name] @ patches).view(len(layer.weight), images, high, wide)
                x = answer.transpose(0, 1) + layer.bias[:, None, None]
            elif isinstance(layer, nn.Linear):
                x = (self.matrices[name] @ x.T).T + layer.bias
            else:
                x = layer(x)
        return x


@dataclass(frozen=True)
class Timed(Sourced):
    """Latency of the network as it is, with zeros, as sparse matrices, and with as many weights less by whole
    channels; ``apart`` is how far the sparse network's logits are from those with zeros."""

    sparsity: float
    batch: int
    latencies: dict[str, Latency]
    weights: dict[str, int]
    apart: float
    source: Measured


def timed(key: tuple, sparsity: float, batch: int) -> Generator[tuple[float, str], None, Timed]:
    """Let the clock judge, in a process of its own; yields (fraction, message)."""
    began = time.perf_counter()
    asked = json.dumps({"key": key, "sparsity": sparsity, "batch": batch})
    seen = yield from apart(__name__, asked, "PyTorch starts")
    latencies = {name: Latency(np.array(values)) for name, values in seen["milliseconds"].items()}
    source = by_the_clock(key[-1], began)
    return Timed(sparsity, batch, latencies, seen["weights"], seen["apart"], source)


def measured(key: tuple, sparsity: float, batch: int) -> dict:
    """Milliseconds of every way, in turns, and how many weights each multiplies by."""
    from core.topics.quantization_pruning.channels import narrowed, ratio_for

    torch.set_num_threads(1)
    subject = candidate(*key)
    zeros = prune(subject.copied(), sparsity, GLOBAL, subject.seed)
    narrow = narrowed(subject, ratio_for(subject, 1 - sparsity), "L2 norm")
    models = {DENSE: subject.model, ZEROS: zeros, SPARSE: SparseNetwork(zeros), NARROW: narrow}
    x, found = filled(subject.x_test, batch), {}
    with torch.no_grad():
        apart_by = float((models[SPARSE](x) - zeros(x)).abs().max())
        calls = {name: lambda model=model: model(x) for name, model in models.items()}
        rounds = rounds_within(calls, ROUNDS)
        for place, found in enumerate(in_turns(calls, rounds)):  # noqa: B007  # the last is all of them
            print(json.dumps([(place + 1) / rounds, f"round {place + 1} of {rounds}"]), flush=True)
    stored = {name: weights_in(model) for name, model in models.items() if name != SPARSE}
    stored[SPARSE] = sum(int(weight.count_nonzero()) for weight in weights_of(zeros))
    milliseconds = {name: latency.milliseconds.tolist() for name, latency in found.items()}
    return {"milliseconds": milliseconds, "apart": apart_by, "weights": stored}


def weights_of(model: nn.Module) -> list[Tensor]:
    """The weights of all layers that have some."""
    return [layer.weight for layer in model.children() if hasattr(layer, "weight")]


def weights_in(model: nn.Module) -> int:
    """How many weights are multiplied by, zeros included."""
    return sum(weight.numel() for weight in weights_of(model))


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # sparse matrices are called beta
    print(json.dumps(measured(**json.loads(sys.argv[1]))))
