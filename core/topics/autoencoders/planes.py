"""A plane of pictures: two numbers for each, what they decode into, and what a classifier trained apart says of it."""

import time
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from core.data import FASHION_MNIST, MNIST
from core.data.data import Data
from core.data.digits import mixed_digits, shipped
from core.data.generated import Generated
from core.data.held_out import held_out
from core.data.weights import fitting
from core.metrics import accuracy
from core.models.autoencoder import autoencoder, decode, encode
from core.models.judge import judge
from core.models.mlp import MLP
from core.provenance import Measured, Recorded, Sourced, written
from core.topics.autoencoders import records
from core.training import Recipe, Run, train_many

SMALL, LARGE, CLOTHES = SETS = ("8×8 digits, trained now", "MNIST", "Fashion-MNIST")
FILES = {LARGE: ("mnist", MNIST.classes), CLOTHES: ("fashion", FASHION_MNIST.classes)}
TRAINED, EPOCHS, HIDDEN, ACTIVATION = 1437, 50, (64, 32), "GELU"  # of the 8×8 digits; the other 360 are held out
CLEAR = 0.9  # a decoded picture is clear if the classifier gives one class at least this probability
GRID = 41  # places on each side of the plane that are judged
MARGIN = 1.1


def same_digits(seed: int = 0) -> tuple[Tensor, Tensor]:
    """All 8×8 digits (1797, 64) in random order, each its own target."""
    x, _ = mixed_digits(seed, flat=True)
    return x, x


def digit_pictures(seed: int) -> Data:
    """The 8×8 digits as a problem without labels: return what you are given."""
    x, _ = same_digits(seed)
    origin = Generated(same_digits, {"seed": int(seed)}, (mixed_digits, shipped))
    source = written(same_digits, (seed,), {})
    return Data(x[:TRAINED], x[:TRAINED], x[TRAINED:], x[TRAINED:], source=source, made=origin)


@dataclass(frozen=True)
class Plane(Sourced):
    """A trained autoencoder with a code of two numbers, held-out pictures (pictures, pixels) with their classes, and a
    classifier. Places are told in units of the plane: −1 to 1 is where almost all codes lie."""

    name: str
    model: MLP
    judge: MLP
    pictures: Tensor
    labels: Tensor
    classes: tuple[str, ...]
    error: float
    judge_accuracy: float
    source: "Measured | Recorded | OwnWeights"
    run: Run | None = field(default=None, repr=False)

    @property
    def side(self) -> int:
        """Pixels of a picture's side."""
        return round(self.pictures.shape[1] ** 0.5)

    @cached_property
    def window(self) -> tuple[Tensor, Tensor]:
        """Middle and half width of where the codes lie, each (2,)."""
        codes = self.codes(self.pictures)
        low, high = codes.quantile(0.01, dim=0), codes.quantile(0.99, dim=0)
        return (low + high) / 2, (MARGIN * (high - low) / 2).clamp_min(1e-6)

    @torch.no_grad()
    def codes(self, pictures: Tensor) -> Tensor:
        """The two numbers of each picture, (pictures, 2)."""
        return encode(self.model, pictures)

    @torch.no_grad()
    def decoded(self, codes: Tensor) -> Tensor:
        """The pictures of codes, (codes, pixels) from 0 to 1."""
        return decode(self.model, codes).clamp(0, 1)

    def places(self, pictures: Tensor) -> Tensor:
        """Where pictures lie in units of the plane, (pictures, 2)."""
        middle, half = self.window
        return (self.codes(pictures) - middle) / half

    def at(self, places: Tensor) -> Tensor:
        """What the plane shows at places (places, 2) in its own units: pictures (places, pixels)."""
        middle, half = self.window
        return self.decoded(middle + half * places)

    @torch.no_grad()
    def judged(self, pictures: Tensor) -> Tensor:
        """The classifier's probabilities, (pictures, classes)."""
        return self.judge(pictures).softmax(dim=1)

    @cached_property
    def map(self) -> np.ndarray:
        """The classifier's probabilities of the pictures all over the plane, (GRID, GRID, classes), from the bottom."""
        return self.judged(self.at(places_of(GRID))).unflatten(0, (GRID, GRID)).numpy()

    @cached_property
    def clear(self) -> float:
        """The share of the plane that decodes into a picture which the classifier is sure of."""
        return float((self.map.max(axis=-1) >= CLEAR).mean())


