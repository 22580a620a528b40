"""Fewer channels: a network that is really smaller, before and after it has been trained again."""

import numpy as np

from core.deployment.clock import shortly
from core.deployment.controls import CNN, SHRUNK
from core.deployment.small_cnn import right
from core.figures.curves import line
from core.figures.marks import hover, upright
from core.figures.picture import BLUE, COLORS, DASHES, GREY, ORANGE, SYMBOLS, Picture, layout
from core.lessons import Goal, Question, Scale
from core.lessons.controls import folded, pick, scale, slider
from core.lessons.view import Later, Shown, View
from core.programs import Program, Step
from core.topics.quantization_pruning.candidates import LABELS, asked, files_of, functions_of, step_of
from core.topics.quantization_pruning.channels import (
    AT_ONCE,
    FRESH,
    IMPORTANCES,
    IN_ROUNDS,
    Narrowed,
    Tuned,
    measure,
    narrower,
    parameters,
    products,
    pruner_of,
    tuned,
    widths,
)
from core.topics.quantization_pruning.figures import accuracies, clocked, kilobytes

SHARE = slider("Share of channels removed", 0.0, 0.9, 0.5, 0.05)
IMPORTANCE = pick("Keep channels by", IMPORTANCES)
BATCH = scale("Batch size", (1, 64, 256), 256, help="How many samples one call answers when it is timed.")


def taken(share_of_channels_removed: float, keep_channels_by: str, batch_size: int, seed: int, **network) -> Narrowed:
    """Remove channels."""
    return measure(asked(network, seed), share_of_channels_removed, keep_channels_by, batch_size)


def before_and_after(found: Narrowed) -> Picture:
    """Channels of each layer."""
    units = found.subject.units
    names = [LABELS[name].replace(" ", "<br>") for name in found.channels]
    first, second = ([pair[place] for pair in found.channels.values()] for place in (0, 1))
    bars = [
        upright(
            names,
            first,
            GREY,
            name="before",
            text=first,
            textposition="auto",
            textangle=0,
            **hover("%{x}: %{y} outputs"),
        ),
        upright(
            names,
            second,
            ORANGE,
            name="after",
            text=second,
            textposition="auto",
            textangle=0,
            **hover("%{x}: %{y} outputs"),
        ),
    ]
    told = ", ".join(f"{LABELS[name]} {pair[0]} to {pair[1]}" for name, pair in found.channels.items())
    return Picture(bars, layout("", f"Output {units}", 280, barmode="group"), f"Output {units} by layer: {told}.")


def drawn(found: Narrowed) -> Shown:
    """The smaller network."""
    rows = [
        {"": "Weights and biases", "before": f"{found.parameters[0]:,}", "after": f"{found.parameters[1]:,}"},
        {"": "File", "before": kilobytes(found.sizes[0]), "after": kilobytes(found.sizes[1])},
        {"": "Multiplications per sample", "before": f"{found.products[0]:,}", "after": f"{found.products[1]:,}"},
    ]
    note = (
        f"{found.share:.0%} of each layer's {found.subject.units} are gone, kept by {found.importance}: "
        f"**{found.after.words}** right before any further training, whole {found.before.words}. The file shrinks to "
        f"**{found.sizes[1] / found.sizes[0]:.0%}** and the multiplications to "
        f"**{found.products[1] / found.products[0]:.0%}**: each takes its row of one layer's weights and "
        "its column of the next one's with it."
    )
    pictures = ((before_and_after(found),), (accuracies({"whole": found.before, "now": found.after}, 190),))
    return Shown(pictures, note, (rows,))


def before(found: Narrowed) -> Shown:
    """Channels by layer."""
    last = len(found.subject.model.output.weight)
    note = (
        f"{found.subject.opening}: {found.share:.0%} of each layer's {found.subject.units} will be removed; the output "
        f"layer keeps its {last}."
    )
    return Shown(((before_and_after(found),),), note)


def question(found: Narrowed) -> Question:
    """How small?"""
    text = f"{found.share:.0%} of the {found.subject.units} of every layer are removed. How much of the file is left?"
    because = (
        f"A weight between two layers stays only if the {found.subject.units} at both of its ends do: shares multiply. "
        "A very small file is mostly the names of its tensors."
    )
    return Question(text, Scale(0, 100, 5, "%", 5), round(100 * found.sizes[1] / found.sizes[0]), because)


SPARE = 10.0  # points


def goal(found: Narrowed) -> Goal:
    """A third of the file."""
    text = (
        f"**Half the multiplications**: of *the small CNN* remove channels until at most half of the multiplications "
        f"are left, and lose at most **{SPARE:g} points** before any further training. Is the norm a good guide? Seeds "
        "differ."
    )
    lost, left = 100 * (found.before.share - found.after.share), found.products[1] / found.products[0]
    passed = found.subject.kind == CNN and left <= 0.5 and lost <= SPARE
    now = f"Now: {found.subject.kind}, {left:.0%} of the multiplications, {lost:.1f} points lost."
    return Goal(text, passed, now)


