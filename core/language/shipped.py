"""The two small models that ship: one that says the next token, and one that says a hidden one."""

import functools
import json
import re

import torch
from torch import Tensor

from core.language.tokens import FOLDER, MASK, START, VOCABULARY, decode, encode
from core.models.transformer import Transformer

NAMES = ("gpt", "bert")
GAP = re.compile(r"( ?)_{2,}")  # how a learner writes a hidden word


def built(name: str, seed: int = 0) -> Transformer:
    """One of ``NAMES`` with starting weights."""
    return Transformer(VOCABULARY, causal=name == "gpt", seed=seed)


@functools.cache
def shipped(name: str) -> Transformer:
    """One of ``NAMES`` as it was trained, in evaluation mode."""
    from safetensors.torch import load_file

    model = built(name)
    model.load_state_dict({key: weight.float() for key, weight in load_file(FOLDER / f"{name}.safetensors").items()})
    return model.eval()


@functools.cache
def record(name: str) -> dict:
    """How it was trained, and what it wrote on the way."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def with_gaps(text: str) -> list[int]:
    """A text whose gaps (``___``) are hidden tokens."""
    numbers, end = [START], 0
    for gap in GAP.finditer(text):
        numbers += [*encode(text[end : gap.start()]), MASK]
        end = gap.end()
    return numbers + encode(text[end:])


@torch.no_grad()
def guesses(model: Transformer, numbers: list[int]) -> Tensor:
    """Probabilities at the hidden tokens, (gaps, vocabulary)."""
    places = torch.tensor(numbers) == MASK
    return model.answers(model.states(torch.tensor([numbers]))[0, places]).softmax(dim=-1)


def filled(model: Transformer, text: str) -> str:
    """The text with the likeliest tokens in its gaps, each with its probability in brackets."""
    best = guesses(model, with_gaps(text)).max(dim=-1)
    words = iter(zip(best.indices.tolist(), best.values.tolist(), strict=True))

    def word(gap: re.Match) -> str:
        number, chance = next(words)
        return f"{gap[1]}[{decode([number]).strip()}, {chance:.0%}]"

    return GAP.sub(word, text)
