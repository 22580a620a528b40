"""The three ways on the page: the logits of one digit, and how far apart those of all digits are."""

from collections.abc import Callable

import numpy as np

from core.figures.curves import number
from core.figures.marks import horizontal, hover, marker, scientific, stroke, trace
from core.figures.picture import COLORS, DASHES, INK, SYMBOLS, Picture, layout
from core.lessons import Goal, Question
from core.lessons.controls import pick, scale, slider
from core.lessons.view import Shown, View
from core.programs.sources import source_of
from core.topics.keras.networks import ALIGNED, Network, by_hand, carried, keras_network
from core.topics.keras.programs import program_of_hand, program_of_three
from core.topics.keras.ways import (
    CARRIES,
    CLOSE,
    FORMULAS,
    KERAS,
    MODULE,
    RAW,
    WHOLE,
    Ways,
    hand_and_module,
    three,
)
from core.wording import code

FLOOR = 1e-8
BOUNDS = ("below 0.00002", "0.00002 to 0.1", "more than 0.1")
UNITS = scale("Hidden units", (16, 32, 64, 128), 32)
EPOCHS = scale("Epochs", (1, 3, 10), 3)
DIGIT = slider("Held-out digit", 1, 200, 1)


def measure_hand(hidden_units: int, epochs: int, batch_norm: str, seed: int) -> Ways:
    """Raw tensors and the module."""
    return hand_and_module(hidden_units, epochs, batch_norm, seed)


def measure_three(hidden_units: int, epochs: int, carried_over: str, seed: int) -> Ways:
    """All three."""
    return three(hidden_units, epochs, carried_over, seed)


def logits_picture(found: Ways, place: int) -> Picture:
    """The ten logits of one digit, one symbol for each way."""
    names, traces, classes = list(found.logits), [], np.arange(10.0)
    for row, name in enumerate(names):
        shift = 0.22 * (row - (len(names) - 1) / 2)
        style = marker(COLORS[row], 11, SYMBOLS[row])
        said = hover("class %{x:.0f}: %{y:.4f}", name)
        traces.append(trace("markers", classes + shift, found.logits[name][place], name=name, marker=style, **said))
    answers = ", ".join(f"{name} says {found.logits[name][place].argmax()}" for name in names)
    gap = max(float(found.apart(name)[place]) for name in names)
    alt = f"Logits of a held-out {found.y[place]}: {answers}; at most {number(gap)} apart."
    plan = layout("Class", "Logit", 360, xaxis={"tickvals": list(range(10))})
    return Picture(traces, plan, alt)


def gaps_picture(found: Ways) -> Picture:
    """The largest difference from the module, digit by digit, from the smallest up."""
    traces, words = [], []
    for row, name in enumerate(found.logits):
        if name == MODULE:
            continue
        gaps = np.sort(found.apart(name))
        line = stroke(COLORS[row], 2.5, DASHES[row])
        shown = np.maximum(gaps, FLOOR)
        traces.append(
            trace("lines", np.arange(1.0, len(gaps) + 1), shown, name=name, line=line, **hover("%{y:.2g}", name))
        )
        words.append(f"{name} from {number(float(gaps[0]))} to {number(float(gaps[-1]))}")
    bound = horizontal(CLOSE, INK, 1.5, "dot")
    ticks = {"type": "log", "range": [-8.2, 1.6], "tickvals": [10.0**k for k in range(-8, 2, 2)],
             "ticktext": [scientific(1, k) for k in range(-8, 2, 2)]}  # fmt: skip
    plan = layout("Held-out digits, sorted", "Largest difference of a logit", 360, yaxis=ticks, shapes=[bound])
    return Picture(traces, plan, f"Differences from nn.Module, digit by digit: {'; '.join(words)}.")


def ways_view(found: Ways, held_out_digit: int) -> Shown:
    """Logits, differences, and what to make of them."""
    pictures = (logits_picture(found, held_out_digit - 1), gaps_picture(found))
    last, gap = found.last, float(found.apart(found.last).max())
    note = (
        f"**{last.capitalize()}** and nn.Module differ by at most **{number(gap)}** (dotted: 0.00001) and give "
        f"**{found.agreement(last):.0%}** of 200 held-out digits the same class. Right: nn.Module "
        f"{found.score(MODULE):.0%}, {last} {found.score(last):.0%}."
    )
    if found.said:
        note += f"\n\nKeras refused the weights: *{' '.join(found.said.split())[:220]}*"
    return Shown((pictures,), note, (aligned(KERAS in found.logits or bool(found.said)),))


