"""Hands on a trained network: change one weight or bias, switch units off, and see what it does to the score."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from core.formulas.graphs import shown
from core.models import MLP
from core.probes.anatomy import Units, crippled
from core.probes.batch import own_row
from core.training import Run
from core.training.loop import evaluate


@dataclass(frozen=True)
class Edit:
    """A change of one number: unit ``unit`` of layer ``layer`` (both from 0; the last layer is the output), its weight
    ``place`` (one beyond the last: the bias), by ``change``."""

    layer: int
    unit: int
    place: int
    change: float


def linear_of(model: MLP, layer: int) -> torch.nn.Linear:
    """The weights and biases of a layer; beyond the last hidden one, the output's."""
    return model.output if layer >= len(model.hidden) else model.hidden[layer][0]


def within(model: MLP, edit: Edit) -> Edit:
    """The edit moved onto a unit and a weight that are there."""
    layer = min(edit.layer, len(model.hidden))
    matrix = linear_of(model, layer).weight
    return replace(edit, layer=layer, unit=min(edit.unit, matrix.shape[0] - 1), place=min(edit.place, matrix.shape[1]))


@torch.no_grad()
def edited(model: MLP, edit: Edit) -> MLP:
    """Change one number of a network in place; return it."""
    edit, linear = within(model, edit), linear_of(model, edit.layer)
    if edit.place == linear.weight.shape[1]:
        linear.bias[edit.unit] += edit.change
    else:
        linear.weight[edit.unit, edit.place] += edit.change
    return model


def value(run: Run, edit: Edit) -> float:
    """What the number is at the end of the training."""
    model = run.at()
    edit = within(model, edit)
    row: Tensor = own_row(model, linear_of(model, edit.layer), run.last.weights, edit.unit)
    return row[edit.place].item()


def handled(run: Run, edit: Edit, off: Units) -> torch.nn.Module:
    """The trained network with one number changed and some units switched off."""
    return crippled(edited(run.at(), edit), off)


def unit_names(run: Run) -> list[str]:
    """Every hidden unit's name, layer by layer."""
    counts = enumerate(run.model.widths[1:-1], start=1)
    return [f"hidden {layer} · unit {unit + 1}" for layer, count in counts for unit in range(count)]


def units_off(run: Run, chosen: list[str]) -> Units:
    """The chosen units as (layer, unit); names that are not there are left out."""
    places = [(layer, unit) for layer, count in enumerate(run.model.widths[1:-1]) for unit in range(count)]
    known = dict(zip(unit_names(run), places, strict=True))
    return tuple(known[name] for name in chosen if name in known)


def names(run: Run, layer: int, inputs: tuple[str, ...]) -> tuple[str, ...]:
    """What the numbers of a unit are called: its weights by where they come from, and the bias."""
    layer = min(layer, len(run.model.hidden))
    count = linear_of(run.model, layer).weight.shape[1]
    given = inputs if layer == 0 else tuple(f"unit {place + 1}" for place in range(count))
    return (*(f"weight from {name}" for name in given), "bias")


def consequences(run: Run, edit: Edit, off: Units) -> list[dict[str, str]]:
    """Loss and score with the change and without, training and held out, as a table."""
    changed = handled(run, edit, off)
    rows = []
    for name, model in (("as trained", run.at()), ("changed by hand", changed)):
        measured = [
            evaluate(model, x, y, run.objective)
            for x, y in ((run.data.x, run.data.y), (run.data.x_test, run.data.y_test))
        ]
        (train_loss, train_score), (test_loss, test_score) = measured
        rows.append({
            "Network": name, "Training loss": f"{train_loss:.4f}", "Held-out loss": f"{test_loss:.4f}",
            "Training score": f"{train_score:z.1%}", "Held-out score": f"{test_score:z.1%}",
        })  # fmt: skip
    return rows


def sentence(run: Run, edit: Edit, off: Units, inputs: tuple[str, ...]) -> str:
    """What was changed, in one sentence."""
    before, kept = value(run, edit), within(run.model, edit)
    name = names(run, kept.layer, inputs)[kept.place]
    layer = "output" if kept.layer == len(run.model.hidden) else f"hidden {kept.layer + 1}"
    moved = f"**{shown(before)}** at the end of the training, **{shown(before + edit.change)}** now"
    gone = f" Units switched off: **{len(off)}**." if off else " Click a unit in the drawing to switch it off."
    return f"The {name} of unit {kept.unit + 1} in {layer}: {moved}.{gone}"
