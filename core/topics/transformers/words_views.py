"""What comes next, and what is hidden: the two games that language models learn from."""

import numpy as np

from core.figures.picture import Picture
from core.language import tokens
from core.language.generation import chances, until, written
from core.language.shipped import GAP
from core.lessons import Goal, Question
from core.lessons.controls import Control, slider, text
from core.lessons.question import Scale
from core.lessons.view import Shown, View
from core.programs import Program
from core.topics.transformers.figures import along, chips, likely
from core.topics.transformers.programs import program
from core.topics.transformers.readers import GPT, LIMIT, Reader, Reading, Small, label, read

ROWS = 12  # tokens that a picture of probabilities names
PROMPT = text("Beginning", "I think that movie was really", longest=LIMIT)
TEMPERATURE = slider("Temperature", 0.1, 2.0, 1.0, 0.1, help="Below 1 the likely gets likelier, above 1 the rare does.")
TOP_K = slider("Top k", 0, 50, 0, 1, help="Only so many of the likeliest tokens are drawn from; 0: all.")
WORDS, SURE = 24, 0.9  # tokens written on; what the challenge asks for

# Next word -----------------------------------------------------------------------------------------------------------


def went_on(reading: Reading, temperature: float, top_k: int, seed: int = 0) -> list[Picture]:
    """What a small model writes on, in two lines; nothing for a large one, which would take too long."""
    reader = reading.reader
    if not isinstance(reader, Small):
        return []
    numbers = written(reader.model, list(reading.numbers), WORDS, temperature, top_k, seed)
    more = [label(reader, number) for number in until(numbers, lambda number: number == tokens.START)]
    half = (len(more) + 1) // 2
    return (
        [chips([more[:half], more[half:] or [" "]], f"Written on from your text: {' '.join(more)}.", 150)]
        if more
        else []
    )


def next_view(reader: Reader, beginning: str, temperature: float, top_k: int) -> Shown:
    """The likeliest next tokens, how surprising those before were, and how it might go on."""
    reading = read(reader, beginning)
    said = chances(reading.trace.logits[-1], temperature, top_k)
    values, numbers = said.topk(ROWS)
    labels = [label(reader, number) for number in numbers.tolist()]
    note = (
        f"The likeliest of {len(said):,} tokens gets **{values[0]:.0%}**; all of it is "
        f"{-(said * said.clamp_min(1e-12).log2()).sum():z.1f} bits of doubt. Click a bar to append its token."
    )
    pictures = [likely({"next": values.tolist()}, labels), surprise(reading), *went_on(reading, temperature, top_k)]
    full = len(reading.numbers) >= reader.context

    def clicked(spot: dict) -> tuple[tuple[Control, object], ...]:
        place = round(spot["y"])
        if spot["row"] or full or not 0 <= place < ROWS:
            return ()
        return ((PROMPT, beginning + reader.piece(int(numbers[place])).decode(errors="ignore")),)

    return Shown(tuple((picture,) for picture in pictures), note, clicked=clicked)


def surprise(reading: Reading) -> Picture:
    """How surprised the model was, token by token."""
    return along({reading.reader.name: reading.surprise}, reading.labels[1:], "surprise (bits)")


def surprise_view(reader: Reader, beginning: str, temperature: float, top_k: int) -> Shown:
    """The text so far: what is seen before the guess."""
    reading = read(reader, beginning)
    note = (
        f"How surprised {reader.name} was by each token of your beginning: −log₂ of the probability it gave "
        f"that token, **{reading.surprise.mean():.1f} bits** on average (a blind guess among all tokens costs "
        f"{np.log2(reading.trace.logits.shape[-1]):.0f})."
    )
    return Shown(((surprise(reading),),), note)


def how_sure(reader: Reader, beginning: str, temperature: float, top_k: int) -> Question:
    """How sure is it?"""
    truth = round(100 * chances(read(reader, beginning).trace.logits[-1], temperature, top_k).max().item())
    words = "How probable is the likeliest next token?"
    because = "Many tokens can follow most texts" + (
        "; a model is as sure as what it has read lets it be."
        if truth < 90
        else ", but few are left by a low temperature, a small top-k, or a text with one known end."
    )
    return Question(words, Scale(0, 100, 1, "%", 5), truth, because)


def sure_goal(reader: Reader, beginning: str, temperature: float, top_k: int) -> Goal:
    """Write something that has only one end."""
    reading = read(reader, beginning)
    top, size = reading.chances[-1].max().item(), len(reading.numbers) - 1
    words = f"Write a beginning of **5 tokens or more** after which one token gets **{SURE:.0%}** (at temperature 1)."
    return Goal(words, size >= 5 and top >= SURE, f"Now: {size} tokens, the likeliest next one at {top:.0%}.")


