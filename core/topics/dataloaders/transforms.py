"""Random transforms of torchvision (v2) on one picture."""

import threading
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from core.data.photos import SIDE, Photo
from core.programs import Program, Step
from core.provenance import Measured, Sourced

FLIP, ROTATE, CROP, LIGHT, BLUR, ERASE = NAMES = ("flip", "rotate", "crop and resize", "light", "blur", "erase")
VARIANTS, SHOWN = 100, 7
LOCK = threading.Lock()  # torchvision's transforms draw from torch's one global generator


@dataclass(frozen=True)
class Variants(Sourced):
    """A picture, the transforms and their strength, and what they made of it: ``made`` (variants, side, side) in
    [0, 1]; ``text`` is the pipeline as Python."""

    photo: Photo
    names: tuple[str, ...]
    strength: float
    made: np.ndarray
    text: str
    source: Measured

    @property
    def changes(self) -> np.ndarray:
        """How far each variant is from the picture: the mean absolute difference of brightness, (variants,)."""
        return np.abs(self.made - self.photo.values).mean(axis=(1, 2))

    @property
    def untouched(self) -> float:
        """The share of variants that are the picture itself."""
        return float((self.changes == 0).mean())


def parts(names: tuple[str, ...], strength: float) -> list[tuple[str, dict[str, Any]]]:
    """The chosen transforms in order: each one's class in ``torchvision.transforms.v2`` and its arguments."""
    light = round(0.9 * strength, 2)
    known: dict[str, tuple[str, dict[str, Any]]] = {
        FLIP: ("RandomHorizontalFlip", {"p": 0.5}),
        ROTATE: ("RandomRotation", {"degrees": round(60 * strength, 2)}),
        CROP: ("RandomResizedCrop", {"size": SIDE, "scale": (round(1 - 0.8 * strength, 2), 1.0), "antialias": True}),
        LIGHT: ("ColorJitter", {"brightness": light, "contrast": light}),
        BLUR: ("GaussianBlur", {"kernel_size": 9, "sigma": (0.1, round(0.2 + 4 * strength, 2))}),
        ERASE: ("RandomErasing", {"p": 0.5, "scale": (0.02, round(0.03 + 0.4 * strength, 2))}),
    }
    return [known[name] for name in NAMES if name in names] or [("Identity", {})]


def pipeline(names: tuple[str, ...], strength: float) -> Any:
    """The chosen transforms, one after another, on pictures in [0, 1]."""
    from torchvision.transforms import v2

    return v2.Compose([getattr(v2, name)(**settings) for name, settings in parts(names, strength)])


def composed(names: tuple[str, ...], strength: float) -> str:
    """The pipeline as Python."""
    calls = [
        f"    v2.{name}({', '.join(f'{key}={value!r}' for key, value in settings.items())}),\n"
        for name, settings in parts(names, strength)
    ]
    return "transform = v2.Compose([\n" + "".join(calls) + "])"


def varied(photo: Photo, names: tuple[str, ...], strength: float, seed: int) -> Variants:
    """A hundred variants of a picture, as a hundred epochs would meet it."""
    began = time.perf_counter()
    picture, transform = torch.from_numpy(photo.values)[None], pipeline(names, strength)
    with LOCK, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        made = torch.stack([transform(picture) for _ in range(VARIANTS)])[:, 0].numpy()
    source = Measured((seed,), time.perf_counter() - began)
    return Variants(photo, names, strength, made, composed(names, strength), source)


FILE = "picture.csv"
RUN = """picture = torch.from_numpy(np.loadtxt("picture.csv", delimiter=",", dtype=np.float32) / np.float32(255))[None]
torch.manual_seed({seed})  # the transforms draw from torch's global generator
variants = torch.stack([transform(picture) for _ in range({count})])
changes = (variants - picture).abs().mean(dim=(1, 2, 3))
result = {{"mean change": changes.mean().item(), "first changes": changes[:{shown}].tolist()}}"""


def program_of_variants(found: Variants) -> Program:
    """The same variants."""
    steps = (
        Step("The pipeline", "from torchvision.transforms import v2\n\n" + found.text),
        Step("A hundred epochs", RUN.format(seed=found.source.seeds[0], count=VARIANTS, shown=SHOWN)),
    )
    shown = {"mean change": float(found.changes.mean()), "first changes": found.changes[:SHOWN].tolist()}
    return Program("Random transforms", steps, shown=shown, files={FILE: found.photo.csv})
