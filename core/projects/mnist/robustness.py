"""How far a digit may be turned, shifted, blurred by noise or drawn thicker before a network misreads it.

``python -m core.projects.mnist.robustness`` measures the shipped record again (assets/recorded/digit_recognizer.json);
``--shipped`` only the part of it that belongs to the shipped weights, in about two minutes.
"""

import argparse
import datetime
import hashlib
import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from core.data.data import Data
from core.data.digits import digits
from core.data.images import mnist
from core.models import CNN, MLP
from core.projects.mnist.augmentation import augmented, crossed
from core.projects.mnist.drawing import Empty, digit
from core.projects.mnist.recognizer import FOLDER, recognizer
from core.projects.mnist.samples import VALIDATION
from core.provenance import Measured, Recorded
from core.randomness import uniform
from core.training import Recipe, epochs, train, warm

RECORD = Path(__file__).resolve().parents[3] / "assets" / "recorded" / "digit_recognizer.json"
STREAM = 96  # the stream of `core.randomness` that directions are drawn from
FRAME = 28  # shifts and strokes are given in pixels of MNIST's frame, for smaller pictures too


@dataclass(frozen=True)
class Kind:
    """One way to disturb a picture: what its levels are called, and which ones are measured."""

    axis: str
    unit: str
    levels: tuple[float, ...]


KINDS = {
    "rotation": Kind("Turned by (degrees)", "turned by {:g}°", (0, 10, 20, 30, 40, 50, 60)),
    "shift": Kind("Shifted by (of 28 pixels)", "shifted by {:g} of 28 pixels", (0, 1, 2, 3, 4, 6, 8)),
    "noise": Kind("Noise (standard deviation)", "with noise of deviation {:g}", (0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8)),
    "thickness": Kind("Pen thicker by (pixels on each side)", "with a pen thicker by {:g} pixels on each side",
                      (-1, -0.5, 0, 0.5, 1, 1.5, 2)),
}  # fmt: skip
LINEAR, PLAIN, VARIED, SHIPPED, FRAMED = (
    "linear model", "MLP", "MLP, varied training digits", "this page's CNN", "this page's CNN, drawing centred first",
)  # fmt: skip
BASELINES, OWN = (LINEAR, PLAIN, VARIED), (SHIPPED, FRAMED)
LIVE = (LINEAR, PLAIN, "CNN")
SEEDS, TEST, WIDTH = (0, 1), 1000, 256
SPECIFICATION = {
    "data": "mnist", "train": 60_000 - VALIDATION, "test": TEST, "seeds": SEEDS, "hidden units": WIDTH,
    "kinds": {name: kind.levels for name, kind in KINDS.items()}, "version": 1,
}  # fmt: skip


def disturbed(images: Tensor, kind: str, level: float, seed: int) -> Tensor:
    """Images (samples, 1, side, side) of ink from 0 to 1, disturbed; directions and noise are drawn by ``seed``.

    "rotation" in degrees to either side, "shift" in pixels of 28 in any direction, "noise" as the standard deviation
    of what is added to every pixel (then cut to 0…1), "thickness" in pixels of 28 on each side of a stroke, negative
    for thinner (grey-scale dilation and erosion by a cross).
    """
    if kind == "noise":
        generator = torch.Generator().manual_seed(seed)
        return (images + level * torch.randn(images.shape, generator=generator)).clamp(0, 1)
    if kind == "thickness":
        return thickened(images, level * images.shape[-1] / FRAME)
    draw = uniform(seed, STREAM, 0, (len(images),))
    angle, way = torch.zeros(len(images)), 2 * math.pi * draw
    if kind == "rotation":
        return moved(images, torch.where(draw < 0.5, -1.0, 1.0) * math.radians(level), angle, angle)
    return moved(images, angle, 2 * level / FRAME * way.cos(), 2 * level / FRAME * way.sin())


def moved(images: Tensor, angle: Tensor, right: Tensor, down: Tensor) -> Tensor:
    """Images turned by ``angle`` (samples,) and shifted, in halves of the picture's side."""
    across = torch.stack([angle.cos(), -angle.sin(), right], dim=1)
    along = torch.stack([angle.sin(), angle.cos(), down], dim=1)
    grid = functional.affine_grid(torch.stack([across, along], dim=1), list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, align_corners=False)


def thickened(images: Tensor, reach: float) -> Tensor:
    """Strokes wider by ``reach`` pixels on each side, or thinner where negative."""
    step = crossed if reach > 0 else lambda part: -crossed(-part)
    left = abs(reach)
    while left > 0:
        images, left = images.lerp(step(images), min(left, 1.0)), left - 1
    return images


@dataclass(frozen=True)
class Robustness:
    """Share of right answers of several learners at several levels of one disturbance."""

    kind: str
    accuracies: dict[str, np.ndarray]  # by learner, (seeds, levels)
    source: Recorded | Measured

    @property
    def levels(self) -> tuple[float, ...]:
        return KINDS[self.kind].levels

    def at(self, name: str, level: float) -> float:
        """A learner's mean share of right answers at a level."""
        return float(self.accuracies[name][:, self.levels.index(level)].mean())

    def sentence(self, level: float) -> str:
        """Who reads most and who least at a level."""
        shares = {name: self.at(name, level) for name in self.accuracies}
        best, worst = max(shares, key=lambda name: shares[name]), min(shares, key=lambda name: shares[name])
        where = KINDS[self.kind].unit.format(level) if level else "undisturbed"
        return (
            f"Digits {where}: **{best}** reads {shares[best]:.0%} of them, **{worst}** {shares[worst]:.0%}. "
            "Guessing gives 10 %."
        )


