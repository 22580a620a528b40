"""What a token of a reply was read from, measured with the model."""

import time
from collections.abc import Generator
from dataclasses import dataclass

from core.figures.picture import Picture
from core.projects.chatbot import figures
from core.projects.chatbot.conversation import Turn
from core.projects.chatbot.talk import Talk
from core.provenance import Measured


@dataclass(frozen=True)
class Attended:
    """A picture of attention, and how long it took to measure."""

    picture: Picture
    seconds: float
    name: str

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return Measured((0,), self.seconds, f"Attention of {self.name}, measured live").provenance


def attention(talk: Talk, turn: Turn, place: int) -> Generator[tuple[float, str], None, Attended]:
    """The attention with which the token at a place of a reply was chosen; yields (fraction, message). Raises
    ``ValueError`` if another model said it than the one that speaks now."""
    if turn.speaker != talk.name:
        raise ValueError(f"{turn.speaker} said this: let it speak again to see what it looked at.")
    yield from talk.warmed()
    language, began = talk.speaker(), time.perf_counter()
    yield 0.97, "reading the conversation"
    numbers = [*turn.said.prompt, *turn.said.tokens[:place]]
    weights = language.attention(numbers)
    names = [language.tokens.piece(number) for number in numbers]
    return Attended(figures.attention(weights, names), time.perf_counter() - began, language.name)
