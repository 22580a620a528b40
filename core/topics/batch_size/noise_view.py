"""What the gradients of random batches are, beside the gradient of all samples."""

import numpy as np

from core.figures.curves import bands, line, number
from core.figures.marks import hover, marker, note, stroke, trace, vertical
from core.figures.picture import BLUE, GREY, INK, ORANGE, PAPER, Picture, layout
from core.lessons import Goal, Question, Scale
from core.lessons.controls import scale, slider, toggle
from core.lessons.view import Shown, View
from core.topics.batch_size.noise import DRAWS, LARGE, SIZES, SMALL, Noise, noise
from core.topics.batch_size.problems import PROBLEM
from core.topics.batch_size.programs import program_of_noise
from core.topics.batch_size.settings import axis_of_sizes
from core.wording import counted

TRAINED = scale("Epochs trained", (0, 1, 2, 5, 10, 20, 50, 100), 1)
FLIPPED = slider("Flipped labels", 0.0, 0.4, 0.0, 0.1, help="Which share of the labels is wrong.")
AGAIN = toggle("With replacement", help="A batch may hold a sample twice, as theory has it; epochs do without.")
DRAWN = scale("Batch size", SIZES, SMALL)
ASKED, GOAL_SIZE, GOAL_COSINE = 8, 64, 0.5


def cloud(measured: Noise, size: int) -> Picture:
    """The gradients of batches of one size: how far each points along the full gradient, and how far across."""
    unit = measured.full / (measured.length + 1e-30)
    apart = measured.gradients - np.outer(measured.gradients @ unit, unit)
    across = np.linalg.svd(apart - apart.mean(axis=0), full_matrices=False)[2][0]
    rows = measured.batches[size] / (measured.length + 1e-30)
    x, y = rows @ unit, rows @ across
    against = float((x < 0).mean())
    traces = [
        trace("markers", x, y, name=f"batches of {size}", marker=marker(ORANGE, 6, "circle", rim=PAPER, width=0.5),
              **hover("%{x:.2f} along, %{y:.2f} across", f"a batch of {size}")),
        trace("lines+markers", [0, 1], [0, 0], name="full gradient", line=stroke(BLUE, 4),
              marker=marker(BLUE, [1, 15], ["circle", "diamond"]), **hover("%{x:.0f} along", "full gradient")),
    ]  # fmt: skip
    alt = (
        f"{DRAWS} gradients of batches of {size}, in lengths of the full gradient: from {number(x.min())} to "
        f"{number(x.max())} along it; {against:.0%} point against it."
    )
    plan = layout("Along the full gradient", "Across it", 380, shapes=[vertical(0, GREY, 1)])
    return Picture(traces, plan, alt)


def spread(measured: Noise) -> Picture:
    """The distance of a batch's gradient from the full one by batch size: measured, and by the formula."""
    expected = np.array([measured.expected(size) for size in SIZES])
    found = np.array([measured.measured(size) for size in SIZES])
    sizes = np.array(SIZES, dtype=float)
    shapes, words = [], []
    if SIZES[0] <= measured.scale <= SIZES[-1]:
        shapes.append(vertical(measured.scale, INK, 1.5, "dot"))
        place = {"yref": "paper", "yanchor": "bottom", "xanchor": "left" if measured.scale < 8 else "right"}
        words = [note(np.log10(measured.scale), 0, f" {number(measured.scale)} ", **place)]
    traces = [
        line(sizes, expected, "by the formula", GREY, "solid"),
        line(sizes, np.full(len(sizes), measured.length), "length of the full gradient", BLUE, "dash"),
        trace("markers", sizes, found, name="measured", marker=marker(ORANGE, 9, "diamond"),
              **hover("%{y:.3g}", "measured")),
    ]  # fmt: skip
    alt = (
        f"Distance of a batch's gradient from the full one: {number(found[0])} at batch size 1, {number(found[-1])} at "
        f"{SIZES[-1]}; by the formula {number(expected[0])} and {number(expected[-1])}. The full gradient is "
        f"{number(measured.length)} long."
    )
    axes = {"xaxis": axis_of_sizes(SIZES), "yaxis": {"type": "log", "dtick": 1}}
    plan = layout("Batch size", "Distance from the full gradient", 370, **axes, shapes=shapes, annotations=words)
    return Picture(traces, plan, alt)


