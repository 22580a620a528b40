"""The networks of the page: which there are, how they were trained, the shipped ones and the pictures beside them."""

import functools
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors import safe_open
from torch import Tensor
from torch.nn import functional

from core.data.data import Data
from core.data.images import FASHION_MNIST, fashion_mnist
from core.models.resnet import ResNet
from core.training import Recipe

FOLDER = Path(__file__).resolve().parents[3] / "assets" / "resnet"
WEIGHTS = FOLDER / "networks.safetensors"
DEPTHS, SEEDS = (8, 20, 32, 56), (0, 1, 2)
RESIDUAL, PLAIN = "residual", "plain"
KINDS = (RESIDUAL, PLAIN)
SIDE, EACH = 14, 30  # pixels of a picture's side; shipped pictures of each class
SAMPLES, VALIDATION = 4096, 1024
EPOCHS, BATCH, RATE, DECAY = 12, 128, 0.02, 1e-4
RATES = (0.005, 0.08)  # step sizes tried besides, on the deepest plain network
CASES = [(kind, depth, seed, RATE) for seed in SEEDS for depth in reversed(DEPTHS) for kind in KINDS]
CASES += [(PLAIN, DEPTHS[-1], seed, rate) for seed in SEEDS for rate in RATES]
MEAN, SPREAD = 0.288, 0.332  # of the brightness of all training pictures of this size


def recipe(seed: int, rate: float = RATE) -> Recipe:
    """How each of them is trained, whatever its depth and kind."""
    return Recipe(
        EPOCHS, BATCH, "Momentum", rate, schedule="cosine", momentum=0.9, weight_decay=DECAY, seed=seed, frames=7
    )


def name_of(kind: str, depth: int, seed: int, rate: float = RATE) -> str:
    """Under which name one training is kept."""
    return f"{kind}-{depth}-{seed}" + ("" if rate == RATE else f"-{rate:g}")


def untrained(kind: str, depth: int, seed: int = 0) -> ResNet:
    """A network as it was before the first step."""
    return ResNet(depth, kind == RESIDUAL, seed=seed)


@functools.lru_cache(maxsize=8)
def network(kind: str, depth: int) -> ResNet:
    """The shipped network of a kind and a depth, in evaluation mode; do not change it."""
    model = untrained(kind, depth)
    model.load_state_dict({name: whole(value) for name, value in shipped_weights(kind, depth).items()})
    return model.eval().requires_grad_(False)


def shipped_weights(kind: str, depth: int) -> dict[str, Tensor]:
    """The numbers of one shipped network as they lie in the file, by name."""
    head = f"{kind}-{depth}/"
    with safe_open(WEIGHTS, "pt") as file:
        names = [name for name in file.keys() if name.startswith(head)]  # noqa: SIM118
        return {name.removeprefix(head): file.get_tensor(name) for name in names}


def whole(value: Tensor) -> Tensor:
    """A shipped tensor in single precision."""
    return value.float() if value.is_floating_point() else value


def halved(value: Tensor) -> Tensor:
    """A tensor as it is shipped: kernels in half precision, the few numbers of batch norm as they are."""
    return value.half().contiguous() if value.dim() > 1 else value.contiguous()


def small(x: Tensor) -> Tensor:
    """Pictures (count, 1, 28, 28) at half the side, with the 256 shades that a file of pictures can keep."""
    return (functional.avg_pool2d(x, 2) * 255).round() / 255


def standardised(x: Tensor) -> Tensor:
    """Brightness in [0, 1] as the networks take it: mean 0, deviation 1."""
    return (x - MEAN) / SPREAD


def problem() -> tuple[Data, Data]:
    """What all networks learn from and are watched on, and the official test pictures, (count, 1, 14, 14).

    Raises ``MissingDataError`` where Fashion-MNIST is not on this machine.
    """
    data = fashion_mnist(SAMPLES + VALIDATION, 0, 10_000)
    x, x_test = small(data.x), small(data.x_test)
    watched = Data(x[:SAMPLES], data.y[:SAMPLES], x[SAMPLES:], data.y[SAMPLES:], data.classes, data.source)
    return watched, Data(x[:1], data.y[:1], x_test, data.y_test, data.classes, data.source)


@functools.lru_cache(maxsize=2)
def pictures(part: str) -> tuple[Tensor, Tensor]:
    """Shipped pictures (300, 1, 14, 14) in [0, 1] of the "test" or "training" set, and their classes (300,)."""
    with Image.open(FOLDER / f"{part}.png") as file:
        sheet = torch.from_numpy(np.asarray(file.convert("L")).astype(np.float32) / 255)
    cells = sheet.unflatten(0, (10, SIDE)).unflatten(2, (EACH, SIDE)).permute(0, 2, 1, 3)
    return cells.reshape(10 * EACH, 1, SIDE, SIDE), torch.arange(10).repeat_interleave(EACH)


def sheet_of(x: Tensor, y: Tensor) -> Image.Image:
    """``EACH`` pictures of every class, a row for each class."""
    rows = [torch.cat(list(x[y == place][:EACH, 0]), dim=1) for place in range(len(FASHION_MNIST.classes))]
    return Image.fromarray((torch.cat(rows) * 255).round().byte().numpy())
