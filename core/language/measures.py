"""How good a language model is on texts that it has not read, and what counting alone achieves."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from core.language.baselines import Counts, accuracies, perplexities
from core.language.windows import UNASKED, Stream, batch, masked, next_tokens
from core.models.transformer import Transformer

HIDDEN = 0.15  # of the tokens, where a masked model is judged (Devlin et al. 2019)
SEED = 1_000


@torch.no_grad()
def judged(model: Transformer, held_out: list[Stream], windows: int = 256, length: int = 128) -> dict[str, float]:
    """The held-out loss (nats per token), its exponential, the perplexity, and how often the likeliest is right."""
    losses, right = [], []
    for step in range(0, windows, 32):
        texts = batch(held_out, 32, length, SEED, step)
        read, wanted = task(model, texts, step)
        said, true = model.answers(model.states(read)[wanted != UNASKED]), wanted[wanted != UNASKED]
        losses.append(functional.cross_entropy(said, true, reduction="none"))
        right.append(said.argmax(dim=-1) == true)
    loss = torch.cat(losses).mean().item()
    return {"loss": loss, "perplexity": math.exp(loss), "accuracy": torch.cat(right).float().mean().item()}


def task(model: Transformer, texts: Tensor, step: int) -> tuple[Tensor, Tensor]:
    """What is read and what is to be said, where a model is judged."""
    if model.causal:
        return next_tokens(texts)
    return masked(texts, model.embedding.num_embeddings, SEED, step, HIDDEN)


def baselines(model: Transformer, counts: Counts, held_out: list[Stream], windows: int = 256) -> dict[str, float]:
    """What counting achieves on the very tokens that a model is judged by: perplexities, or accuracies."""
    rows = []
    for step in range(0, windows, 32):
        texts = batch(held_out, 32, 128, SEED, step)
        rows.append(perplexities(counts, texts) if model.causal else accuracies(counts, *task(model, texts, step)))
    average = {name: sum(row[name] for row in rows) / len(rows) for name in rows[0]}
    if not model.causal:
        return average
    logs = {name: sum(math.log(row[name]) for row in rows) / len(rows) for name in rows[0]}
    return {name: math.exp(value) for name, value in logs.items()}
