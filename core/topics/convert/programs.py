"""The page's programs: an answer without torch, the fold that every converter makes, a time budget."""

import io
from collections.abc import Sequence

import numpy as np

from core.deployment.onnx_writer import folded, written
from core.deployment.subjects import Digits
from core.models.digits import FOLDER, recognizer
from core.programs import Program, Step
from core.programs.digits import digit_network_lines

WEIGHTS, FILE, SEEN = "weights.safetensors", "digits.onnx", "seen.csv"
ANSWER = """import onnxruntime as ort

x = np.loadtxt("seen.csv", delimiter=",", dtype=np.float32).reshape(1, 1, 28, 28)  # ink from 0 to 1
session = ort.InferenceSession("digits.onnx", providers=["CPUExecutionProvider"])
result = {"logits": session.run(None, {"x": x})[0][0].tolist()}"""
FOLD = """x = torch.from_numpy(np.loadtxt("seen.csv", delimiter=",", dtype=np.float32).reshape(1, 1, 28, 28))
with torch.no_grad():
    h = x.permute(0, 2, 3, 1)  # channels last, as TensorFlow.js and TF Lite have them
    for place, (convolution, norm) in enumerate(zip(model.convolutions, model.norms)):
        weight, bias = folded(convolution, norm)
        kernel = weight.permute(2, 3, 1, 0)  # (height, width, in, out)
        padded = nn.functional.pad(h, (0, 0, 1, 1, 1, 1))
        windows = padded.unfold(1, 3, 1).unfold(2, 3, 1)  # (1, height, width, in, 3, 3)
        h = (torch.einsum("nhwiuv,uvio->nhwo", windows, kernel) + bias).relu()
        if place in (1, 3):
            h = h.unflatten(1, (-1, 2)).unflatten(3, (-1, 2)).amax(dim=(2, 4))
    logits = h.mean(dim=(1, 2)) @ model.output.weight.T + model.output.bias
result = {"logits": logits[0].tolist()}"""
BUDGET = """multiply_adds = {work!r}
bytes_moved = {moved!r}
efficiency = {efficiency!r}  # the share of the roofline that each operator reached on the machine that measured it
peak, bandwidth = {peak!r}, {bandwidth!r}  # billions of operations and of bytes a second
roofline = [max(2 * work / peak, moved / bandwidth) / 1e9 for work, moved in zip(multiply_adds, bytes_moved)]
seconds = sum(least / share for least, share in zip(roofline, efficiency))
result = {{"milliseconds": 1000 * seconds, "frames a second": 1 / seconds}}"""


def seen(subject: Digits) -> str:
    """The drawing as rows of numbers."""
    text = io.StringIO()
    np.savetxt(text, subject.example[0, 0].numpy(), delimiter=",", fmt="%.9g")
    return text.getvalue()


def program_of_answer(subject: Digits, logits: np.ndarray) -> Program:
    """ONNX Runtime answers the drawing."""
    files = {FILE: written(recognizer()[0]), SEEN: seen(subject)}
    return Program("A drawing, answered without torch", (Step("Run the file", ANSWER),),
                   shown={"logits": logits.tolist()}, files=files)  # fmt: skip


def program_of_fold(subject: Digits, logits: np.ndarray) -> Program:
    """The network with its batch norms folded in and its channels last."""
    widths = (1, *(norm.num_features for norm in recognizer()[0].norms))
    steps = (Step("The network", digit_network_lines(widths, WEIGHTS)), Step("As a converter writes it", FOLD))
    files = {WEIGHTS: (FOLDER / WEIGHTS).read_bytes(), SEEN: seen(subject)}
    return Program("What a converter does to a network", steps, (folded,), {"logits": logits.tolist()}, files=files)


def program_of_budget(
    work: Sequence[int], moved: Sequence[int], efficiency: Sequence[float], peak: float, bandwidth: float,
    milliseconds: float,
) -> Program:  # fmt: skip
    """The time of every operator on another machine."""
    settings = {"work": list(work), "moved": list(moved), "efficiency": [round(each, 6) for each in efficiency]}
    text = BUDGET.format(**settings, peak=peak, bandwidth=bandwidth)
    return Program("A time budget", (Step("Add up the operators", text),), shown={"milliseconds": milliseconds})
