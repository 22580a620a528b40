"""The pictures that are learned from: fruit watercolours with their groups, pixel portraits, tiles of a game.

They are read from the folder that ``ROADMAP_LAB_DATA`` names; nothing of them is shipped but what the card shows.
"""

import csv
import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from core.data.images import MissingDataError
from core.places import folders

HELD_OUT = 0.2  # of all pictures: never learned from, kept to be compared with
CREDIT = (
    "U.S. Department of Agriculture Pomological Watercolor Collection. Rare and Special Collections, National "
    "Agricultural Library, Beltsville, MD 20705"
)


@dataclass(frozen=True, eq=False)
class Pictures:
    """Pictures (count, side, side, 3) uint8, their classes' numbers (count,) and names, and whose they are."""

    name: str
    pixels: np.ndarray
    labels: np.ndarray
    names: tuple[str, ...]
    credit: str

    @property
    def side(self) -> int:
        """Pixels of a side."""
        return self.pixels.shape[1]

    def __len__(self) -> int:
        return len(self.pixels)

    def those(self, places: np.ndarray) -> "Pictures":
        """Some of them."""
        return Pictures(self.name, self.pixels[places], self.labels[places], self.names, self.credit)

    def parted(self) -> tuple["Pictures", "Pictures"]:
        """What is learned from, and what is held out: the same division every time."""
        order = np.random.default_rng(0).permutation(len(self))
        kept = round(HELD_OUT * len(self))
        return self.those(np.sort(order[kept:])), self.those(np.sort(order[:kept]))


def folder(name: str) -> Path:
    """Where a set lies. Raises ``MissingDataError`` where it is not at hand."""
    for place in folders():
        if (place / name).is_dir():
            return place / name
    raise MissingDataError(
        f"The pictures {name} are not on this machine: set ROADMAP_LAB_DATA to the folder they are in."
    )


def tiles(path: Path, side: int, mode: str = "RGB") -> np.ndarray:
    """A sheet cut into squares, row by row, (count, side, side, 3)."""
    with Image.open(path) as file:
        image = file.convert(mode)
    if mode == "RGBA":
        paper = Image.new("RGBA", image.size, "white")
        paper.alpha_composite(image)
        image = paper.convert("RGB")
    pixels = np.asarray(image)
    high, wide = pixels.shape[0] // side, pixels.shape[1] // side
    return pixels.reshape(high, side, wide, side, 3).swapaxes(1, 2).reshape(-1, side, side, 3)


def rows_of(path: Path) -> list[dict[str, str]]:
    """A table of labels."""
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@functools.lru_cache(maxsize=1)
def watercolours() -> Pictures:
    """7,573 watercolours of fruit, 64 × 64, in 17 groups, the largest group first."""
    place = folder("art-usda-pomological")
    rows = rows_of(place / "labels.csv")
    pixels = np.concatenate([tiles(place / f"sheet_{number}.jpg", 64) for number in range(4)])[: len(rows)]
    groups = [row["group"] for row in rows]
    names = sorted(set(groups), key=lambda name: (-groups.count(name), name))
    return Pictures("watercolours", pixels, np.array([names.index(one) for one in groups]), tuple(names), CREDIT)


@functools.lru_cache(maxsize=1)
def portraits() -> Pictures:
    """10,000 pixel portraits, 32 × 32, without classes."""
    pixels = tiles(folder("art-nouns-cc0") / "nouns_10000_32px.png", 32)
    return Pictures("portraits", pixels, np.zeros(len(pixels), int), ("portrait",), "Nouns, CC0")


@functools.lru_cache(maxsize=1)
def game_tiles() -> Pictures:
    """3,931 tiles of a game on white, 32 × 32, in 7 categories."""
    place = folder("art-dcss-tiles-cc0")
    rows = rows_of(place / "labels.csv")
    names = sorted({row["category"] for row in rows})
    labels = np.array([names.index(row["category"]) for row in rows])
    pixels = tiles(place / "dcss_tiles_32px_rgba.png", 32, "RGBA")[: len(rows)]
    return Pictures("tiles", pixels, labels, tuple(names), "Dungeon Crawl Stone Soup tiles, CC0")


SETS: dict[str, Callable[[], Pictures]] = {"watercolours": watercolours, "portraits": portraits, "tiles": game_tiles}