def program(found: Narrowed) -> Program:
    """The same removal."""
    text = (
        f"narrower(model, x[:1], {found.share!r}, {found.importance!r}, {found.subject.seed})\n"
        "result = {'channels': list(widths(model).values()), 'parameters': parameters(model)}\n"
        "result['products'], result['accuracy'] = products(model, x[:1]), right(model, x_test, y_test) / len(y_test)"
    )
    shown = {"channels": [pair[1] for pair in found.channels.values()], "parameters": found.parameters[1],
             "products": found.products[1], "accuracy": found.after.share}  # fmt: skip
    functions = (*functions_of(found.subject), right, pruner_of, narrower, widths, parameters, products)
    return Program("Channels removed", (step_of(found.subject), Step("Remove channels", text)), functions, shown,
                   files=files_of(found.subject))  # fmt: skip


# Trained again --------------------------------------------------------------------------------------------------------


def against_epochs(found: Tuned) -> Picture:
    """Accuracy after every epoch, by way."""
    traces = []
    for place, (name, curve) in enumerate(found.curves.items()):
        steps = found.steps if name == IN_ROUNDS else range(len(curve))
        traces.append(line(np.array(steps, float), 100 * curve, name, COLORS[place], DASHES[place],
                           mode="lines+markers", marker={"symbol": SYMBOLS[place], "size": 8}))  # fmt: skip
    whole = 100 * found.before.share
    shape = {"type": "line", "x0": 0, "x1": 1, "xref": "paper", "y0": whole, "y1": whole,
             "line": {"color": BLUE, "width": 1, "dash": "dot"}}  # fmt: skip
    plan = layout("Epoch since the first removal", "Accuracy on held-out samples, %", 380, shapes=[shape])
    told = "; ".join(f"{name} {each.words}" for name, each in found.last.items())
    return Picture(traces, plan, f"Accuracy while the network is trained again; in the end {told}.")


def drawn_tuned(found: Tuned) -> Shown:
    """What training gives back, and what the clock says."""
    ends = ", ".join(f"{name} **{each.words}**" for name, each in found.last.items())
    old, new = found.latencies["before"], found.latencies["channels removed"]
    note = (
        f"{found.share:.0%} removed, then {len(found.curves[AT_ONCE]) - 1} epochs: {ends}. Whole: "
        f"{found.before.words} (dotted). Intervals that overlap cannot be told apart. A batch of {found.batch} takes "
        f"**{shortly(new.median)} ms** instead of {shortly(old.median)} ms."
    )
    if FRESH not in found.last:
        note += " Only the small CNN is also trained small from the start: only its first training is as short as this."
    return Shown(((against_epochs(found),), (clocked(found.latencies, found.batch, 210),)), note)


BACK = ("within 2 points of the whole", "2 to 5 points below", "more than 5 points below")


def asked_tuned(found: Tuned) -> Question:
    """How much comes back?"""
    lost = 100 * (found.before.share - found.last[AT_ONCE].share)
    answer = BACK[0] if lost <= 2 else BACK[1] if lost <= 5 else BACK[2]
    text = (
        f"{found.share:.0%} are removed at once, and the network is trained for "
        f"{len(found.curves[AT_ONCE]) - 1} more epochs. How far does it come back?"
    )
    because = (
        "The weights that are left adapt to what is missing; how far is limited by what so small a network can learn"
        f"{', which the one trained small from the start shows' if FRESH in found.last else ''}."
    )
    return Question(text, BACK, answer, because)


def goal_tuned(found: Tuned | None) -> Goal:
    """Small and nearly as good."""
    text = (
        "**A third of the time**: after fine-tuning, have a network that needs at most a third of the time of the "
        "whole one and is at most **2 points** below it."
    )
    if found is None:
        return Goal(text, False, "Now: nothing trained again yet.")
    best = max(found.last[name].share for name in (AT_ONCE, IN_ROUNDS))
    lost = 100 * (found.before.share - best)
    ratio = found.latencies["channels removed"].median / found.latencies["before"].median
    return Goal(text, ratio <= 1 / 3 and lost <= 2, f"Now: {ratio:.0%} of the time, {lost:.1f} points lost.")


LATER = Later(
    "Train it again: at once and in rounds",
    tuned,
    lambda found: (found.subject.key, found.share, found.importance, found.batch),
    drawn_tuned,
    asked_tuned,
    goal_tuned,
)
CHANNELS_VIEW = View(
    (*SHRUNK, SHARE, IMPORTANCE, folded(BATCH)), taken, drawn, (), before, question, goal, program, LATER
)
