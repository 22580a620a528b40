"""Autoencoders that are given a noisy picture and asked for the clean one."""

import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.data.data import Data
from core.data.digits import mixed_digits, shipped
from core.data.generated import Generated
from core.models.autoencoder import autoencoder
from core.provenance import Measured, Sourced, written
from core.topics.autoencoders.planes import TRAINED, digit_pictures, recipe_of
from core.training import Run, train_many

NOISY, PLAIN, DENOISING = WAYS = ("noisy input", "plain autoencoder", "trained to denoise")
LATENT, UNITS, EPOCHS, COPIES = 24, (64,), 20, 2


def noisy_digits(noise: float, copies: int, count: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """8×8 digits with Gaussian noise of a deviation, and the clean ones as targets; the first ``count`` of them, which
    are to be learned from, in several copies with noise of their own."""
    x, _ = mixed_digits(seed, flat=True)
    clean = torch.cat([x[:count].repeat(copies, 1), x[count:]])
    generator = torch.Generator().manual_seed(seed)
    return clean + noise * torch.randn(clean.shape, generator=generator), clean


def noisy_pictures(noise: float, seed: int) -> Data:
    """The problem of a denoising autoencoder (Vincent et al. 2008)."""
    settings = {"noise": noise, "copies": COPIES, "count": TRAINED, "seed": int(seed)}
    x, y = noisy_digits(**settings)
    origin = Generated(noisy_digits, settings, (mixed_digits, shipped))
    many = COPIES * TRAINED
    return Data(x[:many], y[:many], x[many:], y[many:], source=written(noisy_digits, (), settings), made=origin)


@dataclass(frozen=True)
class Denoised(Sourced):
    """Held-out pictures of one seed, clean and noisy; what both networks make of them; the mean squared error to the
    clean ones by way, (seeds,); the denoising training of the first seed."""

    clean: Tensor
    noisy: Tensor
    answers: dict[str, Tensor]
    errors: dict[str, np.ndarray]
    run: Run
    source: Measured


@torch.no_grad()
def denoise(noise: float, seeds: tuple[int, ...]) -> Denoised:
    """Train a plain and a denoising autoencoder for each seed, and give both the same unseen noisy pictures."""
    began, problems, models, recipes = time.perf_counter(), [], [], []
    for seed in seeds:
        problems += [digit_pictures(seed), noisy_pictures(noise, seed)]
        models += [autoencoder(64, UNITS, LATENT, "GELU", seed)] * 2
        recipes += [recipe_of(seed, COPIES * EPOCHS), recipe_of(seed, EPOCHS)]  # equally many steps
    with torch.enable_grad():
        runs = train_many(models, problems, recipes)
    errors: dict[str, list[float]] = {way: [] for way in WAYS}
    answers = []
    for plain, taught in zip(runs[::2], runs[1::2], strict=True):
        x, y = taught.data.x_test, taught.data.y_test
        answers.append({NOISY: x, PLAIN: plain.at()(x), DENOISING: taught.at()(x)})
        for way, pictures in answers[-1].items():
            errors[way].append((pictures - y).square().mean().item())
    first = runs[1].data
    rows = {way: np.array(values) for way, values in errors.items()}
    source = Measured(tuple(seeds), time.perf_counter() - began)
    return Denoised(first.y_test, first.x_test, answers[0], rows, runs[1], source)
