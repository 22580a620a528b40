"""Take something away: which heads and layers a prediction needs."""

import functools
from collections.abc import Callable

import numpy as np

from core.cancel import steps
from core.figures.picture import Picture
from core.lessons import Goal, Question
from core.lessons.controls import Control, choose, slider, text
from core.lessons.question import Scale
from core.lessons.view import Shown, View
from core.models.transformer import Edits
from core.programs import Program
from core.topics.transformers.figures import grid, likely
from core.topics.transformers.large import Large
from core.topics.transformers.programs import program
from core.topics.transformers.readers import KEPT, LIMIT, Reader, Reading, label, read

TEXT = text("Beginning", "I think that movie was really", longest=LIMIT)
ROWS, HALF = 8, 0.5  # tokens named; share of the heads that the challenge wants silent
PARTS = ("attention", "MLP")


def silent_of(reader: Reader) -> Control:
    """Heads to silence."""
    names = [head_name(layer, head) for layer in range(reader.layers) for head in range(reader.heads)]
    return choose("Silent heads", names, help="What such a head gathers is replaced by nothing.")


def skipped_of(reader: Reader) -> Control:
    """Parts of layers to skip."""
    names = [f"{part} {layer + 1}" for layer in range(reader.layers) for part in PARTS]
    return choose("Skipped", names, help="Such a part adds nothing to the stream.")


def head_name(layer: int, head: int) -> str:
    """Layer 1, head 2 is "1.2"."""
    return f"{layer + 1}.{head + 1}"


def controls(reader: Reader) -> tuple[Control, ...]:
    """A text, and what is taken away; of a large model also the layer that is tried head by head."""
    one = (slider("Layer", 1, reader.layers, 1),) if isinstance(reader, Large) else ()
    return TEXT, silent_of(reader), skipped_of(reader), *one


def tried(reader: Reader, layer: int) -> tuple[int, ...]:
    """The layers that are tried head by head: all of a small model's, one of a large one's."""
    return (layer - 1,) if isinstance(reader, Large) else tuple(range(reader.layers))


def edits_of(silent_heads: tuple[str, ...], skipped: tuple[str, ...]) -> Edits:
    """What is taken away, by its names."""
    heads = frozenset((int(layer) - 1, int(head) - 1) for layer, head in (each.split(".") for each in silent_heads))
    parts = [each.split(" ") for each in skipped]
    attentions, mlps = (frozenset(int(layer) - 1 for part, layer in parts if part == name) for name in PARTS)
    return Edits(heads, attentions, mlps)


