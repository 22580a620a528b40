"""The effective field of a network before, while and after it learns to read digits; also of a learner's own."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from safetensors.torch import save
from torch import Tensor

from core.data.digits import digits
from core.data.refusals import OwnDataError
from core.data.weights import fitting
from core.models import CNN
from core.probes.stacked import own
from core.programs import Program, Step, program_of
from core.provenance import Measured, Sourced
from core.topics.receptive_field.stacks import effective_field
from core.training import Recipe, Run, train
from core.training.vector import load

SIDE, MIDDLE, CHANNELS = 8, 4, 8  # pixels of a digit, the place whose answer is asked, maps of each layer
SHOWN = 64  # held-out digits that a field is measured on
NARROWER, SAME, WIDER = CHANGES = ("it looks closer to the middle", "about the same", "it looks further away")
FELT = 0.03  # a mean distance that changes by less than this share is about the same


def network(layers: int, seed: int) -> CNN:
    """So many 3×3 convolutions that keep the size, and a linear layer that reads the last maps."""
    return CNN(10, channels=(CHANNELS,) * layers, size=SIDE, pool=False, seed=seed)


def looks_of(model: CNN, x: Tensor) -> np.ndarray:
    """Where the middle of the last maps looks in digits x (pictures, 1, 8, 8): its effective field, (8, 8)."""
    x = x.clone().requires_grad_()
    maps = x
    for block in model.blocks:
        maps = block(maps)
    return effective_field(maps[:, :, MIDDLE, MIDDLE], x).numpy()


def distance(looks: np.ndarray) -> float:
    """How far from the middle a field (8, 8) looks, in pixels along the farther axis, mean by weight."""
    line = np.abs(np.arange(SIDE) - MIDDLE)
    return float((np.maximum(line[:, None], line[None, :]) * looks).sum() / max(looks.sum(), 1e-12))


@dataclass(frozen=True)
class Trained(Sourced):
    """A run, the field at each recorded moment (moments, 8, 8), and that of a learner's file, or why it was refused."""

    run: Run
    fields: np.ndarray
    own: np.ndarray | None
    refusal: str
    source: Measured

    @property
    def layers(self) -> int:
        """How many convolutions there are."""
        return len(self.run.model.blocks)

    @property
    def distances(self) -> list[float]:
        """How far the field looks at each recorded moment."""
        return [distance(looks) for looks in self.fields]

    def answer(self) -> str:
        """What the training did to the field."""
        first, last = self.distances[0], self.distances[-1]
        if abs(last - first) < FELT * first:
            return SAME
        return NARROWER if last < first else WIDER

    @property
    def file(self) -> bytes:
        """The trained weights as a safetensors file."""
        return save({name: part.contiguous() for name, part in self.run.at().state_dict().items()})


def trained(file: bytes, layers: int, training_images: int, epochs: int, seed: int) -> Trained:
    """Train a network, and look where it looks; ``file`` is a learner's safetensors file, or empty."""
    began = time.perf_counter()
    data = digits(seed=seed)
    data = digits(training_images + len(data.x_test), seed, len(data.x_test) / (training_images + len(data.x_test)))
    recipe = Recipe(epochs=epochs, batch_size=32, learning_rate=0.003, seed=seed, frames=min(epochs + 1, 13))
    run = train(network(layers, seed), data, recipe)
    x, model = data.x_test[:SHOWN], own(run.model)
    fields = []
    for epoch in run.history:
        load(model, epoch.weights)
        fields.append(looks_of(model, x))
    theirs, refusal = brought(file, network(layers, seed), x) if file else (None, "")
    return Trained(run, np.stack(fields), theirs, refusal, Measured((seed,), time.perf_counter() - began))


def brought(file: bytes, model: CNN, x: Tensor) -> tuple[np.ndarray | None, str]:
    """The field of a learner's weights, or one sentence why they do not fit."""
    wanted: Mapping[str, tuple[int, ...]] = {name: tuple(part.shape) for name, part in model.state_dict().items()}
    try:
        model.load_state_dict(fitting(file, wanted))
    except OwnDataError as refusal:
        return None, str(refusal)
    return looks_of(model, x), ""


LOOK = """x = x_test[:{shown}].clone().requires_grad_()
maps = model[:{convolutions}](x)  # all convolutions with their ReLU
looks = effective_field(maps[:, :, {middle}, {middle}], x)
result = {{"middle row": looks[{middle}].tolist(), "outermost column": looks[:, 0].tolist()}}"""


def program_of_training(trained: Trained) -> Program:
    """The training, and where the trained network looks. Roundings grow over a training."""
    training, looks = program_of(trained.run), trained.fields[-1]
    look = LOOK.format(shown=SHOWN, convolutions=2 * trained.layers, middle=MIDDLE)
    shown = {"middle row": looks[MIDDLE].tolist(), "outermost column": looks[:, 0].tolist()}
    steps = (*training.steps, Step("Where it looks", look))
    functions = (*training.functions, effective_field)
    return Program("The field of a trained network", steps, functions, shown, tolerance=1e-2)
