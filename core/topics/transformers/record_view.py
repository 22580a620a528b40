"""How the small models learned: what they wrote at every recorded step, beside what counting achieves."""

import math
from dataclasses import dataclass

import numpy as np

from core.figures.curves import line, number
from core.figures.marks import SILENT, stroke, trace
from core.figures.picture import BLUE, GREY, INK, ORANGE, Picture, layout
from core.language import shipped
from core.lessons import Goal, Question
from core.lessons.controls import pick
from core.lessons.question import Scale
from core.lessons.view import Shown, View
from core.programs import Program
from core.provenance import Recorded
from core.topics.transformers.programs import program
from core.topics.transformers.readers import BERT, FILES, GPT, Small, read

MODEL = pick("Which", (GPT, BERT))
TEXT = "My favorite kind of music is"


@dataclass(frozen=True)
class Learned:
    """A recorded training."""

    name: str
    record: dict

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return Recorded(self.record["recipe"], self.record["date"]).provenance

    @property
    def moments(self) -> list[dict]:
        return self.record["moments"]

    @property
    def quantity(self) -> str:
        """What is measured of it, held out: the GPT's perplexity, BERT's accuracy."""
        return "perplexity" if self.name == GPT else "accuracy"

    @property
    def values(self) -> np.ndarray:
        """That quantity at every moment."""
        return np.array([moment[self.quantity] for moment in self.moments])

    @property
    def steps(self) -> list[int]:
        return [moment["step"] for moment in self.moments]

    @property
    def baselines(self) -> dict[str, float]:
        """What counting achieves, by what is counted."""
        return self.record["baselines"]

    @property
    def ahead(self) -> int:
        """The first recorded step at which it beats all counting; the last one if it never did."""
        better = min(self.baselines.values()) if self.name == GPT else max(self.baselines.values())
        wins = self.values < better if self.name == GPT else self.values > better
        return self.steps[int(wins.argmax())] if wins.any() else self.steps[-1]


def measure(which: str, seed: int) -> Learned:
    """The record of one of the models."""
    return Learned(which, shipped.record(FILES[which]))


def caption(found: Learned, moment: dict) -> str:
    """What it wrote at a moment, line by line."""
    lines = [f"step {moment['step']:,}, {found.quantity} {shown(found, moment[found.quantity])}"]
    for prompt, sample in zip(found.record["prompts"], moment["samples"], strict=True):
        lines.append(clean(f"{prompt} | {sample}" if found.name == GPT else sample))
    return "\n".join(lines)


def clean(text: str) -> str:
    """On one line."""
    return " ".join(text.replace("\n", " ⏎ ").split())


def shown(found: Learned, value: float) -> str:
    """Its quantity in words."""
    return number(value) if found.name == GPT else f"{value:.0%}"


def curve(found: Learned, hidden: bool = False) -> Picture:
    """The held-out measure over the steps, with a cursor; what counting achieves as levels."""
    steps, values = np.array(found.steps), found.values
    places = np.log10(steps + 10.0)
    traces = [line(places, values, found.name, BLUE, mode="lines+markers", marker={"size": 6, "color": BLUE})]
    for (name, level), color, dash in zip(
        found.baselines.items(), (GREY, ORANGE, INK), ("dash", "dot", "dashdot"), strict=False
    ):
        traces.append(line(places[[0, -1]], np.array([level, level]), f"counting: {name}", color, dash))
    cursor = trace("lines", [places[-1]] * 2, [0, 1], yaxis="y2", line=stroke(INK, 1.5), **SILENT)
    frames = [(*([None] * len(traces)), {"x": [float(at), float(at)]}) for at in places]
    second = {"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True}
    marks = [0, 10, 100, 1000, 10_000]
    axis = {"tickvals": [math.log10(mark + 10) for mark in marks], "ticktext": [f"{mark:,}" for mark in marks]}
    up = {"type": "log", "dtick": "D2"} if found.name == GPT else {"tickformat": ".0%", "rangemode": "tozero"}
    plan = layout(
        "step (in tens, hundreds, thousands)",
        f"held-out {found.quantity}",
        400,
        yaxis2=second,
        xaxis=axis,
        yaxis=up,
    )
    told = (
        f"Held-out {found.quantity} of {found.name} from {shown(found, values[0])} before training to "
        f"{shown(found, values[-1])} after {steps[-1]:,} steps; counting achieves "
        + ", ".join(f"{shown(found, level)} ({name})" for name, level in found.baselines.items())
        + "."
    )
    labels = [f"step {step:,}" for step in found.steps]
    captions = [caption(found, moment) for moment in found.moments]
    return Picture([*traces, cursor], plan, told, frames, labels, captions)


def draw(found: Learned) -> Shown:
    """The curve, and what was written along it."""
    lower = "lower is better" if found.name == GPT else "higher is better"
    words = (
        "**Perplexity** is how many tokens the model hesitates among, as if they were equally likely"
        if found.name == GPT
        else "**Accuracy** is how often its likeliest token is the hidden one"
    )
    note = (
        f"{words}, on text that it never read; {lower}. It is ahead of all counting from step **{found.ahead:,}** on. "
        "Rewind to see what it wrote before it knew anything: first frequent tokens, then pairs, then phrases."
    )
    return Shown(((curve(found),),), note)


def counting_only(found: Learned) -> Shown:
    """What counting achieves: what is seen before the guess."""
    from core.figures.curves import bars

    axis = "held-out perplexity" if found.name == GPT else "held-out accuracy"
    picture = bars(dict(found.baselines), ("what is counted", axis))
    return Shown(
        ((picture,),), "What can be achieved without a network, by counting tokens and pairs in the same texts."
    )


def how_good(found: Learned) -> Question:
    """How good is it in the end?"""
    count, end = found.record["baselines"], found.record["measures"][found.quantity]
    if found.name == GPT:
        words = (
            f"Counting pairs reaches a perplexity of {count['pairs']:.0f} (lower is better). What does the GPT reach?"
        )
        options, truth = Scale(5, 120, 5, "", 10), round(end)
    else:
        counted = f"Counting both neighbours finds {count['both neighbours']:.0%} of the hidden tokens."
        words = f"{counted} How many does BERT find?"
        options, truth = Scale(0, 100, 2, "%", 6), round(100 * end)
    known = "Pairs know one neighbour" if found.name == GPT else "Counting knows the two neighbours"
    because = f"{known}; attention reaches over all that was read, and a million weights are few."
    return Question(words, options, truth, because)


def goal(found: Learned) -> Goal:
    """Both records."""
    words = "Look at the record of **BERT** too, and guess there."
    return Goal(words, found.name == BERT, f"Now: {found.name}.")


def code(found: Learned) -> Program:
    """The shipped weights at work: how surprised they are."""
    reading = read(Small(found.name), TEXT)
    last = "result = {'likeliest': logits[-1].softmax(dim=0).topk(5).values.tolist()}"
    return program("The shipped weights", {"logits": reading}, last, {"likeliest": reading.best(5)[1]})


VIEW = View((MODEL,), measure, draw, before=counting_only, question=how_good, goal=goal, program=code)
