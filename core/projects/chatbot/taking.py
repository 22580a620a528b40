"""A conversation taken away: as Markdown for people, as JSON for programs."""

import json
from dataclasses import asdict

from core.projects.chatbot.conversation import Conversation, Turn
from core.wording import counted

HONEST = "The answers were made by a small language model. It does not know whether what it says is true."


def markdown(conversation: Conversation) -> str:
    """What is in sight, turn by turn."""
    parts = ["# A conversation", f"System prompt: {quoted(conversation.system) or '(none)'}", HONEST]
    for turn in conversation.path:
        name = "You" if turn.role == "user" else turn.speaker
        parts.append(f"## {name}\n\n{quoted(turn.text)}")
        if turn.pages:
            parts.append("Pages: " + ", ".join(f"[{hit.title}]({hit.slug})" for hit in turn.pages))
        if turn.reply:
            parts.append(f"({facts(turn)})")
    return "\n\n".join(parts) + "\n"


def quoted(text: str) -> str:
    """A text in Markdown's quotation marks, so that nothing in it passes for a heading."""
    return "\n".join(f"> {line}" for line in text.splitlines())


def facts(turn: Turn) -> str:
    """How a reply came about."""
    assert turn.reply
    settings = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in asdict(turn.reply.sampling).items())
    ends = {"end": "ended by itself", "limit": "cut at the longest", "stopped": "stopped", "": "under way"}
    return f"{counted(len(turn.reply.steps), 'token')}, {ends[turn.reply.ended]}; {settings}"


def as_json(conversation: Conversation) -> str:
    """All branches with tokens and probabilities; ``messages`` are those in sight, as other programs take them."""
    turns = list(conversation.every())
    rows = [
        {
            "number": number, "answers": turns.index(turn.before) if turn.before in turns else None, "role": turn.role,
            "text": turn.text, "speaker": turn.speaker, "in_sight": turn in conversation.path,
            "pages": [hit.slug for hit in turn.pages], "branched_at": turn.branched,
            **({"settings": asdict(turn.reply.sampling), "ended": turn.reply.ended,
                "tokens": [{"token": step.token, "probability": round(step.probability, 6), "chosen": step.chosen}
                           for step in turn.reply.steps]} if turn.reply else {}),
        }
        for number, turn in enumerate(turns)
    ]  # fmt: skip
    messages = [{"role": turn.role, "content": turn.text} for turn in conversation.path]
    if conversation.system:
        messages = [{"role": "system", "content": conversation.system}, *messages]
    return json.dumps({"messages": messages, "turns": rows}, indent=1, ensure_ascii=False)
