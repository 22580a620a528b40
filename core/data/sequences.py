"""Sequences whose answer lies far back, made from a seed: a letter to be recalled, brackets to be counted."""

import torch
from torch import Tensor

from core.data.generated import generated

CUES = "ABCD"  # what is to be recalled
BITS = 5  # the code of every other character
NOISE = 0.5  # how large each bit is
DEEPEST = 5
LONGEST = 200  # steps
BRACKETS = "()"


def coded(letters: Tensor) -> Tensor:
    """Characters that are no cue, (…,) whole numbers, as ``BITS`` numbers ±``NOISE`` each, (…, BITS)."""
    return NOISE * (2.0 * (letters[..., None] >> torch.arange(BITS) & 1) - 1)


def check_recall(settings: dict) -> None:
    """Raise ``ValueError`` for a gap that is none."""
    if not 1 <= settings["gap"] <= LONGEST:
        raise ValueError(f"The gap is a whole number of steps between 1 and {LONGEST}.")
    if not 0 <= settings["spread"] <= settings["gap"]:
        raise ValueError("The letter to recall must lie inside the sequence.")


@generated(check_recall, lambda settings: settings["samples"], lambda settings: tuple(CUES), needs=(coded,))
def recall(
    samples: int = 320, gap: int = 30, seed: int = 0, held_out: int = 160, spread: int = 0
) -> tuple[Tensor, Tensor]:
    """Delayed recall: one of the letters A to D among ``gap`` other characters; the class is that letter.

    It comes first, or after up to ``spread`` others. x (samples, gap + 1, 9): four numbers say which cue it is, five
    code another character (Hochreiter and Schmidhuber 1997, experiment 2).
    """
    generator = torch.Generator().manual_seed(seed)
    y = torch.randint(0, len(CUES), (samples + held_out,), generator=generator)
    place = torch.randint(0, spread + 1, (samples + held_out,), generator=generator)
    letters = torch.randint(0, 2**BITS, (samples + held_out, gap + 1), generator=generator)
    x, rows = torch.zeros(samples + held_out, gap + 1, len(CUES) + BITS), torch.arange(len(y))
    x[:, :, len(CUES) :] = coded(letters)
    x[rows, place] = 0
    x[rows, place, y] = 1
    return x, y


def check_brackets(settings: dict) -> None:
    """Raise ``ValueError`` for a length that is none."""
    if not 1 <= settings["length"] <= LONGEST:
        raise ValueError(f"A sequence has between 1 and {LONGEST} characters.")


@generated(check_brackets, lambda settings: settings["samples"],
           lambda settings: tuple(str(depth) for depth in range(DEEPEST + 1)))  # fmt: skip
def brackets(samples: int = 320, length: int = 24, seed: int = 0, held_out: int = 160) -> tuple[Tensor, Tensor]:
    """Bracket counting: how many brackets stand open after each character, at most ``DEEPEST``.

    x (samples, length, 3): one of (, ), another character; the classes are (samples, length).
    """
    generator = torch.Generator().manual_seed(seed)
    draws = torch.rand(samples + held_out, length, generator=generator)
    x, y = torch.zeros(*draws.shape, 3), torch.zeros_like(draws, dtype=torch.long)
    depth = torch.zeros(len(draws), dtype=torch.long)
    for step in range(length):
        opens = (draws[:, step] < 0.35) & (depth < DEEPEST)
        closes = (draws[:, step] > 0.65) & (depth > 0)
        depth = depth + opens.long() - closes.long()
        x[:, step] = torch.stack([opens, closes, ~(opens | closes)], dim=1).float()
        y[:, step] = depth
    return x, y


def recall_inputs(text: str) -> Tensor:
    """A typed text as the recall network reads it, (1, characters, 9): A to D are cues; a to z, the space and whatever
    else is typed are coded by their place in the alphabet."""
    x = torch.zeros(1, len(text), len(CUES) + BITS)
    for place, character in enumerate(text):
        if character in CUES:
            x[0, place, CUES.index(character)] = 1
        else:
            x[0, place, len(CUES) :] = coded(torch.tensor(ord(character.lower()) % 2**BITS))
    return x


def bracket_inputs(text: str) -> Tensor:
    """A typed text as the counting network reads it, (1, characters, 3)."""
    x = torch.zeros(1, len(text), 3)
    for place, character in enumerate(text):
        x[0, place, BRACKETS.find(character) % 3] = 1  # −1, nowhere, is the third number
    return x


def depths(text: str) -> list[int]:
    """How many brackets stand open after each character; below 0 where more were closed than opened."""
    depth, answer = 0, []
    for character in text:
        depth += (character == "(") - (character == ")")
        answer.append(depth)
    return answer
