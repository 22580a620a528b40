"""What can be taken away from a run: its weights, a program that answers with them, its network as ONNX, its curves.

Everything that answers takes raw rows: scaling, computed inputs and the classes' names go with the weights.
"""

import csv
import io
import json
from dataclasses import asdict
from typing import Any

import torch

from core.topics.mlp.answering import Answering, program, rows_of
from core.training import Run

COLUMNS = ("number", "step", "train_loss", "test_loss", "train_score", "test_score", "learning_rate", "gradient_norm")


def state(run: Run) -> dict[str, torch.Tensor]:
    """The trained weights by name."""
    return {name: tensor.detach().clone().contiguous() for name, tensor in run.at().state_dict().items()}


def as_safetensors(run: Run) -> bytes:
    """The weights as a safetensors file; in its header what rows they take and the calls that made network and data."""
    from safetensors.torch import save

    about = {"rows": json.dumps(asdict(rows_of(run.data))), "activations": json.dumps(run.model.activations)}
    return save(state(run), {"network": str(run.model.source), "data": run.data.source[:2000], **about})


def as_json(run: Run) -> str:
    """The weights as nested lists, with the network's call and all that turns a raw row into an answer."""
    rows, weights = rows_of(run.data), {name: tensor.tolist() for name, tensor in state(run).items()}
    inputs = [{"column": name, "mean": mean, "deviation": deviation}
              for name, (mean, deviation) in zip(rows.columns, rows.scales, strict=True)]  # fmt: skip
    use = "Standardise each input: (value - mean) / deviation. Compute the features of the standardised x and y. "
    use += "Each hidden layer: activation(weight @ h + bias); the output layer has no activation."
    use += " The largest output names the class." if rows.labels else " Answer: mean + deviation * output."
    if rows.labels and run.model.widths[-1] == 1:
        use = use.replace("The largest output names the class", "A positive output names the second class")
    about = {
        "network": run.model.source, "use": use, "inputs": inputs, "features": rows.inputs,
        "activations": run.model.activations, "target": rows.target, "classes": rows.labels,
    }  # fmt: skip
    if not rows.labels:
        about["target_scale"] = dict(zip(("mean", "deviation"), rows.target_scale, strict=True))
    return json.dumps(about | {"weights": weights}, indent=1)


def as_csv(run: Run) -> str:
    """Every recorded moment as a row."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(("epoch", *COLUMNS[1:]))
    table.writerows([getattr(epoch, name) for name in COLUMNS] for epoch in run.history)
    return text.getvalue()


def as_onnx(run: Run) -> bytes:
    """The trained network as an ONNX file with a free batch size: input ``x``, raw rows (batch, columns); output ``y``,
    class probabilities (batch, classes) or the target in its own units (batch, 1); and ``class``, the classes' names
    (batch,)."""
    model = Answering(run).eval()
    batch = torch.export.Dim("batch")
    example = torch.tensor([model.rows.example] * 2, dtype=torch.float32)
    exported = torch.onnx.export(
        model, (example,), input_names=["x"], output_names=["y"], dynamic_shapes=({0: batch},), dynamo=True,
        verbose=False,
    )  # fmt: skip
    if exported is None:
        raise ValueError("This network cannot be written as ONNX.")
    file = exported.model_proto
    if model.rows.labels:
        name_classes(file, model.rows.labels)
    for name in ("columns", "target", "labels"):
        file.metadata_props.add(key=name, value=json.dumps(getattr(model.rows, name)))
    return file.SerializeToString()


def name_classes(file: Any, labels: tuple[str, ...]) -> None:
    """Add the output ``class`` to an ONNX model: the name of the most probable class of each row."""
    from onnx import TensorProto, helper

    names: Any = [label.encode() for label in labels]  # texts, which the function takes too
    file.graph.initializer.append(helper.make_tensor("labels", TensorProto.STRING, [len(names)], names))
    file.graph.node.append(helper.make_node("ArgMax", ["y"], ["winner"], axis=1, keepdims=0))
    file.graph.node.append(helper.make_node("Gather", ["labels", "winner"], ["class"], axis=0))
    file.graph.output.append(helper.make_tensor_value_info("class", TensorProto.STRING, ["batch"]))


def files(run: Run) -> tuple[tuple[str, str, bytes | str], ...]:
    """What is quick to make: labels, file names and contents."""
    return (
        ("Weights (safetensors)", "weights.safetensors", as_safetensors(run)),
        ("Program for them", "answer.py", program(run)),
        ("Weights (JSON)", "weights.json", as_json(run)),
        ("Run (CSV)", "run.csv", as_csv(run)),
    )