def next_code(reader: Reader, beginning: str, temperature: float, top_k: int) -> Program:
    """The same probabilities."""
    reading = read(reader, beginning)
    values = chances(reading.trace.logits[-1], temperature, top_k).topk(ROWS).values
    cut = f"last = last.masked_fill(last < last.topk({top_k}).values[-1], float('-inf'))\n" if top_k else ""
    last = f"""last, following = logits[-1], torch.tensor({list(reading.numbers[1:])})
{cut}result = {{
    "likeliest": (last / {temperature!r}).softmax(dim=0).topk({ROWS}).values.tolist(),
    "mean surprise": functional.cross_entropy(logits[:-1], following).item() / math.log(2),
}}"""
    shown = {"likeliest": values.tolist(), "mean surprise": float(reading.surprise.mean())}
    return program("The next token", {"logits": reading}, last, shown)


# Masked word ---------------------------------------------------------------------------------------------------------

GAPPED = text("Text with a gap", "I really ___ that movie, it made me laugh.", longest=LIMIT, help="___ hides a word.")
SIDES, KNOWS, BLIND = ("both sides", "left side only"), 0.5, 0.05


def gaps_in(text: str) -> int:
    """How many words are hidden."""
    return len(GAP.findall(text))


def gapped(reader: Reader, text: str) -> tuple[Reading, int]:
    """The text as read, and where its first gap is. Raises ``ValueError``, one sentence, where there is none."""
    if not gaps_in(text):
        raise ValueError("Write ___ (two or more underscores) where a word is to be hidden.")
    reading = read(reader, text)
    return reading, reading.numbers.index(tokens.MASK)


def left_of(text: str) -> str:
    """What stands before the first gap."""
    return text[: next(GAP.finditer(text)).start()]


def left_chances(text: str):
    """What the model that reads from the left only says of the gap, (vocabulary,)."""
    left, reader = left_of(text), Small(GPT)
    if not left.strip():
        return reader.trace([tokens.START]).logits[-1].softmax(dim=0)
    return read(reader, left).chances[-1]


def masked_view(reader: Reader, text_with_a_gap: str) -> Shown:
    """What may stand in the gap, for a model that sees both sides and for one that sees the left."""
    reading, place = gapped(reader, text_with_a_gap)
    numbers, values = reading.best(ROWS, place)
    left = left_chances(text_with_a_gap)
    labels = [label(reader, number) for number in numbers]
    groups = {SIDES[0]: values, SIDES[1]: left[numbers].tolist()}
    note = (
        f"BERT sees both sides of the gap and gives its likeliest token **{values[0]:.0%}**. The GPT, which has read "
        f"the left side only, gives the same token {left[numbers[0]]:.1%}."
        + (" Of several gaps the first is shown." if gaps_in(text_with_a_gap) > 1 else "")
    )
    heads = reading.weights[:, :, place].mean(axis=(0, 1))
    look = along({"mean of all heads": heads}, reading.labels, "the gap looks at", percent=True)
    return Shown(((likely(groups, labels),), (look,)), note)


def gap_view(reader: Reader, text_with_a_gap: str) -> Shown:
    """Where the gap looks: what is seen before the guess."""
    reading, place = gapped(reader, text_with_a_gap)
    heads = reading.weights[:, :, place].mean(axis=(0, 1))
    look = along({"mean of all heads": heads}, reading.labels, "the gap looks at", percent=True)
    return Shown(((look,),), "One word is hidden (▢). To guess it, the network lets it look at all the others.")


def better_side(reader: Reader, text_with_a_gap: str) -> Question:
    """Does the right side help?"""
    reading, place = gapped(reader, text_with_a_gap)
    numbers, values = reading.best(1, place)
    left = left_chances(text_with_a_gap)[numbers[0]].item()
    words = (
        "BERT has named its likeliest token. Who gives **that** token more: BERT, or the GPT, which sees the left side?"
    )
    because = f"BERT gives it {values[0]:.1%}, the GPT {left:.1%}: " + (
        "what follows a gap often says as much as what precedes it."
        if values[0] >= left
        else "here what precedes the gap says enough."
    )
    return Question(words, ["BERT", "GPT"], "BERT" if values[0] >= left else "GPT", because)


def right_goal(reader: Reader, text_with_a_gap: str) -> Goal:
    """Make the right side decide."""
    reading, place = gapped(reader, text_with_a_gap)
    numbers, values = reading.best(1, place)
    left = left_chances(text_with_a_gap)[numbers[0]].item()
    words = (
        f"Write a text in which the **right side decides**: BERT gives its likeliest token {KNOWS:.0%} or more, and "
        f"the GPT, seeing the left side, gives that token {BLIND:.0%} or less."
    )
    return Goal(words, values[0] >= KNOWS and left <= BLIND, f"Now: BERT {values[0]:.0%}, GPT {left:.1%}.")


def masked_code(reader: Reader, text_with_a_gap: str) -> Program:
    """The same probabilities."""
    reading, place = gapped(reader, text_with_a_gap)
    last = f'result = {{"likeliest": logits[{place}].softmax(dim=0).topk({ROWS}).values.tolist()}}'
    return program("A hidden token", {"logits": reading}, last, {"likeliest": reading.best(ROWS, place)[1]})


NEXT = View(
    draw=next_view, look=(PROMPT, TEMPERATURE, TOP_K), before=surprise_view, question=how_sure, goal=sure_goal,
    program=next_code,
)  # fmt: skip
MASKED = View(
    draw=masked_view, look=(GAPPED,), before=gap_view, question=better_side, goal=right_goal, program=masked_code
)
