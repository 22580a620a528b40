"""Data, written: by the source of one short generator, or sample by sample for what a learner brought."""

import ast
import csv
import inspect
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

import torch
from torch import Tensor

from core.data import features
from core.data.data import Data
from core.data.features import Featured, in_plane
from core.data.generated import Generated
from core.data.outliers import Flipped, flipped
from core.formulas.expressions import Expression
from core.provenance import name_of

LISTED = 10  # lines of samples that a program holds itself; more lie in a file beside it
FILE = "data.csv"
WIDTH = 110


@dataclass(frozen=True)
class DataLines:
    """Statements that make ``x, y, x_test, y_test``, the functions they call, and the files they read."""

    lines: tuple[str, ...]
    functions: tuple[Callable, ...] = ()
    files: dict[str, str] = field(default_factory=dict)


def data_lines(data: Data) -> DataLines:
    """How ``data`` is made, in as few lines as it takes."""
    plane = in_plane(data) if isinstance(data, Featured) else data.made.data if isinstance(data.made, Flipped) else data
    made = plane.made
    if not isinstance(made, Generated) or not is_made_by(plane, made):
        return sample_lines(data)
    lines = [f"x, y = {call_of(made)}"]
    if isinstance(data, Featured):
        columns = ", ".join(formulas()[name] for name in data.inputs)
        lines = [f"points, y = {call_of(made)}", "u, v = points.T", f"x = torch.stack([{columns}], dim=1)"]
    first, last = len(data.x), len(data.x) + len(data.x_test)
    lines.append(f"x, y, x_test, y_test = x[:{first}], y[:{first}], x[{first}:{last}], y[{first}:{last}]")
    if isinstance(data.made, Flipped):
        lines.append(f"y = flipped(y, {data.made.share!r}, {data.made.seed!r}, {len(data.classes)})")
        return DataLines(tuple(lines), (*made.needs, made.generator, flipped))
    return DataLines(tuple(lines), (*made.needs, made.generator))


def call_of(made: Generated) -> str:
    """A generator's call with the settings that differ from the usual ones."""
    usual = {name: one.default for name, one in inspect.signature(made.generator).parameters.items()}
    settings = [f"{name}={value_of(value)}" for name, value in made.settings.items() if value != usual[name]]
    return f"{name_of(made.generator)}({', '.join(settings)})"


def value_of(value: object) -> str:
    """A setting as Python; a typed formula as a function, written from what the parser understood."""
    if isinstance(value, Expression):
        return f"lambda {', '.join(value.names)}: {value.python()}"
    return repr(value)


def is_made_by(data: Data, made: Generated) -> bool:
    """Whether the generator's first samples are the training ones and the next ones those held out."""
    x, y = made.generator(**made.settings)
    first, last = len(data.x), len(data.x) + len(data.x_test)
    parts = ((data.x, x[:first]), (data.y, y[:first]), (data.x_test, x[first:last]), (data.y_test, y[first:last]))
    return all(torch.equal(ours, theirs) for ours, theirs in parts)


@lru_cache
def formulas() -> dict[str, str]:
    """Every input's formula in u and v, from the source of the table that computes it."""
    body = ast.parse(inspect.getsource(features)).body
    table = next(node.value for node in body if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Dict))
    return {
        ast.literal_eval(name): ast.unparse(function.body)
        for name, function in zip(table.keys, table.values, strict=True)
        if name and isinstance(function, ast.Lambda)
    }


def sample_lines(data: Data) -> DataLines:
    """Samples one by one: in the program if they are few, else in a file beside it."""
    parts = {"x": data.x, "y": data.y, "x_test": data.x_test, "y_test": data.y_test}
    lines = [line for name, part in parts.items() if len(part) for line in tensor_lines(name, part)]
    if len(lines) <= LISTED:
        return DataLines(tuple(lines))
    width, kind = data.x[0].numel(), "" if data.y.is_floating_point() else ".long()"
    return DataLines(
        (
            f'table = np.loadtxt("{FILE}", delimiter=",", skiprows=1, dtype=np.float32)',
            f"x, y = torch.from_numpy(table[:, :{width}]), torch.from_numpy(table[:, {target(data, width)}]){kind}",
            "held_out = table[:, -1] == 1",
            "x, y, x_test, y_test = x[~held_out], y[~held_out], x[held_out], y[held_out]",
        ),
        files={FILE: table_of(data)},
    )


def target(data: Data, width: int) -> str:
    """The columns of the target: a slice for numbers, one column for classes."""
    return f"{width}:-1" if data.y.is_floating_point() else f"{width}"


def tensor_lines(name: str, part: Tensor) -> list[str]:
    """A tensor as Python, in lines of at most ``WIDTH`` characters."""
    rows = rounded(part)
    lines = [f"{name} = torch.tensor(["]
    for place, row in enumerate(rows):
        piece = f"{row!r}, " if place < len(rows) - 1 else f"{row!r}])"
        if len(lines[-1]) + len(piece) > WIDTH:
            lines.append("    ")
        lines[-1] += piece
    return [line.rstrip() for line in lines]


def rounded(part: Tensor) -> list:
    """The numbers of a tensor with as few digits as float32 has."""
    if not part.is_floating_point():
        return part.tolist()
    return [[float(f"{value:.8g}") for value in row] for row in part.flatten(1).tolist()]


def table_of(data: Data) -> str:
    """All samples as CSV: inputs, target, and whether a sample is held out."""
    stream = io.StringIO()
    rows = csv.writer(stream, lineterminator="\n")
    outputs = 1 if data.y.dim() == 1 else data.y.shape[1]
    names = [f"x{place + 1}" for place in range(data.x[0].numel())]
    rows.writerow([*names, *[f"y{place + 1}" for place in range(outputs)], "held_out"])
    for x, y, held in ((data.x, data.y, 0), (data.x_test, data.y_test, 1)):
        goals = [[value] for value in y.tolist()] if y.dim() == 1 else rounded(y)
        rows.writerows([*inputs, *goal, held] for inputs, goal in zip(rounded(x), goals, strict=True))
    return stream.getvalue()
