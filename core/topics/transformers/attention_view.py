"""Who looks at whom: one head's attention, all heads at a glance, and the rollout through all layers."""

import ast

import numpy as np

from core.lessons import Goal, Question
from core.lessons.controls import Control, slider, text
from core.lessons.question import Scale
from core.lessons.view import Shown, View
from core.models.transformer import attention
from core.probes.rollout import rollout
from core.programs import Program
from core.programs.sources import source_of
from core.topics.transformers.figures import grid, looks
from core.topics.transformers.programs import program
from core.topics.transformers.readers import LIMIT, Reader, Reading, read

TEXT = text("Text", "My friend said that she likes this song, so I asked my friend to sing this song", longest=LIMIT)
ENOUGH, SURE = 12, 0.9  # tokens of the challenge's text, and how much of the weight one place must get


def layer_of(reader: Reader) -> Control:
    """Which layer."""
    return slider("Layer", 1, reader.layers, 1)


def head_of(reader: Reader) -> Control:
    """Which of its heads."""
    return slider("Head", 1, reader.heads, 1)


def controls(reader: Reader) -> tuple[Control, ...]:
    """A text, and one head."""
    return TEXT, layer_of(reader), head_of(reader)


def before_itself(weights: np.ndarray) -> np.ndarray:
    """How much weight the tokens (but the first) give the one just before them, on average: weights (…, tokens,
    tokens) → (…)."""
    return np.diagonal(weights, -1, axis1=-2, axis2=-1).mean(axis=-1) if weights.shape[-1] > 1 else weights[..., 0, 0]


def to_first(reading: Reading) -> float:
    """How much the last token looks at the first, mean of all heads."""
    return float(reading.weights[:, :, -1, 0].mean())


def picked(reading: Reading, layer: int, head: int) -> np.ndarray:
    """One head's weights."""
    return reading.weights[layer - 1, head - 1]


def draw(reader: Reader, text: str, layer: int, head: int) -> Shown:
    """The head, the rollout, and all heads."""
    reading = read(reader, text)
    one, flow = picked(reading, layer, head), rollout(reading.weights)
    previous = before_itself(reading.weights)
    named = [f"layer {at + 1}" for at in range(reader.layers)], [f"head {at + 1}" for at in range(reader.heads)]
    most = np.unravel_index(previous.argmax(), previous.shape)
    told = (
        f"Weight that each of {previous.size} heads gives the token just before: from {previous.min():.0%} to "
        f"{previous.max():.0%}, most in layer {most[0] + 1}, head {most[1] + 1}."
    )
    axes = "weight on the token just before<br>(click a head to see it)", ""
    height = 90 + 38 * min(reader.layers, 12)
    heads = grid(previous, named, axes, told, [(layer - 1, head - 1)], percent=True, both_signs=False, height=height)
    note = (
        "Each row is a token and shares out 100% of attention (all rows sum to 1; the farthest is "
        f"{np.abs(reading.weights.sum(axis=-1) - 1).max():.1g} off). "
        f"{'It may look back only, never ahead.' if reader.causal else 'It may look both ways.'} The *rollout* follows "
        "the looks through all layers: how much of the last state came from where."
        f"\n```python\n{bare(source_of(attention))}\n```"
    )
    pictures = (
        (looks(one, reading.labels, f"layer {layer}, head {head}"), looks(flow, reading.labels, "rollout")),
        (heads,),
    )

    def clicked(spot: dict) -> tuple[tuple[Control, object], ...]:
        if spot["row"] != 1:
            return ()
        return (layer_of(reader), round(spot["y"]) + 1), (head_of(reader), round(spot["x"]) + 1)

    return Shown(pictures, note, clicked=clicked)


def bare(source: str) -> str:
    """A function without its docstring and without what says of which kind its arguments are."""
    function = ast.parse(source).body[0]
    assert isinstance(function, ast.FunctionDef)
    function.body, function.returns = function.body[1:], None
    function.args.args = [ast.arg(argument.arg) for argument in function.args.args]
    return ast.unparse(function)


def masked_only(reader: Reader, text: str, layer: int, head: int) -> Shown:
    """Who may look at whom: what is seen before the guess."""
    reading = read(reader, text)
    size = len(reading.numbers)
    allowed = np.tril(np.ones((size, size))) if reader.causal else np.ones((size, size))
    note = (
        f"Your text in {size} tokens (· is a space, ▸ the start). Dark: who **may** look at whom. How a head shares "
        "out its attention among these is up to what it has learned."
    )
    return Shown(((looks(allowed / allowed.sum(axis=1, keepdims=True), reading.labels, "if all were equal"),),), note)


def asked(reader: Reader, text: str, layer: int, head: int) -> Question:
    """How much goes to the first token?"""
    reading = read(reader, text)
    count = len(reading.numbers)
    words = f"How much of its attention does the last of {count} tokens give the **first**, mean of all heads?"
    because = f"An even share would be {1 / count:.0%}" + (
        ": heads that find nothing to fetch rest on a token that says little, often the first, an *attention sink*."
        if to_first(reading) > 1 / count
        else ": these heads do not rest on the first token, as those of many models do (an *attention sink*)."
    )
    return Question(words, Scale(0, 100, 5, "%", 10), round(100 * to_first(reading)), because)


def goal(reader: Reader, text: str, layer: int, head: int) -> Goal:
    """Find the head that looks one back."""
    reading = read(reader, text)
    share, size = float(before_itself(picked(reading, layer, head))), len(reading.numbers)
    others = before_itself(reading.weights)
    words = (
        f"Find the head that looks **one token back** most of all, in a text of {ENOUGH} tokens or more: such heads "
        "help to copy what came next the last time."
    )
    now = f"Now: layer {layer}, head {head} gives the token just before {share:.0%} on average; {size} tokens."
    return Goal(words, size >= ENOUGH and share >= others.max() - 1e-6, now)


def code(reader: Reader, text: str, layer: int, head: int) -> Program:
    """The head's weights again."""
    reading = read(reader, text)
    last = f"""weights = looked[{layer - 1}, {head - 1}]
result = {{
    "last token looks at": weights[-1].tolist(),
    "farthest row sum from 1": (looked.sum(dim=-1) - 1).abs().max().item(),
    "first token, mean of heads": looked[:, :, -1, 0].mean().item(),
}}"""
    shown = {
        "last token looks at": picked(reading, layer, head)[-1].tolist(),
        "first token, mean of heads": to_first(reading),
    }
    return program("Attention of one head", {"logits": reading}, last, shown)


VIEW = View(draw=draw, look=controls, before=masked_only, question=asked, goal=goal, program=code)
