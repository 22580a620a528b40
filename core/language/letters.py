"""The same transformer in small: one character at a time, trained on a text of a few lines while somebody watches."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.data.refusals import OwnDataError
from core.language.generation import written
from core.language.tokens import MASK, START
from core.language.training import Recipe, begun, loss_of, steps
from core.language.windows import Stream
from core.models.transformer import Transformer

CONTEXT, SIZE, RATE = 32, 12, 3e-3  # characters read at once, windows in a batch, learning rate
LEAST, MOST = 400, 20_000  # characters of a text
HELD_OUT = 0.15  # the text's end, which is not learned from
FRAMES, WRITTEN = 20, 120  # moments recorded, characters written at each

SONNETS = """Shall I compare thee to a summer's day?
Thou art more lovely and more temperate:
Rough winds do shake the darling buds of May,
And summer's lease hath all too short a date:
Sometime too hot the eye of heaven shines,
And often is his gold complexion dimm'd;
And every fair from fair sometime declines,
By chance or nature's changing course untrimm'd;
But thy eternal summer shall not fade
Nor lose possession of that fair thou owest;
Nor shall Death brag thou wander'st in his shade,
When in eternal lines to time thou growest:
So long as men can breathe or eyes can see,
So long lives this and this gives life to thee.

Let me not to the marriage of true minds
Admit impediments. Love is not love
Which alters when it alteration finds,
Or bends with the remover to remove:
O no! it is an ever-fixed mark
That looks on tempests and is never shaken;
It is the star to every wandering bark,
Whose worth's unknown, although his height be taken.
Love's not Time's fool, though rosy lips and cheeks
Within his bending sickle's compass come:
Love alters not with his brief hours and weeks,
But bears it out even to the edge of doom.
If this be error and upon me proved,
I never writ, nor no man ever loved."""


@dataclass(frozen=True)
class Letters:
    """A text as numbers, character by character; the first three numbers are the special tokens."""

    text: str

    def __post_init__(self) -> None:
        if not LEAST <= len(self.text) <= MOST:
            raise OwnDataError(
                f"This text has {len(self.text):,} characters: give {LEAST:,} to {MOST:,}, so that there is something "
                "to learn and something to hold out."
            )

    @property
    def alphabet(self) -> list[str]:
        """The characters that occur."""
        return sorted(set(self.text))

    @property
    def vocabulary(self) -> int:
        return MASK + 1 + len(self.alphabet)

    @property
    def numbers(self) -> np.ndarray:
        places = {letter: MASK + 1 + place for place, letter in enumerate(self.alphabet)}
        return np.array([places[letter] for letter in self.text], np.int32)

    @property
    def cut(self) -> int:
        """Where the held-out end begins."""
        return int(len(self.text) * (1 - HELD_OUT))

    @property
    def stream(self) -> Stream:
        """What is learned from: a window may begin anywhere."""
        return Stream(self.numbers[: self.cut], np.arange(self.cut))

    def spelt(self, numbers: list[int]) -> str:
        """Numbers as text; what is no character is left out."""
        return "".join(self.alphabet[number - MASK - 1] for number in numbers if number > MASK)

    def windows(self, held_out: bool) -> Tensor:
        """Windows side by side, (windows, CONTEXT + 1), of one part of the text."""
        part = self.numbers[self.cut :] if held_out else self.numbers[: self.cut]
        rows = torch.from_numpy(part[: len(part) // (CONTEXT + 1) * (CONTEXT + 1)].astype(np.int64))
        windows = rows.reshape(-1, CONTEXT + 1)
        windows[:, 0] = START
        return windows


@dataclass(frozen=True)
class Moment:
    """What was true after so many steps: bits per character on both parts of the text, and what the network wrote."""

    step: int
    training: float
    held_out: float
    sample: str


def network(letters: Letters, layers: int, heads: int, width: int, seed: int) -> Transformer:
    """A transformer over a text's characters."""
    return Transformer(letters.vocabulary, CONTEXT, width, heads, layers, seed=seed)


@torch.no_grad()
def moment(model: Transformer, letters: Letters, step: int, seed: int) -> Moment:
    """What is true of a network now."""
    bits = [
        loss_of(model, windows[:, :-1], windows[:, 1:]).item() / math.log(2)
        for windows in (letters.windows(False), letters.windows(True))
    ]
    sample = letters.spelt(list(written(model, [START], WRITTEN, seed=seed)))
    return Moment(step, *bits, sample)


def recipe_of(count: int, seed: int) -> Recipe:
    """How it is trained."""
    return Recipe(count, SIZE, CONTEXT, RATE, warm_up=10, seed=seed)


def lesson(text: str, layers: int, heads: int, width: int, count: int, seed: int) -> Iterator[Moment]:
    """Train for so many steps; yields what is true at the beginning and at every twentieth part of the way."""
    letters = Letters(text)
    progress = begun(network(letters, layers, heads, width, seed), recipe_of(count, seed))
    yield moment(progress.model, letters, 0, seed)
    wanted = {round(count * place / FRAMES) for place in range(1, FRAMES + 1)}
    for now in steps(progress, [letters.stream], recipe_of(count, seed)):
        if now.step in wanted:
            yield moment(now.model, letters, now.step, seed)


def counted(letters: Letters) -> dict[str, float]:
    """Bits per character of the held-out end where characters are only counted, each and in pairs, in the rest."""
    numbers, size = letters.numbers, letters.vocabulary
    read, told = numbers[: letters.cut], numbers[letters.cut :]
    single = np.bincount(read, minlength=size) + 0.1
    pairs = np.full((size, size), 0.0)
    np.add.at(pairs, (read[:-1], read[1:]), 1)
    share = single / single.sum()
    mixed = (pairs + 5 * share) / (pairs.sum(axis=1, keepdims=True) + 5)
    return {
        "single characters": float(-np.log2(share[told]).mean()),
        "pairs": float(-np.log2(mixed[told[:-1], told[1:]]).mean()),
    }
