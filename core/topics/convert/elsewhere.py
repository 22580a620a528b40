"""Conversions that need large tools: TensorFlow Lite through TensorFlow and LiteRT, Core ML through coremltools.

``python -m core.topics.convert.elsewhere lite`` (or ``core-ml``) prints what they measure here, as JSON; it is what the
recorded numbers on the page were made with (``core.topics.convert.record``).
"""

import contextlib
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from core.deployment.onnx_writer import folded, written
from core.models.digits import DigitNetwork, recognizer, training_digits

TRIED, RUNS = 200, 100  # digits that are compared; runs that are timed
LITE, LITE_HALF, LITE_INT8, CORE_ML = "TF Lite", "TF Lite float16", "TF Lite dynamic int8", "Core ML"
NEEDED = {LITE: ("tensorflow", "ai_edge_litert"), CORE_ML: ("coremltools",)}
COMMAND = "pip install -r requirements-convert.txt"


def tried() -> torch.Tensor:
    """Training digits of all ten kinds, (``TRIED``, 1, 28, 28)."""
    pictures, _ = training_digits()
    return pictures[:: len(pictures) // TRIED][:TRIED]


def as_keras(model: DigitNetwork) -> Any:
    """The digits network in Keras: the same layers with the channels last and the batch norms folded in."""
    tf: Any = import_module("tensorflow")

    layers = tf.keras.layers
    parts: list[Any] = [tf.keras.Input((28, 28, 1), batch_size=1)]
    for place, convolution in enumerate(model.convolutions):
        parts.append(layers.Conv2D(convolution.out_channels, 3, padding="same", activation="relu"))
        parts += [layers.MaxPooling2D()] if place in (1, 3) else []
    network = tf.keras.Sequential([*parts, layers.GlobalAveragePooling2D(), layers.Dense(11)])
    weighed = [layer for layer in network.layers if layer.weights]
    for layer, pair in zip(weighed, zip(model.convolutions, model.norms, strict=True), strict=False):
        weight, bias = folded(*pair)
        layer.set_weights([weight.permute(2, 3, 1, 0).numpy(), bias.numpy()])
    weighed[-1].set_weights([model.output.weight.detach().T.numpy(), model.output.bias.detach().numpy()])
    return network


def lite_files(model: DigitNetwork) -> dict[str, bytes]:
    """Three TF Lite files: float32, weights in float16, weights in 8 bits."""
    tf: Any = import_module("tensorflow")

    def converted(optimise: bool, half: bool) -> bytes:
        converter = tf.lite.TFLiteConverter.from_keras_model(as_keras(model))
        converter.optimizations = [tf.lite.Optimize.DEFAULT] if optimise else []
        converter.target_spec.supported_types = [tf.float16] if half else []
        return converter.convert()

    return {LITE: converted(False, False), LITE_HALF: converted(True, True), LITE_INT8: converted(True, False)}


def measured_lite(content: bytes, wanted: np.ndarray) -> dict[str, object]:
    """What LiteRT makes of a TF Lite file: its operators, agreement with ``wanted`` logits, milliseconds."""
    Interpreter = import_module("ai_edge_litert.interpreter").Interpreter

    running = Interpreter(model_content=content, num_threads=1)
    running.allocate_tensors()
    given, answer = running.get_input_details()[0]["index"], running.get_output_details()[0]["index"]

    def asked(picture: np.ndarray) -> np.ndarray:
        running.set_tensor(given, picture)
        running.invoke()
        return running.get_tensor(answer)[0]

    pictures = tried().permute(0, 2, 3, 1).numpy()
    answers = np.stack([asked(picture[None]) for picture in pictures])
    kinds = Counter(each["op_name"] for each in running._get_ops_details() if each["op_name"] != "DELEGATE")
    return compared(answers, wanted, len(content), kinds) | {"milliseconds": timed(lambda: asked(pictures[:1]))}


def as_sequential(model: DigitNetwork) -> nn.Sequential:
    """The digits network as a row of layers with the batch norms folded in. coremltools 9 asks every pooling for the
    stride, which ``functional.max_pool2d(x, 2)`` leaves out."""
    parts: list[nn.Module] = []
    for place, (convolution, norm) in enumerate(zip(model.convolutions, model.norms, strict=True)):
        layer = nn.Conv2d(convolution.in_channels, convolution.out_channels, 3, padding=1)
        weight, bias = folded(convolution, norm)
        layer.load_state_dict({"weight": weight, "bias": bias})
        parts += [layer, nn.ReLU(), *([nn.MaxPool2d(2, stride=2)] if place in (1, 3) else [])]
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), model.output)


def measured_core_ml(model: DigitNetwork) -> dict[str, object]:
    """A Core ML package made on any system: its size, its operators, and its weights read back from it. Only macOS
    can run it."""
    plain = as_sequential(model).eval()
    program = torch.export.export(plain, (torch.zeros(1, 1, 28, 28),)).run_decompositions({})
    ct: Any = import_module("coremltools")  # behind torch.export, which loads Triton: the other way round it crashes
    package = ct.convert(program, minimum_deployment_target=ct.target.iOS16, compute_precision=ct.precision.FLOAT32)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "digits.mlpackage"
        package.save(str(path))
        size = sum(each.stat().st_size for each in path.rglob("*") if each.is_file())
        operators = package._mil_program.functions["main"].operations
        loaded = ct.models.MLModel(str(path), skip_model_load=True)
        weights = ct.optimize.coreml.get_weights_metadata(loaded, weight_threshold=100)
        convolutions = [each.val for name, each in weights.items() if each.val.ndim == 4]
    kinds = Counter(each.op_type for each in operators if each.op_type != "const")
    ours = [folded(*pair)[0].numpy() for pair in zip(model.convolutions, model.norms, strict=True)]
    apart = [min(float(np.abs(each - own).max()) for each in convolutions if each.shape == own.shape) for own in ours]
    return {"bytes": size, "operators": dict(kinds), "weights apart": max(apart)}


def compared(answers: np.ndarray, wanted: np.ndarray, size: int, kinds: Counter) -> dict[str, object]:
    """Size, operators and agreement of logits (pictures, 11)."""
    same = float((answers.argmax(1) == wanted.argmax(1)).mean())
    return {"bytes": size, "operators": dict(kinds), "difference": float(np.abs(answers - wanted).max()), "same": same}


def timed(work: Callable[[], object], runs: int = RUNS) -> float:
    """Milliseconds that some work takes: the middle of so many runs."""
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return 1000 * float(np.median(times))


@torch.no_grad()
def of_lite() -> dict[str, dict[str, object]]:
    """TF Lite's files compared with torch, and torch and ONNX Runtime timed beside them."""
    from core.deployment.onnx_sessions import session

    model, x = recognizer()[0], tried()
    running = session(written(model))
    found: dict[str, dict[str, object]] = {
        "torch": {"milliseconds": timed(lambda: model(x[:1]))},
        "ONNX": {"milliseconds": timed(lambda: running.run(None, {"x": x[:1].numpy()}))},
    }
    wanted = model(x).numpy()
    return found | {name: measured_lite(content, wanted) for name, content in lite_files(model).items()}


def of_core_ml() -> dict[str, dict[str, object]]:
    """The Core ML package."""
    return {CORE_ML: measured_core_ml(recognizer()[0])}


PARTS = {"lite": of_lite, "core-ml": of_core_ml}  # each in a process of its own: their libraries quarrel in one

if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr):  # the tools talk, and the last line has to be the answer
        answer = PARTS[sys.argv[1]]()
    print(json.dumps(answer))
