"""Texts to learn a language from: dialogue, question and answer, plays; where local copies are at hand.

Every document is a list of turns: what one speaker says before the next one does.
"""

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from core.places import folders

EVERY = 20  # of chats and of pairs, one in so many is held out; of the plays, the last tenth
# Chats in which somebody swears are left out: what a learner meets on a page is made of what is read here.
COARSE = re.compile(
    r"\b\w*(fuck|shit|bitch|cunt|nigg|fag|whore|slut|porn|rape)\w*|\b(ass|asshole|dick|pussy|sex|sexy|nazi|nazis)\b",
    re.I,
)


class Corpus(NamedTuple):
    """One kind of text: documents to learn from and documents held out, its licence, and its share of what is read."""

    name: str
    licence: str
    share: float
    documents: list[list[str]]
    held_out: list[list[str]]


def corpora() -> list[Corpus]:
    """All texts that are here. Raises ``FileNotFoundError``, one sentence, where one of them is not."""
    return [chats(), pairs(), plays()]


def path_of(name: str) -> Path:
    """Where a file of texts lies."""
    found = next((path for folder in folders() if (path := folder / name).is_file()), None)
    if found is None:
        raise FileNotFoundError(f"{name} is in none of the folders {', '.join(map(str, folders()))}.")
    return found


def chats() -> Corpus:
    """Short chats on films, music and sport; one writer wrote both sides."""
    with gzip.open(path_of("chat-self-dialogue/self_dialogues.jsonl.gz"), "rt", encoding="utf-8") as file:
        documents = [[" ".join(turn.split()) for turn in json.loads(line)["turns"]] for line in file]
    licence = "Self-dialogue Corpus, Fainberg et al. 2018; BSD 3-Clause"
    return Corpus("chats", licence, 0.7, *split([each for each in documents if decent(each)]))


def pairs() -> Corpus:
    """Short questions with short answers."""
    lines = path_of("chat-chatterbot-corpus/english_pairs.jsonl").read_text(encoding="utf-8").splitlines()
    documents = [[" ".join(each[side].split()) for side in "qa"] for each in map(json.loads, lines)]
    short = [each for each in documents if max(map(len, each)) <= 200 and decent(each)]
    return Corpus("pairs", "ChatterBot corpus, Gunther Cox 2017; BSD 3-Clause", 0.1, *split(short))


def plays() -> Corpus:
    """Shakespeare's plays; a turn is a speech, its speaker on a line before it."""
    text = path_of("text-small/tinyshakespeare.txt").read_text(encoding="utf-8")
    speeches = list(filter(None, (each.strip() for each in text.split("\n\n"))))
    cut = len(speeches) * 9 // 10
    return Corpus(
        "plays", "Shakespeare, as in A. Karpathy's char-rnn; public domain", 0.2, [speeches[:cut]], [speeches[cut:]]
    )


def decent(turns: list[str]) -> bool:
    """Whether nobody swears."""
    return not any(COARSE.search(turn) for turn in turns)


def split(documents: list[list[str]]) -> tuple[list[list[str]], list[list[str]]]:
    """What is learned from, and every ``EVERY``-th document, which is not."""
    held_out = documents[::EVERY]
    return [each for place, each in enumerate(documents) if place % EVERY], held_out


def turns(documents: list[list[str]]) -> Iterator[str]:
    """All turns, one after the other."""
    return (turn for document in documents for turn in document)
