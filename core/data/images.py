"""MNIST and Fashion-MNIST: from a local folder, or downloaded when the learner asks for it, never otherwise.

The four original IDX files of a set, packed or not, are looked for in the folder that the environment variable
``ROADMAP_LAB_DATA`` names and in the cache, under ``mnist/``, ``fashion-mnist/`` or torchvision's ``MNIST/raw/``,
``FashionMNIST/raw/``.
"""

import functools
import gzip
import os
import tempfile
import threading
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core.data.data import Data
from core.data.sampling import check_count, drawn, generator_of
from core.places import FOLDER, folders
from core.provenance import written

TRAIN, TEST = 60_000, 10_000


class MissingDataError(FileNotFoundError):
    """A data set that is not on this machine, or damaged; the message is one sentence for the learner."""

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True)
class ImageSet:
    """What a page can say about a downloadable set before it is here; ``megabytes`` is the download's size."""

    title: str
    torchvision: str
    folder: str
    megabytes: float
    licence: str
    credit: str
    classes: tuple[str, ...]


MNIST = ImageSet(
    "MNIST", "MNIST", "mnist", 11.6, "usually cited as CC BY-SA 3.0", "Y. LeCun, C. Cortes and C. Burges",
    tuple("0123456789"),
)  # fmt: skip
FASHION_MNIST = ImageSet(
    "Fashion-MNIST", "FashionMNIST", "fashion-mnist", 30.9, "MIT", "Zalando SE, Xiao, Rasul and Vollgraf 2017",
    ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)  # fmt: skip
IMAGE_SETS = (MNIST, FASHION_MNIST)
DOWNLOADING = threading.Lock()


def mnist(
    samples: int = 5000, seed: int = 0, test_samples: int = 1000, flat: bool = False, download: bool = False
) -> Data:
    """Handwritten digits of 28 × 28 pixels: at most 60,000 to train on, the official test set held out.

    ``x`` (samples, 1, 28, 28), or (samples, 784) where ``flat``, brightness in [0, 1]; ``y`` (samples,). Both parts
    are drawn by ``seed`` and keep the classes' shares. ``download`` fetches the files if they are not here. Raises
    ``MissingDataError`` if they are neither here nor to be had, ``ValueError`` for impossible counts.
    """
    return taken(mnist, MNIST, samples, seed, test_samples, flat, download)


def fashion_mnist(
    samples: int = 5000, seed: int = 0, test_samples: int = 1000, flat: bool = False, download: bool = False
) -> Data:
    """Articles of clothing of 28 × 28 pixels in ten classes; everything else as in ``mnist``."""
    return taken(fashion_mnist, FASHION_MNIST, samples, seed, test_samples, flat, download)


def taken(
    function: Callable, images: ImageSet, samples: int, seed: int, test_samples: int, flat: bool, download: bool
) -> Data:
    """The asked-for part of a set; its ``source`` leaves ``download`` out, which changes no sample."""
    check_count(samples, 10, TRAIN)
    check_count(test_samples, 10, TEST)
    generator = generator_of(seed)
    folder = folder_of(images)
    if folder is None and download:
        folder = downloaded(images)
    if folder is None:
        raise MissingDataError(
            f"{images.title} is not on this machine: allow the download of {images.megabytes:.0f} MB, "
            f"or set {FOLDER} to a folder that holds it."
        )
    x, y = part(folder, "train", TRAIN, samples, generator, flat)
    x_test, y_test = part(folder, "t10k", TEST, test_samples, generator, flat)
    source = written(function, (samples, seed, test_samples, flat), {})
    return replace(Data(x, y, x_test, y_test, images.classes), source=source)


def part(
    folder: Path, name: str, count: int, samples: int, generator: torch.Generator, flat: bool
) -> tuple[Tensor, Tensor]:
    """``samples`` images in [0, 1] and their class numbers."""
    pixels = idx(located(folder, f"{name}-images-idx3-ubyte"), (count, 28, 28))
    labels = torch.from_numpy(idx(located(folder, f"{name}-labels-idx1-ubyte"), (count,)).astype(np.int64))
    if labels.max() > 9:
        raise MissingDataError(f"The labels in {folder} are damaged: replace them or download the set again.")
    chosen = drawn(labels, samples, generator)
    x = torch.from_numpy(pixels[chosen.numpy()]).float()[:, None] / 255
    return (x.flatten(1) if flat else x), labels[chosen]


def folder_of(images: ImageSet) -> Path | None:
    """The folder that holds all four files of a set, if there is one."""
    names = [f"{part}-{kind}-ubyte" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")]
    for folder in folders():
        for place in (folder / images.folder, folder / images.torchvision / "raw"):
            if all(located(place, name) for name in names):
                return place
    return None


def located(folder: Path, name: str) -> Path | None:
    """The file, unpacked or packed; None if it is not there."""
    return next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)


def idx(path: Path | None, shape: tuple[int, ...]) -> np.ndarray:
    """The bytes of an IDX file as uint8 of the given shape; raises ``MissingDataError`` if it holds anything else."""
    if path is None:
        raise MissingDataError("A file of the data set is gone: download the set again.")
    return unpacked(path, path.stat().st_mtime_ns, shape)


@functools.lru_cache(maxsize=8)
def unpacked(path: Path, changed: int, shape: tuple[int, ...]) -> np.ndarray:
    header = (0x0800 + len(shape)).to_bytes(4, "big") + b"".join(size.to_bytes(4, "big") for size in shape)
    size = len(header) + int(np.prod(shape))
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            content = file.read(size + 1)
    except (OSError, EOFError, zlib.error):
        content = b""
    if len(content) != size or not content.startswith(header):
        raise MissingDataError(f"The file {path} is damaged: replace it or download the set again.")
    return np.frombuffer(content, np.uint8, offset=len(header)).reshape(shape)


def downloaded(images: ImageSet) -> Path:
    """Fetch a set through torchvision, which checks every file's MD5 sum, into the cache; all of it or nothing."""
    from torchvision import datasets

    cache = folders()[-1]
    with DOWNLOADING:
        if (place := folder_of(images)) is not None:  # somebody else was faster
            return place
        try:
            cache.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=cache) as folder:
                getattr(datasets, images.torchvision)(folder, download=True)
                os.replace(Path(folder) / images.torchvision / "raw", emptied(cache / images.folder))
        except (RuntimeError, OSError) as error:
            raise MissingDataError(
                f"{images.title} could not be downloaded: check the connection, or put its four files into "
                f"{cache / images.folder}."
            ) from error
    return cache / images.folder


def emptied(folder: Path) -> Path:
    """A folder name that nothing stands at: an incomplete older copy is moved aside."""
    if folder.exists():
        os.replace(folder, folder.with_name(f"{folder.name}-{os.getpid()}-incomplete"))
    return folder
