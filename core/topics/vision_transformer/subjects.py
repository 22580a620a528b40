"""The picture that all networks look at: a held-out one, the learner's drawing or file; and what they answer."""

import functools
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from core.data.clothes import CLASSES, NAMES, shipped
from core.data.drawings import Own
from core.models.transformer import Trace
from core.topics.vision_transformer.records import (
    BLIND,
    CONVOLUTIONAL,
    RECORD,
    ROW,
    SIDE,
    VIT,
    network,
)

SEEN = (VIT, BLIND, CONVOLUTIONAL)  # the networks that answer beside each other
KEPT = 64  # pictures that stay looked at, for all learners together


@dataclass(frozen=True)
class Looked:
    """A picture (1, 1, 28, 28) as the shipped networks see it: what went on in the ViT, and the probabilities (10,)
    that each network gives."""

    name: str
    x: Tensor = field(repr=False)
    trace: Trace = field(repr=False)
    chances: dict[str, Tensor] = field(repr=False)

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return f"Shipped networks, trained {RECORD.text['date']} on 8,000 pictures · computed live"

    @property
    def picture(self) -> np.ndarray:
        """Brightness from 0 to 1, (28, 28)."""
        return self.x[0, 0].numpy()

    @property
    def weights(self) -> np.ndarray:
        """How much each token looks at each, (layers, heads, tokens, tokens); the class token is the first."""
        return self.trace.weights.numpy()

    def answer(self, kind: str) -> str:
        """The likeliest class."""
        return CLASSES[int(self.chances[kind].argmax())]


@torch.no_grad()
def answers(x: Tensor, kinds: tuple[str, ...] = SEEN) -> dict[str, Tensor]:
    """The probabilities that networks give a picture (1, 1, 28, 28)."""
    return {kind: network(kind)(x)[0].softmax(dim=0) for kind in kinds}


@functools.lru_cache(maxsize=KEPT)
def look(own: Own) -> Looked:
    """A picture as the networks see it; an empty sheet stands for the first shipped picture."""
    own = own if own.pixels else shipped(NAMES[0])
    x = own.values(SIDE).reshape(1, 1, SIDE, SIDE)
    return Looked(own.name, x, network(VIT).trace(x), answers(x))


def measure(own: Own, seed: int) -> Looked:
    """What a view looks at: nothing is drawn by chance."""
    return look(own)


def place_of(spot: dict) -> int | None:
    """The number (from 0) of the patch at a click in a picture of 28 × 28 pixels; None outside."""
    row, column = (int((spot[axis] + 0.5) // (SIDE // ROW)) for axis in ("y", "x"))
    return row * ROW + column if 0 <= row < ROW and 0 <= column < ROW else None


def words_of(place: int) -> str:
    """A patch in words, from its number (from 0)."""
    return f"row {place // ROW + 1}, column {place % ROW + 1}"
