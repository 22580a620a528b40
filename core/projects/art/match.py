"""Which one is real? Ten pairs of a held-out watercolour and a painted picture, the same for everybody of a seed."""

import functools
import json
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PIL import Image

from core.projects.art.critic import Round, Score, critic, rounds
from core.projects.art.near import Nearest, learned, nearest_to
from core.projects.art.painter import FOLDER, painter
from core.provenance import Measured

ROUNDS = 10
BUTTONS = {"Left is real": "l", "Right is real": "r"}


@dataclass(frozen=True, eq=False)
class Match:
    """Rounds of a seed."""

    rounds: tuple[Round, ...]
    seed: int

    @cached_property
    def near(self) -> Nearest:
        """The training pictures nearest to both pictures of every round, in their order."""
        return nearest_to(learned().along(np.concatenate([each.pictures for each in self.rounds])))

    @property
    def provenance(self) -> str:
        return Measured((self.seed,), 0.0, "Held-out watercolours and pictures painted live").provenance


@functools.lru_cache(maxsize=1)
def held_out() -> tuple[np.ndarray, np.ndarray]:
    """The shipped watercolours that nothing was learned from, (96, side, side, 3), and their groups."""
    labels = np.array(json.loads((FOLDER / "real.json").read_text()))
    with Image.open(FOLDER / "real.webp") as file:
        sheet = np.asarray(file.convert("RGB"))
    side = painter().generator.shape.side
    cells = sheet.reshape(-1, side, sheet.shape[1] // side, side, 3).swapaxes(1, 2).reshape(-1, side, side, 3)
    return cells[: len(labels)], labels


@functools.lru_cache(maxsize=32)
def match(seed: int) -> Match:
    """Ten rounds, the same for everybody of a seed."""
    return Match(tuple(rounds(painter(), critic(), *held_out(), ROUNDS, seed)), seed)


def guessed(typed: str) -> list[int]:
    """Guesses from letters: 0 for left, 1 for right; others count for nothing."""
    return [0 if letter == "l" else 1 for letter in typed.lower() if letter in "lr"][:ROUNDS]


def score(found: Match, guesses: list[int]) -> Score:
    """How the rounds so far went."""
    return Score.of(found.rounds[: len(guesses)], guesses)
