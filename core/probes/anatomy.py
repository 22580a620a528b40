"""What the parts of a network are worth: its ledger in words, and its score with units switched off."""

from dataclasses import dataclass

import torch

from core.metrics import score
from core.probes.ledger import ledger
from core.probes.silenced import scores_without, without
from core.training.run import Run

Units = tuple[tuple[int, int], ...]  # (hidden layer from 0, unit from 0)
MATTERS = 0.02  # a unit matters if the held-out score falls by more than this without it


def unit_names(depth: int, units: int) -> list[str]:
    """Every hidden unit's name, layer by layer: ``hidden 1 · unit 3``."""
    return [f"hidden {layer + 1} · unit {unit + 1}" for layer in range(depth) for unit in range(units)]


def silenced(names: list[str], all_names: list[str], units: int) -> Units:
    """The named units as (layer, unit), unknown names left out."""
    return tuple(divmod(all_names.index(name), units) for name in names if name in all_names)


def toggled(names: list[str], unit: tuple[int, int] | None) -> list[str]:
    """The names with one unit's name added, or taken out if it was there."""
    if unit is None:
        return names
    name = f"hidden {unit[0] + 1} · unit {unit[1] + 1}"
    return [one for one in names if one != name] if name in names else [*names, name]


def crippled(model: torch.nn.Module, off: Units) -> torch.nn.Module:
    """A copy of the network in which the units answer 0; the weights stay."""
    for layer in sorted({layer for layer, _ in off}):
        model = without(model, layer, *(unit for place, unit in off if place == layer))
    return model


def ledger_rows(model: torch.nn.Module, input_shape: tuple[int, ...]) -> list[dict[str, str]]:
    """The ledger as rows of text, dense layers and activations, with the totals last."""
    entries = ledger(model, input_shape)
    rows = [
        {
            "Layer": f"{entry.name} `{entry.code}`", "Answers": " × ".join(map(str, entry.shape)),
            "Weights": f"{entry.weights:,}", "Biases": f"{entry.biases:,}", "FLOPs": f"{entry.flops:,}",
        }
        for entry in entries
    ]  # fmt: skip
    sums = [sum(getattr(entry, name) for entry in entries) for name in ("weights", "biases", "flops")]
    total = dict(zip(("Weights", "Biases", "FLOPs"), (f"**{value:,}**" for value in sums), strict=True))
    return [*rows, {"Layer": "**total**", "Answers": "", **total}]


@dataclass(frozen=True)
class Importance:
    """Held-out score of a run with all units, and with each hidden unit switched off in turn (per layer)."""

    run: Run
    whole: float
    alone: tuple[tuple[float, ...], ...]

    @property
    def falls(self) -> list[float]:
        """By how much the score falls without each unit, layer by layer."""
        return [self.whole - value for layer in self.alone for value in layer]

    @property
    def mattering(self) -> int:
        """How many units cost more than ``MATTERS`` when they are switched off."""
        return sum(fall > MATTERS for fall in self.falls)

    def score(self, off: Units) -> float:
        """Held-out score with several units switched off at once."""
        data = self.run.data
        with torch.no_grad():
            return score(crippled(self.run.at(), off)(data.x_test), data.y_test)


def importance(run: Run) -> Importance:
    """What each hidden unit of a trained network is worth."""
    alone = scores_without(run.at(), run.data.x_test, run.data.y_test)
    return Importance(run, run.last.test_score, tuple(tuple(layer.tolist()) for layer in alone))


def verdict(run: Run, off: Units) -> str:
    """What the switched-off units cost, in one sentence."""
    if not off:
        return f"All units are on: held-out accuracy **{run.last.test_score:.0%}**. Click a unit to switch it off."
    now = Importance(run, run.last.test_score, ()).score(off)
    change = run.last.test_score - now
    words = f"falls by {change:.0%}" if change > 0.005 else f"rises by {-change:.0%}" if change < -0.005 else "stays"
    return f"With {len(off)} unit{'s' * (len(off) > 1)} off, held-out accuracy {words}: **{now:.0%}**."