def code_view(found: Ways, held_out_digit: int) -> Shown:
    """The three texts, with the logits of the module before the question is answered."""
    functions: dict[str, tuple[Callable, ...]] = {RAW: (by_hand,), MODULE: (Network,)}
    if found.changed in CARRIES:
        functions |= {KERAS: (keras_network, carried)}
    texts = {name: "\n\n\n".join(map(source_of, each)) for name, each in functions.items()}
    words = "\n\n".join(f"**{name}**\n\n```python\n{text}\n```" for name, text in texts.items())
    only = Ways(found.units, found.epochs, found.seed, found.changed, {MODULE: found.logits[MODULE]}, found.y, 0.0)
    return Shown(((logits_picture(only, held_out_digit - 1),),), words)


def aligned(with_keras: bool) -> list[dict]:
    """The same thing in each way, line by line."""
    return [
        {"What": what, RAW: code(raw) or "–", MODULE: code(module), **({KERAS: code(keras)} if with_keras else {})}
        for what, raw, module, keras in ALIGNED
    ]


def words_of(gap: float) -> str:
    """A difference as one of the options."""
    return BOUNDS[0] if gap < 2 * CLOSE else BOUNDS[1] if gap <= 0.1 else BOUNDS[2]


def hand_asked(found: Ways, held_out_digit: int) -> Question:
    """How far apart are they?"""
    text = f"The raw tensors have the module's weights; batch norm: {found.changed}. How far apart are the logits?"
    because = (
        "The module computes this formula and no other, so that only the last digits of float32 differ."
        if found.changed == WHOLE
        else "In evaluation, batch norm uses the statistics that were kept in training, and an epsilon of 0.00001."
    )
    return Question(text, BOUNDS, words_of(float(found.apart(RAW).max())), because)


def unnoticed(found: Ways, held_out_digit: int) -> Goal:
    """A wrong formula that accuracy does not show."""
    gap, same = float(found.apart(RAW).max()), found.agreement(RAW)
    text = (
        "**Wrong and hardly noticed**: find raw tensors whose logits are wrong by more than 0.1 and that still give at "
        "least 95% of the digits the module's class."
    )
    return Goal(text, gap > 0.1 and same >= 0.95, f"Now: {number(gap)} apart, {same:.0%} the same class.")


def three_asked(found: Ways, held_out_digit: int) -> Question:
    """What becomes of the weights?"""
    text = f"The weights go to Keras: {found.changed}. How far apart are its logits and the module's?"
    truth = "Keras refuses them" if found.said else words_of(float(found.apart(KERAS).max()))
    because = (
        "Keras keeps a layer's weights as inputs × outputs, PyTorch as outputs × inputs; batch norm has four tensors "
        "and an epsilon, and each of them counts."
    )
    return Question(text, (*BOUNDS, "Keras refuses them"), truth, because)


def silent(found: Ways, held_out_digit: int) -> Goal:
    """A wrong carrying-over without an error."""
    gap = float(found.apart(KERAS).max()) if KERAS in found.logits else 0.0
    text = (
        "**Silently wrong**: carry the weights over *not transposed* and find a number of hidden units for which Keras "
        "says nothing."
    )
    passed = found.changed == "not transposed" and gap > 1
    return Goal(text, passed, "Now: Keras refuses them." if found.said else f"Now: {number(gap)} apart.")


HAND = View(
    (UNITS, EPOCHS, pick("Batch norm", FORMULAS)), measure_hand, ways_view, look=(DIGIT,), before=code_view,
    question=hand_asked, goal=unnoticed, program=program_of_hand,
)  # fmt: skip
THREE = View(
    (UNITS, EPOCHS, pick("Carried over", CARRIES)), measure_three, ways_view, look=(DIGIT,), before=code_view,
    question=three_asked, goal=silent, program=program_of_three,
)  # fmt: skip
