"""Ways to run a network, each built from nothing and then timed in turns with the others.

``python -m core.topics.torchscript_tensorrt.ways '{"network": …, "batch": …}'`` prints its progress and, in its last
line, what it measured as JSON: it runs in a process of its own, which can be ended while a compiler is at work.
"""

import json
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from core.deployment.clock import in_turns
from core.deployment.onnx_sessions import session
from core.deployment.onnx_writer import written
from core.topics.torchscript_tensorrt.subjects import card, compiler, named

EAGER, TRACED, COMPILED, AOT, ORT = "eager", "TorchScript", "torch.compile", "AOTInductor", "ONNX Runtime"
WAYS = (EAGER, TRACED, COMPILED, AOT, ORT)
NEED_COMPILER = (COMPILED, AOT)
ROUNDS, EACH = 60, 3
Call = Callable[[], Any]


def eager(model: nn.Module, x: Tensor, folder: Path) -> Call:
    """The network as it is."""
    return lambda: model(x)


def traced(model: nn.Module, x: Tensor, folder: Path) -> Call:
    """TorchScript: traced, and frozen, so that the weights are constants of the graph."""
    running = torch.jit.freeze(torch.jit.trace(model, (x,)))
    return lambda: running(x)


def compiled(model: nn.Module, x: Tensor, folder: Path) -> Call:
    """``torch.compile``: Dynamo finds the graph at the first call, Inductor writes C++ for it."""
    running = torch.compile(model)
    return lambda: running(x)


def ahead(model: nn.Module, x: Tensor, folder: Path) -> Call:
    """AOTInductor: the exported graph as one package with a shared library, which needs no Python to run."""
    program = torch.export.export(model, (x,))
    path = torch._inductor.aoti_compile_and_package(program, package_path=str(folder / "network.pt2"))
    running = torch._inductor.aoti_load_package(path)
    return lambda: running(x)


def onnx_runtime(model: nn.Module, x: Tensor, folder: Path) -> Call:
    """The reference: ONNX Runtime on the file that the page on ONNX writes."""
    running, given = session(written(model)), {"x": x.numpy()}
    return lambda: torch.from_numpy(running.run(None, given)[0])


BUILDERS = {EAGER: eager, TRACED: traced, COMPILED: compiled, AOT: ahead, ORT: onnx_runtime}


@torch.no_grad()
def measured(network: str, batch: int) -> dict[str, Any]:
    """Seconds to build each way (the first call among them), milliseconds of single calls, the largest difference
    from eager, and the machine."""
    model, samples = named(network)
    x, wanted = samples[:batch].contiguous(), model(samples[:batch])
    calls, found, here = {}, {}, [way for way in WAYS if compiler() or way not in NEED_COMPILER]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = folder  # nothing that was compiled before counts
        for place, way in enumerate(here):
            print(json.dumps([0.8 * place / len(here), f"building: {way}"]), flush=True)
            began = time.perf_counter()
            calls[way] = BUILDERS[way](model, x, Path(folder))
            answer = calls[way]()
            seconds = time.perf_counter() - began
            found[way] = {"build": round(seconds, 4), "apart": 1e6 * float((answer - wanted).abs().max())}
        print(json.dumps([0.8, "timing all of them in turns"]), flush=True)
        *_, times = in_turns(calls, ROUNDS, EACH)
    for way, latency in times.items():
        found[way]["milliseconds"] = [round(float(each), 4) for each in latency.milliseconds]
    return {"ways": found, "network": network, "batch": batch, "card": card()}


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # TorchScript is deprecated; the first view says so
    torch.set_num_threads(1)
    settings = json.loads(sys.argv[1])
    print(json.dumps(measured(settings["network"], settings["batch"])))
