"""How many steps, and seconds, each batch size takes to a target loss."""

import numpy as np

from core.figures.curves import bands, line, log_ticks, number
from core.figures.marks import note, vertical
from core.figures.picture import GREY, INK, Picture
from core.lessons import Goal, Question, Scale
from core.lessons.controls import scale, toggle
from core.lessons.view import Shown, View
from core.topics.batch_size.problems import EASY_PROBLEM
from core.topics.batch_size.settings import axis_of_sizes
from core.topics.batch_size.steps import RATES, SEEDS, SIZES, TORCH, Sweep, sweep

KNOWN, GOAL_SIZE = 5, 35  # how many sizes are shown before the answer; the critical batch size to be found
HALVED = 65  # percent of the steps: nearer to half of them than to all
TARGET = scale("Target loss", (0.4, 0.3, 0.2, 0.1), 0.2)
OWN_BEST = toggle("Own best rate", True, help="Each batch size takes the learning rate that did best on other seeds.")
RATE = scale("Learning rate", RATES, 0.2, when=lambda values: not values["own_best_rate"])


def steps_curve(swept: Sweep, first: int = len(SIZES)) -> Picture:
    """Steps to the target by batch size, of the first so many sizes, with the law that was fitted."""
    places = swept.reached[swept.reached < first]
    sizes, logs = np.array(SIZES, dtype=float)[places], np.log10(swept.steps[:, places].clip(0.1))
    picture = bands(sizes, {"measured": logs}, ("Batch size", ""), 380)
    halving = np.log10(swept.steps[:, places[0]].mean() * sizes[0] / np.array(SIZES[:first], dtype=float))
    picture.traces.append(line(np.array(SIZES[:first], dtype=float), halving, "half for twice the batch", GREY, "dot"))
    words = ", ".join(f"{number(swept.steps[:, place].mean())} at {SIZES[place]}" for place in places)
    alt = f"Steps to a loss of {swept.target:g}, mean of {SEEDS} seeds: {words}."
    if first == len(SIZES) and swept.law:
        fewest, critical = swept.law
        every = np.geomspace(SIZES[0], SIZES[-1], 60)
        picture.traces.append(line(every, np.log10(fewest * (1 + critical / every)), "fitted law", INK, "dash"))
        if critical <= SIZES[-1]:
            picture.layout["shapes"] = [vertical(critical, INK, 1.5, "dot")]
            picture.layout["annotations"] = [note(np.log10(critical), 0.02, f" B = {number(critical)}", yref="paper",
                                                  xanchor="left", yanchor="bottom")]  # fmt: skip
        alt += f" The fitted law has its corner at a batch of {number(critical)}."
    picture.layout["xaxis"] |= axis_of_sizes(SIZES)
    picture.layout["yaxis"] |= log_ticks("Steps to the target", logs, halving)
    return picture.described(alt)


def seconds_curve(swept: Sweep) -> Picture:
    """Seconds to the target by batch size, for both trainers."""
    rows = {name: np.log10(swept.seconds(name).clip(1e-7)) for name in swept.seconds_per_step}
    picture = bands(swept.sizes, rows, ("Batch size", ""), 360)
    picture.layout["xaxis"] |= axis_of_sizes(SIZES)
    picture.layout["yaxis"] |= log_ticks("Seconds to the target", *rows.values())
    words = "; ".join(f"{name} is quickest with {quickest(swept, name)}" for name in rows)
    return picture.described(f"Seconds to a loss of {swept.target:g} on this machine by batch size: {words}.")


def quickest(swept: Sweep, trainer: str) -> int:
    """The batch size that is at the target first, in seconds."""
    return int(swept.sizes[swept.seconds(trainer).mean(axis=0).argmin()])


