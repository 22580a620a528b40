"""Any Stable Diffusion model, by its name on the Hugging Face Hub or from a folder, walked as our own codes are.

Only weights as safetensors are opened, and only with code that diffusers and transformers themselves bring.
"""

import json
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.models import hub
from core.models.hub import Offer, UnknownModelError
from core.topics.diffusion.latent import LOADING
from core.topics.diffusion.samplers import Noise, guided

EXAMPLES = ("segmind/tiny-sd", "stable-diffusion-v1-5/stable-diffusion-v1-5", "stabilityai/sd-turbo")
INDEX, PIPELINE = "model_index.json", "StableDiffusionPipeline"
MOST_MEGABYTES = 8_000
LIBRARIES = {"diffusers", "transformers", "stable_diffusion", None}  # whose classes a model may be made of
HALF = ".fp16.safetensors"  # half precision, half the download
OTHERS = ("non_ema", "openvino", "flax")  # kinds of weights that are not needed
Preparing = Generator[tuple[float, str], None, None]


def offer(name: str) -> Offer:
    """What is known of a model without asking the network. Raises ``UnknownModelError``."""
    place = hub.place_of(name, EXAMPLES)
    if isinstance(place, Path):
        checked(place)
        return offer_of(place.name, place)
    folder = hub.cached(place, INDEX)
    return offer_of(place, folder) if folder and weights_in(folder) else Offer(place, 0.0, "")


def offer_of(name: str, folder: Path) -> Offer:
    """A folder's model. Raises ``UnknownModelError`` if it holds no weights that are opened here."""
    files = weights_in(folder)
    if not files:
        raise UnknownModelError(f"{name} lacks weights as safetensors.")
    return Offer(name, hub.size(files), hub.licence_of(folder), folder)


def weights_in(folder: Path) -> list[Path]:
    """The weights of a folder that are opened."""
    files = [path.relative_to(folder).as_posix() for path in folder.glob("*/*.safetensors")]
    return [folder / file for file in selected(files)]


def selected(files: Sequence[str]) -> list[str]:
    """The weights that are needed among files (component/name): those in half precision where all parts have them."""
    fine = [
        file for file in files
        if file.count("/") == 1 and file.endswith(".safetensors") and not any(word in file for word in OTHERS)
    ]  # fmt: skip
    half = [file for file in fine if file.endswith(HALF)]
    parts = {file.partition("/")[0] for file in fine}
    if parts == {file.partition("/")[0] for file in half}:
        return half
    return [file for file in fine if file not in half]


def facts(name: str) -> tuple[float, str, list[str]]:
    """Megabytes, licence and the weights, asked of the Hub. Raises ``UnknownModelError``."""
    files, licence = hub.listed(name)
    if INDEX not in files:
        raise UnknownModelError(f"{name} is no model of diffusers; for example there are {' and '.join(EXAMPLES)}.")
    wanted = selected(list(files))
    return sum(files[file] for file in wanted) / 1e6, licence, wanted


def looked_up(name: str, ask=facts) -> Offer:
    """What the Hub knows of a model. Raises ``UnknownModelError``."""
    megabytes, licence, _ = ask(name)
    return Offer(name, megabytes, licence)


def prepared(name: str, download: bool = False, ask=facts) -> Preparing:
    """Have a model in memory, yielding (fraction, message). Raises ``UnknownModelError``."""
    known = offer(name)
    folder = known.folder
    if not folder:
        if not download:
            raise UnknownModelError(f"{known.sentence} Allow the download to use it.")
        yield 0.02, "asking huggingface.co"
        megabytes, licence, files = ask(known.name)
        hub.room_for(known.name, megabytes, MOST_MEGABYTES)
        yield 0.05, f"downloading {megabytes:,.0f} MB, licence: {licence or 'not stated'}"
        folder = hub.downloaded(known.name, [INDEX, "README.md", "*/*.json", "*/*.txt", *files])
    yield 0.9, "loading the model"
    opened(folder, known.name)


