"""A trained network made ready for strangers' rows: it takes them as they stand in the table and names the classes."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.data import Data
from core.data.data import Tabular
from core.data.features import computed, in_plane, input_names
from core.probes.surfaces import probabilities
from core.training import Run


@dataclass(frozen=True)
class Rows:
    """What raw rows are: the names of their ``columns``, mean and deviation of each, the inputs computed from them,
    the ``target`` with its own ``target_scale``, and the ``labels`` of the classes (none for a number)."""

    columns: tuple[str, ...]
    scales: tuple[tuple[float, float], ...]
    inputs: tuple[str, ...]
    target: str
    target_scale: tuple[float, float]
    labels: tuple[str, ...]
    example: tuple[float, ...]


def rows_of(data: Data) -> Rows:
    """What the rows behind a problem in the plane are; points that were made here are not scaled."""
    plane = in_plane(data)
    if isinstance(plane, Tabular):
        columns, scales, target = plane.columns, plane.scales, (plane.target, plane.target_scale)
    else:
        columns, scales, target = ("x", "y"), ((0.0, 1.0),) * 2, ("class" if data.classes else "value", (0.0, 1.0))
    first = zip(plane.x[0].tolist(), scales, strict=True)
    example = tuple(float(f"{mean + deviation * value:.7g}") for value, (mean, deviation) in first)
    labels = plane.labels if isinstance(plane, Tabular) else data.classes
    return Rows(columns, scales, input_names(data), *target, labels, example)


class Answering(nn.Module):
    """A trained network that takes raw rows (batch, columns) and returns class probabilities (batch, classes), or the
    target in its own units (batch, 1)."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.network, self.rows = run.at(), rows_of(run.data)
        mean, deviation = torch.tensor(self.rows.scales, dtype=torch.float64).T.contiguous()
        self.register_buffer("mean", mean.clone())  # float64: years and prices keep all their digits
        self.register_buffer("deviation", deviation.clone())

    def forward(self, x: Tensor) -> Tensor:
        points = ((x.double() - self.mean) / self.deviation).float()
        if self.rows.inputs != ("x", "y"):
            points = computed(points, self.rows.inputs)
        outputs = self.network(points)
        if self.rows.labels:
            return probabilities(outputs)
        mean, deviation = self.rows.target_scale
        return outputs * deviation + mean


FORMULAS = {
    "x": "x", "y": "y", "x²": "x * x", "y²": "y * y", "xy": "x * y", "sin 3x": "torch.sin(3 * x)",
    "sin 3y": "torch.sin(3 * y)", "radius": "torch.hypot(x, y)", "angle": "torch.atan2(y, x) / torch.pi",
}  # fmt: skip

PROGRAM = '''"""Answers rows of a table by the trained network in weights.safetensors."""

from collections import OrderedDict

import torch
from safetensors.torch import load_file
from torch import nn

columns = {columns}
target = {target}
{classes}
mean = torch.tensor({mean}, dtype=torch.float64)
deviation = torch.tensor({deviation}, dtype=torch.float64)

hidden = nn.Sequential(
{hidden}
)
network = nn.Sequential(OrderedDict(hidden=hidden, output=nn.Linear({last}, {outputs})))
network.load_state_dict(load_file("weights.safetensors"))
network.eval()


@torch.no_grad()
def answer(rows):
    """{promise} of rows, each with a number for every column."""
    x, y = ((torch.tensor(rows, dtype=torch.float64) - mean) / deviation).float().T
    outputs = network(torch.stack([{inputs}], dim=1))
    {result}


print(target, answer([{example}]))
'''


def program(run: Run) -> str:
    """A program that answers raw rows with the weights of ``as_safetensors`` beside it."""
    rows, model = rows_of(run.data), run.model
    mean, deviation = zip(*rows.scales, strict=True)
    values = {
        "columns": list(rows.columns), "target": repr(rows.target), "mean": list(mean), "deviation": list(deviation),
        "classes": f"classes = {list(rows.labels)}" if rows.labels else f"target_scale = {rows.target_scale}",
        "hidden": "\n".join(f"    nn.Sequential({', '.join(map(layer, block))})," for block in model.hidden),
        "last": model.widths[-2], "outputs": model.widths[-1], "example": list(rows.example),
        "inputs": ", ".join(FORMULAS[name] for name in rows.inputs), "result": result(rows, model.widths[-1]),
        "promise": "The classes" if rows.labels else "The target values",
    }  # fmt: skip
    return PROGRAM.format(**values)


def layer(module: nn.Module) -> str:
    """One layer as torch writes it; nothing is silenced after training."""
    if isinstance(module, nn.Linear):
        return f"nn.Linear({module.in_features}, {module.out_features})"
    if isinstance(module, nn.BatchNorm1d):
        return f"nn.BatchNorm1d({module.num_features})"
    return f"nn.{type(module).__name__}()" if type(module).__module__.startswith("torch.") else "nn.Identity()"


def result(rows: Rows, outputs: int) -> str:
    """The line that turns outputs into an answer."""
    if not rows.labels:
        return "return (outputs[:, 0] * target_scale[1] + target_scale[0]).tolist()"
    winner = "(outputs[:, 0] > 0).long()" if outputs == 1 else "outputs.argmax(dim=1)"
    return f"return [classes[index] for index in {winner}]"
