"""ONNX files from anywhere, opened with care: limits first, then shapes; nothing in a file is ever run here."""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice
from typing import Any

import numpy as np

from core.serving.uploads import Refused

MOST_BYTES, MOST_OPERATORS, MOST_DEPTH = 25_000_000, 5_000, 6
MOST_WEIGHTS = 10_000
TYPES = {  # ONNX's numbers for types of plain numbers → their names
    1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 9: "bool", 10: "float16",
    11: "float64", 12: "uint32", 13: "uint64", 16: "bfloat16",
}  # fmt: skip
READ = frozenset(TYPES) - {16}  # whose values are looked at
Shape = tuple[int | str, ...]  # a name is a size that stays open, "?" one that nobody knows


@dataclass(frozen=True)
class Operator:
    """One operator: its kind, its name, the tensors that it reads and writes, and its attributes as short texts."""

    kind: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Weight:
    """One tensor that the file brings: name, type and shape; ``values`` where they are numbers that NumPy has."""

    name: str
    kind: str
    shape: tuple[int, ...]
    values: np.ndarray | None

    @property
    def count(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class OnnxFile:
    """A file that was opened: operators of the main graph in order, weights, the inputs and outputs, every tensor's
    ``shapes`` as far as they can be inferred, what is ``nested`` in branches and loops, who made it, and its size."""

    operators: tuple[Operator, ...]
    weights: tuple[Weight, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    shapes: dict[str, Shape]
    nested: Counter
    opset: int
    producer: str
    size: int

    @cached_property
    def kinds(self) -> Counter:
        """How often each kind of operator occurs, in branches and loops too."""
        return Counter(operator.kind for operator in self.operators) + self.nested

    @property
    def parameters(self) -> int:
        """How many numbers the weights hold."""
        return sum(weight.count for weight in self.weights)

    def shape(self, name: str) -> str:
        """A tensor's shape in words: ``batch × 8``."""
        shape = self.shapes.get(name)
        return "shape unknown" if shape is None else " × ".join(map(str, shape)) or "one number"


def opened(content: bytes) -> OnnxFile:
    """Look into a file. Raises ``Refused`` for what is no ONNX file, is too large or refers to other files."""
    model = parsed(content)
    checked(model)
    graph = model.graph
    bodies = [body for node in graph.node for body in bodies_of(node)]
    nested = Counter(text(node.op_type) for body in bodies for node in nodes_in(body))
    weights = tuple(map(weight_of, graph.initializer))
    known = {weight.name for weight in weights}
    return OnnxFile(
        tuple(map(operator_of, graph.node)), weights,
        tuple(text(each.name) for each in graph.input if text(each.name) not in known),
        tuple(text(each.name) for each in graph.output), shapes_of(model), nested,
        max((each.version for each in model.opset_import if each.domain in ("", "ai.onnx")), default=0),
        text(f"{model.producer_name} {model.producer_version}".strip()) or "nobody", len(content),
    )  # fmt: skip


def parsed(content: bytes) -> Any:
    """The file's protocol buffer."""
    import onnx

    if not content:
        raise Refused("The file is empty.")
    if len(content) > MOST_BYTES:
        raise Refused(
            f"The file has {len(content) / 1e6:.0f} MB; at most {MOST_BYTES / 1e6:.0f} MB are looked into here."
        )
    try:
        model = onnx.load_model_from_string(content)
    except Exception:  # protobuf has errors of its own
        raise Refused("This is no ONNX file, or it is cut off: export it once more.") from None
    if not model.graph.node or not model.opset_import:
        raise Refused("This file holds no ONNX graph: an .onnx file lists operators and the version of their set.")
    return model


def checked(model: Any) -> None:
    """Raise ``Refused`` for more than the limits, for weights elsewhere and for weights that are not all there."""
    from onnx import TensorProto

    if model.functions and expanded(model) > MOST_OPERATORS:
        raise Refused(f"With its functions written out this file has more than {MOST_OPERATORS:,} operators.")
    parts = (nodes_in(part) for part in (model.graph, *model.functions))
    nodes = list(islice(chain.from_iterable(parts), MOST_OPERATORS + 1))
    if len(nodes) > MOST_OPERATORS or len(model.graph.initializer) > MOST_WEIGHTS:
        raise Refused(f"The file has more than {MOST_OPERATORS:,} operators or {MOST_WEIGHTS:,} weights.")
    if len(model.graph.sparse_initializer):
        raise Refused("The file holds sparse weights, which are not looked into here.")
    for tensor in tensors_in(model.graph, nodes):
        if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
            raise Refused("The file keeps weights in other files, which are not opened: export it as a single file.")


def nodes_in(graph: Any, depth: int = 0) -> Iterator[Any]:
    """The nodes of a graph or a function, and of the branches and loops inside."""
    if depth > MOST_DEPTH:
        raise Refused(f"Branches and loops in this file lie more than {MOST_DEPTH} deep in each other.")
    for node in graph.node:
        yield node
        for body in bodies_of(node):
            yield from nodes_in(body, depth + 1)


def bodies_of(node: Any) -> Iterator[Any]:
    """The graphs that an operator runs: the branches of an ``If``, the body of a ``Loop``."""
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def tensors_in(graph: Any, nodes: list) -> Iterator[Any]:
    """All tensors that a file holds: weights of every graph, and constants among attributes."""
    yield from graph.initializer
    for node in nodes:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
        for body in bodies_of(node):
            yield from body.initializer


def expanded(model: Any) -> int:
    """How many operators the graph has once its local functions are written out; shape inference does that."""
    bodies = {(each.domain, each.name): each for each in model.functions}
    sizes: dict[tuple[str, str], int] = {}

    def size(part: Any, depth: int) -> int:
        if depth > MOST_DEPTH:
            raise Refused(f"Functions in this file call each other more than {MOST_DEPTH} deep.")
        total = 0
        for node in nodes_in(part):
            key = node.domain, node.op_type
            if key in bodies and key not in sizes:
                sizes[key] = size(bodies[key], depth + 1)
            total += sizes.get(key, 1)
        return total

    return size(model.graph, 0)


def operator_of(node: Any) -> Operator:
    """One node of the graph."""
    kind = text(node.op_type) if node.domain in ("", "ai.onnx") else f"{text(node.domain)}.{text(node.op_type)}"
    attributes = tuple((text(each.name), written(each)) for each in node.attribute[:12])
    return Operator(kind, text(node.name), tuple(map(text, node.input)), tuple(map(text, node.output)), attributes)


def written(attribute: Any) -> str:
    """An attribute's value as a short text."""
    for field in ("ints", "floats"):
        if values := list(getattr(attribute, field))[:8]:
            return ", ".join(f"{value:g}" for value in values)
    if attribute.type == attribute.STRING:
        return text(attribute.s.decode(errors="replace"))
    if attribute.type in (attribute.INT, attribute.FLOAT):
        return f"{attribute.i if attribute.type == attribute.INT else attribute.f:g}"
    return "a graph" if attribute.HasField("g") else "a tensor" if attribute.HasField("t") else "…"


def weight_of(tensor: Any) -> Weight:
    """One weight, with its values where they are all there. Raises ``Refused`` where its bytes are not its shape's."""
    from onnx import numpy_helper

    shape, kind = tuple(tensor.dims), TYPES.get(tensor.data_type, "other")
    if min(shape, default=0) < 0 or math.prod(shape) > 8 * MOST_BYTES:
        raise Refused("A weight of this file claims a shape that its bytes cannot fill: the file is damaged.")
    try:
        values = numpy_helper.to_array(tensor) if tensor.data_type in READ else None
    except (ValueError, TypeError, OverflowError):
        raise Refused("A weight of this file has other bytes than its shape needs: the file is damaged.") from None
    return Weight(text(tensor.name), kind, shape, values)


def shapes_of(model: Any) -> dict[str, Shape]:
    """Every tensor's shape, by ONNX's own inference; a file that it cannot follow keeps the shapes that it states."""
    from onnx import shape_inference

    try:
        model = shape_inference.infer_shapes(model)
    except Exception:  # it raises errors of many libraries, and the stated shapes will do
        model = model
    graph = model.graph
    stated = {text(each.name): dimensions(each) for each in (*graph.input, *graph.value_info, *graph.output)}
    weights = {text(each.name): tuple(each.dims) for each in graph.initializer}
    return {name: shape for name, shape in (stated | weights).items() if shape is not None}


def dimensions(information: Any) -> Shape | None:
    """The sizes that a file states of a tensor."""
    if not information.type.tensor_type.HasField("shape"):
        return None
    sizes = information.type.tensor_type.shape.dim
    return tuple(size.dim_value if size.HasField("dim_value") else text(size.dim_param) or "?" for size in sizes)


def text(name: str | bytes) -> str:
    """A name from a file as it may be shown: printable, on one line, at most 60 characters; in a damaged file it may be
    bytes."""
    name = name.decode(errors="replace") if isinstance(name, bytes) else name
    plain = "".join(letter if letter.isprintable() else " " for letter in name[:200])
    return plain if len(plain) <= 60 else plain[:59] + "…"
