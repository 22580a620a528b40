"""A variational autoencoder with a weight β on the second term of its bound, trained and watched."""

import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from core.data.digits import mixed_digits, shipped
from core.diagnosis.findings import Finding
from core.models.autoencoder import VAE
from core.objectives import gaussian_divergence
from core.programs import Program, Step
from core.provenance import Measured, Sourced
from core.topics.autoencoders.planes import TRAINED

BETAS = (0.0, 0.05, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
COLLAPSED = 0.05  # nats: a number of the code that carries less says nothing about the picture
HIDDEN, LATENT, EPOCHS, BATCH = 48, 2, 24, 128
MENDED = 0.5  # the β that the fix sets


def terms(model: VAE, x: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    """The two terms of the negative evidence lower bound, in nats per picture: reconstruction, the cross-entropy of all
    pixels, and the divergence of each number of the code from the prior, (latent,)."""
    logits, mean, log_variance = model(x, noise)
    lost = functional.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
    return lost, gaussian_divergence(mean, log_variance).mean(dim=0)


def fit(model: VAE, x: Tensor, x_test: Tensor, beta: float, epochs: int, seed: int) -> list[list[float]]:
    """Train with Adam; reconstruction and the divergence of each number on held-out pictures after every epoch, the
    untrained network's first."""
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    watched = torch.randn(len(x_test), 2, generator=generator)
    history = []
    for epoch in range(epochs + 1):
        for batch in torch.randperm(len(x), generator=generator).split(128) if epoch else ():
            lost, divergence = terms(model, x[batch], torch.randn(len(batch), 2, generator=generator))
            optimizer.zero_grad()
            (lost + beta * divergence.sum()).backward()
            optimizer.step()
        with torch.no_grad():
            lost, divergence = terms(model, x_test, watched)
        history.append([lost.item(), *divergence.tolist()])
    return history


@dataclass(frozen=True)
class Variational(Sourced):
    """A training with one β: ``history`` (epochs + 1, 1 + latent) has reconstruction and divergences on held-out
    pictures; their codes' means and deviations, (pictures, latent), and digits."""

    beta: float
    seed: int
    epochs: int
    model: VAE
    history: np.ndarray
    means: Tensor
    deviations: Tensor
    labels: Tensor
    source: Measured

    @property
    def collapsed(self) -> list[int]:
        """Which numbers of the code say nothing, by place."""
        return [place for place, value in enumerate(self.history[-1, 1:]) if value < COLLAPSED]


@torch.no_grad()
def variational(beta: float, seed: int, epochs: int = EPOCHS) -> Variational:
    """Train on the 8×8 digits and keep what the held-out ones become."""
    began = time.perf_counter()
    x, y = mixed_digits(seed, flat=True)
    model = VAE(64, HIDDEN, LATENT, seed=seed)
    with torch.enable_grad():
        history = fit(model, x[:TRAINED], x[TRAINED:], beta, epochs, seed)
    means, log_variances = model.encode(x[TRAINED:])
    source = Measured((seed,), time.perf_counter() - began, "Trained live by the torch engine")
    spreads = (log_variances / 2).exp()
    return Variational(beta, seed, epochs, model, np.array(history), means, spreads, y[TRAINED:], source)


def findings(result: Variational) -> list[Finding]:
    """Posterior collapse, named, with the β that mends it."""
    if not result.collapsed:
        return []
    last = len(result.history) - 1
    step = last * -(-TRAINED // BATCH)
    dead = result.collapsed
    which = "Both numbers of the code carry" if len(dead) == LATENT else f"Number {dead[0] + 1} of the code carries"
    why = (
        f"{which} less than {COLLAPSED:g} nats: at β = {result.beta:g} a code that differs from the prior costs more "
        "than it saves in reconstruction, so the decoder ignores it."
    )
    return [Finding("posterior collapse", last, step, why, f"Lower β to {MENDED:g}", {"beta": MENDED})]


def program_of(result: Variational) -> Program:
    """The same training, as short as it is."""
    lines = [
        f"x, y = mixed_digits({result.seed!r}, flat=True)",
        f"model = VAE(64, {HIDDEN}, {LATENT}, seed={result.seed!r})",
        f"history = fit(model, x[:{TRAINED}], x[{TRAINED}:], {result.beta!r}, {result.epochs!r}, {result.seed!r})",
        'result = {"reconstruction": history[-1][0], "divergence": history[-1][1:]}',
    ]
    shown = {"reconstruction": float(result.history[-1, 0]), "divergence": result.history[-1, 1:].tolist()}
    functions = (shipped, mixed_digits, VAE, gaussian_divergence, terms, fit)
    return Program("A variational autoencoder", (Step("Training", "\n".join(lines)),), functions, shown)
