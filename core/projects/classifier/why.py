"""Why an answer: where in the picture it comes from, and which training pictures are most like it."""

import functools
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from core.models.efficientnet import EfficientNetLite0
from core.models.published import Published
from core.projects.classifier.features import OURS, network, network_input
from core.projects.classifier.gallery import Picture
from core.projects.classifier.head import Head, probabilities
from core.projects.classifier.study import COST, Trained, familiar

NONE = "none of these"
LAYERS = {"two thirds deep": 11 / 16, "last maps": 1.0, "a third deep": 5 / 16}  # share of the blocks before it
HOTTEST = 0.2  # share of a picture that is covered to see whether its evidence lay there
MOST_ALIKE = 6


@dataclass(frozen=True)
class Alike:
    """A training picture like the one in question: the cosine of their features, and its class."""

    picture: Picture
    name: str
    cosine: float


@dataclass(frozen=True, eq=False)
class Answer:
    """What a classifier says of a picture: ``probabilities`` of the classes, how ``familiar`` the picture is, and the
    ``threshold`` of that below which it is none of them."""

    picture: Picture
    names: tuple[str, ...]
    features: Tensor
    probabilities: tuple[float, ...]
    familiar: float
    threshold: float

    @property
    def place(self) -> int:
        """The most probable class."""
        return int(np.argmax(self.probabilities))

    @property
    def refused(self) -> bool:
        """Whether the picture is like nothing that was learned."""
        return self.familiar < self.threshold

    @property
    def name(self) -> str:
        """The answer."""
        return NONE if self.refused else self.names[self.place]

    @property
    def named(self) -> dict[str, float]:
        """Probabilities by class."""
        return dict(zip(self.names, self.probabilities, strict=True))

    @property
    def sentence(self) -> str:
        """The answer in words."""
        best, sure = self.names[self.place], f"{100 * self.probabilities[self.place]:.0f}%"
        if self.refused:
            return (
                f"None of these: its likeness to the training pictures is {self.familiar:.2f}, "
                f"below {self.threshold:.2f}. If it must be one of them, {best}."
            )
        return f"{best[0].upper()}{best[1:]}, {sure} sure."


@torch.no_grad()
def answered(found: Trained, picture: Picture, cost: float = COST) -> Answer:
    """What a classifier says of a picture that it may never have seen."""
    study = found.study
    row = features_of(picture, study.settings.side, study.settings.network)
    chances = probabilities(study.head.logits(row[None]), study.temperature)[0]
    likeness = float(familiar(row[None], study.references)[0])
    return Answer(picture, found.names, row, tuple(chances.tolist()), likeness, study.threshold(cost))


@functools.lru_cache(maxsize=256)
@torch.no_grad()
def features_of(picture: Picture, side: int, name: str = OURS) -> Tensor:
    """A picture's features, of length 1, (features,)."""
    return unit(network(name).features(network_input(picture.sized(side), name))[0])


@functools.lru_cache(maxsize=16)
@torch.no_grad()
def maps_of(picture: Picture, side: int, name: str, blocks: int) -> Tensor:
    """What leaves a network's first so many blocks, of all of them its last maps, (1, channels, rows, columns)."""
    x, model = network_input(picture.sized(side), name), network(name)
    return model.maps(x) if blocks == len(model.blocks) else model.through(x, blocks)


def unit(rows: Tensor) -> Tensor:
    """Vectors (…, features) of length 1."""
    return rows / rows.norm(dim=-1, keepdim=True).clamp_min(1e-12)


def alike(found: Trained, answer: Answer, most: int = MOST_ALIKE) -> list[Alike]:
    """The training pictures whose features point most nearly the same way."""
    cosines = found.study.references @ answer.features
    best = cosines.topk(min(most, len(cosines)))
    labels = found.study.labels[~found.study.held_out]
    return [
        Alike(found.learned_from[place], found.names[int(labels[place])], float(cosine))
        for cosine, place in zip(best.values.tolist(), best.indices.tolist(), strict=True)
    ]


def attention(found: Trained, picture: Picture, place: int, layer: str = next(iter(LAYERS))) -> np.ndarray:
    """Where the evidence for class ``place`` lies, (rows, columns) of a layer's map, from 0 to 1."""
    name, side = found.settings.network, found.settings.side
    blocks = round(LAYERS[layer] * len(network(name).blocks))
    return grad_cam(network(name), found.study.head, maps_of(picture, side, name, blocks), place, blocks).numpy()


@dataclass(frozen=True)
class Check:
    """The answer's probability as it is, with the hottest part covered, and with as much of the coldest covered."""

    whole: float
    without_hottest: float
    without_coldest: float

    @property
    def sentence(self) -> str:
        """Whether the map can be believed."""
        told = (
            f"With the hottest fifth of the map covered the probability goes from {self.whole:.0%} to "
            f"{self.without_hottest:.0%}, with the coldest fifth to {self.without_coldest:.0%}"
        )
        return f"{told}." if self.without_hottest < self.without_coldest else f"{told}: here the map says little."


@torch.no_grad()
def checked(found: Trained, picture: Picture, place: int, heat: np.ndarray) -> Check:
    """Cover the hottest and the coldest fifth of a picture with the colour of its edge, and ask again."""
    pixels = picture.sized(found.settings.side)
    large = np.asarray(Image.fromarray(heat.astype(np.float32)).resize(pixels.shape[:2], Image.Resampling.BICUBIC))
    order = np.argsort(large, axis=None, kind="stable")
    count = round(HOTTEST * large.size)
    edge = np.median(np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]]), axis=0)
    covered = np.stack([pixels, pixels])
    for view, places in zip(covered, (order[-count:], order[:count]), strict=True):
        view.reshape(-1, 3)[places] = edge
    model = network(name := found.settings.network)
    whole = features_of(picture, found.settings.side, name)
    rows = torch.cat([whole[None], unit(model.features(model.normalised(torch.from_numpy(covered))))])
    return Check(*probabilities(found.study.head.logits(rows), found.study.temperature)[:, place].tolist())


def grad_cam(model: EfficientNetLite0 | Published, head: Head, maps: Tensor, place: int, blocks: int) -> Tensor:
    """Gradient-weighted class activation (Selvaraju et al. 2017): maps (1, channels, rows, columns) → (rows, columns).

    The ``maps`` that leave the first so many blocks (``maps_of``) are summed, each weighed by the mean slope of the
    class's logit over it; what speaks against the class is cut off, the strongest place is 1.
    """
    last = blocks == len(model.blocks)
    maps = maps.detach().requires_grad_(True)
    with torch.enable_grad():
        answer = maps
        for block in model.blocks[blocks:]:
            answer = block(answer)
        features = (answer if last else model.top(answer)).mean(dim=(2, 3))
        logit = head.logits(unit(features))[0, place]
        slopes = torch.autograd.grad(logit, maps)[0]
    heat = (slopes.mean(dim=(2, 3), keepdim=True) * maps).sum(dim=1)[0].clamp_min(0).detach()
    return heat / heat.max().clamp_min(1e-12)
