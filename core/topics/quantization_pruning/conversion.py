"""A network as int8, made by PyTorch's own tools and by ONNX Runtime's, judged and timed in a process of its own.

``python -m core.topics.quantization_pruning.conversion '{"key": […], "batch": 64}'`` is that process: the tools load
slowly, compile with the system's compiler, and must be ended with everything they started.
"""

import json
import logging
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.deployment.clock import Latency, in_turns, rounds_within
from core.jobs.apart import apart
from core.provenance import Measured, Sourced
from core.topics.quantization_pruning.candidates import Accuracy, Candidate, by_the_clock, candidate

CALIBRATION, ROUNDS = 256, 40
EAGER, COMPILED, ONNX = "float32, PyTorch", "float32, torch.compile", "float32, ONNX Runtime"
TORCHAO, PT2E = "dynamic int8, torchao", "static int8, PT2E + torch.compile"
ONNX_DYNAMIC, ONNX_STATIC = "dynamic int8, ONNX Runtime", "static int8, ONNX Runtime"
Made = tuple[Callable[[Tensor], Tensor], int]  # what answers a batch of the fixed size, and its bytes on disk


@dataclass(frozen=True)
class Converted(Sourced):
    """Accuracy, bytes on disk and latency of each format that could be made, by name; ``missing`` says why others
    could not."""

    batch: int
    accuracies: dict[str, Accuracy]
    sizes: dict[str, int]
    latencies: dict[str, Latency]
    missing: dict[str, str]
    source: Measured


def converted(key: tuple, batch: int) -> Generator[tuple[float, str], None, Converted]:
    """Make, judge and time all formats; yields (fraction, message)."""
    began = time.perf_counter()
    seen = yield from apart(__name__, json.dumps({"key": key, "batch": batch}), "PyTorch starts")
    rows = seen["made"]
    accuracies = {name: Accuracy(row["right"], row["count"]) for name, row in rows.items()}
    latencies = {name: Latency(np.array(row["milliseconds"])) for name, row in rows.items()}
    source = by_the_clock(key[-1], began)
    sizes = {name: row["bytes"] for name, row in rows.items()}
    return Converted(batch, accuracies, sizes, latencies, seen["missing"], source)


def in_safetensors(tensors: dict[str, Tensor]) -> int:
    """Bytes of a safetensors file of these tensors."""
    from safetensors.torch import save

    return len(save({name: tensor.detach().contiguous() for name, tensor in tensors.items()}))


def eager(subject: Candidate, batch: int) -> Made:
    """The network as it is."""
    return subject.model, in_safetensors(subject.model.state_dict())


def compiled(subject: Candidate, batch: int) -> Made:
    """The same network compiled for one batch size, weights frozen into the code."""
    return torch.compile(subject.copied()), in_safetensors(subject.model.state_dict())


def through_torchao(subject: Candidate, batch: int) -> Made:
    """torchao's dynamic int8: it knows linear layers alone, so convolutions stay as they are."""
    from torchao.quantization import Int8DynamicActivationInt8WeightConfig
    from torchao.quantization.quant_api import quantize_

    model = subject.copied()
    quantize_(model, Int8DynamicActivationInt8WeightConfig())
    tensors = {}
    for name, value in model.state_dict().items():
        parts = {"qdata": value.qdata, "scale": value.scale} if hasattr(value, "qdata") else {"": value}
        tensors |= {f"{name}.{part}".rstrip("."): tensor for part, tensor in parts.items()}
    return model, in_safetensors(tensors)


def through_pt2e(subject: Candidate, batch: int) -> Made:
    """PT2E: export, observe calibration samples, convert, and let Inductor take the integer kernels."""
    from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e
    from torchao.quantization.pt2e.quantizer import x86_inductor_quantizer as x86

    exported = torch.export.export(subject.copied(), (fixed(subject.x, batch)[0],)).module()
    quantizer = x86.X86InductorQuantizer().set_global(x86.get_default_x86_inductor_quantization_config())
    observed = prepare_pt2e(exported, quantizer)
    for part in fixed(subject.x[:CALIBRATION], batch):
        observed(part)
    model = convert_pt2e(observed)
    used = {str(node.target) for node in model.graph.nodes if node.op == "get_attr"}
    tensors = {name: value for name, value in model.state_dict().items() if name in used}
    return torch.compile(model), in_safetensors(tensors)


