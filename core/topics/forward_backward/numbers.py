"""One sample, or one batch, on its way through a trained network and back, seen from one unit."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from core.data import PLANAR
from core.models import MLP
from core.probes import beats
from core.probes.batch import Batch, Unit, examined, unit
from core.training import Recipe, Run, train

DATA = ("moons", "circle", "spiral")
KINDS = ("ReLU", "tanh", "sigmoid", "GELU")
SAMPLES = ("a batch", "one sample")
BATCH, EPOCHS = 16, 60
COLUMNS = ("From", "Given", "Weight", "Given · weight", "Gradient")


def trained(data: str, depth: int, units: int, activation: str, seed: int) -> Run:
    """A small network on points of the plane."""
    model = MLP(2, *[units] * depth, 2, activation=activation, seed=seed)
    return train(model, PLANAR[data](seed=seed), Recipe(epochs=EPOCHS, learning_rate=0.02, batch_size=BATCH, seed=seed))


def unit_name(layer: int, place: int, depth: int) -> str:
    """What a unit is called: its layer (from 0, the last one the output) and its place there (from 0)."""
    return f"{'output' if layer == depth else f'hidden {layer + 1}'} · unit {place + 1}"


def units_of(widths: Sequence[int]) -> dict[str, tuple[int, int]]:
    """Every unit of a network (inputs, hidden…, outputs) by its name: (layer, place), hidden ones and outputs."""
    depth = len(widths) - 2
    return {
        unit_name(layer, place, depth): (layer, place)
        for layer, width in enumerate(widths[1:])
        for place in range(width)
    }


def unit_names(depth: int, units: int) -> list[str]:
    """The names of all units of the page's network."""
    return list(units_of((2, *[units] * depth, 2)))


@dataclass(frozen=True)
class Pass:
    """A batch of a run (or one ``sample`` of it alone) forward and back, and the unit looked at: ``layer`` (from 0, the
    last is the output) and ``place`` (from 0) in it."""

    batch: Batch
    sample: int
    layer: int
    place: int
    whole: Batch

    @cached_property
    def unit(self) -> Unit:
        """The unit with all its numbers."""
        return unit(self.batch, self.layer, self.place, self.row, ("x", "y"))

    @property
    def row(self) -> int:
        """Where the sample stands in the batch."""
        return min(self.sample, len(self.batch.places) - 1)

    @property
    def is_alone(self) -> bool:
        """Whether only one sample is looked at."""
        return len(self.batch.places) == 1

    @property
    def sentence(self) -> str:
        """The unit's forward and backward numbers as formulas, and what the weights get."""
        weights = self.unit.gradient
        share = "" if self.is_alone else f", the sum over the {len(self.batch.places)} samples of the batch"
        first = (
            rf"The weight from {self.unit.inputs[0]} gets $\partial L/\partial w = {beats.plain(weights[0].item())}$"
            f"{share}: gradient at the sum, times what came in."
        )
        return f"{beats.forward(self.batch, self.unit)}\n\n{beats.backward(self.batch, self.unit)}\n\n{first}"

    @property
    def rows(self) -> list[dict[str, str]]:
        """The unit's weights with what came in and their gradients."""
        return [{name: row[name] for name in COLUMNS} for row in beats.rows(self.unit)]

    @property
    def passing(self) -> list[bool]:
        """For every hidden unit, layer by layer, whether a gradient passes it for the sample."""
        return [value != 0 for layer in self.batch.layers[:-1] for value in layer.by_summed[self.row].tolist()]

    @property
    def shares(self) -> Tensor:
        """What each sample adds to the gradient of the unit's largest-gradient weight, (samples,)."""
        layer = self.batch.layers[self.layer]
        return layer.by_summed[:, self.place] * layer.given[:, self.busiest]

    @property
    def busiest(self) -> int:
        """The input whose weight has the largest gradient."""
        return int(self.unit.gradient[:-1].abs().argmax())

    @property
    def losses(self) -> list[float]:
        """Each sample's own loss in the whole batch."""
        run, places = self.batch.run, self.whole.places
        outputs = self.whole.layers[-1].answer
        with torch.no_grad():
            return torch.nn.functional.cross_entropy(outputs, run.data.y[places], reduction="none").tolist()

    @property
    def is_silent_here_only(self) -> bool:
        """Whether the unit gets nothing from this one sample, but something from the batch."""
        rows = self.whole.layers[self.layer].by_summed[:, self.place]
        return self.is_alone and self.unit.by_summed == 0 and bool((rows != 0).any())

    @property
    def is_worst(self) -> bool:
        """Whether the one sample looked at is the one with the largest loss of its batch."""
        return self.is_alone and self.losses[self.sample] == max(self.losses)

    @property
    def standing(self) -> str:
        """Where the learner stands."""
        if not self.is_alone:
            return "Now: a whole batch. Look at one sample."
        return f"Now: sample {self.sample + 1}, loss {self.losses[self.sample]:.4g}, ∂L/∂z {self.unit.by_summed:.4g}."


def passed(run: Run, epoch: int, sample: int, alone: bool, name: str) -> Pass:
    """Send the first batch after an epoch, or one sample of it, through the network and back, and look at the unit of
    a name."""
    layer, place = units_of(run.model.widths)[name]
    whole = examined(run, epoch, 1)
    sample = min(sample, len(whole.places) - 1)
    batch = examined(run, epoch, 1, sample) if alone else whole
    return Pass(batch, sample, layer, place, whole)


def clicked(name: str, unit: tuple[int, int] | None, depth: int) -> str:
    """The name of the unit that was clicked, the present one if none was hit."""
    if unit is None:
        return name
    return unit_name(*unit, depth)


def reason(run: Run) -> str:
    """Why gradients pass or not, in one sentence."""
    if "ReLU" in run.model.activations:
        return "Where a ReLU answers 0 its slope is 0, and nothing passes; the others let all of it through."
    return "This bend is almost nowhere flat: something passes almost everywhere, if little."
