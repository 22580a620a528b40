"""What the network makes of a picture: its features, computed once for each picture and kept by its content."""

import threading
from collections import OrderedDict
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from core.models.efficientnet import FEATURES, EfficientNetLite0
from core.models.imagenet import efficientnet_lite0
from core.models.published import Published, published
from core.projects.classifier import shipped
from core.projects.classifier.augmentation import VARIANTS, varied
from core.projects.classifier.gallery import Picture

SIZES = (96, 128, 224)  # pixels: larger sees more and takes longer, about 10, 17 and 40 ms a picture on one core
OURS = "EfficientNet-Lite0"  # the network that is always there; others are torchvision's
KEPT = 24_000  # of 5 kB each
AT_ONCE = 2  # pictures
POOL = ThreadPoolExecutor(AT_ONCE, "features")


class Look(NamedTuple):
    """One look at a picture: its pixels' digest, the size it is given in, which variant (0: as it is), and by which
    network."""

    digest: str
    side: int
    variant: int
    network: str = OURS


class Cache:
    """Features by look, the latest ``KEPT``; shared by all learners, as they depend on pixels alone."""

    def __init__(self) -> None:
        self.rows: OrderedDict[Look, Tensor] = OrderedDict((Look(*look), row) for look, row in shipped.rows().items())
        self.lock = threading.Lock()

    def find(self, look: Look) -> Tensor | None:
        with self.lock:
            if look in self.rows:
                self.rows.move_to_end(look)
            return self.rows.get(look)

    def keep(self, rows: Mapping[Look, Tensor]) -> None:
        with self.lock:
            self.rows.update(rows)
            while len(self.rows) > KEPT:
                self.rows.popitem(last=False)


CACHE = Cache()
Looking = Generator[tuple[float, str], None, dict[Look, Tensor]]


def network(name: str = OURS, download: bool = False) -> EfficientNetLite0 | Published:
    """The network of that name with its ImageNet weights, frozen, shared by all; ``download`` allows to fetch those of
    torchvision. Raises ``UnknownNetworkError`` or ``MissingWeightsError``."""
    return efficientnet_lite0() if name == OURS else published(name, download)


def network_input(pixels: np.ndarray, name: str = OURS) -> Tensor:
    """Pixels (side, side, 3) uint8 as a network takes them, (1, 3, side, side)."""
    return network(name).normalised(torch.from_numpy(np.array(pixels))[None])


@torch.no_grad()
def computed(picture: Picture, side: int, variant: int, name: str = OURS) -> Tensor:
    """A network's last answers, averaged over a picture, (features,)."""
    pixels = varied(picture, variant).sized(side) if variant else picture.sized(side)
    return network(name).features(network_input(pixels, name))[0]


def looks(pictures: Sequence[Picture], side: int, augmentation: bool, name: str = OURS) -> list[tuple[Picture, Look]]:
    """Every look that a training needs, picture by picture."""
    variants = range(VARIANTS + 1) if augmentation else (0,)
    return [(one, Look(one.digest, side, variant, name)) for one in pictures for variant in variants]


def missing(pictures: Sequence[Picture], side: int, augmentation: bool, name: str = OURS) -> list[tuple[Picture, Look]]:
    """The looks that have not been taken yet, each once."""
    unseen = {look: one for one, look in looks(pictures, side, augmentation, name) if CACHE.find(look) is None}
    return [(one, look) for look, one in unseen.items()]


def looked_at(
    pictures: tuple[Picture, ...], side: int, augmentation: bool, name: str = OURS, download: bool = False
) -> Looking:
    """Take the looks that are missing, in steps (fraction, message) that can be stopped; returns them all, for
    ``CACHE.keep``: the work may be done on another machine."""
    rows: dict[Look, Tensor] = {}
    if name != OURS:
        yield 0.0, f"opening {name}"
    network(name, download)
    waiting = missing(pictures, side, augmentation, name)
    for start in range(0, len(waiting), 2 * AT_ONCE):
        rows |= taken(waiting[start : start + 2 * AT_ONCE])
        yield len(rows) / len(waiting), f"looking at picture {len(rows)} of {len(waiting)}"
    return rows


def taken(some: Sequence[tuple[Picture, Look]]) -> dict[Look, Tensor]:
    """These looks, kept."""
    tasks = [POOL.submit(computed, one, look.side, look.variant, look.network) for one, look in some]
    rows = {look: task.result() for (_, look), task in zip(some, tasks, strict=True)}
    CACHE.keep(rows)
    return rows


def features(pictures: Sequence[Picture], side: int, augmentation: bool = False, name: str = OURS) -> Tensor:
    """Features of length 1 of every look at every picture, (pictures, looks, features); what is missing is computed.

    Of length 1, because how strongly the network answers says more about contrast than about what is to be seen.
    """
    wanted = looks(pictures, side, augmentation, name)
    rows = taken(missing(pictures, side, augmentation, name))
    found = [rows[look] if look in rows else CACHE.find(look) for _, look in wanted]
    again = [one if one is not None else computed(*pair) for one, pair in zip(found, map(asked, wanted), strict=True)]
    stacked = torch.stack(again) if again else torch.zeros(0, FEATURES)
    return functional.normalize(stacked, dim=1).view(len(pictures), -1, stacked.shape[1])


def asked(pair: tuple[Picture, Look]) -> tuple[Picture, int, int, str]:
    """A look's picture, size, variant and network."""
    one, look = pair
    return one, look.side, look.variant, look.network
