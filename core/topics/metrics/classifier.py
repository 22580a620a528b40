"""The network that the page judges: it reads smudged digits, some of them wrongly."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from core.data import Data, digits
from core.lessons.controls import folded, slider
from core.models import MLP
from core.training import Recipe, Run, train

CLASSES, MOST_TRAINING, FOR_TEMPERATURE = 10, 700, 360  # of 1,797 digits 718 remain to be tested on
NOISE = slider("Pixel noise", 0.0, 0.6, 0.3, 0.05, help="Standard deviation of the noise on pixels from 0 to 1.")
UNITS = slider("Hidden units", 4, 64, 24)
EPOCHS = slider("Epochs", 5, 150, 30, 5)
PICTURES = slider("Training pictures", 100, MOST_TRAINING, 500, 50)
CONTROLS = (NOISE, folded(UNITS, EPOCHS, PICTURES))


@dataclass(frozen=True)
class Judged:
    """A trained network and what it says of digits that it has not seen: ``images`` (samples, 8, 8) from 0 to 1,
    ``truth`` (samples,), ``logits`` (samples, 10). The ``known`` pair, logits and digits of further pictures, is for
    fitting a temperature."""

    run: Run
    images: np.ndarray
    truth: np.ndarray
    logits: np.ndarray
    known: tuple[np.ndarray, np.ndarray]

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return self.run.provenance

    @cached_property
    def probabilities(self) -> np.ndarray:
        """Softmax of the logits, (samples, 10)."""
        return torch.from_numpy(self.logits).softmax(dim=1).numpy()

    @cached_property
    def answers(self) -> np.ndarray:
        """The most probable digit, (samples,)."""
        return self.logits.argmax(axis=1)

    def against_rest(self, digit: int) -> tuple[np.ndarray, np.ndarray]:
        """Is it this digit? The truth, 0 or 1, and the network's probability of it, both (samples,)."""
        return (self.truth == digit).astype(int), self.probabilities[:, digit]


def smudged(noise: float, training: int, seed: int) -> Data:
    """Digits (samples, 64) with Gaussian noise on every pixel, cut off at 0 and 1; ``training`` of them to learn from,
    1,078 held out."""
    data = digits(seed=seed, held_out=0.6, flat=True)
    generator = torch.Generator().manual_seed(seed)
    x, x_test = (noisy(each, noise, generator) for each in (data.x, data.x_test))
    source = f"smudged(noise={noise!r}, training={training!r}, seed={seed!r})"
    return replace(data, x=x[:training], y=data.y[:training], x_test=x_test, source=source, made=None)


def noisy(x: Tensor, noise: float, generator: torch.Generator) -> Tensor:
    """Pixels with noise."""
    return (x + noise * torch.randn(x.shape, generator=generator)).clamp(0, 1)


def judged(run: Run) -> Judged:
    """What a training's network says of its held-out pictures; the first of them are kept for the temperature."""
    with torch.no_grad():
        logits = run.at()(run.data.x_test).double().numpy()
    truth, images = run.data.y_test.numpy(), run.data.x_test.numpy().reshape(-1, 8, 8)
    first = FOR_TEMPERATURE
    return Judged(run, images[first:], truth[first:], logits[first:], (logits[:first], truth[:first]))


def classifier(pixel_noise: float, hidden_units: int, epochs: int, training_pictures: int, seed: int) -> Judged:
    """Train on smudged digits and test."""
    data = smudged(pixel_noise, training_pictures, seed)
    recipe = Recipe(epochs=epochs, learning_rate=0.01, seed=seed, frames=2)
    return judged(train(MLP(64, hidden_units, CLASSES, seed=seed), data, recipe))