def shown(swept: Sweep) -> Shown:
    """Steps, seconds, and each size's rate."""
    if not len(swept.reached):
        return Shown((), missed(swept), (rows_of(swept),))
    fitted = ""
    if swept.law:
        fewest, critical = swept.law
        fitted = (
            f" $S(B) = S_{{min}}\\,(1 + B_{{crit}}/B)$ fits with $S_{{min}}$ = {number(fewest)} steps and a **critical "
            f"batch size of {number(critical)}**: there, twice the fewest steps and twice the fewest samples."
        )
    best = ", ".join(f"{name} with **{quickest(swept, name)}**" for name in swept.seconds_per_step)
    text = (
        f"Steps until the training loss is {swept.target:g}, {SEEDS} seeds.{fitted} Quickest on this machine: {best}. "
        f"PyTorch spends {1e6 * swept.seconds_per_step[TORCH][0]:.0f} µs on a step of one sample and "
        f"{1e6 * swept.seconds_per_step[TORCH][-1]:.0f} µs on one of {SIZES[-1]}.{missed(swept)}"
    )
    return Shown(((steps_curve(swept),), (seconds_curve(swept),)), text, (rows_of(swept),))


def missed(swept: Sweep) -> str:
    """Which sizes are not drawn, in words."""
    left_out = [str(size) for place, size in enumerate(SIZES) if place not in swept.reached]
    return f" Not drawn, because a seed did not reach the target: {', '.join(left_out)}." if left_out else ""


def rows_of(swept: Sweep) -> list[dict]:
    """One row per batch size."""
    means = swept.steps.mean(axis=0)
    return [
        {"Batch size": str(size), "Learning rate": f"{rate:g}",
         "Steps": number(steps) if np.isfinite(steps) else "not reached",
         "Samples": f"{steps * size:,.0f}" if np.isfinite(steps) else "",
         **{f"Time, {name}": f"{1000 * steps * each[place]:.2g} ms" if np.isfinite(steps) else ""
            for name, each in swept.seconds_per_step.items()}}
        for place, (size, rate, steps) in enumerate(zip(SIZES, swept.rates, means, strict=True))
    ]  # fmt: skip


def before(swept: Sweep) -> Shown:
    """The small batches alone."""
    text = (
        f"Steps until the training loss is {swept.target:g}, with batches of up to {SIZES[KNOWN - 1]} samples. Dotted: "
        "half the steps for twice the batch."
    )
    if not (swept.reached < KNOWN).any():
        return Shown((), text)
    return Shown(((steps_curve(swept, KNOWN),),), text)


def asked(swept: Sweep) -> Question:
    """What does doubling a large batch save?"""
    pairs = [place for place in swept.reached if place and place - 1 in swept.reached]
    if not pairs:
        text = f"How many of the {len(SIZES)} batch sizes reach the target with every seed?"
        because = "A target can be too low for this problem and rate, or for the epochs that are given."
        return Question(text, Scale(0, len(SIZES), 1, "sizes", 0), len(swept.reached), because)
    place = pairs[-1]
    truth = swept.left(place)
    text = (
        f"A batch grows from {SIZES[place - 1]} to {SIZES[place]} samples, each at its learning rate. Which percentage "
        "of the steps is left?"
    )
    because = "Beyond the critical batch size the gradient is quiet already: what limits a step is the curvature."
    if truth <= HALVED:
        because = "The smaller batch's gradient is still noisy: twice the samples are worth nearly twice the steps."
    return Question(text, Scale(30, 130, 1, "%", 12), round(truth, 1), because)


def pays(swept: Sweep) -> Goal:
    """A problem for large batches."""
    text = (
        f"**Work for {GOAL_SIZE} at once**: find a problem and a target with a critical batch size of {GOAL_SIZE} or "
        "more, each size at its own best rate."
    )
    critical = swept.law[1] if swept.law else 0.0
    now = f"Now: {number(critical)}." if swept.law else "Now: no law to be fitted."
    return Goal(text, critical >= GOAL_SIZE, now)


STEPS = View(
    (EASY_PROBLEM, TARGET, OWN_BEST, RATE),
    sweep,
    shown,
    before=before,
    question=asked,
    goal=pays,
    program=lambda swept: swept.runs[KNOWN],
)