@functools.lru_cache(maxsize=KEPT)
def one_by_one(reader: Reader, text: str, layers: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """What the logit of the likeliest next token gains when one head of some layers is silent, (layers, heads), and
    when one part of them is skipped, (layers, 2)."""
    whole = read(reader, text)
    place = whole.best(1)[0][0]

    def change(edits: Edits) -> float:
        return (reader.trace(whole.numbers, edits).logits[-1, place] - whole.trace.logits[-1, place]).item()

    alone = [Edits(heads=frozenset([(layer, head)])) for layer in layers for head in range(reader.heads)]
    skipped = [edits for at in layers for edits in (Edits(attentions=frozenset([at])), Edits(mlps=frozenset([at])))]
    changes = np.array([change(edits) for edits in steps(alone + skipped)])
    heads, parts = np.split(changes, [len(alone)])
    return heads.reshape(len(layers), reader.heads), parts.reshape(len(layers), len(PARTS))


def prepare(
    reader: Reader, beginning: str, silent_heads: tuple[str, ...], skipped: tuple[str, ...], layer: int = 0
) -> None:
    """All that is tried one by one."""
    one_by_one(reader, beginning, tried(reader, layer))


def draw(
    reader: Reader, beginning: str, silent_heads: tuple[str, ...], skipped: tuple[str, ...], layer: int = 0
) -> Shown:
    """The prediction with and without, and what each head and each layer is worth."""
    whole, edits = read(reader, beginning), edits_of(silent_heads, skipped)
    less = read(reader, beginning, edits)
    numbers, values = whole.best(ROWS)
    farthest = float((less.trace.logits[-1] - whole.trace.logits[-1]).abs().max())
    after = less.best(1)[0][0]
    note = (
        "Nothing is taken away: the logits are the same to the last digit. Click a head to silence it."
        if edits == Edits()
        else f"The logits of the next token move by up to **{farthest:.2f}**, and its likeliest token "
        f"{'stays' if after == numbers[0] else 'is another'}. Click a head to silence it or to let it speak again."
    )
    labels = [label(reader, number) for number in numbers]
    bars = likely({"whole": values, "without": less.chances[-1][numbers].tolist()}, labels, height=330)
    return Shown(
        ((bars,), worth(reader, beginning, edits, tried(reader, layer))),
        note,
        clicked=switch(reader, silent_heads, tried(reader, layer)),
    )


def worth(reader: Reader, beginning: str, edits: Edits, layers: tuple[int, ...]) -> tuple[Picture, Picture]:
    """What each head and each part of some layers is worth to the likeliest next token."""
    heads, parts = one_by_one(reader, beginning, layers)
    rows, columns = [f"layer {at + 1}" for at in layers], [f"head {at + 1}" for at in range(reader.heads)]
    row, head = np.unravel_index(heads.argmin(), heads.shape)
    told = (
        f"Change of the likeliest next token's logit with one of {heads.size} heads silent: from {heads.min():.2f} "
        f"(layer {layers[row] + 1}, head {head + 1}) to {heads.max():+.2f}."
    )
    ringed = [(layers.index(at), head) for at, head in sorted(edits.heads) if at in layers]
    axes = "logit without the head", ""
    one = grid(heads, (rows, columns), axes, told, ringed, height=110 + 45 * len(layers))
    told = (
        f"Change of the likeliest next token's logit with one part skipped: attention from {parts[:, 0].min():.2f} to "
        f"{parts[:, 0].max():+.2f}, MLP from {parts[:, 1].min():.2f} to {parts[:, 1].max():+.2f}."
    )
    gone = edits.attentions, edits.mlps
    ringed = [(layers.index(at), part) for part in range(2) for at in sorted(gone[part]) if at in layers]
    axes = "logit without the part", ""
    return one, grid(parts, (rows, PARTS), axes, told, ringed, height=110 + 45 * len(layers))


def switch(reader: Reader, silent_heads: tuple[str, ...], layers: tuple[int, ...]) -> Callable[[dict], tuple]:
    """A click on a head silences it, or lets it speak again."""

    def clicked(spot: dict) -> tuple[tuple[Control, object], ...]:
        if spot["row"] != 1 or spot["panel"]:
            return ()
        name = head_name(layers[round(spot["y"])], round(spot["x"]))
        others = tuple(each for each in silent_heads if each != name)
        return ((silent_of(reader), others if name in silent_heads else (*silent_heads, name)),)

    return clicked


def whole_only(
    reader: Reader, beginning: str, silent_heads: tuple[str, ...], skipped: tuple[str, ...], layer: int = 0
) -> Shown:
    """The whole model's prediction: what is seen before the guess."""
    numbers, values = read(reader, beginning).best(ROWS)
    labels = [label(reader, number) for number in numbers]
    return Shown(((likely({"whole": values}, labels, height=330),),), "What the whole network says comes next.")


def helpful(
    reader: Reader, beginning: str, silent_heads: tuple[str, ...], skipped: tuple[str, ...], layer: int = 0
) -> Question:
    """How many heads speak for the likeliest token?"""
    heads, _ = one_by_one(reader, beginning, tried(reader, layer))
    whose = "of this layer " if layer else ""
    words = (
        f"Each of the {heads.size} heads {whose}is silenced alone. How many of them speak **for** the likeliest next "
        "token?"
    )
    because = (
        "A head speaks for a token if its logit falls without it. Some speak against it, or for all tokens alike; most "
        "matter little one at a time."
    )
    return Question(words, Scale(0, heads.size, 1), int((heads < 0).sum()), because)


def sparing(
    reader: Reader, beginning: str, silent_heads: tuple[str, ...], skipped: tuple[str, ...], layer: int = 0
) -> Goal:
    """With how few heads is the answer the same?"""
    whole, less = read(reader, beginning), read(reader, beginning, edits_of(silent_heads, ()))
    wanted = int(HALF * reader.layers * reader.heads)
    same = whole.best(1)[0] == less.best(1)[0]
    words = f"Silence **{wanted} heads or more** and leave the likeliest next token what it is (nothing skipped)."
    now = f"Now: {len(silent_heads)} silent, the likeliest token {'is the same' if same else 'is another'}."
    return Goal(words, len(silent_heads) >= wanted and same and not skipped, now)


def code(
    reader: Reader, beginning: str, silent_heads: tuple[str, ...], skipped: tuple[str, ...], layer: int = 0
) -> Program:
    """The whole, and without."""
    whole, edits = read(reader, beginning), edits_of(silent_heads, skipped)
    less: Reading = read(reader, beginning, edits)
    numbers, _ = whole.best(ROWS)
    last = f'result = {{"without": logits[-1].softmax(dim=0)[{numbers}].tolist()}}'
    shown = {"without": less.chances[-1][numbers].tolist()}
    return program("Heads and layers taken away", {"logits": whole}, last, shown, edits)


VIEW = View(draw=draw, look=controls, prepare=prepare, before=whole_only, question=helpful, goal=sparing, program=code)
