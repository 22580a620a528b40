"""The programs behind the pictures: diffusers' own networks and schedulers, with the shipped weights."""

import functools
import io
from collections.abc import Mapping, Sequence

from PIL import Image
from torch import Tensor

from core.programs import Program, Step
from core.topics.diffusion.latent import ANY_CLASS, AUTOENCODER, DENOISER, autoencoder, denoiser
from core.topics.diffusion.painting import Painted, kind_of
from core.topics.diffusion.programs import SCHEDULERS
from core.topics.diffusion.samplers import APART

NETWORKS = """def restored(model, path):
    model.load_state_dict({name: part.float() for name, part in load_file(path).items()})
    return model.eval().requires_grad_(False)


vae, unet = restored(autoencoder(), "autoencoder.safetensors"), restored(denoiser(), "denoiser.safetensors")


def seen(x, time):
    given, free = (
        unet(x, time, class_labels=torch.full((len(x),), kind)).sample for kind in ({kind}, {withheld})
    )
    return given if {guidance!r} == 1 else free + {guidance!r} * (given - free)
"""
READ = """pixels = torch.from_numpy(np.asarray(Image.open("{name}.png"), dtype=np.float32) / 255).view({shape})
pictures = functional.pad(2 * pixels - 1, (2, 2, 2, 2), value=-1.0)  # a black margin; ink from -1 to 1
codes = vae.encode(pictures).latent_dist.mean"""
BEGIN = """from diffusers import {scheduler}

scheduler = {scheduler}({settings}timestep_spacing="trailing")
scheduler.set_timesteps({steps})
source = torch.Generator().manual_seed({on_the_way})
noise = torch.randn({count}, 4, 8, 8, generator=torch.Generator().manual_seed({seed})){times}
"""
WALK = """for time in scheduler.timesteps:
    x = scheduler.step(seen(scheduler.scale_model_input(x, time), time), time, x{source}).prev_sample"""
EDIT = """times = scheduler.timesteps[{skipped}:]
x = scheduler.add_noise(codes.expand_as(noise), noise, times[:1].expand(len(noise)))
for place, time in enumerate(times):
    x = scheduler.step(seen(x, time), time, x{source}).prev_sample"""
KEEP = """
    rest = times[place + 1 : place + 2]
    kept = scheduler.add_noise(codes.expand_as(x), noise, rest.expand(len(x))) if len(rest) else codes
    x = torch.where(mask, x, kept)"""
END = """
painted = ((vae.decode(x).sample[..., 2:-2, 2:-2] + 1) / 2).clamp(0, 1)
result = {"brightness": painted.mean(dim=(1, 2, 3)).tolist(), "contrast": painted.std(dim=(1, 2, 3)).tolist()}"""
BACK = """back = ((vae.decode(codes).sample[..., 2:-2, 2:-2] + 1) / 2).clamp(0, 1)
result = {{"errors": (back - pixels).square().mean(dim=(1, 2, 3)).tolist()}}"""


@functools.cache
def weights() -> Mapping[str, bytes]:
    """The files of both networks."""
    return {path.name: path.read_bytes() for path in (AUTOENCODER, DENOISER)}


def networks_of(kind: str, guidance: float) -> Step:
    """The step that reads both networks."""
    text = NETWORKS.replace("{kind}", str(kind_of(kind))).replace("{withheld}", str(ANY_CLASS))
    return Step("The networks, and the noise that they see", text.replace("{guidance!r}", repr(guidance)))


def numbers_of(pictures: Tensor) -> dict[str, list[float]]:
    """What a program repeats of pictures (count, 1, 28, 28)."""
    return {
        "brightness": pictures.mean(dim=(1, 2, 3)).tolist(),
        "contrast": pictures.std(dim=(1, 2, 3)).tolist(),
    }


def beginning(found: Painted) -> str:
    """The scheduler and the noise of a walk."""
    walk = found.walk
    scheduler, settings, times, _ = SCHEDULERS[walk.sampler]
    return BEGIN.format(
        scheduler=scheduler, settings=settings, times=times, steps=walk.steps, on_the_way=walk.seed + APART,
        count=len(found.stations[0]), seed=walk.seed,
    )  # fmt: skip


def program_of_painting(found: Painted) -> Program:
    """Pictures out of noise."""
    walk = f"{beginning(found)}x = noise\n{WALK.format(source=SCHEDULERS[found.walk.sampler][3])}{END}"
    steps = (networks_of(found.kind, found.guidance), Step("From noise to pictures", walk))
    shown = numbers_of(found.pictures)
    return Program("Latent diffusion", steps, (autoencoder, denoiser), shown, 1e-3, weights())


def program_of_editing(found: Painted, original: Tensor) -> Program:
    """Pictures from an original (1, 1, 28, 28), around what a mask keeps of it, if there is one."""
    edit = EDIT.format(skipped=found.walk.skipped, source=SCHEDULERS[found.walk.sampler][3])
    mask = ""
    if found.walk.mask is not None:
        mask, edit = (
            f"mask = torch.tensor({found.walk.mask.int().tolist()}).bool()  # what is painted anew\n",
            edit + KEEP,
        )
    steps = (
        networks_of(found.kind, found.guidance),
        Step("The picture's code", READ.format(name="picture", shape="1, 1, 28, 28")),
        Step("From the picture to others", f"{beginning(found)}{mask}{edit}{END}"),
    )
    files = {**weights(), "picture.png": png_of(original)}
    return Program("Latent diffusion", steps, (autoencoder, denoiser), numbers_of(found.pictures), 1e-3, files)


def program_of_codes(pictures: Tensor, errors: Sequence[float]) -> Program:
    """Pictures (count, 1, 28, 28) through the autoencoder and back."""
    read = READ.format(name="pictures", shape="-1, 1, 28, 28")
    load = "vae = autoencoder().eval().requires_grad_(False)\n"
    load += 'vae.load_state_dict({name: part.float() for name, part in load_file("autoencoder.safetensors").items()})'
    steps = (Step("The network", load), Step("There and back", f"{read}\n{BACK.format()}"))
    files = {AUTOENCODER.name: weights()[AUTOENCODER.name], "pictures.png": png_of(pictures)}
    return Program("A code for pictures", steps, (autoencoder,), {"errors": list(errors)}, 1e-3, files)


def png_of(pictures: Tensor) -> bytes:
    """Pictures (count, 1, 28, 28), one below the other, as a file."""
    stream = io.BytesIO()
    Image.fromarray((pictures.reshape(-1, pictures.shape[-1]) * 255).round().byte().numpy()).save(stream, "PNG")
    return stream.getvalue()
