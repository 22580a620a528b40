"""Pictures that no shipped network was trained on: a sheet of MNIST's and one of Fashion-MNIST's test images."""

import functools
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "autoencoders"
SIDE, EACH = 28, 30  # pixels of a picture's side, shipped pictures of each class


@functools.lru_cache(maxsize=2)
def held_out(name: str) -> tuple[Tensor, Tensor]:
    """Test images of "mnist" or "fashion", (300, 784) from 0 to 1, and their classes (300,), class by class."""
    with Image.open(FOLDER / f"{name}.png") as file:
        sheet = torch.from_numpy(np.asarray(file.convert("L")).astype(np.float32) / 255)
    cells = sheet.unflatten(0, (10, SIDE)).unflatten(2, (EACH, SIDE)).permute(0, 2, 1, 3)
    return cells.reshape(10 * EACH, SIDE * SIDE), torch.arange(10).repeat_interleave(EACH)
