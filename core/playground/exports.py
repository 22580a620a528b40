"""What can be taken away from a run: its weights, its network as ONNX, its curves."""

import csv
import io
import json

import torch

from core.training import Run

COLUMNS = ("number", "step", "train_loss", "test_loss", "train_score", "test_score", "learning_rate", "gradient_norm")


def state(run: Run) -> dict[str, torch.Tensor]:
    """The trained weights by name."""
    return {name: tensor.detach().clone().contiguous() for name, tensor in run.at().state_dict().items()}


def as_safetensors(run: Run) -> bytes:
    """The weights as a safetensors file, with the calls that made network and data in its header."""
    from safetensors.torch import save

    return save(state(run), {"network": str(run.model.source), "data": run.data.source[:2000]})


def as_json(run: Run) -> str:
    """The weights as nested lists, with the network's call."""
    weights = {name: tensor.tolist() for name, tensor in state(run).items()}
    return json.dumps({"network": run.model.source, "classes": run.data.classes, "weights": weights}, indent=1)


def as_csv(run: Run) -> str:
    """Every recorded moment as a row."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(("epoch", *COLUMNS[1:]))
    table.writerows([getattr(epoch, name) for name in COLUMNS] for epoch in run.history)
    return text.getvalue()


def as_onnx(run: Run) -> bytes:
    """The trained network as an ONNX file with a free batch size: input ``x`` (batch, inputs), output ``y``."""
    model = run.at()
    batch = torch.export.Dim("batch")
    program = torch.onnx.export(
        model, (run.data.x[:2],), input_names=["x"], output_names=["y"], dynamic_shapes=({0: batch},), dynamo=True,
        verbose=False,
    )  # fmt: skip
    return program.model_proto.SerializeToString()


def files(run: Run) -> tuple[tuple[str, str, bytes | str], ...]:
    """What is quick to make: labels, file names and contents."""
    return (
        ("Weights (safetensors)", "weights.safetensors", as_safetensors(run)),
        ("Weights (JSON)", "weights.json", as_json(run)),
        ("Run (CSV)", "run.csv", as_csv(run)),
    )
