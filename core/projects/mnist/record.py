"""What the recogniser and its rivals were measured to do, recorded: who survives a disturbance, what is taken for what.

``python -m core.projects.mnist.record`` measures it again (assets/recorded/digit_recognizer.json); with ``--shipped``
only the part that belongs to the shipped weights.
"""

import argparse
import base64
import io
from dataclasses import replace

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from core.data.data import Data
from core.data.images import mnist
from core.lessons.record import Record
from core.models import MLP
from core.models.digits import FOLDER
from core.projects.mnist.augmentation import augmented
from core.projects.mnist.mistakes import ACROSS, Confusion, measured
from core.projects.mnist.robustness import (
    BASELINES,
    FRAME,
    FRAMED,
    KINDS,
    LINEAR,
    SEEDS,
    SHIPPED,
    TEST,
    VARIED,
    WIDTH,
    Reader,
    Robustness,
    flat,
    framed,
    shares,
    shipped,
)
from core.projects.mnist.samples import VALIDATION
from core.training import Recipe, epochs, train, warm


def cheapest() -> tuple[tuple[str | int, ...], float]:
    """The shipped network on pictures shifted by two pixels, measured again."""
    level = KINDS["shift"].levels.index(2)
    return ("curves", "shift", SHIPPED, 0, level), shares(shipped, *test_images(), "shift", 0)[level]


RECORD = Record(
    "digit_recognizer",
    {
        "data": "mnist",
        "train": 60_000 - VALIDATION,
        "test": TEST,
        "seeds": SEEDS,
        "hidden units": WIDTH,
        "kinds": {name: kind.levels for name, kind in KINDS.items()},
        "version": 2,
    },
    cheapest,
    FOLDER / "weights.safetensors",
)


def robustness(kind: str) -> Robustness:
    """The recorded curves of one kind of disturbance."""
    accuracies = {name: np.array(rows) for name, rows in RECORD.contents["curves"][kind].items()}
    return Robustness(kind, accuracies, RECORD.source)


def confusion() -> Confusion:
    """The shipped network's table from the record."""
    text = RECORD.contents["mistakes"]
    with Image.open(io.BytesIO(base64.b64decode(text["pictures"]))) as sheet:
        grey = np.asarray(sheet)
    tiles = grey.reshape(-1, 28, ACROSS, 28).swapaxes(1, 2).reshape(-1, 28, 28)[: len(text["digits"])]
    pictures = torch.from_numpy(tiles.astype(np.float32) / 255)
    numbers = (torch.tensor(text[name]) for name in ("digits", "answers", "sure"))
    return Confusion(np.array(text["counts"]), pictures, *numbers, RECORD.source)


def baseline(name: str, known: Data, seed: int) -> Reader:
    """A linear model or an MLP trained on MNIST's flat pictures, for ``VARIED`` with the CNN's own augmentation."""
    widths = (784, 10) if name == LINEAR else (784, WIDTH, 10)
    recipe = Recipe(
        epochs=6 if name == LINEAR else 20 if name == VARIED else 8, batch_size=128, schedule="cosine", seed=seed,
        learning_rate=0.002, frames=2,
    )  # fmt: skip
    model, step = MLP(*widths, seed=seed), iter(range(10**9))
    if name != VARIED:
        return flat(train(model, known, recipe).at())

    def objective(network: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        if network.training:
            x = augmented(x.view(-1, 1, FRAME, FRAME), seed, next(step)).flatten(1)
        return functional.cross_entropy(network(x), y)

    for _ in epochs(model, known, recipe, objective):
        pass
    return flat(model.eval())


def measured_baselines() -> dict[str, dict[str, list]]:
    """The baselines' curves by kind and name."""
    known = mnist(60_000, test_samples=10_000, flat=True)
    known = replace(known, x=known.x[:-VALIDATION], y=known.y[:-VALIDATION])
    x, y = test_images()
    curves: dict[str, dict[str, list]] = {kind: {name: [] for name in BASELINES} for kind in KINDS}
    for name in BASELINES:
        for seed in SEEDS:
            read = baseline(name, known, seed)
            for kind in KINDS:
                curves[kind][name].append(shares(read, x, y, kind, seed))
            print(f"{name}, seed {seed}: {curves['shift'][name][-1][0]:.3f}", flush=True)
    return curves


def test_images() -> tuple[Tensor, Tensor]:
    """The test images that are disturbed, (samples, 1, 28, 28), and their digits."""
    known = mnist(60, test_samples=TEST)
    return known.x_test, known.y_test


def measured_shipped() -> dict[str, dict[str, list]]:
    """The shipped network's curves by kind and name, as it is and behind the drawing path."""
    x, y = test_images()
    readers = {SHIPPED: shipped, FRAMED: framed}
    return {kind: {name: [shares(read, x, y, kind, 0)] for name, read in readers.items()} for kind in KINDS}


def main() -> None:
    """Measure the shipped record again, or the part that belongs to the shipped weights."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--shipped", action="store_true", help="only what belongs to the shipped weights")
    only = parser.parse_args().shipped
    torch.set_num_threads(1)
    warm()
    curves = RECORD.text["contents"]["curves"] if only else measured_baselines()
    own = measured_shipped()
    RECORD.write({"curves": {kind: curves[kind] | own[kind] for kind in KINDS}, "mistakes": measured()})


if __name__ == "__main__":
    main()