def direction(measured: Noise) -> Picture:
    """The cosine between a batch's gradient and the full one, by batch size."""
    rows = np.stack([measured.cosines(size) for size in SIZES], axis=1)
    picture = bands(SIZES, {"cosine": rows}, ("Batch size", "Cosine with the full gradient"), 370, showlegend=False)
    picture.layout["xaxis"] |= axis_of_sizes(SIZES)
    picture.layout["yaxis"] |= {"range": [-1, 1.05]}
    return picture.described(
        f"Cosine between a batch's gradient and the full one: {number(rows[:, 0].mean())} at batch size 1, "
        f"{number(rows[:, -1].mean())} at {SIZES[-1]}, on average over {DRAWS} batches."
    )


def shown(measured: Noise, batch_size: int) -> Shown:
    """Where batches point, and how their spread shrinks."""
    against = float((measured.cosines(batch_size) < 0).mean())
    text = (
        f"Mean cosine with the full gradient at batch size {batch_size}: "
        f"**{measured.cosines(batch_size).mean():.2f}**; {against:.0%} of the batches point against it. "
        f"Four times the batch, half the noise. Noise and full gradient are equally long at the **noise scale** "
        f"$\\mathrm{{tr}}\\,\\Sigma / |G|^2$ = **{number(measured.scale)}**. The mean over an epoch's batches is the "
        "full gradient."
    )
    return Shown(
        ((cloud(measured, batch_size),), (spread(measured), direction(measured))), text, (estimates(measured),)
    )


def estimates(measured: Noise) -> list[dict]:
    """The noise scale as a training can measure it, from two batch sizes, beside the exact one."""
    rows = [(f"{counted(pairs, 'pair')} of batches", measured.estimate(pairs)) for pairs in (1, 20, DRAWS)]
    return [
        {"Noise scale from": f"{name}, of {SMALL} and {LARGE}", "Value": positive(value)} for name, value in rows
    ] + [{"Noise scale from": "the gradients of all samples", "Value": number(measured.scale)}]


def positive(value: float) -> str:
    """An estimate of what cannot be negative."""
    return number(value) if value > 0 else "no answer: below 0"


def before(measured: Noise, batch_size: int) -> Shown:
    """The gradients of single samples."""
    text = (
        f"Every dot is the gradient of **one** sample, at the network's weights after "
        f"{counted(measured.run.last.number, 'epoch')}; the line is the gradient of all samples."
    )
    return Shown(((cloud(measured, 1),),), text)


def asked(measured: Noise, batch_size: int) -> Question:
    """How well does a batch of eight point?"""
    text = (
        f"1 is the same direction, 0 a right angle. What is the mean cosine between the gradient of a batch of {ASKED} "
        "and that of all samples?"
    )
    because = f"The mean of {ASKED} gradients is {ASKED**0.5:.1f} times as near to the full one as a single gradient."
    return Question(text, Scale(-0.2, 1.0, 0.01, close=0.08), round(float(measured.cosines(ASKED).mean()), 2), because)


def drowned(measured: Noise, batch_size: int) -> Goal:
    """Find weights where even a fair batch is mostly noise."""
    cosine = float(measured.cosines(GOAL_SIZE).mean())
    text = (
        f"**Mostly noise**: find weights at which even batches of {GOAL_SIZE} have a mean cosine of {GOAL_COSINE:g} or "
        "less with the full gradient. Does training make the gradient louder or fainter?"
    )
    return Goal(text, cosine <= GOAL_COSINE, f"Now: {cosine:.2f}, at a noise scale of {number(measured.scale)}.")


NOISE = View(
    (PROBLEM, TRAINED, FLIPPED, AGAIN),
    noise,
    shown,
    look=(DRAWN,),
    before=before,
    question=asked,
    goal=drowned,
    program=lambda measured, batch_size: program_of_noise(measured, batch_size),
)
