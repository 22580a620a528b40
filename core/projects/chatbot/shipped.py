"""A first conversation, recorded, so that a page has something to question before the model is in memory.

``python -m core.projects.chatbot.shipped`` records it again.
"""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from core.models.language import NAME, smollm
from core.projects.chatbot.conversation import SYSTEM, Conversation, Turn
from core.projects.chatbot.decoding import LONGEST, Reader, Reply, Step, speak
from core.projects.chatbot.sampling import Sampling
from core.projects.chatbot.talk import Talk
from core.provenance import Recorded

FILE = Path(__file__).resolve().parents[3] / "assets" / "chatbot" / "first.json"
QUESTION = "What is overfitting?"


@lru_cache(maxsize=1)
def recorded() -> dict:
    """The file."""
    return json.loads(FILE.read_text(encoding="utf-8"))


def conversation() -> Conversation:
    """The recorded question and its answer, in a tree of their own."""
    record, begun = recorded(), Conversation()
    fields = record["reply"] | {"sampling": Sampling(**record["reply"]["sampling"])}
    steps = [recalled(row) for row in fields["steps"]]
    begun.add(Turn("user", record["question"]))
    reply = Reply(**fields | {"steps": steps, "prompt": tuple(fields["prompt"])})
    begun.add(Turn("assistant", record["answer"], reply, speaker=record["speaker"]))
    return begun


def recalled(row: dict) -> Step:
    """A step as it was recorded."""
    lists: dict = {name: tuple(row[name]) for name in ("places", "logits", "seen")}
    return Step(**{**row, **lists})


def spellings() -> dict[int, str]:
    """How the tokens are spelt that the recording names."""
    return {int(token): piece for token, piece in recorded()["spellings"].items()}


def provenance() -> Recorded:
    """What was recorded, and when."""
    record = recorded()
    return Recorded({name: record[name] for name in ("question", "speaker", "answer")}, record["date"])


@dataclass(frozen=True)
class Spoken:
    """A reply that was made here."""

    name: str
    turn: Turn

    @property
    def provenance(self) -> str:
        """Which model, with which seed, how fast."""
        reply = self.turn.reply
        assert reply
        return f"{self.name} · live · seed {reply.sampling.seed} · {reply.seconds + reply.first:.1f} s"


def source(talk: Talk, turn: Turn) -> Recorded | Spoken:
    """Where a reply's numbers come from: the recording, or the model just now."""
    record = recorded()
    if turn.reply and turn.text == record["answer"] and turn.reply.seconds == record["reply"]["seconds"]:
        return provenance()
    return Spoken(talk.name, turn)


def spoken(question: str, sampling: Sampling, most: int = LONGEST) -> tuple[Reply, str]:
    """An answer, and its text."""
    language = smollm()
    prompt = language.prompt([{"role": "system", "content": SYSTEM}, {"role": "user", "content": question}])
    reply = Reply(sampling=sampling, prompt=tuple(prompt))
    for _ in speak(Reader(language), reply, most):
        pass
    return reply, language.tokens.text(reply.tokens)


def main() -> None:
    """Record the answer, after one that only warms the model up."""
    spoken(QUESTION, Sampling(), 4)
    reply, answer = spoken(QUESTION, Sampling())
    tokens = {token for step in reply.steps for token in (*step.places, step.token)} | set(reply.prompt)
    piece = smollm().tokens.piece
    record = {
        "question": QUESTION, "speaker": NAME, "answer": answer, "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "spellings": {token: piece(token) for token in sorted(tokens)}, "reply": asdict(reply),
    }  # fmt: skip
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(record, ensure_ascii=False) + "\n", encoding="utf-8")
    print(answer, f"{FILE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