Reader = Callable[[Tensor], Tensor]  # images (samples, 1, side, side) → right or wrong is judged on answers (samples,)


def flat(model: nn.Module) -> Reader:
    """A network of flat inputs as a reader of pictures."""
    return torch.no_grad()(lambda images: model(images.flatten(1)).argmax(dim=1))


@torch.no_grad()
def shipped(images: Tensor) -> Tensor:
    """What the shipped network answers among the ten digits, (samples,); the frame is taken as it is."""
    return torch.cat([recognizer()[0](part)[:, :10].argmax(dim=1) for part in images.split(250)])


def framed(images: Tensor) -> Tensor:
    """The same behind the drawing path, which cuts the digit out and centres it; −1 where it finds nothing."""
    seen, found = [], []
    for image in images:
        try:
            seen.append(digit((image[0] * 255).round().byte().numpy()))
            found.append(True)
        except Empty:
            found.append(False)
    answers = torch.full((len(images),), -1)
    answers[torch.tensor(found)] = shipped(torch.stack(seen)) if seen else answers[:0]
    return answers


def shares(read: Reader, x: Tensor, y: Tensor, kind: str, seed: int) -> list[float]:
    """Share of right answers at every level of a kind."""
    return [
        (read(disturbed(x, kind, level, seed)) == y).float().mean().item() if len(x) else 0.0
        for level in KINDS[kind].levels
    ]


def small_readers(data: Data, seed: int) -> Iterator[tuple[str, Reader]]:
    """A linear model, an MLP and a CNN of about as many weights, trained alike on 8×8 digits."""
    rows = replace(data, x=data.x.flatten(1), x_test=data.x_test.flatten(1))
    recipe = Recipe(epochs=20, batch_size=32, learning_rate=0.005, schedule="cosine", seed=seed, frames=2)
    yield LINEAR, flat(train(MLP(64, 10, seed=seed), rows, recipe).at())
    yield PLAIN, flat(train(MLP(64, 80, 10, seed=seed), rows, recipe).at())
    model = train(CNN(10, (16, 24), size=8, seed=seed), data, recipe).at()
    yield "CNN", torch.no_grad()(lambda images: model(images).argmax(dim=1))


def live(kind: str, seeds: tuple[int, ...]) -> Iterator:
    """Three learners trained and disturbed here and now on scikit-learn's digits, as a job."""
    began, found = time.perf_counter(), {name: [] for name in LIVE}
    for place, seed in enumerate(seeds):
        data = digits(seed=seed, held_out=0.3)
        for number, (name, read) in enumerate(small_readers(data, seed)):
            yield (place + (number + 1) / 3) / len(seeds), f"{name}, seed {seed}"
            found[name].append(shares(read, data.x_test, data.y_test, kind, seed))
    accuracies = {name: np.array(rows) for name, rows in found.items()}
    return Robustness(kind, accuracies, Measured(seeds, time.perf_counter() - began))


def accuracies_at(kind: str, level: float, seed: int) -> dict[str, float]:
    """Share of right answers of three learners on held-out 8×8 digits, disturbed."""
    data = digits(seed=seed, held_out=0.3)
    changed = disturbed(data.x_test, kind, level, seed)
    return {name: (read(changed) == data.y_test).float().mean().item() for name, read in small_readers(data, seed)}


# The record


def recorded(kind: str) -> Robustness:
    """The shipped measurement of one kind."""
    text = contents()
    accuracies = {name: np.array(rows) for name, rows in text["curves"][kind].items()}
    return Robustness(kind, accuracies, source())


def contents() -> dict:
    """The shipped record."""
    return json.loads(RECORD.read_text(encoding="utf-8"))


def source() -> Recorded:
    """Where the record's numbers come from."""
    text = contents()
    return Recorded(text["specification"] | {"weights": text["weights"]}, text["date"])


def weights_hash() -> str:
    """Sixteen hexadecimal digits that name the shipped weights."""
    return hashlib.sha256((FOLDER / "weights.safetensors").read_bytes()).hexdigest()[:16]


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
    from core.projects.mnist.mistakes import measured

    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--shipped", action="store_true", help="only what belongs to the shipped weights")
    only = parser.parse_args().shipped
    torch.set_num_threads(1)
    warm()
    curves = contents()["curves"] if only else measured_baselines()
    own = measured_shipped()
    rounded = {
        kind: {name: np.round(rows, 4).tolist() for name, rows in (curves[kind] | own[kind]).items()} for kind in KINDS
    }
    text = {"specification": SPECIFICATION, "date": datetime.date.today().isoformat(), "weights": weights_hash()}
    RECORD.write_text(json.dumps(text | {"curves": rounded, "mistakes": measured()}) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
