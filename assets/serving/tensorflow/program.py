"""A multilayer perceptron written as a SavedModel, read back and called: what TensorFlow Serving loads."""

import base64
import io
import json
import os
import zipfile
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf
from safetensors.numpy import load_file

WEIGHTS, ABOUT = load_file("weights.safetensors"), json.loads(Path("network.json").read_text())


class Network(tf.Module):
    """Linear layers with tanh between them, and softmax."""

    def __init__(self) -> None:
        super().__init__()
        names = [*sorted({name.rpartition(".")[0] for name in WEIGHTS if name.startswith("hidden")}), "output"]
        self.layers = [(tf.Variable(WEIGHTS[f"{n}.weight"].T), tf.Variable(WEIGHTS[f"{n}.bias"])) for n in names]

    @tf.function(input_signature=[tf.TensorSpec([None, *ABOUT["shape"]], tf.float32, "inputs")])
    def __call__(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        for place, (weight, bias) in enumerate(self.layers):
            x = x @ weight + bias
            if place < len(self.layers) - 1:
                x = tf.tanh(x)
        return {"probabilities": tf.nn.softmax(x)}


network, folder = Network(), Path("network/1")
tf.saved_model.save(network, str(folder), signatures=network.__call__)
signature = tf.saved_model.load(str(folder)).signatures["serving_default"]
answer = signature(inputs=tf.constant([ABOUT["example"]], tf.float32))["probabilities"].numpy()[0]
content = io.BytesIO()
with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
    for path in sorted(Path("network").rglob("*")):
        if path.is_file():
            archive.write(path)
difference = float(np.abs(answer - np.array(list(ABOUT["expected"].values()))).max())
print(
    json.dumps(
        {
            "content": base64.b64encode(content.getvalue()).decode(),
            "difference": difference,
            "tensorflow": tf.__version__,
            "inputs": str(signature.structured_input_signature[1]["inputs"]),
        }
    )
)
