"""How far a digit may be turned, shifted, blurred by noise or drawn thicker before a network misreads it.

``python -m core.projects.mnist.robustness`` measures the shipped record again (assets/recorded/digit_recognizer.json);
``--shipped`` only the part of it that belongs to the shipped weights, in about two minutes.
"""

import math
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from core.data.data import Data
from core.data.digits import digits
from core.models import CNN, MLP
from core.models.digits import recognizer
from core.projects.mnist.augmentation import crossed
from core.projects.mnist.drawing import Empty, digit
from core.provenance import Measured, Recorded
from core.randomness import uniform
from core.training import Recipe, train

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
HELD_OUT = 0.3  # the share of the 8×8 digits


def disturbed(images: Tensor, kind: str, level: float, seed: int) -> Tensor:
    """Images (samples, 1, side, side) of ink from 0 to 1, disturbed; directions and noise are drawn by ``seed``.

    "rotation" in degrees to either side, "shift" in pixels of 28 in any direction, "noise" as the standard deviation
    of what is added to every pixel (then cut to 0…1), "thickness" in pixels of 28 on each side of a stroke, negative
    for thinner (grey-scale dilation and erosion by a cross).
    """
    return DISTURBANCES[kind](images, level, seed)


def turned(images: Tensor, degrees: float, seed: int) -> Tensor:
    """Each image turned to one side or the other."""
    side = torch.where(uniform(seed, STREAM, 0, (len(images),)) < 0.5, -1.0, 1.0)
    nothing = torch.zeros(len(images))
    return moved(images, side * math.radians(degrees), nothing, nothing)


def shifted(images: Tensor, pixels: float, seed: int) -> Tensor:
    """Each image shifted in a direction of its own, by ``pixels`` of 28."""
    way = 2 * math.pi * uniform(seed, STREAM, 0, (len(images),))
    reach = 2 * pixels / FRAME
    return moved(images, torch.zeros(len(images)), reach * way.cos(), reach * way.sin())


def noisy(images: Tensor, deviation: float, seed: int) -> Tensor:
    """Noise added to every pixel, cut to 0…1."""
    generator = torch.Generator().manual_seed(seed)
    return (images + deviation * torch.randn(images.shape, generator=generator)).clamp(0, 1)


def moved(images: Tensor, angle: Tensor, right: Tensor, down: Tensor) -> Tensor:
    """Images turned by ``angle`` (samples,) and shifted, in halves of the picture's side."""
    across = torch.stack([angle.cos(), -angle.sin(), right], dim=1)
    along = torch.stack([angle.sin(), angle.cos(), down], dim=1)
    grid = functional.affine_grid(torch.stack([across, along], dim=1), list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, align_corners=False)


def thicker(images: Tensor, pixels: float, seed: int = 0) -> Tensor:
    """Strokes wider by ``pixels`` of 28 on each side, or thinner where negative; nothing is drawn by chance."""
    left = abs(pixels) * images.shape[-1] / FRAME
    while left > 0:
        grown = crossed(images) if pixels > 0 else -crossed(-images)
        images, left = images.lerp(grown, min(left, 1.0)), left - 1
    return images


DISTURBANCES = {"rotation": turned, "shift": shifted, "noise": noisy, "thickness": thicker}


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
            "Guessing gives 10%."
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
    linear, plain, cnn = small_networks(seed)
    yield LINEAR, flat(train(linear, rows, recipe_of(seed)).at())
    yield PLAIN, flat(train(plain, rows, recipe_of(seed)).at())
    model = train(cnn, data, recipe_of(seed)).at()
    yield "CNN", torch.no_grad()(lambda images: model(images).argmax(dim=1))


def small_networks(seed: int) -> tuple[MLP, MLP, CNN]:
    """The three learners before their training."""
    return MLP(64, 10, seed=seed), MLP(64, 80, 10, seed=seed), CNN(10, (16, 24), size=8, seed=seed)


def recipe_of(seed: int) -> Recipe:
    """How each of them is trained."""
    return Recipe(epochs=20, batch_size=32, learning_rate=0.005, schedule="cosine", seed=seed, frames=2)


def live(kind: str, seeds: tuple[int, ...]) -> Generator[tuple[float, str], None, Robustness]:
    """Three learners trained and disturbed here and now on scikit-learn's digits, as a job."""
    began, found = time.perf_counter(), {name: [] for name in LIVE}
    for place, seed in enumerate(seeds):
        data = digits(seed=seed, held_out=HELD_OUT)
        for number, (name, read) in enumerate(small_readers(data, seed)):
            yield (place + (number + 1) / 3) / len(seeds), f"{name}, seed {seed}"
            found[name].append(shares(read, data.x_test, data.y_test, kind, seed))
    accuracies = {name: np.array(rows) for name, rows in found.items()}
    return Robustness(kind, accuracies, Measured(seeds, time.perf_counter() - began))