def onnx_of(subject: Candidate, folder: Path) -> Path:
    """The network as an ONNX file with a free batch size."""
    path = folder / "network.onnx"
    shape = ({0: torch.export.Dim("batch")},)
    torch.onnx.export(subject.model, (subject.x[:2],), str(path), input_names=["x"], output_names=["y"],
                      dynamic_shapes=shape, dynamo=True, external_data=False, verbose=False)  # fmt: skip
    return path


def session_of(path: Path) -> Made:
    """An ONNX file behind a function from tensors to tensors, on one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda x: torch.from_numpy(session.run(None, {"x": x.numpy()})[0]), path.stat().st_size


def onnx_dynamic(path: Path) -> Path:
    """ONNX Runtime's dynamic int8: weights stored as integers, ranges of activations taken from each batch."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    target = path.with_name("dynamic.onnx")
    quantize_dynamic(path, target, weight_type=QuantType.QUInt8)
    return target


def onnx_static(path: Path, subject: Candidate) -> Path:
    """ONNX Runtime's static int8: ranges fixed by calibration samples."""
    from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static

    class Images(CalibrationDataReader):
        """The calibration samples, one after another."""

        def __init__(self) -> None:
            self.left = iter(subject.x[:CALIBRATION].split(32))

        def get_next(self) -> Any:
            return next(({"x": part.numpy()} for part in self.left), None)

    target = path.with_name("static.onnx")
    quantize_static(path, target, Images(), per_channel=True, weight_type=QuantType.QInt8)
    return target


def fixed(x: Tensor, batch: int) -> list[Tensor]:
    """Inputs in batches of exactly that size; the last is filled up with the first input."""
    missing = -len(x) % batch
    return list(torch.cat([x, x[:1].expand(missing, *x.shape[1:])]).split(batch))


def answers(call: Callable[[Tensor], Tensor], x: Tensor, batch: int) -> Tensor:
    """The answers to inputs, batch by batch: classes (inputs,)."""
    return torch.cat([call(part).argmax(1) for part in fixed(x, batch)])[: len(x)]


def makers(subject: Candidate, batch: int, folder: Path) -> dict[str, Callable[[], Made]]:
    """How each format is made, by name, in the order of the table."""
    path = folder / "network.onnx"
    return {
        EAGER: lambda: eager(subject, batch),
        TORCHAO: lambda: through_torchao(subject, batch),
        COMPILED: lambda: compiled(subject, batch),
        PT2E: lambda: through_pt2e(subject, batch),
        ONNX: lambda: session_of(onnx_of(subject, folder)),
        ONNX_DYNAMIC: lambda: session_of(onnx_dynamic(path)),
        ONNX_STATIC: lambda: session_of(onnx_static(path, subject)),
    }


def told(fraction: float, message: str) -> None:
    """Progress, for whoever started the process."""
    print(json.dumps([fraction, message]), flush=True)


@torch.no_grad()
def measured(key: tuple, batch: int) -> dict[str, Any]:
    """Make every format, judge it on the held-out samples, then time all of them in turns."""
    subject, rows, calls, missing = candidate(*key), {}, {}, {}
    with tempfile.TemporaryDirectory() as folder:
        steps = makers(subject, batch, Path(folder))
        for place, (name, make) in enumerate(steps.items()):
            told(0.8 * place / len(steps), name)
            if name in (COMPILED, PT2E) and not shutil.which("g++"):
                missing[name] = "needs a C++ compiler, and this machine has no g++"
                continue
            call, size = make()
            found = answers(call, subject.x_test, batch)
            count = len(subject.y_test)
            rows[name] = {"right": int((found == subject.y_test).sum()), "count": count, "bytes": size}
            calls[name] = call
        x = fixed(subject.x_test, batch)[0]
        bound = {name: lambda call=call: call(x) for name, call in calls.items()}
        rounds = rounds_within(bound, ROUNDS)
        for place, latencies in enumerate(in_turns(bound, rounds)):  # noqa: B007  # the last is all of them
            told(0.8 + 0.2 * place / rounds, f"timing, round {place + 1} of {rounds}")
    for name, latency in latencies.items():
        rows[name]["milliseconds"] = latency.milliseconds.tolist()
    return {"made": rows, "missing": missing}


def main(text: str) -> None:
    """Measure what JSON describes, and print it as JSON."""
    import torch._inductor.config as inductor

    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    inductor.freezing = True  # weights become constants of the code: without it no integer kernels
    inductor.compile_threads = 1
    print(json.dumps(measured(**json.loads(text))))


if __name__ == "__main__":
    main(sys.argv[1])
