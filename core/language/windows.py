"""Texts as streams of tokens, and the windows that are learned from: each begins where somebody begins to speak."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.language.tokens import MASK, START, TURN, tokenizer
from core.randomness import SEEDS

LOWEST, HIGHEST = 0.1, 0.4  # share of a window that is hidden from a masked model
SWAPPED, KEPT = 0.1, 0.1  # of what is hidden: shown as another token, and shown as it is (Devlin et al. 2019)
UNASKED = -100  # the target of a token that nothing is asked about


@dataclass(frozen=True)
class Stream:
    """One kind of text: all its ``tokens`` one after the other, and the places where a turn ``starts``."""

    tokens: np.ndarray
    starts: np.ndarray
    share: float = 1.0


def stream(documents: Iterable[list[str]], share: float = 1.0) -> Stream:
    """Documents as one stream: each turn behind its special token."""
    documents = list(documents)
    marks = [mark for document in documents for mark in (START, *[TURN] * (len(document) - 1))]
    encoded = tokenizer().encode_batch([turn for document in documents for turn in document])
    parts = [np.array([mark, *each.ids], np.int32) for mark, each in zip(marks, encoded, strict=True)]
    starts = np.cumsum([0, *map(len, parts[:-1])])
    return Stream(np.concatenate(parts), starts, share)


def batch(streams: list[Stream], size: int, length: int, seed: int, step: int) -> Tensor:
    """So many windows (size, length + 1), which depend on seed and step alone; each begins with the start token."""
    chance = torch.Generator().manual_seed((1_000_003 * seed + step) % SEEDS)
    shares = torch.tensor([each.share for each in streams])
    picked = shares.multinomial(size, replacement=True, generator=chance).tolist()
    places = torch.rand(size, generator=chance).tolist()
    return torch.stack([window(streams[at], place, length) for at, place in zip(picked, places, strict=True)])


def window(source: Stream, place: float, length: int) -> Tensor:
    """The window whose beginning lies at a share of the stream's turns, (length + 1,)."""
    usable = int(np.searchsorted(source.starts, len(source.tokens) - length - 1, side="right"))
    begin = int(source.starts[int(place * usable)])
    found = torch.from_numpy(source.tokens[begin : begin + length + 1].astype(np.int64))
    found[0] = START
    return found


def next_tokens(windows: Tensor) -> tuple[Tensor, Tensor]:
    """What a causal model reads, and what it is to say: the token behind each, both (batch, length)."""
    return windows[:, :-1], windows[:, 1:]


def masked(windows: Tensor, vocabulary: int, seed: int, step: int, share: float | None = None) -> tuple[Tensor, Tensor]:
    """What a masked model reads, and what it is to say where a token is hidden, ``UNASKED`` elsewhere."""
    windows = windows[:, :-1]
    chance = torch.Generator().manual_seed((2_000_003 * seed + step) % SEEDS)
    shares = LOWEST + (HIGHEST - LOWEST) * torch.rand(len(windows), 1, generator=chance)
    hidden = torch.rand(windows.shape, generator=chance) < (shares if share is None else share)
    hidden &= windows > TURN
    how = torch.rand(windows.shape, generator=chance) if share is None else torch.ones(windows.shape)
    others = torch.randint(MASK + 1, vocabulary, windows.shape, generator=chance)
    shown = torch.where(hidden & (how >= SWAPPED + KEPT), torch.full_like(windows, MASK), windows)
    shown = torch.where(hidden & (how < SWAPPED), others, shown)
    return shown, windows.masked_fill(~hidden, UNASKED)
