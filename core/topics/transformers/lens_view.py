"""The logit lens: what the network would say if it stopped after each layer (nostalgebraist 2020)."""

import functools

import numpy as np
import torch
from torch import Tensor

from core.cancel import steps
from core.figures.marks import stroke
from core.figures.picture import INK, Picture, encoded, layout, sampled
from core.lessons import Goal, Question
from core.lessons.controls import text
from core.lessons.question import Scale
from core.lessons.view import Shown, View
from core.programs import Program
from core.topics.transformers.figures import DEEP, along, slope, ticks
from core.topics.transformers.large import Large
from core.topics.transformers.programs import program
from core.topics.transformers.readers import KEPT, LIMIT, Reader, label, read, tagless

TEXT = text("Beginning", "I think that movie was really", longest=LIMIT)
SAME, ENOUGH = 0.8, 12  # share of places, and tokens, of the challenge


@functools.lru_cache(maxsize=KEPT)
def lens(reader: Reader, text: str) -> tuple[Tensor, Tensor]:
    """The likeliest token after each layer at each place, and how likely it then is, both (layers + 1, tokens)."""
    reading = read(reader, text)
    best = [reader.answers(states).softmax(dim=-1).max(dim=-1) for states in steps(reading.trace.hidden.unbind())]
    return torch.stack([each.indices for each in best]), torch.stack([each.values for each in best])


@functools.lru_cache(maxsize=KEPT)
def towards(reader: Reader, text: str) -> np.ndarray:
    """After each layer, the probability of what is likeliest in the end, at the last place, (layers + 1,)."""
    reading = read(reader, text)
    final = reading.best(1)[0][0]
    return reader.answers(reading.trace.hidden[:, -1]).softmax(dim=-1)[:, final].numpy()


def prepare(reader: Reader, beginning: str) -> None:
    """What is said after each layer at each place."""
    lens(reader, beginning)


def settled(reader: Reader, text: str, place: int = -1) -> int:
    """After which layer the likeliest token is what it stays until the end."""
    ways = lens(reader, text)[0][:, place]
    other = (ways != ways[-1]).nonzero()
    return 0 if len(other) == 0 else int(other[-1]) + 1


def agreeing(reader: Reader, text: str) -> float:
    """At what share of the places the layer before the last already says what is said in the end."""
    numbers = lens(reader, text)[0]
    return (numbers[-2] == numbers[-1]).float().mean().item()


def draw(reader: Reader, beginning: str) -> Shown:
    """The likeliest tokens, layer by layer, and how the last one grows."""
    reading = read(reader, beginning)
    names = ["start", *(f"layer {at + 1}" for at in range(reader.layers))]
    final = label(reader, reading.best(1)[0][0])
    grows = towards(reader, beginning)
    note = (
        "The output layer reads the stream after every layer, not only after the last. "
        "At the last place the likeliest token is the final one from "
        f"**{names[settled(reader, beginning)]}** on; in the layer before the last "
        f"**{agreeing(reader, beginning):.0%}** of all places have settled."
    )
    curve = along({f"probability of {final}": grows}, names, "at the last place", 240, percent=True)
    return Shown(((tower(reader, beginning, names),), (curve,)), note)


def tower(reader: Reader, beginning: str, names: list[str]) -> Picture:
    """The likeliest token in each cell, deep where it is sure; the last layer on top."""
    reading, (numbers, values) = read(reader, beginning), lens(reader, beginning)
    words = [[tagless(label(reader, number)) for number in row] for row in numbers.tolist()]
    few = len(reading.numbers) <= 16
    cells = {
        "type": "heatmap", "z": encoded(sampled(values.numpy(), 0, 1)), "zmin": 0, "zmax": 255, "colorscale": DEEP,
        "text": words, "hovertemplate": "%{text}<extra></extra>", "xgap": 1, "ygap": 1,
        **({"texttemplate": "%{text}", "textfont": {"size": 11, "color": INK}} if few else {}),
        "colorbar": {"thickness": 10, "tickvals": [0, 255], "ticktext": ["0%", "100%"]},
    }  # fmt: skip
    high, across = len(names) - 1.5, len(reading.numbers) - 0.5
    shapes = [{"type": "line", "x0": -0.5, "x1": across, "y0": high, "y1": high, "line": stroke(INK, 1)}]
    height = 110 + (34 if len(names) < 10 else 20) * len(names)
    axes = {"xaxis": ticks(reading.labels, tickangle=slope(reading.labels)), "yaxis": ticks(names)}
    plan = layout("behind this token", "", height, shapes=shapes, **axes)
    told = "; ".join(
        f"{name}: “{label(reader, row[-1])}” {value:.0%}"
        for name, row, value in zip(names, numbers.tolist(), values[:, -1].tolist(), strict=True)
    )
    return Picture([cells], plan, f"The likeliest next token after each layer, behind the last token: {told}.")


def start_only(reader: Reader, beginning: str) -> Shown:
    """What the network says in the end: what is seen before the guess."""
    reading = read(reader, beginning)
    ends = reading.chances.max(dim=-1)
    final = {"in the end": ends.values.numpy()}
    note = f"How sure the network is, in the end, of what follows each token. Last: {ends.values[-1]:.0%}."
    return Shown(((along(final, reading.labels, "likeliest token", percent=True),),), note)


def when(reader: Reader, beginning: str) -> Question:
    """When is it settled?"""
    words = f"After how many of the {reader.layers} layers is the likeliest next token what it stays until the end?"
    truth = settled(reader, beginning)
    because = "Each block adds to the same stream, " + (
        "so that a guess can be read early and is refined from layer to layer."
        if truth < reader.layers
        else "and here the last one still changes the guess."
    )
    return Question(words, Scale(0, reader.layers, 1), truth, because)


def early(reader: Reader, beginning: str) -> Goal:
    """A text that is easy."""
    share, size = agreeing(reader, beginning), len(read(reader, beginning).numbers)
    words = (
        f"Write {ENOUGH} tokens or more at **{SAME:.0%}** of which the layer before the last already says what the "
        "last one does."
    )
    return Goal(words, size >= ENOUGH and share >= SAME, f"Now: {size} tokens, {share:.0%}.")


def code(reader: Reader, beginning: str) -> Program:
    """The same, layer by layer."""
    reading = read(reader, beginning)
    if isinstance(reader, Large):
        last = """early = model.lm_head(model.model.norm(hidden[:-1, -1])).softmax(dim=-1)
result = {"the final one": early[:, logits[-1].argmax()].tolist()}"""
        return program("The logit lens", {"logits": reading}, last, {})
    last = """scale, offset = weights["norm.weight"], weights["norm.bias"]
normal = functional.layer_norm(hidden[:, -1], hidden.shape[-1:], scale, offset)
early = (normal @ weights["embedding.weight"].T).softmax(dim=-1)
result = {"likeliest": early.max(dim=-1).values.tolist(), "the final one": early[:, logits[-1].argmax()].tolist()}"""
    shown = {
        "likeliest": lens(reader, beginning)[1][:, -1].tolist(),
        "the final one": towards(reader, beginning).tolist(),
    }
    return program("The logit lens", {"logits": reading}, last, shown)


VIEW = View(draw=draw, look=(TEXT,), prepare=prepare, before=start_only, question=when, goal=early, program=code)
