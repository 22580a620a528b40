"""What was measured of the two networks of the pictures when they were trained."""

import torch

from core.data.held_out import held_out
from core.lessons.record import Record
from core.topics.diffusion.latent import DENOISER, SIDE, decoded, encoded
from core.topics.diffusion.samplers import SAMPLERS

GUIDANCES = (0.0, 1.0, 2.0, 4.0, 8.0)
STEPS = (2, 5, 10, 20)
JUDGED = 400  # pictures of each measurement
GUIDED = 1.0  # guidance of the comparison of steps


@torch.no_grad()
def error_on_the_sheet() -> float:
    """The mean squared error per pixel of the shipped held-out pictures, encoded and decoded now."""
    pictures = held_out("fashion")[0].view(-1, 1, SIDE, SIDE)
    return (decoded(encoded(pictures)) - pictures).square().mean().item()


def cheapest() -> tuple[tuple[str | int, ...], float]:
    """The number that a test measures again."""
    return ("autoencoder", "sheet"), error_on_the_sheet()


RECORD = Record(
    "diffusion",
    {"guidances": GUIDANCES, "steps": STEPS, "samplers": SAMPLERS, "judged": JUDGED, "guided": GUIDED},
    cheapest,
    DENOISER,
)
