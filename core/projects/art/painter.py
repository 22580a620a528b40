"""A trained generator in use: pictures by seed and class, truncated, mixed, between two, along a direction."""

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core import cores
from core.projects.art.network import Generator, as_pixels, loaded, numbered, one_hot, parts

FOLDER = Path(__file__).resolve().parents[3] / "assets" / "art"
SAMPLES = 1000  # styles of a class that its mean is taken over
LARGEST_SEED = 2**31 - 1
MOST = 512  # pictures asked for at once


@dataclass(frozen=True, eq=False)
class Painter:
    """A generator, what its classes are called, and how often each came in the training pictures."""

    generator: Generator
    names: tuple[str, ...]
    shares: tuple[float, ...]

    @property
    def classes(self) -> int:
        """How many there are."""
        return len(self.names)

    def weights(self, mix: Mapping[str, float]) -> Tensor:
        """Class weights (classes,) of a mixture by name, shares of their sum. Raises ``ValueError`` for names that are
        not known and for weights that are negative or all zero."""
        unknown = [name for name in mix if name not in self.names]
        if unknown:
            raise ValueError(f"There is no group {unknown[0]!r}; there are {', '.join(self.names)}.")
        row = torch.tensor([float(mix.get(name, 0.0)) for name in self.names])
        if not torch.isfinite(row).all() or row.min() < 0 or row.sum() <= 0:
            raise ValueError("Give at least one group a weight above zero, and none a weight below.")
        return row / row.sum()

    @torch.no_grad()
    def styles(self, seeds: Sequence[int], classes: Tensor, truncation: float = 1.0) -> Tensor:
        """Styles (count, style) of seeds under class weights (classes,) or (count, classes).

        ``truncation`` ψ moves each style towards the mean of its class: μ + ψ (w − μ) (Karras et al. 2019, appendix B).
        Raises ``ValueError`` for seeds that are none.
        """
        rows = classes.expand(len(seeds), -1) if classes.ndim == 1 else classes
        styles = self.generator.mapping(numbered(self.generator, checked(seeds)), rows)
        if truncation == 1.0:
            return styles
        return (means := rows @ self.means) + truncation * (styles - means)

    @functools.cached_property
    def means(self) -> Tensor:
        """The mean style of each class, (classes, style)."""
        noise = torch.randn(SAMPLES, self.generator.shape.noise, generator=torch.Generator().manual_seed(0))
        with torch.no_grad():
            rows = [self.generator.mapping(noise, one_hot([place] * SAMPLES, self.classes)).mean(dim=0)
                    for place in range(self.classes)]  # fmt: skip
        return torch.stack(rows)

    def painted(self, styles: Tensor) -> np.ndarray:
        """Styles (count, style) or (count, layers, style) as pictures (count, side, side, 3) uint8."""
        return as_pixels(torch.cat(cores.each(torch.no_grad()(self.generator.painted), cores.parts(styles, 32))))

    def likely(self, count: int, seed: int, truncation: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
        """Pictures of classes as they came in training, and their labels."""
        draw = np.random.default_rng(seed)
        labels = draw.choice(self.classes, count, p=np.array(self.shares) / sum(self.shares))
        seeds = draw.integers(0, LARGEST_SEED, count).tolist()
        rows = one_hot(labels.tolist(), self.classes)
        parts = (slice(start, start + MOST) for start in range(0, count, MOST))
        styles = torch.cat([self.styles(seeds[part], rows[part], truncation) for part in parts])
        return self.painted(styles), labels


def checked(seeds: Sequence[int]) -> list[int]:
    """Seeds that are whole numbers from 0 to ``LARGEST_SEED``, at most ``MOST``. Raises ``ValueError``."""
    if len(seeds) > MOST:
        raise ValueError(f"At most {MOST} pictures are painted at once.")
    for seed in seeds:
        if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed <= LARGEST_SEED:
            raise ValueError(f"A seed is a whole number from 0 to {LARGEST_SEED:,}.")
    return [int(seed) for seed in seeds]


def mixed(coarse: Tensor, fine: Tensor, layers: int, change: int) -> Tensor:
    """Styles (count, style) of two sources → (count, layers, style): the first up to a layer, then the second."""
    late = torch.arange(layers)[None, :, None] >= change
    return torch.where(late, fine[:, None], coarse[:, None])


def between(stops: Tensor, steps: int, closed: bool = True) -> Tensor:
    """Styles from stop to stop (stops, style) on straight lines, each reached and left gently, (steps · legs, style).

    ``closed`` goes back to the first one at the end, so that a film can be played again and again.
    """
    ends = torch.cat([stops[1:], stops[:1]]) if closed else stops[1:]
    starts = stops[: len(ends)]
    share = torch.arange(steps) / steps
    gentle = (share * share * (3 - 2 * share))[None, :, None]
    return (starts[:, None] + gentle * (ends - starts)[:, None]).flatten(0, 1)


def plane(corners: Tensor, x: float, y: float) -> Tensor:
    """The style at a place of a map whose corners are (0, 0), (1, 0), (0, 1), (1, 1): corners (4, style), linear along
    both sides; places outside count as the nearest on the map. Raises ``ValueError`` for what is no place."""
    if not (math.isfinite(x) and math.isfinite(y)):
        raise ValueError("A place on the map is two numbers from 0 to 1.")
    x, y = (min(max(float(each), 0.0), 1.0) for each in (x, y))
    shares = torch.tensor([(1.0 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y])
    return shares @ corners


@dataclass(frozen=True, eq=False)
class Directions:
    """Main directions of styles, (count, style) of length one, with the standard deviation along each and its share of
    the whole variance (Härkönen et al. 2020, *GANSpace*)."""

    rows: Tensor
    deviations: Tensor
    shares: Tensor


def principal(styles: Tensor, count: int) -> Directions:
    """The directions in which styles (samples, style) differ most, the largest first; the sign makes the largest entry
    of each positive."""
    centred = (styles - styles.mean(dim=0)).double()
    _, values, rows = torch.linalg.svd(centred, full_matrices=False)
    largest = rows.gather(1, rows.abs().argmax(dim=1, keepdim=True))
    rows = rows * largest.sign()
    power = values.square()
    deviations = values / max(len(styles) - 1, 1) ** 0.5
    return Directions(rows[:count].float(), deviations[:count].float(), (power / power.sum())[:count].float())


TRAITS = {  # what can be measured of a picture, and what more and less of it are called
    "redness": ("redder", "greener"),
    "warmth": ("yellower", "bluer"),
    "lightness": ("lighter", "darker"),
    "colourfulness": ("more colourful", "greyer"),
    "size": ("larger", "smaller"),
    "height": ("higher on the sheet", "lower on the sheet"),
    "tallness": ("taller", "wider"),
}
INK = 0.12  # a pixel belongs to the fruit where its colour is farther than this from the paper's


def traits(pixels: np.ndarray) -> dict[str, np.ndarray]:
    """Numbers that describe pictures (count, side, side, 3), each (count,); colours are means over the painted part,
    which is what differs from the paper: the median of the picture's rim."""
    x = pixels.astype(np.float32) / 255
    side, count = x.shape[1], len(x)
    rim = np.concatenate([x[:, 0], x[:, -1], x[:, :, 0], x[:, :, -1]], axis=1)
    paper = np.median(rim, axis=1)[:, None, None]
    ink = (np.linalg.norm(x - paper, axis=3) > INK) + 1e-6
    weights = ink / ink.sum(axis=(1, 2), keepdims=True)
    red, green, blue = np.moveaxis((x * weights[..., None]).sum(axis=(1, 2)), 1, 0)
    line = (np.arange(side) + 0.5) / side
    rows, columns = weights.sum(axis=2), weights.sum(axis=1)
    up, across = rows @ line, columns @ line
    tall, wide = (np.sqrt((each * (line - centre[:, None]) ** 2).sum(axis=1) + 1e-9)
                  for each, centre in ((rows, up), (columns, across)))  # fmt: skip
    return {
        "redness": red - green, "warmth": (red + green) / 2 - blue, "lightness": (red + green + blue) / 3,
        "colourfulness": ((x.max(axis=3) - x.min(axis=3)) * weights).sum(axis=(1, 2)),
        "size": ink.reshape(count, -1).mean(axis=1), "height": 1 - up, "tallness": tall / wide,
    }  # fmt: skip


@dataclass(frozen=True)
class Effect:
    """What a step along a direction does: the trait that changes most beside how much it differs anyway, its change in
    those standard deviations, and the share of pictures in which it goes that way."""

    trait: str
    change: float
    agreement: float

    @property
    def words(self) -> str:
        """Its name on a slider: what more of it makes of a picture."""
        return TRAITS[self.trait][0 if self.change > 0 else 1]


def effect(painter: Painter, styles: Tensor, step: Tensor) -> Effect:
    """Measure a direction on pictures of these styles, one step forth and one back."""
    usual = traits(painter.painted(styles))
    forth, back = (traits(painter.painted(styles + sign * step)) for sign in (1, -1))
    changes = {name: (forth[name] - back[name]) / max(float(usual[name].std()), 1e-6) for name in usual}
    name = max(changes, key=lambda one: abs(float(changes[one].mean())))
    mean = float(changes[name].mean())
    return Effect(name, mean, float((np.sign(changes[name]) == np.sign(mean)).mean()))


def painter_of(path: Path) -> Painter:
    """The painter in a file of ``release`` or of a training's moment."""
    generator, about = loaded(path)
    names = tuple(about["names"])
    return Painter(generator, names, tuple(about.get("shares") or [1 / len(names)] * len(names)))


@functools.lru_cache(maxsize=1)
def painter() -> Painter:
    """The shipped one."""
    return painter_of(FOLDER / "weights.safetensors")


def sheet_of(generator: Generator, seeds: Sequence[int], labels: Sequence[int]) -> np.ndarray:
    """Pictures of seeds and labels, (count, side, side, 3) uint8."""
    noise, classes = numbered(generator, list(seeds)), one_hot(list(labels), generator.shape.classes)
    with torch.no_grad():
        return as_pixels(torch.cat([generator(*part) for part in parts(noise, classes)]))
