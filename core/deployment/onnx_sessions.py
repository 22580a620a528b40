"""What runs an ONNX file: one thread, the answers, everything in between, and the time of every operator."""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


def session(content: bytes, optimised: bool = True, profile: str = "") -> Any:
    """An ONNX Runtime session of one thread that complains to nobody but its caller. ``optimised``: operators are
    fused before anything runs; ``profile``: the beginning of a path, where the time of every operator is written."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    levels = onnxruntime.GraphOptimizationLevel
    options.graph_optimization_level = levels.ORT_ENABLE_ALL if optimised else levels.ORT_DISABLE_ALL
    if profile:
        options.enable_profiling, options.profile_file_prefix = True, profile
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def values(content: bytes, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every tensor that the operators of a file write, by name, for the given inputs; nothing is fused."""
    import onnx

    model = onnx.load_model_from_string(content)
    known = {output.name for output in model.graph.output}
    names = [name for node in model.graph.node for name in node.output if name]
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names if name not in known)
    wanted = [output.name for output in model.graph.output]
    return dict(zip(wanted, session(model.SerializeToString(), False).run(wanted, dict(inputs)), strict=True))


@dataclass(frozen=True)
class Kernel:
    """One operator as it was run: its place in the order, its kind, and its ``microseconds`` in each run, (runs,)."""

    place: int
    kind: str
    name: str
    microseconds: np.ndarray

    @property
    def median(self) -> float:
        """The middle of its times, in microseconds."""
        return float(np.median(self.microseconds))


def profiled(content: bytes, inputs: Mapping[str, np.ndarray], runs: int, optimised: bool = True) -> tuple[Kernel, ...]:
    """The time of every operator, by ONNX Runtime's profiler; the first tenth of the runs warms up and is dropped."""
    with tempfile.TemporaryDirectory() as folder:
        running = session(content, optimised, str(Path(folder) / "profile"))
        for _ in range(runs):
            running.run(None, dict(inputs))
        events = json.loads(Path(running.end_profiling()).read_text(encoding="utf-8"))
    return kernels_of(events, runs // 10)


def kernels_of(events: list[dict], warming: int) -> tuple[Kernel, ...]:
    """The operators in a profile of ONNX Runtime, in the order in which they ran."""
    found: dict[str, list[dict]] = {}
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
            found.setdefault(event["name"].removesuffix("_kernel_time"), []).append(event)
    ordered = sorted(found.items(), key=lambda pair: pair[1][0]["ts"])
    return tuple(
        Kernel(place, each[0]["args"]["op_name"], name, np.array([event["dur"] for event in each[warming:]], float))
        for place, (name, each) in enumerate(ordered)
    )
