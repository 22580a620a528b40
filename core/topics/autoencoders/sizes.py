"""How much a code of so many numbers keeps of a picture, beside the best linear code of that size."""

import time
from dataclasses import dataclass

import numpy as np

from core.models.autoencoder import autoencoder
from core.provenance import Measured, Sourced
from core.topics.autoencoders.linear import pca_error
from core.topics.autoencoders.planes import digit_pictures, recipe_of
from core.training import Run, train_many

LATENTS = (1, 2, 3, 4, 6, 8, 12, 16, 24)
UNITS, EPOCHS = (64,), 25


@dataclass(frozen=True)
class Sizes(Sourced):
    """Errors per pixel on held-out 8×8 digits by size of the code, (seeds, sizes): the network's and that of principal
    components; the runs of the first seed by size."""

    errors: np.ndarray
    linear: np.ndarray
    runs: dict[int, Run]
    source: Measured

    @property
    def crossing(self) -> int:
        """The size from which on PCA is ahead at every size, mean over seeds; 0 if it is not ahead at the last one."""
        behind = np.flatnonzero(self.errors.mean(axis=0) <= self.linear.mean(axis=0))
        after = int(behind[-1]) + 1 if len(behind) else 0
        return LATENTS[after] if after < len(LATENTS) else 0


def sizes(seeds: tuple[int, ...]) -> Sizes:
    """Train an autoencoder of every size for each seed."""
    began = time.perf_counter()
    problems = {seed: digit_pictures(seed) for seed in seeds}
    cases = [(seed, latent) for seed in seeds for latent in LATENTS]
    runs = train_many(
        [autoencoder(64, UNITS, latent, "GELU", seed) for seed, latent in cases],
        [problems[seed] for seed, _ in cases],
        [recipe_of(seed, EPOCHS) for seed, _ in cases],
    )
    errors = np.array([run.last.test_loss for run in runs]).reshape(len(seeds), -1)
    linear = np.array([pca_error(problems[seed].x, problems[seed].x_test, latent) for seed, latent in cases])
    source = Measured(tuple(seeds), time.perf_counter() - began)
    return Sizes(errors, linear.reshape(errors.shape), dict(zip(LATENTS, runs, strict=False)), source)
