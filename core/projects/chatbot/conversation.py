"""A conversation as a tree: every reply may have others beside it, and each goes on in its own way."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from core.models.language import Message
from core.projects.chatbot.decoding import Reply

SYSTEM = "You are a helpful assistant. Answer in short, plain sentences."


@dataclass(eq=False)
class Turn:
    """What one side said. ``reply`` belongs to the model's turns; ``pages`` are those that an answer was given from;
    ``branched`` is where it left the reply beside it: the place of the first other token."""

    role: str
    text: str = ""
    reply: Reply | None = None
    pages: tuple[Any, ...] = ()
    asked: str = ""  # what the model was really given in the place of the text, where that is more
    speaker: str = ""
    branched: int | None = None
    spell: Callable[[int], str] | None = None  # how the speaker's tokens are spelt, once it has spoken here
    before: "Turn | None" = None
    after: list["Turn"] = field(default_factory=list)
    chosen: int = 0

    @property
    def said(self) -> Reply:
        """The reply of a model's turn."""
        assert self.reply, "only the model's turns have one"
        return self.reply


class Conversation:
    """The tree and the path through it that is in sight."""

    def __init__(self, system: str = SYSTEM) -> None:
        self.system = system
        self.root = Turn("root")

    @property
    def path(self) -> list[Turn]:
        """The turns in sight, the first one first."""
        turns, turn = [], self.root
        while turn.after:
            turn = turn.after[turn.chosen]
            turns.append(turn)
        return turns

    @property
    def replies(self) -> list[Turn]:
        """The model's turns in sight."""
        return [turn for turn in self.path if turn.reply]

    def add(self, turn: Turn, after: Turn | None = None) -> Turn:
        """Put a turn behind another one, or behind the last in sight, and into sight."""
        turn.before = after or (self.path or [self.root])[-1]
        turn.before.after.append(turn)
        turn.before.chosen = len(turn.before.after) - 1
        return turn

    def beside(self, turn: Turn) -> list[Turn]:
        """All turns that answer the same, in the order in which they came."""
        return turn.before.after if turn.before else [turn]

    def turn_to(self, turn: Turn) -> None:
        """Bring a branch into sight."""
        if turn.before:
            turn.before.chosen = turn.before.after.index(turn)

    def every(self) -> Iterator[Turn]:
        """All turns of all branches."""
        waiting = list(self.root.after)
        while waiting:
            turn = waiting.pop(0)
            yield turn
            waiting[:0] = turn.after


class Window(NamedTuple):
    """What of a conversation is read: its ``prompt``, tokens ``used`` of ``size``, and how many of its first turns were
    ``dropped``."""

    prompt: list[int]
    used: int
    size: int
    dropped: int


def window(tokens: Any, system: str, turns: Sequence[Turn], size: int, reserve: int) -> Window:
    """As many of the last turns as fit beside ``reserve`` tokens for the answer; the system prompt stays. Raises
    ``ValueError``, one sentence, if not even the last message fits."""
    for dropped in range(len(turns)):
        kept = turns[dropped:]
        if kept[0].role != "user":
            continue  # a conversation begins with a person
        prompt = tokens.prompt([*told(system), *map(message, kept)])
        if len(prompt) + reserve <= size:
            return Window(prompt, len(prompt), size, dropped)
    count = len(tokens.numbers(turns[-1].asked or turns[-1].text))
    raise ValueError(
        f"The message has {count:,} tokens, and with the system prompt no more than {size - reserve:,} fit: shorten it."
    )


def told(system: str) -> list[Message]:
    """The system prompt as a message, if there is one."""
    return [Message(role="system", content=system)] if system.strip() else []


def message(turn: Turn) -> Message:
    """A turn as the model is given it."""
    return Message(role=turn.role, content=turn.asked or turn.text)
