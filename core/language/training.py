"""How the small language models are trained: one window after the other, recorded as it goes, resumable."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.language.windows import UNASKED, Stream, batch, masked, next_tokens
from core.models.transformer import Transformer


@dataclass(frozen=True)
class Recipe:
    """Settings of one training. The learning rate rises for ``warm_up`` steps, stays, and falls evenly to nothing over
    the last ``falling`` share of the steps (Hägele et al. 2024): so a longer training begins just as a shorter one."""

    steps: int
    size: int = 8
    length: int = 128
    learning_rate: float = 2e-3
    warm_up: int = 100
    falling: float = 0.1
    weight_decay: float = 0.1
    clip: float = 1.0
    seed: int = 0

    def rate(self, step: int) -> float:
        """The learning rate at a step, from 0."""
        left = (self.steps - step) / max(1, self.falling * self.steps)
        return self.learning_rate * min(1.0, (step + 1) / self.warm_up, left)


@dataclass
class Progress:
    """Where a training stands: everything that is needed to go on."""

    model: Transformer
    optimizer: torch.optim.AdamW
    step: int = 0
    losses: list[float] = field(default_factory=list)

    def state(self) -> dict[str, Any]:
        """All of it, as torch saves it."""
        return {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict(), "step": self.step}

    def resume(self, state: dict[str, Any]) -> None:
        """Go on where a state was."""
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]


def begun(model: Transformer, recipe: Recipe) -> Progress:
    """A training before its first step: weights that multiply decay, offsets and norms do not."""
    many = [weight for weight in model.parameters() if weight.dim() > 1]
    few = [weight for weight in model.parameters() if weight.dim() < 2]
    groups = [{"params": many, "weight_decay": recipe.weight_decay}, {"params": few, "weight_decay": 0.0}]
    return Progress(model, torch.optim.AdamW(groups, lr=recipe.learning_rate, betas=(0.9, 0.95)))


def asked(model: Transformer, windows: Tensor, seed: int, step: int) -> tuple[Tensor, Tensor]:
    """What a model reads of windows and what it is to say: the next token, or the hidden ones."""
    if model.causal:
        return next_tokens(windows)
    return masked(windows, model.embedding.num_embeddings, seed, step)


def loss_of(model: Transformer, read: Tensor, wanted: Tensor) -> Tensor:
    """Mean cross-entropy, in nats, over the tokens that are asked for."""
    states = model.states(read)[wanted != UNASKED]
    return functional.cross_entropy(model.answers(states), wanted[wanted != UNASKED])


def steps(progress: Progress, streams: list[Stream], recipe: Recipe) -> Iterator[Progress]:
    """Train, one step at a time; whoever asks may stop at any."""
    model = progress.model
    while progress.step < recipe.steps:
        windows = batch(streams, recipe.size, recipe.length, recipe.seed, progress.step)
        loss = loss_of(model, *asked(model, windows, recipe.seed, progress.step))
        progress.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
        for group in progress.optimizer.param_groups:
            group["lr"] = recipe.rate(progress.step)
        progress.optimizer.step()
        progress.step += 1
        progress.losses.append(loss.item())
        yield progress
