"""Two prompts side by side, and one whose places are moved."""

import functools
import random

import numpy as np
import torch
from torch.nn import functional

from core.cancel import steps
from core.lessons import Goal, Question
from core.lessons.controls import pick, text
from core.lessons.question import Scale
from core.lessons.view import Shown, View
from core.models.transformer import Edits
from core.programs import Program
from core.topics.transformers.figures import along, likely
from core.topics.transformers.programs import program
from core.topics.transformers.readers import LIMIT, Reader, Reading, label, read

ROWS = 10

# Two prompts ---------------------------------------------------------------------------------------------------------

FIRST = text("First text", "My favorite kind of music is", longest=LIMIT)
SECOND = text("Second text", "My favorite kind of movie is", longest=LIMIT)
FAR = 0.6  # of the probability that the challenge wants moved


def moved(first: Reading, second: Reading) -> float:
    """How much of the next token's probability lies elsewhere: the total variation distance, from 0 to 1."""
    return 0.5 * (first.chances[-1] - second.chances[-1]).abs().sum().item()


def likeness(first: Reading, second: Reading) -> np.ndarray:
    """How alike the last token's states are after each layer: cosine, (layers + 1,)."""
    ends = first.trace.hidden[:, -1], second.trace.hidden[:, -1]
    return functional.cosine_similarity(*ends, dim=-1).numpy()


def apart(first: Reading, second: Reading) -> int:
    """How many tokens must be put in, taken out or replaced to make one text of the other (Levenshtein)."""
    row = list(range(len(second.numbers) + 1))
    for at, number in enumerate(first.numbers, 1):
        last, row = row, [at]
        for place, other in enumerate(second.numbers):
            row.append(min(last[place] + (number != other), last[place + 1] + 1, row[-1] + 1))
    return row[-1]


def both(reader: Reader, first_text: str, second_text: str) -> tuple[Reading, Reading]:
    """Both texts as read."""
    return read(reader, first_text), read(reader, second_text)


def pair_view(reader: Reader, first_text: str, second_text: str) -> Shown:
    """What comes next in each, and how alike they are inside."""
    first, second = both(reader, first_text, second_text)
    total = first.chances[-1] + second.chances[-1]
    numbers = total.topk(ROWS).indices.tolist()
    groups = {"first": first.chances[-1][numbers].tolist(), "second": second.chances[-1][numbers].tolist()}
    labels = [label(reader, number) for number in numbers]
    note = (
        f"**{moved(first, second):.0%}** of the next token's probability lies elsewhere in the second text, which "
        f"differs by {apart(first, second)} in its tokens. Below: how alike the states of the two last tokens "
        "are, layer by layer."
    )
    return Shown(((likely(groups, labels),), (alike(reader, first, second),)), note)


def alike(reader: Reader, first: Reading, second: Reading):
    """The cosine of the two last states, layer by layer."""
    names = ["start", *(f"layer {at + 1}" for at in range(reader.layers))]
    return along({"last tokens": likeness(first, second)}, names, "cosine of the states", 250)


def first_alone(reader: Reader, first_text: str, second_text: str) -> Shown:
    """The first text's next tokens: what is seen before the guess."""
    first, _ = both(reader, first_text, second_text)
    numbers, values = first.best(ROWS)
    labels = [label(reader, number) for number in numbers]
    return Shown(((likely({"first": values}, labels),),), "What follows the first text.")


def how_far(reader: Reader, first_text: str, second_text: str) -> Question:
    """How much does the difference matter?"""
    first, second = both(reader, first_text, second_text)
    words = "How much of the next token's probability lies elsewhere after the second text?"
    because = "Half the sum of all differences, the *total variation*: 0% for equal answers, 100% for disjoint ones."
    return Question(words, Scale(0, 100, 5, "%", 10), round(100 * moved(first, second)), because)


def far_goal(reader: Reader, first_text: str, second_text: str) -> Goal:
    """One token, another answer."""
    first, second = both(reader, first_text, second_text)
    differs, share = apart(first, second), moved(first, second)
    words = (
        f"Find two texts of the same last token that differ in **one token** and move **{FAR:.0%}** of the probability "
        "or more."
    )
    same_end = first.numbers[-1] == second.numbers[-1]
    ends = "" if same_end else ", and the last tokens differ"
    now = f"Now: they differ by {differs} in their tokens, {share:.0%} is moved{ends}."
    return Goal(words, differs == 1 and same_end and share >= FAR, now)


def pair_code(reader: Reader, first_text: str, second_text: str) -> Program:
    """Both texts again."""
    first, second = both(reader, first_text, second_text)
    last = """gap = first[-1].softmax(dim=0) - second[-1].softmax(dim=0)
result = {"moved": gap.abs().sum().item() / 2}"""
    return program("Two texts", {"first": first, "second": second}, last, {"moved": moved(first, second)})


# Positions -----------------------------------------------------------------------------------------------------------

