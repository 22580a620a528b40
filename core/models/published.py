"""torchvision's networks by name, without their last layer: fetched from pytorch.org only where that is allowed."""

import functools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from core.serving.hosting import refuse_strangers

FAMILIES = ("resnet", "resnext", "wide_resnet", "mobilenet_v", "efficientnet_", "convnext_", "densenet", "squeezenet")
EXAMPLES = ("resnet18", "mobilenet_v3_small", "efficientnet_b0", "convnext_tiny")
MOST_MEGABYTES = 200
LICENCE = "BSD-3-Clause, weights learned from ImageNet under its own terms"


class UnknownNetworkError(ValueError):
    """A network that torchvision does not publish, or that is not to be had; one sentence for the learner."""


@dataclass(frozen=True)
class Offer:
    """What is said of a network before anything is fetched."""

    name: str
    megabytes: float
    here: bool

    @property
    def sentence(self) -> str:
        where = "is on this machine" if self.here else f"would be downloaded from pytorch.org, {self.megabytes:.0f} MB"
        return f"{self.name} {where}; licence: {LICENCE}."


class Published(nn.Module):
    """A network of torchvision in parts: ``blocks``, one after the other, and what ``maps`` are averaged into
    ``features``, (batch, 3, height, width) → (batch, width). ``mean`` and ``spread``, (3,), are of its pixels."""

    def __init__(self, network: nn.Module, mean: list[float], spread: list[float]) -> None:
        super().__init__()
        self.blocks, self.top = nn.ModuleList(parts(network)), nn.Identity()
        self.register_buffer("mean", torch.tensor(mean))
        self.register_buffer("spread", torch.tensor(spread))

    def features(self, x: Tensor) -> Tensor:
        """The answers of the last block, averaged over the picture."""
        return self.maps(x).mean(dim=(2, 3))

    def maps(self, x: Tensor) -> Tensor:
        """The answers of the last block, place by place."""
        return self.through(x, len(self.blocks))

    def through(self, x: Tensor, blocks: int) -> Tensor:
        """What leaves the first so many blocks."""
        for block in self.blocks[:blocks]:
            x = block(x)
        return x

    def normalised(self, pixels: Tensor) -> Tensor:
        """Pictures (batch, height, width, 3), uint8, as the network takes them: (batch, 3, height, width), float32."""
        return ((pixels.to(torch.float32) / 255 - self.mean) / self.spread).permute(0, 3, 1, 2)


def parts(network: nn.Module) -> list[nn.Module]:
    """The blocks of a network of torchvision in their order, up to the maps that its last layer averages."""
    if hasattr(network, "layer4"):  # residual networks
        first, *stages = [network.get_submodule(name) for name in ("conv1", "layer1", "layer2", "layer3", "layer4")]
        stem = nn.Sequential(first, network.get_submodule("bn1"), nn.ReLU(), network.get_submodule("maxpool"))
        return [stem, *(block for stage in stages for block in stage.children())]
    return list(network.get_submodule("features").children())


def named(name: str) -> str:
    """The name as torchvision writes it. Raises ``UnknownNetworkError``."""
    from torchvision import models

    plain = name.strip().lower()
    if not re.fullmatch(r"[a-z0-9_]{3,40}", plain) or plain not in models.list_models(module=models):
        raise UnknownNetworkError(f"torchvision publishes no such network; for example there are {examples()}.")
    if not plain.startswith(FAMILIES):
        raise UnknownNetworkError(f"{plain} is not made of maps that can be averaged; try {examples()}.")
    if weights_of(plain).meta["_file_size"] > MOST_MEGABYTES:
        raise UnknownNetworkError(f"{plain} is larger than {MOST_MEGABYTES} MB; try {examples()}.")
    return plain


def examples() -> str:
    """Some names, in words."""
    return f"{', '.join(EXAMPLES[:-1])} and {EXAMPLES[-1]}"


def weights_of(name: str) -> Any:
    """torchvision's description of a network's best weights."""
    from torchvision import models

    return models.get_model_weights(name)["DEFAULT"]


def stored(name: str) -> Path:
    """Where torch keeps a network's weights, or would keep them."""
    return Path(torch.hub.get_dir()) / "checkpoints" / weights_of(name).url.rsplit("/", 1)[1]


def offer(name: str) -> Offer:
    """What is known of a network. Raises ``UnknownNetworkError``."""
    name = named(name)
    return Offer(name, float(weights_of(name).meta["_file_size"]), stored(name).is_file())


def published(name: str, download: bool = False) -> Published:
    """A network with its ImageNet weights, frozen, shared by all callers; ``download`` allows to fetch them. Raises
    ``UnknownNetworkError``."""
    known = offer(name)
    if not known.here:
        if not download:
            raise UnknownNetworkError(f"{known.sentence} Allow the download to use it.")
        refuse_strangers(UnknownNetworkError)
    return opened(known.name)


@functools.lru_cache(maxsize=2)
def opened(name: str) -> Published:
    """The network, from torch's own folder, where it is brought first if it is not there."""
    from torchvision import models

    weights = weights_of(name)
    preset = weights.transforms()
    model = models.get_model(name, weights=None)
    try:
        state = torch.hub.load_state_dict_from_url(
            weights.url, map_location="cpu", progress=False, check_hash=True, weights_only=True
        )
        model.load_state_dict(state)
    except OSError:
        raise UnknownNetworkError(f"{name} could not be downloaded: pytorch.org cannot be reached.") from None
    except Exception:  # a file that is none, or of another network: torch has many words for it
        raise UnknownNetworkError(f"{name}'s weights are damaged: remove {stored(name).name} and try again.") from None
    return Published(model, preset.mean, preset.std).eval().requires_grad_(False)
