"""The shipped planes: networks of 28 × 28 pixels, classifiers trained apart, and pictures that none of them saw."""

import functools
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor

from core.models.autoencoder import autoencoder
from core.models.mlp import MLP

FOLDER = Path(__file__).resolve().parents[3] / "assets" / "autoencoders"
SIDE, EACH = 28, 30  # pixels of a picture's side, shipped pictures of each class
HIDDEN, ACTIVATION = (128, 48), "GELU"
JUDGE = (SIDE * SIDE, 64, 10)


@functools.lru_cache(maxsize=2)
def network(name: str) -> MLP:
    """The shipped autoencoder of "mnist" or "fashion"."""
    return loaded(autoencoder(SIDE * SIDE, HIDDEN, 2, ACTIVATION), FOLDER / f"{name}.safetensors")


@functools.lru_cache(maxsize=2)
def judge(name: str) -> MLP:
    """The classifier trained apart."""
    return loaded(MLP(*JUDGE, activation="GELU"), FOLDER / f"{name}-judge.safetensors")


def loaded(model: MLP, path: Path) -> MLP:
    """A network with the weights of a safetensors file, in evaluation mode; nothing in it is executed."""
    model.load_state_dict({name: weight.float() for name, weight in load_file(path).items()})
    return model.eval()


@functools.lru_cache(maxsize=2)
def pictures(name: str) -> tuple[Tensor, Tensor]:
    """Test images (300, 784) from 0 to 1 and their classes (300,), class by class."""
    with Image.open(FOLDER / f"{name}.png") as file:
        sheet = torch.from_numpy(np.asarray(file.convert("L")).astype(np.float32) / 255)
    cells = sheet.unflatten(0, (10, SIDE)).unflatten(2, (EACH, SIDE)).permute(0, 2, 1, 3)
    return cells.reshape(10 * EACH, SIDE * SIDE), torch.arange(10).repeat_interleave(EACH)


@functools.lru_cache(maxsize=1)
def measures() -> dict[str, dict]:
    """What was measured on all test images when the networks were trained, by name."""
    return json.loads((FOLDER / "measures.json").read_text(encoding="utf-8"))
