"""The two networks of a small latent diffusion, built as Stable Diffusion is: an autoencoder, and a U-Net on its codes.

Rombach and others (2022), *High-Resolution Image Synthesis with Latent Diffusion Models*. Diffusers is imported inside
the functions that build networks: it takes seconds.
"""

import functools
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.data.images import FASHION_MNIST
from core.models import shipped
from core.randomness import torchs_own
from core.topics.diffusion.samplers import Noise, guided

FOLDER = Path(__file__).resolve().parents[3] / "assets" / "diffusion"
AUTOENCODER, DENOISER = FOLDER / "autoencoder.safetensors", FOLDER / "denoiser.safetensors"
SIDE, MARGIN = 28, 2  # pixels of a picture's side, and what is added around it, so that it can be halved twice
ROOM = (4, 8, 8)  # a code: channels, height, width
CLASSES = FASHION_MNIST.classes
ANY_CLASS = len(CLASSES)  # the label that is withheld
LOADING = threading.Lock()  # two threads that import diffusers at once can find each other half-way
AFTER = 1.5  # seconds that the first picture of a page has for itself


def autoencoder() -> nn.Module:
    """Pictures (batch, 1, 32, 32) from −1 to 1 ↔ Gaussians over codes (batch, 4, 8, 8); 233,173 weights."""
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        in_channels=1, out_channels=1, latent_channels=4, block_out_channels=(16, 32, 32), norm_num_groups=8,
        down_block_types=("DownEncoderBlock2D",) * 3, up_block_types=("UpDecoderBlock2D",) * 3,
        mid_block_add_attention=False,
    )  # fmt: skip


def denoiser() -> nn.Module:
    """Codes (batch, 4, 8, 8), times and classes (batch,), 10 where withheld → the noise in them; 895,156 weights."""
    from diffusers import UNet2DModel

    return UNet2DModel(
        sample_size=8, in_channels=4, out_channels=4, block_out_channels=(48, 64), layers_per_block=1,
        down_block_types=("DownBlock2D", "AttnDownBlock2D"), up_block_types=("AttnUpBlock2D", "UpBlock2D"),
        norm_num_groups=8, attention_head_dim=32, num_class_embeds=11,
    )  # fmt: skip


def fresh(build: Callable[[], nn.Module], seed: int) -> nn.Module:
    """An untrained network, its weights drawn by a seed."""
    with torchs_own(seed):
        return build()


def networks() -> tuple[Any, Any]:
    """The shipped autoencoder and U-Net."""
    with LOADING:
        return loaded()


@functools.cache
def loaded() -> tuple[Any, Any]:
    """Both of them, once."""
    return shipped.loaded(autoencoder(), AUTOENCODER), shipped.loaded(denoiser(), DENOISER)


@functools.cache
def have_soon() -> None:
    """Load both in the background, a moment after this was first called: a page calls it that may need them."""
    timer = threading.Timer(AFTER, networks)
    timer.daemon = True
    timer.start()


def framed(pictures: Tensor) -> Tensor:
    """Pictures (batch, 1, 28, 28) from 0 to 1 as the autoencoder takes them: a black margin, from −1 to 1."""
    return functional.pad(2 * pictures - 1, (MARGIN,) * 4, value=-1.0)


def unframed(pictures: Tensor) -> Tensor:
    """What the autoencoder draws (batch, 1, 32, 32), as pictures (batch, 1, 28, 28) from 0 to 1."""
    return ((pictures[..., MARGIN:-MARGIN, MARGIN:-MARGIN] + 1) / 2).clamp(0, 1)


@torch.no_grad()
def encoded(pictures: Tensor) -> Tensor:
    """The codes (batch, 4, 8, 8) of pictures (batch, 1, 28, 28): the means of their Gaussians."""
    return networks()[0].encode(framed(pictures)).latent_dist.mean


@torch.no_grad()
def decoded(codes: Tensor) -> Tensor:
    """The pictures (batch, 1, 28, 28) from 0 to 1 that codes (batch, 4, 8, 8) stand for."""
    return unframed(networks()[0].decode(codes).sample)


def seen_in_codes(unet: nn.Module, kinds: Tensor, guidance: float) -> Noise:
    """What a U-Net sees of the noise in codes (batch, 4, 8, 8), given their classes (batch,), guided; both questions
    are asked at once."""
    withheld = torch.full_like(kinds, ANY_CLASS)

    @torch.no_grad()
    def noise(x: Tensor, at: int) -> Tensor:
        if guidance == 1:
            return unet(x, at, class_labels=kinds).sample
        given, free = unet(torch.cat([x, x]), at, class_labels=torch.cat([kinds, withheld])).sample.chunk(2)
        return guided(given, free, guidance)

    return noise


def noise_of(seed: int, count: int, room: tuple[int, ...] = ROOM) -> Tensor:
    """Standard normal codes to begin with, (count, *room)."""
    return torch.randn(count, *room, generator=torch.Generator().manual_seed(seed))