@dataclass(frozen=True)
class Stable:
    """A Stable Diffusion model: ``room`` is the shape of a code (channels, height, width), ``side`` that of its
    pictures in pixels, ``shares`` (times,) the schedule that it was trained with."""

    name: str
    pipeline: Any
    shares: Tensor
    room: tuple[int, int, int]
    side: int

    @torch.no_grad()
    def encoded(self, pixels: np.ndarray) -> Tensor:
        """The code (1, channels, height, width) of a picture (side, side, 3), uint8."""
        vae = self.pipeline.vae
        x = torch.tensor(pixels).to(vae.dtype).permute(2, 0, 1)[None] / 127.5 - 1
        return vae.encode(x).latent_dist.mean.float() * vae.config.scaling_factor

    @torch.no_grad()
    def decoded(self, codes: Tensor) -> np.ndarray:
        """The pictures (count, side, side, 3), uint8, of codes; black where the model's own filter, if it has one,
        refuses them."""
        vae = self.pipeline.vae
        x = vae.decode((codes / vae.config.scaling_factor).to(vae.dtype)).sample.float()
        pixels = ((x + 1) / 2).clamp(0, 1).permute(0, 2, 3, 1).numpy()
        if self.pipeline.safety_checker is not None:
            pixels, _ = self.pipeline.run_safety_checker(pixels, "cpu", vae.dtype)
        return (np.asarray(pixels) * 255).round().astype(np.uint8)

    @torch.no_grad()
    def noise(self, prompt: str, guidance: float) -> Noise:
        """What the U-Net sees of the noise in codes, given a prompt, guided."""
        unet = self.pipeline.unet
        given, free = (
            self.pipeline.encode_prompt(text, "cpu", 1, do_classifier_free_guidance=False)[0] for text in (prompt, "")
        )
        as_speed = self.pipeline.scheduler.config.prediction_type == "v_prediction"

        @torch.no_grad()
        def answer(x: Tensor, at: int, words: Tensor) -> Tensor:
            seen = unet(x.to(unet.dtype), at, encoder_hidden_states=words.expand(len(x), -1, -1)).sample.float()
            share = self.shares[at]
            return share.sqrt() * seen + (1 - share).sqrt() * x if as_speed else seen

        def noise(x: Tensor, at: int) -> Tensor:
            seen = answer(x, at, given)
            return seen if guidance == 1 else guided(seen, answer(x, at, free), guidance)

        return noise


@lru_cache(maxsize=1)
def opened(folder: Path, name: str, dtype: torch.dtype = torch.bfloat16) -> Stable:
    """A folder's model, in memory: text encoder and U-Net in a precision, the autoencoder in single. Raises
    ``UnknownModelError``."""
    checked(folder)
    try:
        pipeline = pipeline_in(folder, dtype)
        config = pipeline.unet.config
        shares, room = pipeline.scheduler.alphas_cumprod, (config.in_channels, *[config.sample_size] * 2)
    except Exception:  # weights of another shape, half a file, a class that diffusers does not know
        raise UnknownModelError(f"{name} cannot be opened: its files are damaged, or of a kind unknown here.") from None
    if room[0] != pipeline.vae.config.latent_channels:
        raise UnknownModelError(f"{name} wants more than noise to begin with: choose a plain Stable Diffusion model.")
    return Stable(name, pipeline, shares, room, config.sample_size * pipeline.vae_scale_factor)


def pipeline_in(folder: Path, dtype: torch.dtype) -> Any:
    """Diffusers' own pipeline of a folder."""
    with LOADING:
        from diffusers import StableDiffusionPipeline

        files = weights_in(folder)
        return StableDiffusionPipeline.from_pretrained(
            folder, torch_dtype={"default": dtype, "vae": torch.float32}, use_safetensors=True, local_files_only=True,
            variant="fp16" if files and files[0].name.endswith(HALF) else None, trust_remote_code=False,
        )  # fmt: skip


def checked(folder: Path) -> None:
    """Refuse a folder that holds another kind of model, or one that would need code of its own. Raises
    ``UnknownModelError``."""
    try:
        told = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise UnknownModelError(f"{folder.name} is no model of diffusers: its {INDEX} cannot be read.") from None
    parts = [value for key, value in told.items() if key[0] != "_"] if isinstance(told, dict) else []
    if not parts or told.get("_class_name") != PIPELINE:
        raise UnknownModelError(f"{folder.name} is made for another pipeline than {PIPELINE}.")
    if any(isinstance(part, list) and part[0] not in LIBRARIES for part in parts) or "auto_map" in told:
        raise UnknownModelError(f"{folder.name} wants to run code of its own, which is not done here.")
