"""torch.export in a process of its own: ``python -m core.topics.torchscript_tensorrt.exporting '{"work": …}'``.

Its first call loads a second of Python and the exporter works on state of the whole process, so it never runs beside
others in the hub.
"""

import base64
import io
import json
import logging
import re
import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

from core.topics.torchscript_tensorrt import branches
from core.topics.torchscript_tensorrt.subjects import network_of

FIXED, ANY, RANGE = "fixed", "any number", "2 to 16"
BATCHES = (FIXED, ANY, RANGE)
LONGEST = 900  # characters of an error
ADVICE = ("TORCH_LOGS", "TORCHDYNAMO", "For more debugging", "For C++", "If you suspect", "The error above", "http",
          "For extended")  # fmt: skip


def failed(error: BaseException) -> dict[str, str]:
    """An error's kind and words, without places on this machine and advice to developers of torch."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    rows = [re.sub(r'File "[^"]*/([^"/]+)"', r'File "\1"', row) for row in text.splitlines()]
    kept = [row for row in rows if row.strip() and not any(word in row for word in ADVICE)]
    words = "\n".join(kept).replace(' For more information, run with TORCH_LOGS="+dynamic".', "")
    return {"kind": type(error).__name__, "error": words[:LONGEST]}


def tried(work: Callable[[], Any]) -> tuple[Any, dict[str, str]]:
    """What some work returns, and what is to be said of its error."""
    try:
        return work(), {}
    except Exception as error:  # torch has an exception for every reason, some of them private
        return None, failed(error)


def of_branch(branch: str, example: float, seed: int) -> dict[str, Any]:
    """torch.export of a network that decides, as it stands and in torch's own words."""
    x, found = branches.line(seed), {}
    given = (x[branches.place_of(example)],)
    for name, module in zip(("broken", "mended"), branches.network(branch, seed), strict=True):
        program, error = tried(lambda module=module: torch.export.export(module, given))
        found[name] = error if error else {
            "answers": branches.answers(program.module(), x).tolist(), "code": graph_code(program),
        }  # fmt: skip
    return found


def graph_code(program: Any) -> str:
    """The exported graph as Python, without the weights' long list of arguments."""
    text = program.graph_module.code.strip()
    text = re.sub(r"def forward\(self, .*\):", "def forward(self, weights, x):", text)
    return re.sub(r";  \w[\w = ]*None", "", text)


def shapes_of(batch: str) -> tuple[dict[int, object]] | None:
    """What torch.export is told of the first dimension."""
    if batch == FIXED:
        return None
    return ({0: torch.export.Dim("batch") if batch == ANY else torch.export.Dim("batch", min=2, max=16)},)


class Pairs(nn.Module):
    """A network that works on pairs of samples: the batch must be even, and the exporter finds that out."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.network(x)
        return y.reshape(y.shape[0] // 2, 2, -1).mean(1)


def of_network(settings: Mapping, rows: int, batch: str, pairs: bool, called: list[int]) -> dict[str, Any]:
    """torch.export of a subject's network with an example of so many rows: its graph, ranges, and what it says to other
    batch sizes."""
    network, samples = network_of(dict(settings))
    module = Pairs(network).eval() if pairs else network
    program, error = tried(lambda: torch.export.export(module, (samples[:rows],), dynamic_shapes=shapes_of(batch)))
    if error:
        return {"error": error}
    running, calls = program.module(), {}
    with torch.no_grad():
        for count in called:
            answer, refused = tried(lambda count=count: running(samples[:count]))
            calls[str(count)] = refused or {"apart": float((answer - module(samples[:count])).abs().max())}
    file = io.BytesIO()
    torch.export.save(program, file)
    return {
        "nodes": [node_of(each) for each in program.graph.nodes if each.op == "call_function"],
        "ranges": {str(name): str(each) for name, each in program.range_constraints.items()},
        "calls": calls, "file": base64.b64encode(file.getvalue()).decode(),
    }  # fmt: skip


def node_of(node: Any) -> dict[str, str]:
    """An operator of the graph."""
    value = node.meta.get("val")
    shape = " × ".join(map(str, value.shape)) if hasattr(value, "shape") else "–"
    return {"name": node.name, "operator": str(node.target).replace("aten.", ""), "shape": shape}


WORK = {"branch": of_branch, "network": of_network}

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)  # it prints half of the graph before it raises
    torch.set_num_threads(1)
    settings = json.loads(sys.argv[1])
    print(json.dumps(WORK[settings.pop("work")](**settings)))
