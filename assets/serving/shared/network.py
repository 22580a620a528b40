"""The network behind the server: what a request must look like, and what it answers. Needs numpy and onnxruntime."""

import json
import math
from pathlib import Path

import numpy as np
import onnxruntime

HERE = Path(__file__).resolve().parent
ABOUT = json.loads((HERE / "network.json").read_text(encoding="utf-8"))
SHAPE, NAMES = tuple(ABOUT["shape"]), tuple(ABOUT["names"])
SIZE = math.prod(SHAPE)  # numbers of one sample
MOST_BYTES = 1_000_000  # of a request's body
MOST_SAMPLES = 64  # in one request
LARGEST = 1e6  # of a number


class Invalid(ValueError):
    """A request that is not answered: a status of HTTP, and one sentence for whoever sent it."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


def session() -> onnxruntime.InferenceSession:
    """The network in ONNX Runtime on one thread: the server's own threads are enough."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(HERE / "network.onnx", options, providers=["CPUExecutionProvider"])


SESSION = session()


def samples(body: bytes) -> np.ndarray:
    """The samples in a body {"inputs": [[…], …]}, (samples, SIZE) float32. Raises ``Invalid``."""
    if len(body) > MOST_BYTES:
        raise Invalid(413, f"The body is larger than {MOST_BYTES:,} bytes.")
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise Invalid(400, "The body is no JSON.") from None
    return checked(content)


def checked(content: object) -> np.ndarray:
    """The samples in what JSON held. Raises ``Invalid``."""
    rows = content.get("inputs") if isinstance(content, dict) else None
    if not isinstance(rows, list) or not 1 <= len(rows) <= MOST_SAMPLES:
        raise Invalid(422, f'Send {{"inputs": […]}} with a list of 1 to {MOST_SAMPLES} samples.')
    for place, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != SIZE:
            raise Invalid(422, f"inputs[{place}] must be a list of {SIZE} numbers.")
        if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in row):
            raise Invalid(422, f"inputs[{place}] holds something that is no number.")
        if not all(abs(value) <= LARGEST for value in row):  # NaN fails as well
            raise Invalid(422, f"inputs[{place}] holds a number that is not finite or beyond {LARGEST:g}.")
    return np.array(rows, np.float32)


def probabilities(x: np.ndarray) -> np.ndarray:
    """Samples (samples, SIZE) to probabilities (samples, classes): the network's logits, calibrated, and softmax."""
    logits = SESSION.run(None, {"x": x.reshape(-1, *SHAPE)})[0] + np.array(ABOUT["shift"], np.float32)
    powers = np.exp((logits - logits.max(axis=1, keepdims=True)) / ABOUT["temperature"])
    return powers / powers.sum(axis=1, keepdims=True)


def written(values: np.ndarray) -> dict:
    """Probabilities (samples, classes) as the answer in JSON."""
    return {
        "answers": [
            {"class": NAMES[int(row.argmax())], "probabilities": dict(zip(NAMES, map(float, row), strict=True))}
            for row in values
        ]
    }
