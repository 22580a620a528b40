"""An ONNX file written by hand: what an exporter does once it knows the layers.

An ONNX file is a list of operators, each with the names of the tensors it reads and writes, and the weights by name.
``torch.onnx.export`` finds the operators of any module by tracing it, which takes seconds; the networks of this project
are a known sequence of layers, and for those the same operators are written here in a millisecond. The tests compare
both, operator by operator and weight by weight.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from core.models import MLP
from core.models.digits import SIDE, DigitNetwork

OPSET, IR = 20, 10  # versions that torch.onnx.export writes
OPERATORS = {  # torch's module → ONNX's operator and its attributes
    nn.ReLU: ("Relu", {}), nn.Tanh: ("Tanh", {}), nn.Sigmoid: ("Sigmoid", {}),
    nn.GELU: ("Gelu", {"approximate": "none"}), nn.LeakyReLU: ("LeakyRelu", {"alpha": 0.01}),
}  # fmt: skip

Step = tuple[str, dict[str, Any], dict[str, Tensor]]  # an operator, its attributes, its weights by name


def written(model: nn.Module, batch: int | str = "batch", side: int = SIDE) -> bytes:
    """A trained network as an ONNX file: input ``x``, output ``y``, logits. A ``batch`` that is a name leaves the batch
    size open, a number fixes it; the digits network takes pictures of any ``side``. Raises ``ValueError`` for a network
    that is none of this project's sequences."""
    from onnx import TensorProto, helper, numpy_helper

    nodes, weights, last, steps = [], [], "x", list(steps_of(model))
    for place, (kind, attributes, parameters) in enumerate(steps):
        name = "y" if place == len(steps) - 1 else f"{kind.lower()}_{place}"
        nodes.append(helper.make_node(kind, [last, *parameters], [name], name=name, **attributes))
        weights += [numpy_helper.from_array(value.numpy(), key) for key, value in parameters.items()]
        last = name
    shapes = {"x": [batch, *inputs_of(model, side)], "y": [batch, model.output.out_features]}
    ends = {name: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()}
    graph = helper.make_graph(nodes, "network", [ends["x"]], [ends["y"]], weights)
    opset = helper.make_opsetid("", OPSET)
    file = helper.make_model(graph, opset_imports=[opset], ir_version=IR, producer_name="roadmap-lab")
    return file.SerializeToString()


def inputs_of(model: nn.Module, side: int) -> tuple[int, ...]:
    """The shape of one input, without the batch."""
    return (1, side, side) if isinstance(model, DigitNetwork) else (model.widths[0],)


@torch.no_grad()
def steps_of(model: nn.Module) -> Iterator[Step]:
    """The operators of a network in order."""
    if isinstance(model, DigitNetwork):
        yield from digit_steps(model)
    elif isinstance(model, MLP):
        for place, block in enumerate(model.hidden):
            for part, module in enumerate(block):
                yield from dense_steps(f"hidden.{place}.{part}", module)
        yield from dense_steps("output", model.output)
    else:
        raise ValueError(f"There is no list of layers for a {type(model).__name__}: export it with torch.onnx.")


def dense_steps(name: str, module: nn.Module) -> Iterator[Step]:
    """A linear layer is one ``Gemm`` (y = x Wᵀ + b), an activation one operator, the identity none."""
    if isinstance(module, nn.Linear):
        yield "Gemm", {"transB": 1}, {f"{name}.weight": module.weight.detach(), f"{name}.bias": module.bias.detach()}
    elif type(module) in OPERATORS:
        yield *OPERATORS[type(module)], {}
    elif not isinstance(module, nn.Identity):
        raise ValueError(f"There is no operator for a {type(module).__name__} here: export it with torch.onnx.")


def digit_steps(model: DigitNetwork) -> Iterator[Step]:
    """Six convolutions with their batch norms folded in, two poolings, the mean over the picture, a linear layer."""
    kernel = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "strides": [1, 1]}
    for place, (convolution, norm) in enumerate(zip(model.convolutions, model.norms, strict=True)):
        weight, bias = folded(convolution, norm)
        yield "Conv", kernel, {f"convolutions.{place}.weight": weight, f"convolutions.{place}.bias": bias}
        yield "Relu", {}, {}
        if place in (1, 3):
            yield "MaxPool", {"kernel_shape": [2, 2], "strides": [2, 2]}, {}
    yield "ReduceMean", {"keepdims": 0}, {"axes": torch.tensor([2, 3])}
    yield from dense_steps("output", model.output)


@torch.no_grad()
def folded(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Weight and bias of the one convolution that does what a convolution and its batch norm do once they are trained:
    the norm is then a fixed factor and offset for each channel (Jacob and others 2018, section 3.2)."""
    mean, variance = norm.running_mean.double(), norm.running_var.double()
    factor = norm.weight.double() / (variance + norm.eps).sqrt()
    weight = convolution.weight.double() * factor[:, None, None, None]
    return weight.float(), (norm.bias.double() - mean * factor).float()


def as_numpy(value: Tensor) -> np.ndarray:
    """A tensor as ONNX Runtime takes it."""
    return np.ascontiguousarray(value.detach().numpy())
