"""The view on Stable Diffusion by name: its schedule beside this page's, and what a model on this machine paints."""

import io
import time
from collections.abc import Generator
from dataclasses import dataclass, replace

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from core.figures.curves import line, number
from core.figures.picture import BLUE, ORANGE, Picture, layout
from core.figures.sheets import turning
from core.lessons import Goal, Question, Scale
from core.lessons.controls import folded, pick, text, toggle
from core.lessons.view import Shown
from core.programs import Program, Step
from core.provenance import ClosedForm, Measured, Sourced
from core.serving.uploads import Refused, opened
from core.topics.diffusion import stable
from core.topics.diffusion.editing_views import HALVES, STRENGTH, mask_of
from core.topics.diffusion.latent import noise_of
from core.topics.diffusion.noising import TIMES, kept
from core.topics.diffusion.painting import Walk
from core.topics.diffusion.pictures_view import GUIDANCE, SAMPLER, SAMPLING_STEPS

MODEL = text(
    "Stable Diffusion model",
    "",
    longest=300,
    help=f"A model of huggingface.co, such as {stable.EXAMPLES[0]}, or a folder of this machine. Its size and licence "
    "are shown first; it is downloaded only at the press of a button.",
)
PROMPT = text("Prompt", "a watercolour of a pear on a table", longest=300, help="What is to be painted, in words.")
HOW = (
    f"Name a model on the left, such as {' or '.join(stable.EXAMPLES)}, or a folder of this machine that holds one. "
    "Its size and licence are said first; nothing is fetched before you press a button for it."
)
NOTHING, PICTURE = "pure noise", "a picture of yours"
BEGIN = pick("Begin with", (NOTHING, PICTURE))
EVERYTHING = "everything"


def with_a_picture(values) -> bool:
    """Whether the walk begins with a picture."""
    return values["begin_with"] == PICTURE


PART = pick("Paint", (EVERYTHING, *HALVES), when=with_a_picture)
CONTROLS = (
    MODEL, PROMPT, GUIDANCE, SAMPLER, SAMPLING_STEPS, BEGIN, PART, replace(STRENGTH, when=with_a_picture),
    folded(toggle("Half the side", help="A quarter of the pixels: four times as fast, and often worse.")),
)  # fmt: skip
FILE = ("Your picture", ("png", "jpg", "jpeg", "webp"), "PNG, JPEG or WebP, at most 5 MB. It stays on this computer.")
SHOWN = 6  # stations that are decoded
FEW = 10  # steps of the challenge


@dataclass(frozen=True)
class Wish:
    """What is to be painted, and how; ``picture`` is a file to begin with, empty for none."""

    prompt: str
    guidance: float
    sampler: str
    steps: int
    seed: int
    half: bool = False
    picture: bytes = b""
    strength: float = 1.0
    part: str = EVERYTHING

    def walk(self, model: stable.Stable, room: tuple[int, ...], side: int) -> Walk:
        """The walk of a model's codes (channels, height, width), decoded to pictures of a side."""
        if not self.picture:
            return Walk(self.sampler, self.steps, self.seed)
        original = model.encoded(squared(self.picture, side))
        mask = None
        if self.part != EVERYTHING:
            mask = functional.interpolate(mask_of(self.part, "")[None, None], room[1:])[0, 0]
        return Walk(self.sampler, self.steps, self.seed, self.strength, original, mask)


@dataclass(frozen=True)
class Made(Sourced):
    """A picture by a model: some stations of its walk, each (side, side, 3) uint8, with their names."""

    model: str
    wish: Wish
    frames: tuple[np.ndarray, ...]
    labels: tuple[str, ...]
    codes: Tensor
    source: Measured


