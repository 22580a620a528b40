"""The view on the autoencoder: what 256 numbers keep of 784 pixels, and which of them matter."""

import time
from dataclasses import dataclass

import torch
from torch import Tensor

from core.data.held_out import held_out
from core.figures.curves import bars
from core.figures.galleries import strip
from core.lessons import Goal, Question, Scale
from core.lessons.controls import pick, slider
from core.lessons.view import Shown, View
from core.provenance import Measured
from core.topics.diffusion import sheets
from core.topics.diffusion.latent import CLASSES, ROOM, SIDE, decoded, encoded, networks
from core.topics.diffusion.painting import judged
from core.topics.diffusion.picture_programs import program_of_codes
from core.topics.diffusion.records import RECORD

EACH = 4  # held-out pictures of every class
CHANNELS = tuple(str(place + 1) for place in range(ROOM[0]))
NONE = "none"
SHOWN = pick("Code of", CLASSES, "Ankle boot")
SILENCED = pick("Silenced channel", (NONE, *CHANNELS), help="Its 64 numbers are set to 0, their mean.")
NOISE = slider("Noise in the code", 0.0, 2.0, 0.0, 0.1, help="Standard deviation; the code's own is 1.")


@dataclass(frozen=True)
class Coded:
    """Held-out pictures (count, 1, 28, 28), their classes, their codes, and noise of the codes' shape."""

    pictures: Tensor
    labels: Tensor
    codes: Tensor
    noise: Tensor
    source: Measured

    @property
    def provenance(self) -> str:
        """Where the numbers come from, and the network."""
        return f"{self.source.provenance} · {RECORD.source.provenance}"

    def back(self, silenced: str = NONE, noise: float = 0.0) -> Tensor:
        """The pictures decoded again, after what was done to their codes."""
        codes = self.codes + noise * self.noise
        if silenced != NONE:
            codes = codes.clone()
            codes[:, int(silenced) - 1] = 0
        return decoded(codes)

    def errors(self, back: Tensor) -> Tensor:
        """The mean squared error of each picture, (count,)."""
        return (back - self.pictures).square().mean(dim=(1, 2, 3))

    def explained(self, back: Tensor) -> float:
        """Which share of the pixels' variance comes back."""
        return 1 - (self.errors(back).mean() / (self.pictures - self.pictures.mean(dim=0)).square().mean()).item()

    def by_channel(self) -> dict[str, float]:
        """The error without each channel."""
        return {name: self.errors(self.back(name)).mean().item() for name in CHANNELS}


def code(seed: int) -> Coded:
    """Four held-out pictures of every class, encoded."""
    networks()
    began = time.perf_counter()
    pictures, labels = held_out("fashion")
    rows = torch.cat([(labels == kind).nonzero()[:EACH, 0] for kind in range(len(CLASSES))])
    some = pictures[rows].view(-1, 1, SIDE, SIDE)
    codes = encoded(some)
    noise = torch.randn(codes.shape, generator=torch.Generator().manual_seed(seed))
    source = Measured((seed,), time.perf_counter() - began, "Encoded live by a recorded network")
    return Coded(some, labels[rows], codes, noise, source)


def codes_view(found: Coded, code_of: str, silenced_channel: str, noise_in_the_code: float) -> Shown:
    """Pictures, what comes back, and the code of one of them."""
    back = found.back(silenced_channel, noise_in_the_code)
    error, right = found.errors(back).mean().item(), int((judged(back).argmax(dim=1) == found.labels).sum())
    before = int((judged(found.pictures).argmax(dim=1) == found.labels).sum())
    note = (
        f"784 pixels became 4 × 8 × 8 = **256** numbers, and **{found.explained(back):.1%}** of the pixels' variance "
        f"comes back (error {error:.4f}). A classifier takes {right} of {len(back)} pictures for what they are; of the "
        f"originals {before}. On the 10,000 official test pictures the error is "
        f"{RECORD.contents['autoencoder']['error']:.4f} (recorded)."
    )
    place = CLASSES.index(code_of) * EACH
    return Shown(((there_and_back(found, back),), (code_shown(found, place), cost(found))), note)


def there_and_back(found: Coded, back: Tensor) -> sheets.Picture:
    """One picture of each class, and what comes back of it."""
    first = slice(0, None, EACH)
    error = found.errors(back)[first]
    rows = {"held-out pictures": found.pictures[first].flatten(1), "encoded and decoded": back[first].flatten(1)}
    worst = CLASSES[int(error.argmax())]
    alt = (
        f"A held-out picture of each class above what comes back of it; furthest off is {worst}, by {error.max():.4f}."
    )
    return strip(rows, SIDE, alt, 240)


def code_shown(found: Coded, place: int) -> sheets.Picture:
    """The code of one picture."""
    code, name = found.codes[place], CLASSES[int(found.labels[place])]
    alt = f"The four channels of the code of {name}, 8 by 8 numbers each, from {code.min():.1f} to {code.max():.1f}."
    return sheets.code_picture(code, f"the code: {name}", alt)


def cost(found: Coded) -> sheets.Picture:
    """What noise in the code costs."""
    values = {f"{noise:g}": found.errors(found.back(noise=noise)).mean().item() for noise in (0.0, 0.5, 1.0, 1.5, 2.0)}
    return bars(values, ("noise in the code", "error"), 260)


def how_much(found: Coded, **_: object) -> Question:
    """How much comes back?"""
    text = "A third as many numbers as pixels: how many percent of the pixels' variance come back?"
    because = "Neighbouring pixels say nearly the same, so a third of the numbers can keep nearly all of it."
    return Question(text, Scale(0, 100, 1, "%"), round(100 * found.explained(found.back())), because)


def originals(found: Coded, **_: object) -> Shown:
    """The pictures alone."""
    rows = {"held-out pictures": found.pictures[::EACH].flatten(1)}
    return Shown(((strip(rows, SIDE, "A held-out picture of each class.", 140),),), "Pictures to be encoded:")


def dearest(found: Coded, code_of: str, silenced_channel: str, noise_in_the_code: float) -> Goal:
    """Find the channel that costs most."""
    costs = found.by_channel()
    worst = max(costs, key=lambda name: costs[name])
    text = "Find the channel without which the pictures suffer most (without noise)."
    now = "Now: none is silenced."
    if silenced_channel != NONE:
        now = f"Now: without channel {silenced_channel} the error is {costs[silenced_channel]:.4f}."
    return Goal(text, silenced_channel == worst and noise_in_the_code == 0, now)


CODES = View(
    (),
    code,
    codes_view,
    waiting="Encoding…",
    look=(SHOWN, SILENCED, NOISE),
    before=originals,
    question=how_much,
    goal=dearest,
    program=lambda found, **_: program_of_codes(found.pictures, found.errors(found.back()).tolist()),
)
