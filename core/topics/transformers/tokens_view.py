"""What the network is given: pieces of text that were merged because they are frequent, and no letters."""

import json
import re

from core.language import merges, tokens
from core.lessons import Goal, Question
from core.lessons.controls import text
from core.lessons.question import Scale
from core.lessons.view import Shown, View
from core.programs import Program, Step
from core.topics.transformers.figures import chips
from core.topics.transformers.readers import LIMIT, Reader, plain
from core.wording import counted

TEXT = text("Text to split", "How many r are in strawberry?", longest=LIMIT)
LONG, MOST = 9, 40  # letters of the challenge's word; letters of the word whose merges are shown
ACROSS, LINES = 62, 14  # signs in a line of tokens; lines at most


def split(text: str) -> list[int]:
    """A text's tokens. Raises ``ValueError``, one sentence, for none."""
    if not text.strip():
        raise ValueError("Type at least one word: there is nothing to split.")
    return tokens.encode(text)


def lines(pieces: list[str]) -> list[list[str]]:
    """Pieces in lines of about equal length."""
    rows, length = [[]], 0
    for piece in pieces:
        if length + len(piece) > ACROSS:
            rows.append([])
            length = 0
        rows[-1].append(piece)
        length += len(piece) + 1
    return [row for row in rows if row]


def longest(text: str) -> str:
    """The longest word of a text, with the space before it, cut where it is endless."""
    words = re.findall(r" ?\w+", text) or [text.strip()]
    return max(words, key=lambda word: len(word.strip()))[:MOST]


def draw(reader: Reader, text_to_split: str) -> Shown:
    """The text in tokens, and its longest word merge by merge."""
    numbers, word = split(text_to_split), longest(text_to_split)
    pieces = [plain(tokens.pieces()[number]) for number in numbers]
    rows = lines(pieces)
    cut = rows[:LINES]
    told = f"{counted(len(text_to_split), 'character')} in {counted(len(numbers), 'token')}: {' '.join(pieces[:40])}."
    whole = chips(cut, told, 50 + 40 * len(cut))
    tower = [[plain(part) for part in parts] for parts in merges.steps(word.encode())]
    told = (
        f"The longest word in {counted(len(tower[0]), 'byte')}, and after {counted(len(tower) - 1, 'merge')}: "
        f"{' '.join(tower[-1])}."
    )
    names = ["bytes", *(f"merge {place}" for place in range(1, len(tower)))]
    note = (
        f"**{counted(len(numbers), 'token')}** for {counted(len(text_to_split), 'character')} "
        f"({counted(len(text_to_split.encode()), 'byte')}). A token is a number: the network never sees its "
        "letters. To count them it would have to know by heart how each token is spelt. Below: how the longest word is "
        "put together from bytes, the pair that was learned earliest first."
    )
    pictures = ((whole,), (chips(tower, told, 70 + 34 * len(tower), names),))
    table = [
        {"place": str(place + 1), "number": str(number), "piece": cell(piece), "letters": str(letters(number))}
        for place, (number, piece) in enumerate(zip(numbers[:LINES], pieces, strict=False))
    ]
    return Shown(pictures, note, (table,))


def letters(number: int) -> int:
    """How many characters a token has."""
    return len(tokens.pieces()[number].decode(errors="replace"))


def cell(piece: str) -> str:
    """A piece as a table's cell shows it: nothing in it is read as Markdown."""
    return re.sub(r"([\\`*_\[\]<>$~#|:!(){}+.-])", r"\\\1", piece)


def letters_only(reader: Reader, text_to_split: str) -> Shown:
    """The text letter by letter: what is seen before the guess."""
    split(text_to_split)
    rows = lines([plain(letter.encode(errors="replace")) for letter in text_to_split])[:LINES]
    told = f"Your text in {len(text_to_split)} characters, before it is split into tokens."
    return Shown(((chips(rows, told, 50 + 40 * len(rows)),),), "Your text as you see it: character by character.")


def how_many(reader: Reader, text_to_split: str) -> Question:
    """Into how many pieces?"""
    most = max(10, 5 * -(-len(text_to_split.encode()) // 5))
    words = f"These {len(text_to_split)} characters: into how many tokens are they split?"
    because = (
        f"The tokenizer has {tokens.VOCABULARY:,} tokens, merged from bytes by how often they stood side by side in "
        "what it was made from: frequent words are one token, rare ones several, and what it never met are bytes."
    )
    return Question(words, Scale(0, most, 1), len(split(text_to_split)), because)


def one_token(reader: Reader, text_to_split: str) -> Goal:
    """A long word that is one token."""
    numbers, word = split(text_to_split), text_to_split.strip()
    words = (
        f"Type **one word of {LONG} letters or more** that is a single token (a space before it counts as part of it)."
    )
    now = f"Now: {counted(len(word), 'character')}, {counted(len(numbers), 'token')}."
    return Goal(words, word.isalpha() and len(word) >= LONG and len(numbers) == 1, now)


LEARNED = """with open("merges.json", encoding="utf-8") as file:
    ranks = {tuple(pair): place for place, pair in enumerate(json.load(file))}"""
MERGE = """parts = {letters!r}
count = [len(parts)]
while (more := merged(parts, ranks)) is not None:
    parts = more
    count.append(len(parts))
result = {{"pieces after each merge": count}}"""


def code(reader: Reader, text_to_split: str) -> Program:
    """The longest word's merges again."""
    word = longest(text_to_split).encode()
    alphabet = {byte: letter for letter, byte in tokens.byte_letters().items()}
    shown = {"pieces after each merge": [len(row) for row in merges.steps(word)]}
    word_step = Step("One word", MERGE.format(letters=[alphabet[byte] for byte in word]))
    steps = (Step("The merges, in the order learned", LEARNED), word_step)
    files = {"merges.json": json.dumps(list(merges.ranks()))}
    return Program("Byte-pair encoding", steps, (merges.merged,), shown, files=files)


VIEW = View(draw=draw, look=(TEXT,), before=letters_only, question=how_many, goal=one_token, program=code)
