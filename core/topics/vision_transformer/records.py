"""The shipped networks, the pictures that none of them saw, and what was measured when they were trained."""

import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from core.data.clothes import sheet
from core.lessons.record import Record
from core.metrics import accuracy
from core.models.cnn import CNN
from core.models.shipped import loaded
from core.models.vision_transformer import VisionTransformer, cut, joined

FOLDER = Path(__file__).resolve().parents[3] / "assets" / "vision_transformer"
SIDE, PATCH = 28, 4
ROW = SIDE // PATCH  # patches in a row
COUNT = ROW**2
VIT, BLIND, CONVOLUTIONAL, SHUFFLED = KINDS = ("ViT", "ViT without positions", "CNN", "CNN on shuffled pixels")
FILES = {VIT: "vit", BLIND: "vit-without-positions", CONVOLUTIONAL: "cnn", SHUFFLED: "cnn-shuffled"}
SIZES, SEEDS = (500, 2000, 8000), (0, 1, 2)
EPOCHS = {500: 20, 2000: 10, 8000: 5}
CHANNELS = (28, 56, 108)  # of the CNN: about as many weights as the ViT has
BATCH, STEP, DECAY = 50, 0.002, 0.05
ORDER = torch.randperm(COUNT, generator=torch.Generator().manual_seed(2021)).tolist()  # the one fixed shuffle
PIXELS = torch.randperm(PATCH**2, generator=torch.Generator().manual_seed(2022)).tolist()  # and that inside patches


def fresh(kind: str, seed: int = 0) -> nn.Module:
    """An untrained network of a kind."""
    if kind in (VIT, BLIND):
        return VisionTransformer(10, SIDE, PATCH, positions=kind == VIT, seed=seed)
    return CNN(10, CHANNELS, SIDE, batch_norm=True, seed=seed)


def rearranged(x: Tensor, order: list[int], pixels: Sequence[int] = range(PATCH**2)) -> Tensor:
    """Pictures (batch, 1, 28, 28) whose patch at each place is the one that stood at ``order[place]``, and in all
    patches alike the pixel at each place the one that stood at ``pixels[place]``."""
    return joined(cut(x, PATCH)[:, order][..., list(pixels)], SIDE, PATCH)


def seen_by(kind: str, x: Tensor) -> Tensor:
    """Pictures as a kind was trained on them."""
    return rearranged(x, ORDER, PIXELS) if kind == SHUFFLED else x


@functools.lru_cache(maxsize=len(KINDS))
def network(kind: str) -> nn.Module:
    """A shipped network, trained on 8,000 pictures; nothing in its file is executed."""
    return loaded(fresh(kind), FOLDER / f"{FILES[kind]}.safetensors")


@torch.no_grad()
def on_the_sheet(kind: str) -> float:
    """A shipped network's accuracy on the held-out pictures, measured now."""
    x, y = sheet()
    return float(accuracy(network(kind)(seen_by(kind, x)), y))


def cheapest() -> tuple[tuple[str | int, ...], float]:
    """The number that a test measures again."""
    return ("sheet", VIT), on_the_sheet(VIT)


RECORD = Record(
    "vision_transformer",
    {
        "sizes": SIZES, "seeds": SEEDS, "epochs": list(EPOCHS.values()), "batch": BATCH, "step": STEP, "decay": DECAY,
        "channels": CHANNELS, "patch": PATCH, "kinds": KINDS,
    },
    cheapest,
    FOLDER / f"{FILES[VIT]}.safetensors",
)  # fmt: skip


def rows(kind: str) -> np.ndarray:
    """Recorded accuracies of a kind on 10,000 test pictures, (seeds, sizes): three seeds of ViT and CNN, one of the
    others; the network without positions was trained on the largest size only."""
    return np.array(RECORD.contents["accuracy"][kind])
