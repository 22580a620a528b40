"""Which learning rate a larger batch needs, and how far that carries."""

from collections.abc import Sequence

import numpy as np

from core.figures.curves import bands, line, log_ticks, number
from core.figures.marks import hover, marker, trace
from core.figures.picture import BLUE, ORANGE, Picture, layout
from core.lessons import Goal, Question
from core.lessons.controls import scale
from core.lessons.view import Shown, View
from core.topics.batch_size.problems import EASY_PROBLEM
from core.topics.batch_size.rules import BASE, FIXED, LINEAR, NEAR, RULES, SEEDS, SIZES, Scaled, scaled
from core.topics.batch_size.settings import axis_of_sizes
from core.training import Run

RATE = scale("Base rate", (0.02, 0.05, 0.1, 0.2), 0.1, help=f"The learning rate at a batch of {BASE}.")
EPOCHS = scale("Epochs", (10, 20, 40), 20, help="Of every training: all look at equally many samples.")
SIZE = scale("Larger batch", SIZES[1:], 32)
GOAL_SIZE = 256


def ends(scaled: Scaled, rules: Sequence[str] = tuple(RULES)) -> Picture:
    """The loss at the end by batch size, for some rules."""
    curves = {rule: scaled.logs[rule] for rule in rules}
    picture = bands(SIZES, curves, ("Batch size", ""), 380, showlegend=True)
    picture.layout["xaxis"] |= axis_of_sizes(SIZES)
    picture.layout["yaxis"] |= log_ticks(f"Training loss after {scaled.epochs} epochs", *curves.values())
    return picture.described(
        f"Training loss after {scaled.epochs} epochs at a batch of {SIZES[-1]}, as a multiple of that at {BASE}: "
        + ", ".join(f"{rule} {number(scaled.ratio(rule, len(SIZES) - 1))}" for rule in rules)
        + f"; bands over {SEEDS} seeds."
    )


def courses(scaled: Scaled, size: int) -> Picture:
    """The training loss over the epochs at one size by every rule, beside the base batch's."""
    place = SIZES.index(size)
    cases = {f"{BASE} at the base rate": scaled.runs[FIXED][0]}
    cases |= {f"{size}, {rule}": rows[place] for rule, rows in scaled.runs.items()}
    curves = {name: np.log10([course(run, scaled.epochs) for run in runs]) for name, runs in cases.items()}
    picture = bands(np.arange(scaled.epochs + 1), curves, ("Epoch", ""), 360)
    picture.layout["yaxis"] |= log_ticks("Training loss", *curves.values())
    last = ", ".join(f"{name} {number(10 ** rows[:, -1].mean())}" for name, rows in curves.items())
    return picture.described(
        f"Training loss over {scaled.epochs} epochs; at the end: {last}; bands over {SEEDS} seeds."
    )


def course(run: Run, epochs: int) -> np.ndarray:
    """Training losses after every epoch, (epochs + 1,); what broke stays at 10."""
    losses = np.nan_to_num(run.curve("train_loss")[1], nan=10.0, posinf=10.0).clip(1e-6, 10.0)
    return np.concatenate([losses, np.full(epochs + 1 - len(losses), 10.0)])


def stable(scaled: Scaled) -> Picture:
    """The curvature where the linear rule ended, beside the most that its rate can bear."""
    bounds = np.array([2 / scaled.rate_of(LINEAR, place) for place in range(len(SIZES))])
    sizes = np.array(SIZES, dtype=float)
    traces = [
        trace("lines+markers", sizes, scaled.curvatures, name="λmax at the end", line={"color": ORANGE, "width": 2.5},
              marker=marker(ORANGE, 8, "circle"), **hover("%{y:.3g}", "λmax")),
        line(sizes, bounds, "2/η of the linear rule", BLUE, "dash"),
    ]  # fmt: skip
    plan = layout("Batch size", "Curvature", 360, xaxis=axis_of_sizes(SIZES), yaxis={"type": "log", "dtick": 1})
    alt = (
        f"Largest curvature where the linear rule's first training ended: {number(scaled.curvatures[0])} at a batch of "
        f"{BASE}, {number(scaled.curvatures[-1])} at {SIZES[-1]}; its rate bears {number(bounds[0])} and "
        f"{number(bounds[-1])}."
    )
    return Picture(traces, plan, alt)


def shown(scaled: Scaled, larger_batch: int) -> Shown:
    """All rules at all sizes."""
    place = SIZES.index(larger_batch)
    ratios = ", ".join(f"{rule} **{number(scaled.ratio(rule, place))}**" for rule in RULES)
    shares = [scaled.curvatures[at] * scaled.rate_of(LINEAR, at) / 2 for at in range(len(SIZES))]
    crossed = next((SIZES[at] for at, share in enumerate(shares) if share > 0.5), None)
    bound = (
        f"from a batch of {crossed} on, $\\eta\\,\\lambda_{{max}}$ is more than half of the 2 that a step can bear"
        if crossed
        else "its rate stays below half of what the curvature bears"
    )
    text = (
        f"After {scaled.epochs} epochs a batch of {larger_batch} ends with this multiple of the loss of a batch of "
        f"{BASE}: {ratios}. The linear rule holds up to **{scaled.largest(LINEAR)}** (within {NEAR - 1:.0%}, or inside "
        f"seed noise); {bound}."
    )
    return Shown(((ends(scaled),), (courses(scaled, larger_batch), stable(scaled))), text, (rows_of(scaled),))


def rows_of(scaled: Scaled) -> list[dict]:
    """One row per size: each rule's multiple of the base batch's loss."""
    return [
        {"Batch size": str(size), "Rate, linear": f"{scaled.rate_of(LINEAR, place):g}",
         **{f"Times the loss, {rule}": number(scaled.ratio(rule, place)) for rule in RULES}}
        for place, size in enumerate(SIZES)
    ]  # fmt: skip


def before(scaled: Scaled, larger_batch: int) -> Shown:
    """The rate left as it is."""
    text = (
        f"With the learning rate left at {scaled.rate:g} and equally many epochs, a larger batch makes fewer steps and "
        f"gets less far. The *linear* rule multiplies the rate by what the batch was multiplied with, from {BASE} on."
    )
    return Shown(((ends(scaled, (FIXED,)),),), text)


def asked(scaled: Scaled, larger_batch: int) -> Question:
    """How far does the linear rule carry?"""
    text = (
        f"Up to which batch size does the linear rule end with the loss of a batch of {BASE}, within {NEAR - 1:.0%} or "
        "inside seed noise?"
    )
    because = "A step of many small ones in one is the same only while the slope stays the same along it."
    return Question(text, [str(size) for size in SIZES], str(scaled.largest(LINEAR)), because)


def carried(scaled: Scaled, larger_batch: int) -> Goal:
    """Let the linear rule hold further."""
    largest = scaled.largest(LINEAR)
    text = (
        f"**A batch of {GOAL_SIZE} as good as {BASE}**: find a problem and a base rate with which the linear rule "
        f"holds up to {GOAL_SIZE} or more."
    )
    return Goal(text, largest >= GOAL_SIZE, f"Now: up to {largest}.")


SCALING = View(
    (EASY_PROBLEM, RATE, EPOCHS),
    scaled,
    shown,
    look=(SIZE,),
    before=before,
    question=asked,
    goal=carried,
    program=lambda scaled, larger_batch: scaled.runs[LINEAR][SIZES.index(larger_batch)][0],
)