TEXT = text("Text", "My favorite kind of music is rock and my favorite band is from London", longest=LIMIT)
ASIS, SHUFFLED, REVERSED, SAME = "as they are", "shuffled", "reversed", "all the same"
WAYS = {
    ASIS: "as they are", SHUFFLED: "shuffled: neighbours are said to stand far apart",
    REVERSED: "reversed: the last is said to stand first", SAME: "all the same: nobody knows who stands where",
}  # fmt: skip
WAY = pick("Places", (SHUFFLED, REVERSED, SAME, ASIS), help="Where the tokens are said to stand; the tokens stay.")
SEED = 3


def places_of(way: str, count: int) -> tuple[int, ...] | None:
    """Where so many tokens are said to stand; the start token stays."""
    rest = list(range(1, count))
    if way == SHUFFLED:
        random.Random(SEED).shuffle(rest)
    return {ASIS: None, SAME: (0,) * count, REVERSED: (0, *reversed(rest)), SHUFFLED: (0, *rest)}[way]


def moved_places(reader: Reader, text: str, way: str) -> Reading:
    """The text as read with places moved."""
    return read(reader, text, Edits(places=places_of(way, len(read(reader, text).numbers))))


@functools.lru_cache(maxsize=8)
def costs(reader: Reader, text: str) -> dict[str, float]:
    """Mean surprise (bits per token) for each way."""
    return {way: float(moved_places(reader, text, way).surprise.mean()) for way in steps(tuple(WAYS))}


def every_way(reader: Reader, text: str, places: str) -> None:
    """What each way costs."""
    costs(reader, text)


def places_view(reader: Reader, text: str, places: str) -> Shown:
    """What each token costs with and without its place."""
    usual, other = read(reader, text), moved_places(reader, text, places)
    found = costs(reader, text)
    moved = f", **{found[places]:.2f}** where they are {WAYS[places]}" if places != ASIS else ""
    note = (
        f"Surprise per token: **{found[ASIS]:.2f} bits** where the places are right{moved}. Tokens do not "
        "say where they stand: rotary positions turn queries and keys by an angle for each place, and attention sees "
        "only how far two tokens stand apart."
    )
    groups = {ASIS: usual.surprise, **({places: other.surprise} if places != ASIS else {})}
    return Shown(((along(groups, usual.labels[1:], "surprise (bits)", 320),),), note)


def usual_places(reader: Reader, text: str, places: str) -> Shown:
    """The surprise where all is right: what is seen before the guess."""
    usual = read(reader, text)
    note = f"Surprise where every token stands where it stands: {usual.surprise.mean():.2f} bits on average."
    return Shown(((along({ASIS: usual.surprise}, usual.labels[1:], "surprise (bits)", 320),),), note)


def dearest(reader: Reader, text: str, places: str) -> Question:
    """How much is order worth?"""
    found = costs(reader, text)
    words = "The tokens stay, but their places are shuffled. How many bits per token does the surprise grow by?"
    because = (
        "The mask still shows each token the very words that precede it, and which words they are says much; only how "
        "far away each stands is wrong."
    )
    return Question(words, Scale(-1.0, 8.0, 0.5, "bits", 1.0), round(found[SHUFFLED] - found[ASIS], 2), because)


def order_free(reader: Reader, text: str, places: str) -> Goal:
    """A text that does not need order."""
    found, size = costs(reader, text), len(read(reader, text).numbers)
    words = "Write **8 tokens or more** that cost **no more** with shuffled places than with the right ones."
    now = f"Now: {size} tokens, {found[ASIS]:.2f} bits as they are, {found[SHUFFLED]:.2f} shuffled."
    return Goal(words, size >= 9 and found[SHUFFLED] <= found[ASIS], now)


def places_code(reader: Reader, text: str, places: str) -> Program:
    """The same surprise."""
    reading = moved_places(reader, text, places)
    edits = Edits(places=places_of(places, len(reading.numbers)))
    wanted = f"torch.tensor({list(reading.numbers[1:])})"
    last = f'result = {{"bits": functional.cross_entropy(logits[:-1], {wanted}).item() / math.log(2)}}'
    return program("Places moved", {"logits": reading}, last, {"bits": float(reading.surprise.mean())}, edits)


def swapped(
    reader: Reader, numbers: tuple[int, ...], order: tuple[int, ...], way: str
) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits of tokens, and of the same tokens in another order, with their places said as ``way`` says."""
    edits = Edits(places=places_of(way, len(numbers)))
    return reader.trace(numbers, edits).logits, reader.trace([numbers[at] for at in order], edits).logits


PAIR = View(
    draw=pair_view, look=(FIRST, SECOND), before=first_alone, question=how_far, goal=far_goal, program=pair_code
)
PLACES = View(
    draw=places_view,
    look=(TEXT, WAY),
    prepare=every_way,
    before=usual_places,
    question=dearest,
    goal=order_free,
    program=places_code,
)
