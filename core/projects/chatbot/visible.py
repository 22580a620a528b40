"""A conversation as a browser shows it: plain rows of texts and numbers."""

from collections.abc import Callable, Mapping, Sequence

from core.models.language import NAME
from core.projects.chatbot.conversation import Turn
from core.projects.chatbot.decoding import Step
from core.projects.chatbot.talk import Talk
from core.wording import counted

HONEST = (
    "**{name}** speaks, {size} million numbers on this machine. It writes fluently and knows little: it cannot "
    "calculate, look anything up or tell when it is wrong."
)


def honest(talk: Talk) -> str:
    """Which model speaks, how large it is, and what it cannot do."""
    if talk.name == NAME:
        return HONEST.format(name=NAME, size=135)
    size = f"{talk.reader.language.parameters / 1e6:,.0f}" if talk.reader else "some hundred"
    return HONEST.format(name=talk.name, size=size)


class Spelling:
    """How tokens are spelt: by the model once it is in memory, before that by what was recorded."""

    def __init__(self, known: Mapping[int, str], piece: Callable[[int], str] | None = None) -> None:
        self.known, self.piece = known, piece

    def __call__(self, token: int) -> str:
        return self.piece(token) if self.piece else self.known.get(token, "…")


def pieces(steps: Sequence[Step], text: str, spell: Callable[[int], str]) -> list[str]:
    """The tokens' texts; a character that several tokens share is written with the last of them."""
    parts, whole = [spell(step.token) for step in steps], text
    rest = whole
    for place, part in enumerate(parts):
        if "\ufffd" not in part and rest.startswith(part):
            rest = rest[len(part) :]
            continue
        later = next((other for other in parts[place + 1 :] if "\ufffd" not in other and other), "")
        if place + 1 < len(parts) and "\ufffd" in parts[place + 1]:
            parts[place] = "·"
            continue
        cut = rest.find(later) if later else len(rest)
        parts[place], rest = rest[: max(cut, 0)] or "·", rest[max(cut, 0) :]
    return parts


def for_browser(talk: Talk, spell: Callable[[int], str], turns: Sequence[Turn] | None = None) -> list[dict]:
    """The turns in sight, or some others."""
    return [row_of(talk, turn, spell) for turn in (talk.conversation.path if turns is None else turns)]


def row_of(talk: Talk, turn: Turn, spell: Callable[[int], str]) -> dict:
    """One turn."""
    ways = talk.conversation.beside(turn)
    row = {
        "role": turn.role,
        "text": turn.text,
        "speaker": turn.speaker,
        "pages": [[hit.title, hit.slug] for hit in turn.pages],
    }
    if turn.reply is None:
        return row
    steps = list(turn.said.steps)  # it may be growing meanwhile
    parts = pieces(steps, turn.text, turn.spell or spell)
    row["tokens"] = [[part, round(step.probability, 4), step.chosen] for part, step in zip(parts, steps, strict=True)]
    row |= {"ways": len(ways), "way": ways.index(turn), "facts": facts(turn)}
    if not turn.said.ended:
        row["state"] = talk.state or "…"
    elif turn.said.ended != "end":
        row["state"] = {"limit": "cut: the longest reply", "stopped": "stopped"}[turn.said.ended]
    return row


def facts(turn: Turn) -> str:
    """Length and speed."""
    speed = f" · {turn.said.speed:.0f} tokens/s" if turn.said.speed else ""
    first = f" · first after {turn.said.first:.1f} s" if turn.said.first else ""
    return f"{counted(len(turn.said.steps), 'token')}{first}{speed}"


def unsure(turn: Turn) -> int:
    """The place of a reply where the network was least sure."""
    shares = [step.probability for step in turn.said.steps]
    return shares.index(min(shares))
