"""How the networks of the pictures learn: their losses, and a training that goes on where it was stopped."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from core.objectives import gaussian_divergence
from core.topics.diffusion.latent import ANY_CLASS, ROOM
from core.topics.diffusion.noising import TIMES, kept

BATCH = 64
WEIGHT = 0.0003  # of the divergence from a standard normal code, beside the squared error of a pixel
WITHHELD = 0.1  # share of the labels that the U-Net does not get to see
WARMING = 100  # steps in which the rate rises
EVERY = 250  # steps between two checkpoints

Loss = Callable[[nn.Module, torch.Generator], Tensor]


def compressing(pictures: Tensor) -> Loss:
    """The autoencoder's loss on pictures (samples, 1, 32, 32): error of the pixels, and a little pull of the codes
    towards a standard normal distribution (Kingma and Welling 2014)."""

    def loss(model: nn.Module, source: torch.Generator) -> Tensor:
        x = pictures[torch.randint(len(pictures), (BATCH,), generator=source)]
        code = model.encode(x).latent_dist
        drawn = model.decode(code.mean + code.std * torch.randn(code.mean.shape, generator=source)).sample
        return (drawn - x).square().mean() + WEIGHT * gaussian_divergence(code.mean, code.logvar).mean()

    return loss


def naming(means: Tensor, spreads: Tensor, kinds: Tensor) -> Loss:
    """The U-Net's loss on codes (samples, 4, 8, 8) with their spreads, and classes (samples,): the squared error of
    the noise that it names (Ho et al. 2020), one label in ten withheld (Ho and Salimans 2022)."""

    def loss(model: nn.Module, source: torch.Generator) -> Tensor:
        rows = torch.randint(len(means), (BATCH,), generator=source)
        times = torch.randint(TIMES, (BATCH,), generator=source)
        codes, noise = torch.randn(2, BATCH, *ROOM, generator=source)
        codes = means[rows].float() + spreads[rows].float() * codes
        share = kept()[times].view(-1, 1, 1, 1)
        withheld = torch.rand(BATCH, generator=source) < WITHHELD
        labels = kinds[rows].masked_fill(withheld, ANY_CLASS)
        seen = model(share.sqrt() * codes + (1 - share).sqrt() * noise, times, class_labels=labels).sample
        return (seen - noise).square().mean()

    return loss


def rate_at(step: int, steps: int, highest: float, falling: float) -> float:
    """The learning rate: up along a line, level, and down along half a cosine over the last share of the steps."""
    if step < WARMING:
        return highest * (step + 1) / WARMING
    start = max(WARMING, (1 - falling) * steps)
    return highest * (1 + math.cos(math.pi * max(0.0, (step - start) / (steps - start)))) / 2


@dataclass
class Fit:
    """A training: the network, its weights averaged over the steps (exponentially, ``decay`` a step), the optimizer,
    the steps done and the seconds of processor time that they took."""

    model: nn.Module
    decay: float
    done: int = 0
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.optimizer = torch.optim.AdamW(self.model.parameters(), weight_decay=0.01)
        self.average = {name: part.detach().clone() for name, part in self.model.state_dict().items()}

    def step(self, error: Tensor, rate: float) -> float:
        """One step down; the error."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad()
        error.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        share = min(self.decay, (1 + self.done) / (10 + self.done))
        for name, part in self.model.state_dict().items():
            self.average[name].lerp_(part, 1 - share)
        self.done += 1
        return error.item()

    def save(self, path: Path) -> None:
        """Keep everything, aside first."""
        state = {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict(), "average": self.average}
        torch.save({**state, "step": self.done, "seconds": self.seconds}, aside := path.with_suffix(".part"))
        aside.replace(path)

    def restore(self, path: Path) -> None:
        """Go on from what was kept."""
        state = torch.load(path, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average, self.done, self.seconds = state["average"], state["step"], state["seconds"]


def fitted(fit: Fit, loss: Loss, steps: int, rate: float, falling: float, seed: int, path: Path) -> Fit:
    """A training up to so many steps, with AdamW; it goes on from the checkpoint at ``path``. The batches of a step
    depend on the seed and its number alone."""
    if path.exists():
        fit.restore(path)
    errors: list[float] = []
    began = time.process_time()
    while fit.done < steps:
        error = loss(fit.model, torch.Generator().manual_seed(1_000_003 * seed + fit.done))
        errors.append(fit.step(error, rate_at(fit.done, steps, rate, falling)))
        if fit.done % EVERY == 0 or fit.done == steps:
            fit.seconds, began = fit.seconds + time.process_time() - began, time.process_time()
            mean = sum(errors) / len(errors)
            print(f"{path.stem}: step {fit.done} of {steps}, loss {mean:.4f}, {fit.seconds:.0f} s", flush=True)
            errors.clear()
            fit.save(path)
    fit.model.load_state_dict(fit.average)
    fit.model.eval()
    return fit
