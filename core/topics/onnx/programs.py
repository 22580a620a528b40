"""The page's programs: a trained network is exported with torch.onnx, run, timed, batched and looked into."""

from collections.abc import Mapping, Sequence

import numpy as np
from torch import Tensor

from core.deployment.onnx_files import OnnxFile
from core.deployment.programs import INPUTS, WEIGHTS, as_csv, network_lines, reading, weights_of
from core.deployment.subjects import Subject
from core.programs import Program, Step

FILE = "network.onnx"
FEW = 8  # inputs that a program answers
IMPORTS = "import onnx\nimport onnxruntime as ort\n"
EXPORT = """batch = torch.export.Dim("batch")
example = torch.from_numpy(np.concatenate([x[:1], x[:1]]))  # of two inputs, as a batch of one is taken for a constant
torch.onnx.export(model, (example,), "network.onnx", input_names=["x"], output_names=["y"],
                  dynamic_shapes=({0: batch},), dynamo=True, external_data=False, verbose=False)"""
RUN = """session = ort.InferenceSession("network.onnx", providers=["CPUExecutionProvider"])
answers = session.run(None, {"x": x})[0]"""


def exporting(title: str, subject: Subject, x: Tensor, result: str, shown: Mapping[str, object]) -> Program:
    """A program that exports the subject with ``torch.onnx.export`` and answers ``x`` with the file."""
    steps = (
        Step("The network and its inputs", f"{IMPORTS}\n{network_lines(subject)}\n\n{reading(x)}"),
        Step("Export", EXPORT),
        Step("Run it without torch", f"{RUN}\n{result}"),
    )
    return Program(title, steps, shown=shown, files={WEIGHTS: weights_of(subject), INPUTS: as_csv(x)})


def program_of_graph(subject: Subject, file: OnnxFile, answer: np.ndarray) -> Program:
    """The export, how many operators it has, and the answer to the learner's input."""
    result = (
        'graph = onnx.shape_inference.infer_shapes(onnx.load("network.onnx")).graph\n'
        'result = {"operators": len(graph.node), "answer": answers[0].tolist()}'
    )
    shown = {"operators": len(file.operators), "answer": answer[0].tolist()}
    return exporting("A network as ONNX", subject, subject.example, result, shown)


def program_of_agreement(subject: Subject, x: Tensor, answers: np.ndarray) -> Program:
    """The export, and how far its answers are from torch's."""
    result = (
        "with torch.no_grad():\n    ours = model(torch.from_numpy(x)).numpy()\n"
        'result = {"answers": answers.tolist(), "largest difference": float(np.abs(answers - ours).max())}'
    )
    return exporting("torch and ONNX Runtime", subject, x[:FEW], result, {"answers": answers[:FEW].tolist()})


PROFILE = """import json
import onnxruntime as ort

{read}


def kernels(optimised):
    \"\"\"Microseconds of every operator that ONNX Runtime runs, the middle of {runs} runs.\"\"\"
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.enable_profiling = 1, True
    levels = ort.GraphOptimizationLevel
    options.graph_optimization_level = levels.ORT_ENABLE_ALL if optimised else levels.ORT_DISABLE_ALL
    session = ort.InferenceSession("network.onnx", options, providers=["CPUExecutionProvider"])
    for _ in range({runs}):
        session.run(None, {{"x": x}})
    times = {{}}
    with open(session.end_profiling()) as file:
        for event in json.load(file):
            if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
                times.setdefault(event["name"], []).append(event["dur"])
    return {{name: float(np.median(each)) for name, each in times.items()}}


written, fused = kernels(False), kernels(True)
print(written, fused)
result = {{"as written": len(written), "optimised": len(fused)}}"""


def program_of_times(content: bytes, x: Tensor, counts: Mapping[str, int]) -> Program:
    """ONNX Runtime's profiler, before and after it has rewritten the graph."""
    text = PROFILE.format(read=reading(x), runs=20)
    files = {FILE: content, INPUTS: as_csv(x)}
    return Program("Every operator's time", (Step("Profile", text),), shown=counts, files=files)


BATCH = """import onnxruntime as ort

{read}
session = ort.InferenceSession("network.onnx", providers=["CPUExecutionProvider"])
together = session.run(None, {{"x": x}})[0]
alone = np.concatenate([session.run(None, {{"x": row[None]}})[0] for row in x])
result = {{"answers": together.tolist(), "furthest apart": float(np.abs(together - alone).max())}}"""


def program_of_batch(content: bytes, x: Tensor, answers: np.ndarray) -> Program:
    """Inputs answered together and one by one."""
    files = {FILE: content, INPUTS: as_csv(x[:FEW])}
    text = BATCH.format(read=reading(x))
    return Program(
        "One batch or one by one", (Step("Run", text),), shown={"answers": answers[:FEW].tolist()}, files=files
    )


INSIDE = """import onnx
from onnx import numpy_helper

model = onnx.load("network.onnx")
onnx.checker.check_model(model)
graph = onnx.shape_inference.infer_shapes(model).graph
for value in graph.value_info:
    print(value.name, [size.dim_param or size.dim_value for size in value.type.tensor_type.shape.dim])
weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
numbers = sum(each.size for each in weights.values())
result = {"operators": len(graph.node), "weights": len(weights), "numbers": numbers}"""


def program_of_inside(content: bytes, file: OnnxFile) -> Program:
    """What a file holds."""
    shown = {"operators": len(file.operators), "weights": len(file.weights), "numbers": file.parameters}
    return Program("Inside an ONNX file", (Step("Look inside", INSIDE),), shown=shown, files={FILE: content})


TRAP = """import warnings
import onnxruntime as ort

direction = torch.tensor({direction!r})
x = torch.linspace(-2, 2, {steps})[:, None, None] * direction


def difference(file, module):
    \"\"\"The largest between a file's answers and those of a module.\"\"\"
    session = ort.InferenceSession(file, providers=["CPUExecutionProvider"])
    with torch.no_grad():
        pairs = [(session.run(None, {{"x": batch.numpy()}})[0], module(batch.clone()).numpy()) for batch in x]
    return max(float(np.abs(theirs - ours).max()) for theirs, ours in pairs)


torch.manual_seed({seed!r})
module, mended = {broken}(), {mended}().eval()
mended.load_state_dict(module.state_dict())
names = {{"input_names": ["x"], "output_names": ["y"]}}
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # this exporter is deprecated
    try:
        torch.onnx.export(module.{mode}(), (x[-1].clone(),), "traced.onnx", dynamo=False,
                          dynamic_axes={{"x": {{0: "batch"}}}}, **names)
        result = {{"traced": difference("traced.onnx", module.eval())}}
    except torch.onnx.OnnxExporterError as error:
        print(error)
        result = {{}}
batch = torch.export.Dim("batch")
torch.onnx.export(mended, (x[-1].clone(),), "mended.onnx", dynamo=True, dynamic_shapes=({{0: batch}},),
                  external_data=False, verbose=False, **names)
result["mended"] = difference("mended.onnx", module.eval())"""


def program_of_trap(
    classes: Sequence[type], direction: list, steps: int, seed: int, difference: float | None, training: bool
) -> Program:
    """A module that breaks an export, exported by tracing, and its mended version, by today's exporter."""
    broken, mended = classes[1].__name__, classes[-1].__name__
    settings = {"direction": direction, "steps": steps, "seed": seed, "broken": broken, "mended": mended}
    text = TRAP.format(**settings, mode="train" if training else "eval")
    shown = {"mended": 0.0} | ({} if difference is None else {"traced": difference})
    return Program("What breaks an export", (Step("Export both", text),), tuple(classes), shown)
