"""From logits to one token: penalty, temperature, top-k, top-p, min-p, and a draw that can be repeated.

The rules, and the order in which they act, are those of transformers' ``generate``.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Sampling:
    """How a token is drawn. ``temperature`` 0 takes the likeliest, ``top_k`` 0 leaves all, ``top_p`` 1, ``min_p`` 0
    and ``repetition_penalty`` 1 change nothing."""

    temperature: float = 0.6
    top_k: int = 50
    top_p: float = 0.92
    min_p: float = 0.0
    repetition_penalty: float = 1.1
    seed: int = 0

    def checked(self) -> "Sampling":
        """The same; raises ``ValueError``, one sentence, for a number that means nothing."""
        limits = {"temperature": (0, 5), "top_k": (0, 1000), "top_p": (0, 1), "min_p": (0, 1)}
        for name, (low, high) in (limits | {"repetition_penalty": (0.5, 3), "seed": (0, 2**63 - 1)}).items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
                raise ValueError(f"{name} is a number from {low} to {high}.")
        if self.top_p == 0:
            raise ValueError("top_p is a number above 0, up to 1.")
        return self


def penalised(logits: Tensor, seen: Sequence[int], penalty: float) -> Tensor:
    """Logits (vocabulary,) with those of tokens seen before divided by the penalty, negative ones multiplied
    (Keskar and others, 2019, CTRL)."""
    places = torch.tensor(sorted(set(seen)), dtype=torch.long)
    own, answer = logits[places], logits.clone()
    answer[places] = torch.where(own < 0, own * penalty, own / penalty)
    return answer


def candidates(logits: Tensor, temperature: float, top_k: int, top_p: float, min_p: float) -> tuple[Tensor, Tensor]:
    """The places of the tokens that may follow, likeliest first, and their probabilities after all rules.

    ``logits`` (vocabulary,) after the penalty. Top-k keeps the k likeliest; top-p (Holtzman and others, 2020) the
    fewest that together reach p; min-p (Nguyen and others, 2024) those with at least that share of the likeliest.
    """
    if temperature == 0:
        return logits.argmax()[None], torch.ones(1)
    values, places = (logits / temperature).topk(min(top_k, len(logits)) if top_k else len(logits))
    probabilities = values.softmax(dim=0)
    before = probabilities.cumsum(dim=0) - probabilities  # what the likelier ones have together
    kept = int((before < top_p).sum().clamp(min=1)) if top_p < 1 else len(values)  # sums of float32 may reach 1 early
    kept = min(kept, int((probabilities >= min_p * probabilities[0]).sum()))
    return places[:kept], values[:kept].softmax(dim=0)


def drawn(probabilities: Tensor, chance: float) -> int:
    """Which of some probabilities a number from 0 to 1 falls on."""
    return min(int((probabilities.cumsum(dim=0) <= chance).sum()), len(probabilities) - 1)


def chances(seed: int, count: int) -> list[float]:
    """The numbers that decide the draws of a reply, one for each of its places."""
    return torch.rand(count, generator=torch.Generator().manual_seed(seed % 2**63)).tolist()


def surprise(probability: float) -> float:
    """How surprising a token was, in bits."""
    return -math.log2(max(probability, 1e-12))
