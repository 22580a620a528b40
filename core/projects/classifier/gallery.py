"""The learner's pictures: squares of one size, filed under named classes. Nothing here changes in place."""

import functools
import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from PIL import Image

from core.serving.squares import square

SIDE = 224  # pixels; every picture is kept as a square of this side, which is what the network was made for
MOST_CLASSES, MOST_PICTURES = 20, 1000
FEWEST = 2  # classes, and pictures of each, that a training needs
LONGEST_NAME = 40


@dataclass(frozen=True)
class Picture:
    """A square picture in colour: a file (``content``) of SIDE × SIDE pixels, what it was called, what was done to it.
    ``digest`` names its pixels: two pictures of one digest are the same picture."""

    name: str
    content: bytes = field(repr=False)
    digest: str
    note: str = ""

    @property
    def pixels(self) -> np.ndarray:
        """(SIDE, SIDE, 3) uint8."""
        with Image.open(io.BytesIO(self.content)) as file:
            return np.asarray(file.convert("RGB"))

    def sized(self, side: int) -> np.ndarray:
        """The same in another size, (side, side, 3) uint8."""
        return resized(self.pixels, side)


def resized(pixels: np.ndarray, side: int) -> np.ndarray:
    """Pixels (any, any, 3) as a square of another side; bicubic, averaging where it shrinks."""
    if pixels.shape[:2] == (side, side):
        return pixels
    return np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC))


def picture(name: str, image: Image.Image, note: str = "", lossless: bool = False) -> Picture:
    """The middle square of an image, on white where it is transparent, as a picture.

    Photographs are kept as JPEG of high quality: a thousand of them are then some 20 MB.
    """
    square, file = squared(image), io.BytesIO()
    if lossless:
        square.save(file, "PNG", compress_level=1)
    else:
        square.save(file, "JPEG", quality=95, subsampling=0)
    return Picture(name, file.getvalue(), digest_of(square), note)


def digest_of(square: Image.Image) -> str:
    """A name for the pixels of an image."""
    return hashlib.sha256(square.tobytes()).hexdigest()[:20]


def squared(image: Image.Image) -> Image.Image:
    """The middle square of an image on white, SIDE × SIDE, in colour."""
    return square(image, SIDE)


@dataclass(frozen=True)
class Album:
    """Pictures and the classes they are filed under: ``labels`` are places in ``names``."""

    names: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = field(default=(), repr=False)
    labels: tuple[int, ...] = ()
    title: str = "your pictures"

    @functools.cached_property
    def key(self) -> str:
        """Changes with pictures and labels, not with names: a class that is renamed needs no training."""
        text = " ".join(f"{label}:{one.digest}" for label, one in zip(self.labels, self.pictures, strict=True))
        return hashlib.sha256(f"{len(self.names)} {text}".encode()).hexdigest()[:20]

    @property
    def counts(self) -> tuple[int, ...]:
        """Pictures of each class."""
        return tuple(self.labels.count(place) for place in range(len(self.names)))

    @property
    def lacks(self) -> str:
        """What is missing before a classifier can be trained, in a sentence; empty if nothing is."""
        if len(self.names) < FEWEST:
            return "Two classes are the least: add pictures of another one."
        thin = [name for name, count in zip(self.names, self.counts, strict=True) if count < FEWEST]
        return f"At least {FEWEST} pictures are needed of each class; too few of: {', '.join(thin)}." if thin else ""

    def of(self, place: int) -> tuple[Picture, ...]:
        """The pictures of one class."""
        return tuple(one for one, label in zip(self.pictures, self.labels, strict=True) if label == place)

    def called(self, place: int) -> str:
        """A picture with its class, as sentences name it: “cat 3”, the third picture of the class cat."""
        label = self.labels[place]
        return f"{self.names[label]} {self.labels[: place + 1].count(label)}"

    def added(self, name: str, pictures: Sequence[Picture]) -> "Album":
        """With more pictures of a class, which may be new. Raises ``ValueError`` beyond the limits."""
        name = tidy(name)
        if not name:
            raise ValueError("Give the class a name first.")
        names = self.names if name in self.names else (*self.names, name)
        if len(names) > MOST_CLASSES:
            raise ValueError(f"At most {MOST_CLASSES} classes fit.")
        if len(self.pictures) + len(pictures) > MOST_PICTURES:
            raise ValueError(f"At most {MOST_PICTURES:,} pictures fit; there are {len(self.pictures):,} already.")
        label = names.index(name)
        return replace(
            self, names=names, pictures=(*self.pictures, *pictures), labels=(*self.labels, *[label] * len(pictures))
        )

    def renamed(self, place: int, name: str) -> "Album":
        """With another name for a class; the name of another class files both under it."""
        name = tidy(name)
        if not name or place >= len(self.names) or name == self.names[place]:
            return self
        if name in self.names:
            target = self.names.index(name)
            labels = tuple(target if label == place else label for label in self.labels)
            return replace(self, labels=labels).without(place)
        return replace(self, names=(*self.names[:place], name, *self.names[place + 1 :]))

    def without(self, place: int) -> "Album":
        """Without a class and its pictures."""
        kept = [pair for pair in zip(self.pictures, self.labels, strict=True) if pair[1] != place]
        return replace(
            self,
            names=(*self.names[:place], *self.names[place + 1 :]),
            pictures=tuple(one for one, _ in kept),
            labels=tuple(label - (label > place) for _, label in kept),
        )

    def without_pictures(self, places: Iterable[int]) -> "Album":
        """Without some pictures, by their places."""
        gone = set(places)
        kept = [place for place in range(len(self.pictures)) if place not in gone]
        return replace(
            self,
            pictures=tuple(self.pictures[place] for place in kept),
            labels=tuple(self.labels[place] for place in kept),
        )

    def moved(self, place: int, label: int) -> "Album":
        """With one picture filed under another class."""
        return replace(self, labels=(*self.labels[:place], label, *self.labels[place + 1 :]))


def tidy(name: str) -> str:
    """A class name on one line of printable characters, not too long; it comes from anybody."""
    line = "".join(letter if letter.isprintable() else " " for letter in str(name)[:200])
    return " ".join(line.split())[:LONGEST_NAME].strip()
