"""What counting alone achieves: how often each token is met, and how often behind each other one."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.language.tokens import MASK
from core.language.windows import UNASKED, Stream

PRIOR = 100.0  # a pair's count is mixed with so many tokens drawn from the single counts (MacKay and Peto 1995)


@dataclass(frozen=True)
class Counts:
    """Log probabilities of tokens, (vocabulary,), and of each (column) behind each (row), (vocabulary, vocabulary)."""

    single: Tensor
    pairs: Tensor

    def behind(self, left: Tensor) -> Tensor:
        """Log probabilities behind tokens (…,) → (…, vocabulary)."""
        return self.pairs[left]


def counted(streams: list[Stream], vocabulary: int) -> Counts:
    """Count streams, each as much as it is read in training."""
    pairs = np.zeros((vocabulary, vocabulary))
    whole = sum(len(each.tokens) for each in streams)
    for each in streams:
        weight = each.share * whole / len(each.tokens)
        np.add.at(pairs, (each.tokens[:-1], each.tokens[1:]), weight)
    single = (pairs.sum(axis=0) + 0.5) / (pairs.sum() + 0.5 * vocabulary)
    mixed = (pairs + PRIOR * single) / (pairs.sum(axis=1, keepdims=True) + PRIOR)
    return Counts(torch.from_numpy(np.log(single)).float(), torch.from_numpy(np.log(mixed)).float())


def perplexities(counts: Counts, windows: Tensor) -> dict[str, float]:
    """Perplexity of the tokens behind the first one of each window, (windows, length + 1)."""
    left, right = windows[:, :-1].flatten(), windows[:, 1:].flatten()
    losses = {"single tokens": counts.single[right], "pairs": counts.pairs[left, right]}
    return {name: math.exp(-values.mean().item()) for name, values in losses.items()}


def accuracies(counts: Counts, read: Tensor, wanted: Tensor) -> dict[str, float]:
    """How often the likeliest token is the hidden one, where ``wanted`` asks: the most frequent one of all, that behind
    the left neighbour, and that between both neighbours; a hidden neighbour says nothing."""
    asked = wanted != UNASKED
    hidden = asked & (read != wanted)
    left, right = torch.roll(read, 1, dims=1)[asked], torch.roll(read, -1, dims=1)[asked]
    no_left, no_right = (torch.roll(hidden, shift, dims=1)[asked].clone() for shift in (1, -1))
    ends = torch.arange(read.shape[1]).expand_as(read)[asked]
    before = torch.where(no_left[:, None], counts.single, counts.behind(left))
    after = counts.pairs[:, right].T.masked_fill((no_right | (ends == read.shape[1] - 1))[:, None], 0.0)
    said = {
        "most frequent": counts.single.expand_as(before),
        "left neighbour": before,
        "both neighbours": before + after,
    }
    answers = {name: values[:, MASK + 1 :].argmax(dim=1) + MASK + 1 for name, values in said.items()}  # no special ones
    return {name: (answer == wanted[asked]).float().mean().item() for name, answer in answers.items()}