def squared(file: bytes, side: int) -> np.ndarray:
    """The middle square of a picture file, (side, side, 3) uint8. Raises ``ValueError``, one sentence."""
    try:
        picture, _ = opened(file)
    except Refused as refusal:
        raise ValueError(str(refusal)) from None
    short = min(picture.size)
    left, top = ((length - short) // 2 for length in picture.size)
    square = picture.convert("RGB").crop((left, top, left + short, top + short))
    return np.asarray(square.resize((side, side), Image.Resampling.LANCZOS))


def wish_of(values: dict, seed: int, picture: bytes) -> Wish:
    """What the controls say."""
    return Wish(
        values["prompt"], values["guidance"], values["sampler"], values["sampling_steps"], seed,
        values["half_the_side"], picture, values["strength"], values["paint"],
    )  # fmt: skip


def paint(name: str, wish: Wish) -> Generator[tuple[float, str], None, Made]:
    """Paint with a model that is on this machine; yields (fraction, message). Raises ``UnknownModelError``."""
    yield 0.01, "loading the model"
    known = stable.offer(name)
    if not known.folder:
        raise stable.UnknownModelError(f"{known.sentence} Allow the download to use it.")
    model = stable.opened(known.folder, known.name)
    began, share = time.perf_counter(), 2 if wish.half else 1
    room, side = (model.room[0], *(length // share for length in model.room[1:])), model.side // share
    walk, stations = wish.walk(model, room, side), []
    for codes in walk.stations(model.noise(wish.prompt, wish.guidance), noise_of(wish.seed, 1, room), model.shares):
        stations.append(codes)
        yield 0.85 * len(stations) / (len(walk.times) + 1), f"step {len(stations) - 1} of {len(walk.times)}"
    places = sorted({round(len(walk.times) * place / (SHOWN - 1)) for place in range(SHOWN)})
    frames = []
    for place in places:
        frames.append(model.decoded(stations[place])[0])
        yield 0.85 + 0.15 * len(frames) / len(places), "decoding"
    source = Measured((wish.seed,), time.perf_counter() - began, f"Painted live by {known.name}")
    return Made(known.name, wish, tuple(frames), tuple(f"step {place}" for place in places), stations[-1], source)


def made_view(made: Made) -> Shown:
    """The picture on its way."""
    last = made.frames[-1]
    red, green, blue = last.reshape(-1, 3).mean(axis=0)
    alt = (
        f"A picture of {len(last)} by {len(last)} pixels by {made.model}, in {len(made.frames)} moments of its way; "
        f"its mean red, green and blue are {red:.0f}, {green:.0f} and {blue:.0f}."
    )
    values = made.codes.numel()
    note = (
        f"{last.size:,} numbers of pixels from a code of **{values:,}**, a **{round(last.size / values)}th** as many."
    )
    return Shown(((turning(made.frames, made.labels, alt, 430),),), note)


def files(made: Made) -> tuple[tuple[str, str, bytes], ...]:
    """The picture to take away."""
    stream = io.BytesIO()
    Image.fromarray(made.frames[-1]).save(stream, "PNG")
    return (("Picture", "painted.png", stream.getvalue()),)


# Its schedule --------------------------------------------------------------------------------------------------------

SOURCE = ClosedForm("ᾱ = Π (1 − β)")


def scaled() -> Tensor:
    """Which share of the signal's variance is left at each of 1,000 times in Stable Diffusion 1 and 2: the square roots
    of its betas lie on a line (Rombach et al. 2022, as published with the weights)."""
    return torch.cumprod(1 - torch.linspace(0.00085**0.5, 0.012**0.5, TIMES) ** 2, dim=0)


def schedules() -> Shown:
    """This page's schedule, and Stable Diffusion's."""
    ours, theirs = kept(), scaled()
    both = {"this page": ours, "Stable Diffusion": theirs}
    note = (
        "Stable Diffusion is the same recipe, larger: an autoencoder to 4 numbers for each 8 × 8 pixels, a U-Net that "
        "reads a prompt's words in place of a class, and this schedule. The samplers here are the ones of the other "
        f"views. At its last time **{theirs[-1]:.2%}** of the signal's variance is left, so that what it begins with "
        "is not quite noise (Lin et al. 2024)."
    )
    return Shown(((left_over(both),),), note)


def alone() -> Shown:
    """This page's schedule."""
    return Shown(((left_over({"this page": kept()}),),), "The schedule of this page:")


def left_over(schedules: dict[str, Tensor]) -> Picture:
    """What is left of the signal over time, by schedule."""
    styles = ((BLUE, "dash"), (ORANGE, "solid"))
    traces = [
        line(np.arange(TIMES), shares.numpy(), name, *style)
        for (name, shares), style in zip(schedules.items(), styles, strict=False)
    ]
    words = "; ".join(
        f"{name} {number(shares[499].item())} half way and {number(shares[-1].item())} at the last"
        for name, shares in schedules.items()
    )
    plan = layout("time", "signal left, ᾱ", 320)
    return Picture(traces, plan, f"The share of the signal over the times 0 to {TIMES - 1}: {words}.")


def half_left() -> Question:
    """When is half of it left?"""
    truth = int((scaled() - 0.5).abs().argmin())
    ours = int((kept() - 0.5).abs().argmin())
    text = (
        f"On this page half of the signal's variance is left at time {ours}. At which time is it in Stable Diffusion?"
    )
    because = (
        "Its betas begin larger and end smaller: the signal goes sooner at first, and more of it stays to the end."
    )
    return Question(text, Scale(0, 999, 1), truth, because)


def own_words(made: Made | None) -> Goal:
    """A picture in few steps."""
    text = f"Let a Stable Diffusion model paint from your own words in at most **{FEW}** steps."
    if made is None:
        return Goal(text, False, "Now: nothing is painted. It takes a model on this machine.")
    own = made.wish.prompt.strip() not in ("", PROMPT.value)
    now = f"Now: {made.wish.steps} steps, {'your own words' if own else 'the words that stood there'}."
    return Goal(text, own and made.wish.steps <= FEW, now, made.wish.steps)


PIPELINE = """from diffusers import {scheduler}, StableDiffusionPipeline

pipeline = StableDiffusionPipeline.from_pretrained({name!r}, use_safetensors=True)
pipeline.scheduler = {scheduler}.from_config(pipeline.scheduler.config, timestep_spacing="trailing")
noise = torch.randn({room}, generator=torch.Generator().manual_seed({seed}))
answer = pipeline({prompt!r}, guidance_scale={guidance!r}, num_inference_steps={steps}, latents=noise)
answer.images[0].save("painted.png")
result = {{"size": list(answer.images[0].size)}}"""
SCHEDULE = """kept = {"this page": torch.linspace(0.0001, 0.02, 1000), "Stable Diffusion": torch.linspace(
    0.00085**0.5, 0.012**0.5, 1000) ** 2}
shares = {name: torch.cumprod(1 - betas, dim=0) for name, betas in kept.items()}
result = {name: [values[499].item(), values[999].item()] for name, values in shares.items()}"""


def program(made: Made | None) -> Program:
    """A model's picture by its own pipeline; before there is one, the two schedules."""
    if made is None:
        shown = {"this page": kept()[[499, 999]].tolist(), "Stable Diffusion": scaled()[[499, 999]].tolist()}
        return Program("Two schedules", (Step("What is left of the signal", SCHEDULE),), (), shown)
    wish = made.wish
    names = {"DDPM": "DDPMScheduler", "DDIM": "DDIMScheduler", "Heun": "HeunDiscreteScheduler"}
    text = PIPELINE.format(
        scheduler=names[wish.sampler], name=made.model, room=tuple(made.codes.shape), seed=wish.seed,
        prompt=wish.prompt, guidance=wish.guidance, steps=wish.steps,
    )  # fmt: skip
    return Program("A picture by Stable Diffusion", (Step("From words to a picture", text),))
