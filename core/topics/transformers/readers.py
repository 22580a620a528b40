"""Language models that can be looked into while they read: the two small ones, and one that is 126 times as large."""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from core.language import shipped, tokens
from core.models.transformer import NOTHING, Cache, Edits, Trace, Transformer
from core.topics.transformers.large import LARGE, Large, here

GPT, BERT = "Small GPT", "Small BERT"
FILES = {GPT: "gpt", BERT: "bert"}
KEPT = 48  # texts that stay read, for all learners together
LIMIT = 400  # characters that a field takes


@dataclass(frozen=True)
class Small:
    """One of the two models trained here."""

    name: str

    @property
    def model(self) -> Transformer:
        return shipped.shipped(FILES[self.name])

    @property
    def causal(self) -> bool:
        return self.name == GPT

    @property
    def context(self) -> int:
        return self.model.context

    @property
    def layers(self) -> int:
        return len(self.model.blocks)

    @property
    def heads(self) -> int:
        return self.model.heads

    @property
    def width(self) -> int:
        """Numbers in the stream for each token."""
        return self.model.embedding.weight.shape[1]

    @property
    def vocabulary(self) -> int:
        return self.model.embedding.num_embeddings

    @property
    def parameters(self) -> int:
        return sum(weight.numel() for weight in self.model.parameters())

    @property
    def provenance(self) -> str:
        """Where numbers come from that it has computed."""
        return f"{self.name}, {self.parameters / 1e6:.2f} M weights trained {self.trained} · computed live"

    @property
    def trained(self) -> str:
        return shipped.record(FILES[self.name])["date"]

    def encode(self, text: str) -> list[int]:
        """A text as tokens behind the start token; a gap (``___``) is the hidden token for the masked model."""
        return [tokens.START, *tokens.encode(text)] if self.causal else shipped.with_gaps(text)

    def piece(self, number: int) -> bytes:
        """A token's bytes."""
        return tokens.pieces()[number]

    def trace(self, numbers: Sequence[int], edits: Edits = NOTHING) -> Trace:
        """Read tokens and keep everything."""
        return self.model.trace(torch.tensor(numbers), edits)

    @torch.no_grad()
    def answers(self, states: Tensor) -> Tensor:
        """What the output layer says to states (…, width)."""
        return self.model.answers(states)

    def extend(self, numbers: Sequence[int], cache: Cache | None = None) -> tuple[Tensor, Cache]:
        """Go on behind a cache: the last logits (vocabulary,), and the longer cache."""
        logits, longer = self.model.extend(torch.tensor([numbers]), cache)
        return logits[0, -1], longer

    def bytes_kept(self, cache: Cache) -> int:
        """The memory of a cache."""
        return sum(part.nbytes for pair in cache for part in pair)


Reader = Small | Large
SIGNS = {tokens.START: "▸", tokens.TURN: "¶", tokens.MASK: "▢"}


def label(reader: Reader, number: int) -> str:
    """A token as it is shown."""
    sign = SIGNS.get(number) if isinstance(reader, Small) else None
    return sign or plain(reader.piece(number))


def reader_of(name: str) -> Reader:
    """A model by its name; the small GPT where the large one is asked for and is not here yet."""
    if name == LARGE:
        return Large() if here() else Small(GPT)
    return Small(name)


@dataclass(frozen=True)
class Reading:
    """A text as a model read it."""

    reader: Reader
    numbers: tuple[int, ...]
    trace: Trace = field(repr=False)

    @property
    def labels(self) -> list[str]:
        """Its tokens as they are shown."""
        return [label(self.reader, number) for number in self.numbers]

    @property
    def weights(self) -> np.ndarray:
        """How much each token looks at each, (layers, heads, tokens, tokens)."""
        return self.trace.weights.numpy()

    @functools.cached_property
    def chances(self) -> Tensor:
        """Probabilities at every place, (tokens, vocabulary)."""
        return self.trace.logits.softmax(dim=-1)

    @functools.cached_property
    def surprise(self) -> np.ndarray:
        """How surprised a causal model is by each token but the first, in bits, (tokens − 1,)."""
        following = torch.tensor(self.numbers[1:])
        said = self.trace.logits[:-1].log_softmax(dim=-1)
        return -said.gather(1, following[:, None])[:, 0].numpy() / math.log(2)

    def best(self, count: int, place: int = -1) -> tuple[list[int], list[float]]:
        """The likeliest tokens at a place, and their probabilities."""
        found = self.chances[place].topk(count)
        return found.indices.tolist(), found.values.tolist()


def checked(reader: Reader, text: str) -> tuple[int, ...]:
    """A text's tokens. Raises ``ValueError``, one sentence, for one that cannot be read."""
    if not text.strip():
        raise ValueError("Type at least one word: there is nothing to read.")
    numbers = tuple(reader.encode(text))
    if len(numbers) > reader.context:
        raise ValueError(
            f"This text has {len(numbers)} tokens and the network reads at most {reader.context}: make it shorter."
        )
    return numbers


@functools.lru_cache(maxsize=KEPT)
def read(reader: Reader, text: str, edits: Edits = NOTHING) -> Reading:
    """A typed text as a model reads it, with ``edits`` inside. Raises ``ValueError`` as ``checked`` does."""
    numbers = checked(reader, text)
    return Reading(reader, numbers, reader.trace(numbers, edits))


def plain(piece: bytes) -> str:
    """A token's bytes as they are shown: a space is a raised dot, half a character its bytes."""
    try:
        text = piece.decode()
    except UnicodeDecodeError:
        return " ".join(f"{byte:02x}" for byte in piece)
    shown = text.replace(" ", "·").replace("\n", "⏎").replace("\t", "⇥")
    return "".join(letter if letter.isprintable() else "�" for letter in shown)


def tagless(text: str) -> str:
    """A token where Plotly would read tags."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
