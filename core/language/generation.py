"""Writing on: one token after the other, with what was read kept in a cache."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from core.models.transformer import Transformer


def chances(logits: Tensor, temperature: float = 1.0, top_k: int = 0) -> Tensor:
    """Probabilities of tokens from logits (…, vocabulary): the ``top_k`` likeliest (0: all), sharper the lower the
    temperature; at 0 all goes to the likeliest."""
    if temperature <= 0:
        return torch.zeros_like(logits).scatter(-1, logits.argmax(dim=-1, keepdim=True), 1.0)
    if top_k:
        least = logits.topk(min(top_k, logits.shape[-1]), dim=-1).values[..., -1:]
        logits = logits.masked_fill(logits < least, float("-inf"))
    return (logits / temperature).softmax(dim=-1)


def written(
    model: Transformer, tokens: list[int], most: int, temperature: float = 0.8, top_k: int = 40, seed: int = 0
) -> Iterator[int]:
    """Up to ``most`` tokens behind ``tokens``; where the context is full, the older half is read no more."""
    chance = torch.Generator().manual_seed(seed)
    read, cache = list(tokens[-model.context + 1 :]), None
    fresh = read
    for _ in range(most):
        if cache and cache[0][0].shape[2] + len(fresh) > model.context:
            read, cache = read[-(model.context // 2) :], None
            fresh = read
        logits, cache = model.extend(torch.tensor([fresh]), cache)
        number = int(torch.multinomial(chances(logits[0, -1], temperature, top_k), 1, generator=chance))
        yield number
        read, fresh = [*read, number], [number]


def until(numbers: Iterator[int], stop: Callable[[int], bool]) -> list[int]:
    """What is written before the first token that stops it."""
    kept = []
    for number in numbers:
        if stop(number):
            break
        kept.append(number)
    return kept
