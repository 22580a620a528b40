"""A TensorFlow.js layers model written by hand: a Keras topology in JSON, and the weights as bare float32.

The format is that of Keras 2 (``tfjs.converters`` writes it); pictures have their channels last, so kernels
(out, in, height, width) become (height, width, in, out), and each batch norm is folded into its convolution.
"""

import json
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from core.deployment.onnx_writer import folded
from core.models.digits import SIDE, DigitNetwork

Layer = tuple[str, dict[str, Any], dict[str, Tensor]]  # a Keras class, its settings, its weights by name


@torch.no_grad()
def layers_model(model: DigitNetwork) -> tuple[str, bytes]:
    """``model.json`` and ``weights.bin`` of the digits network; it answers pictures (batch, 28, 28, 1) with logits
    (batch, 11)."""
    layers, manifest, content = [], [], b""
    for place, (kind, settings, weights) in enumerate(layers_of(model)):
        name = f"{kind.lower()}_{place}"
        first = {} if place else {"batch_input_shape": [None, SIDE, SIDE, 1]}
        layers.append({"class_name": kind, "config": {"name": name, "dtype": "float32", **first, **settings}})
        for part, value in weights.items():
            manifest.append({"name": f"{name}/{part}", "shape": list(value.shape), "dtype": "float32"})
            content += value.contiguous().numpy().astype("<f4").tobytes()
    topology = {"class_name": "Sequential", "config": {"name": "digits", "layers": layers},
                "keras_version": "2.15.0", "backend": "tensorflow"}  # fmt: skip
    text = {
        "format": "layers-model", "generatedBy": "Roadmap Lab", "convertedBy": None, "modelTopology": topology,
        "weightsManifest": [{"paths": ["weights.bin"], "weights": manifest}],
    }  # fmt: skip
    return json.dumps(text), content


def layers_of(model: DigitNetwork) -> Iterator[Layer]:
    """The network's layers in Keras' words."""
    usual = {"kernel_size": [3, 3], "strides": [1, 1], "padding": "same", "data_format": "channels_last",
             "activation": "relu", "use_bias": True}  # fmt: skip
    for place, (convolution, norm) in enumerate(zip(model.convolutions, model.norms, strict=True)):
        weight, bias = folded(convolution, norm)
        kernel = weight.permute(2, 3, 1, 0)
        yield "Conv2D", {"filters": convolution.out_channels, **usual}, {"kernel": kernel, "bias": bias}
        if place in (1, 3):
            yield "MaxPooling2D", {"pool_size": [2, 2], "strides": [2, 2], "padding": "valid"}, {}
    yield "GlobalAveragePooling2D", {"data_format": "channels_last"}, {}
    kernel, bias = model.output.weight.detach().T, model.output.bias.detach()
    yield "Dense", {"units": len(bias), "activation": "linear", "use_bias": True}, {"kernel": kernel, "bias": bias}
