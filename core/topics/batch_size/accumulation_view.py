"""A large batch in parts, and where that is not the same."""

import numpy as np

from core.figures.curves import line, number
from core.figures.marks import hover, marker, note, upright
from core.figures.picture import BLUE, COLORS, INK, Picture, layout
from core.lessons import Goal, Question, Scale
from core.lessons.controls import scale
from core.lessons.view import Shown, View
from core.topics.batch_size.accumulation import BATCH, MEANS, NORMED, SIZES, WEIGHTED, Parts, parts
from core.topics.batch_size.problems import EASY_PROBLEM
from core.topics.batch_size.programs import program_of_parts

SIZE = scale("Part size", SIZES, 16, help=f"Samples that pass through the network at a time, of {BATCH}.")
MISSED = 0.02  # how far the gradient is to be off


def distances(accumulated: Parts) -> Picture:
    """How far each way's gradient is from the whole batch's, on a scale of powers of ten."""
    heights = np.array([max(value, 1e-8) for value in accumulated.apart.values()])
    names = [name.replace(" ", "<br>") for name in accumulated.apart]
    text = [number(value) for value in accumulated.apart.values()]
    bar = upright(names, np.log10(heights) + 8.2, COLORS[: len(names)], text=text, textposition="outside",
                  cliponaxis=False, **hover("%{x}: %{text}"))  # fmt: skip
    ticks = {"tickvals": [place + 0.2 for place in range(0, 11, 2)],
             "ticktext": [f"10<sup>{place - 8}</sup>" for place in range(0, 11, 2)], "range": [0, 10.5]}  # fmt: skip
    plan = layout("", "Distance from the whole batch's", 360, yaxis=ticks, xaxis={"type": "category"})
    alt = "Distance from the whole batch's gradient, in lengths of it: " + ", ".join(
        f"{name} {value}" for name, value in zip(accumulated.apart, text, strict=True)
    )
    return Picture([bar], plan, alt + ".")


def memory(accumulated: Parts) -> Picture:
    """Bytes kept for the way back by size of a part."""
    sizes, kept = np.array(list(accumulated.saved), dtype=float), np.array(list(accumulated.saved.values())) / 1024
    curve = line(sizes, kept, "kept for the way back", BLUE, mode="lines+markers", marker=marker(BLUE, 8, "diamond"))
    here = accumulated.saved[accumulated.size] / 1024
    words = note(
        accumulated.size, here, f"here: {number(here)} kB", xanchor="left", yanchor="top", xshift=8, font={"color": INK}
    )
    plan = layout("Samples at a time", "kB kept for the way back", 360, annotations=[words])
    alt = f"Autograd keeps {number(kept[0])} kB for {SIZES[0]} samples and {number(kept[-1])} kB for {BATCH}."
    return Picture([curve], plan, alt)


def shown(accumulated: Parts) -> Shown:
    """Distances and memory."""
    apart, share = accumulated.apart, accumulated.saved[accumulated.size] / accumulated.saved[BATCH]
    counts = " + ".join(map(str, accumulated.counts)) if len(accumulated.counts) <= 4 else (
        f"{len(accumulated.counts)} × {accumulated.size}")  # fmt: skip
    text = (
        f"{BATCH} samples as {counts}, one step after the last. Weighted by samples, the gradient is that of the whole "
        f"batch to rounding (**{apart[WEIGHTED]:.0e}** of its length), and autograd keeps **{share:.0%}** as much at a "
        f"time. Without dividing, it is {len(accumulated.counts)} times as long. Batch norm sees each part alone: "
        f"**{apart[NORMED]:.0%}** off."
    )
    return Shown(((distances(accumulated), memory(accumulated)),), text)


def before(accumulated: Parts) -> Shown:
    """The memory that is saved."""
    text = (
        f"A batch of {BATCH} does not fit? Let {accumulated.size} samples at a time through the network, add up their "
        "gradients, and step once. Between the parts, all that the way back needed is given up."
    )
    return Shown(((memory(accumulated),),), text)


def asked(accumulated: Parts) -> Question:
    """What does batch norm make of it?"""
    text = (
        f"Parts of {accumulated.size}, weighted rightly, in a network *with batch norm*: how far is the accumulated "
        "gradient from the whole batch's, in percent of its length?"
    )
    because = "Batch norm takes mean and deviation over the samples that it sees together, and those are fewer now."
    return Question(text, Scale(0, 150, 1, "%"), round(100 * accumulated.apart[NORMED], 1), because)


def unequal(accumulated: Parts) -> Goal:
    """A mean of means that is no mean."""
    off = accumulated.apart[MEANS]
    text = (
        f"**A mean of means**: find a part size for which dividing by the *number of parts* misses the gradient by "
        f"{MISSED:.0%} or more, though no batch norm is there."
    )
    return Goal(text, off >= MISSED, f"Now: {off:.0e} of its length." if off < 1e-3 else f"Now: {off:.1%}.")


ACCUMULATION = View(
    (EASY_PROBLEM, SIZE),
    parts,
    shown,
    before=before,
    question=asked,
    goal=unequal,
    program=program_of_parts,
)