def places_of(side: int) -> Tensor:
    """A grid over the plane, row by row from the bottom, (side², 2)."""
    line = torch.linspace(-1, 1, side)
    up, across = torch.meshgrid(line, line, indexing="ij")
    return torch.stack([across.ravel(), up.ravel()], dim=1)


def recipe_of(seed: int, epochs: int = EPOCHS) -> Recipe:
    """How networks of 8×8 pixels are trained here."""
    return Recipe(epochs, 32, learning_rate=0.005, schedule="cosine", seed=seed, frames=11)


def small_plane(seed: int) -> Plane:
    """Train on the 8×8 digits, and a classifier apart."""
    began = time.perf_counter()
    pictures, (_, y) = digit_pictures(seed), mixed_digits(seed, flat=True)
    labels = Data(pictures.x, y[:TRAINED], pictures.x_test, y[TRAINED:], tuple("0123456789"))
    models = [autoencoder(64, HIDDEN, 2, ACTIVATION, seed), MLP(64, 48, 10, seed=seed + 1)]
    recipes = [recipe_of(seed), recipe_of(seed + 1, 15)]
    run, judged = train_many(models, [pictures, labels], recipes)
    right = accuracy(judged.at()(labels.x_test), labels.y_test)
    source = Measured((seed,), time.perf_counter() - began)
    return Plane(
        SMALL,
        run.at(),
        judged.at(),
        labels.x_test,
        labels.y_test,
        labels.classes,
        run.last.test_loss,
        right,
        source,
        run,
    )


def large_plane(data: str) -> Plane:
    """One of the shipped planes of 28 × 28 pixels."""
    name, classes = FILES[data]
    known = records.measures()[name]
    source = Recorded(known["recipe"], known["date"])
    return Plane(
        data,
        records.network(name),
        judge(name),
        *held_out(name),
        classes,
        known["error"],
        known["accuracy of the judge"],
        source,
    )


def own_plane(file: bytes, data: str) -> Plane:
    """The plane of a learner's network of 28 × 28 pixels, a safetensors file, with the pictures of a shipped plane.

    Raises ``OwnDataError``, one sentence, for a file that does not hold the architecture of the shipped ones.
    """
    shipped_plane = large_plane(data)
    model = autoencoder(records.SIDE**2, records.HIDDEN, 2, records.ACTIVATION)
    model.load_state_dict(fitting(file, {name: tuple(part.shape) for name, part in model.state_dict().items()}))
    model.eval()
    with torch.no_grad():
        decoded = decode(model, encode(model, shipped_plane.pictures)).clamp(0, 1)
    error = (decoded - shipped_plane.pictures).square().mean().item()
    source = OwnWeights(len(shipped_plane.pictures))
    return replace(shipped_plane, model=model, error=error, source=source)


@dataclass(frozen=True)
class OwnWeights:
    """The source of numbers that a learner's network made of so many shipped pictures."""

    pictures: int

    @property
    def provenance(self) -> str:
        return f"Your weights · {self.pictures} held-out pictures, measured live"


def plane(data: str, seed: int) -> Plane:
    """The plane of a data set; only that of the 8×8 digits depends on the seed."""
    return small_plane(seed) if data == SMALL else large_plane(data)


@dataclass(frozen=True)
class Path:
    """The way from one picture to another: decoded at equal steps of the code, and faded pixel by pixel, both
    (steps, pixels); what the classifier says of each, (steps, classes); how far each is from the nearest held-out
    picture, (steps,), root mean square per pixel."""

    decoded: Tensor
    faded: Tensor
    says: tuple[Tensor, Tensor]
    distances: tuple[Tensor, Tensor]


def path(latent: Plane, first: Tensor, last: Tensor, steps: int = 9) -> Path:
    """From one picture (pixels,) to another; the fade is between the decoded ends, so that both ways share them."""
    share = torch.linspace(0, 1, steps)[:, None]
    ends = latent.codes(torch.stack([first, last]))
    decoded = latent.decoded(ends[0] + share * (ends[1] - ends[0]))
    faded = decoded[0] + share * (decoded[-1] - decoded[0])

    def distance(way: Tensor) -> Tensor:
        """How far each step is from the nearest picture, per pixel."""
        return torch.cdist(way, latent.pictures).amin(dim=1) / latent.side

    says = latent.judged(decoded), latent.judged(faded)
    return Path(decoded, faded, says, (distance(decoded), distance(faded)))
