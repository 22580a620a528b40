"""Fewer bits: a slider per layer, and which layer needs its bits most."""

import numpy as np

from core.deployment.controls import CNN, DIGITS, PLAYGROUND, SHRUNK
from core.deployment.small_cnn import right
from core.figures.curves import bands
from core.figures.marks import SILENT, hover, stroke, trace, upright, vertical
from core.figures.picture import BLUE, INK, ORANGE, Picture, layout
from core.lessons import Goal, Question, Scale
from core.lessons.controls import Control, pick, scale
from core.lessons.view import Shown, View
from core.programs import Program, Step
from core.topics.quantization_pruning.bits import (
    CHOICES,
    Quantised,
    Sensitivity,
    quantise,
    rounded,
    sensitivity,
    size_of,
    with_bits,
)
from core.topics.quantization_pruning.candidates import (
    LABELS,
    asked,
    files_of,
    functions_of,
    layers_of,
    step_of,
)
from core.topics.quantization_pruning.figures import accuracies, kilobytes
from core.wording import counted

PER_CHANNEL, PER_LAYER = "one per output channel", "one per layer"
FIRST = ("conv1", "hidden1")  # they begin with 8 bits, the others with 2
SCALES = pick("Scales", (PER_CHANNEL, PER_LAYER), help="What a whole number is multiplied by to give a weight.")
NEAR, SMALL = 1.0, {CNN: 0.092, DIGITS: 0.1, PLAYGROUND: 0.4}  # points; shares of the bytes with 32 bits


def slider_of(name: str) -> Control:
    """How many bits a layer gets, where the network has it."""
    return scale(f"Bits: {LABELS[name].lower()}", CHOICES, 8 if name in FIRST else 2,
                 when=lambda values: name in layers_of(values["network"], values["hidden_layers"]))  # fmt: skip


BITS = {name: slider_of(name) for name in LABELS}


def measure(scales: str, seed: int, **chosen) -> Quantised:
    """The learner's bits, layer by layer."""
    subject = asked(chosen, seed)
    return with_bits(subject, {name: chosen[BITS[name].name] for name in subject.layers}, scales == PER_CHANNEL)


def layers(found: Quantised) -> tuple[Control, ...]:
    """The layer whose weights are drawn."""
    labels = list(found.subject.layers.values())
    return (pick("Layer", labels, labels[min(1, len(labels) - 1)]),)


def histogram(found: Quantised, layer: str, answered: bool) -> Picture:
    """The weights of a layer, and the values that are left of them."""
    weights, values, bits = found.weights[layer].ravel(), found.values[layer].ravel(), found.bits[layer]
    counts, edges = np.histogram(weights, bins=60)
    width = float(edges[1] - edges[0])
    bars = upright((edges[:-1] + edges[1:]) / 2, counts.astype(float), ORANGE, name="float32", width=width,
                   **hover("%{y} weights near %{x:.2f}"))  # fmt: skip
    left, often = np.unique(values, return_counts=True)
    traces = [bars]
    if bits < 32 and len(left) <= 5000 and answered:
        heights = often / often.max() * counts.max()
        gap = np.full(len(left), np.nan)
        stems = trace("lines", np.stack([left, left, gap], 1).ravel(), np.stack([0 * left, heights, gap], 1).ravel(),
                      line=stroke(BLUE, 1.5), **SILENT)  # fmt: skip
        tops = trace("markers", left, heights.astype(float), name=f"{bits} bits",
                     marker={"color": BLUE, "size": 7 if len(left) < 40 else 3, "symbol": "diamond"},
                     text=[counted(count, "weight") for count in often], **hover("%{text} at %{x:.3f}"))  # fmt: skip
        traces += [stems, tops]
    plan = layout(f"Weights of the {LABELS[layer].lower()}", "Number of weights", 300, bargap=0)
    alt = (
        f"Histogram of {len(weights)} weights between {weights.min():.2f} and {weights.max():.2f}; with "
        f"{counted(bits, 'bit')}, different values that are left: {len(left)}."
    )
    return Picture(traces, plan, alt)


def drawn(found: Quantised, layer: str) -> Shown:
    """Accuracy, and one layer's weights."""
    name = found.subject.named(layer)
    pictures = (
        accuracies({"32 bits": found.before, "these bits": found.after}, 200),
        histogram(found, name, True),
    )
    different = len(np.unique(found.values[name]))
    noise = "" if abs(found.points) >= NEAR else " Differences this small are within the interval."
    note = (
        f"**{found.after.words}** right with these bits, {found.before.words} with 32 (95% interval of "
        f"{found.before.count} held-out {found.subject.things}).{noise} Weights, scales and biases take "
        f"**{kilobytes(found.size)}** instead of {kilobytes(found.size_before)}: "
        f"{found.size_before / found.size:.1f} times smaller. The {layer.lower()} has {different:,} different weights "
        f"left of {found.weights[name].size:,}."
    )
    return Shown(tuple((each,) for each in pictures), note)


def before(found: Quantised, layer: str) -> Shown:
    """The network as it was trained."""
    note = (
        f"{found.subject.opening}: **{found.before.words}** of {found.before.count} held-out {found.subject.things} "
        f"are right (95% interval), with {kilobytes(found.size_before)} of weights in 32 bits."
    )
    return Shown(
        ((accuracies({"32 bits": found.before}, 150),), (histogram(found, found.subject.named(layer), False),)), note
    )


def question(found: Quantised, layer: str) -> Question:
    """What is left?"""
    listed = ", ".join(map(str, found.bits.values()))
    text = (
        f"The weights of its {len(found.bits)} layers are rounded to so many bits: {listed}. How many of the held-out "
        f"{found.subject.things} are right then?"
    )
    because = (
        "Rounding adds an error of up to half a step to each weight; with 8 bits a step is 1/127 of the largest "
        "weight, with 2 bits all of it, and whatever is smaller than half of that becomes 0."
    )
    return Question(text, Scale(0, 100, 5, "%", 10), round(100 * found.after.share), because)


def goal(found: Quantised, layer: str) -> Goal:
    """Small and good."""
    least = round(SMALL[found.subject.kind] * found.size_before)
    text = (
        f"**Spend bits where they count**: bring weights, scales and biases to at most **{kilobytes(least)}** and stay "
        f"within **{NEAR:g} point** of the accuracy with 32 bits."
    )
    now = f"Now: {kilobytes(found.size)}, {found.points:z.1f} points lost."
    return Goal(text, found.size <= least and found.points <= NEAR, now)


def program(found: Quantised, layer: str) -> Program:
    """The same rounding."""
    text = (
        f"bits, per_channel = {found.bits!r}, {found.scales!r}\n"
        "result = {'bytes': size_of(model, bits, per_channel), 'float32': right(model, x_test, y_test) / len(y_test)}\n"
        "result['quantised'] = right(quantise(model, bits, per_channel), x_test, y_test) / len(y_test)"
    )
    shown = {"bytes": found.size, "float32": found.before.share, "quantised": found.after.share}
    functions = (*functions_of(found.subject), right, rounded, quantise, size_of)
    return Program("Weights of fewer bits", (step_of(found.subject), Step("Round the weights", text)), functions, shown,
                   files=files_of(found.subject))  # fmt: skip


BITS_VIEW = View((*SHRUNK, *BITS.values(), SCALES), measure, drawn, layers, before, question, goal, program)

# One layer at a time --------------------------------------------------------------------------------------------------

TREATMENT = pick("Treatment", ("fewer bits", "small weights to zero"))
NONE = "none of them costs any"
WORDS = {"fewer bits": "bits", "small weights to zero": "of the weights at zero"}


def measure_sensitivity(treatment: str, scales: str, seed: int, **network) -> Sensitivity:
    """One layer at a time."""
    return sensitivity(asked(network, seed), treatment, scales == PER_CHANNEL)


def levels_of(found: Sensitivity) -> tuple:
    """The level at which layers are ranked."""
    if found.levels[0] == 1:
        return (scale("Bits of that layer", found.levels, 2),)
    return (scale("Share of that layer at zero", found.levels, 0.9),)


def level_of(look: dict) -> float:
    """The one level that the learner looks at."""
    return next(iter(look.values()))


def in_words(found: Sensitivity, level: float) -> str:
    """A level as it is said."""
    if found.levels[0] != 1:
        return f"{level:.0%} of its weights at zero"
    return "1 bit" if level == 1 else f"{level} bits"


def drawn_sensitivity(found: Sensitivity, **look: float) -> Shown:
    """A curve per layer, and the ranking at a level."""
    level, bits = level_of(look), found.levels[0] == 1
    curves = dict(zip(found.subject.layers.values(), 100 * found.accuracies, strict=True))
    picture = bands(found.levels, curves, ("Bits of that layer" if bits else "Share of its weights at zero",
                                           "Accuracy on held-out samples, %"), 400)  # fmt: skip
    ticks = {"tickvals": list(found.levels), "type": "category" if bits else "linear"}
    picture.layout["xaxis"] |= ticks if not bits else {"tickvals": list(found.levels)}
    picture.layout["shapes"] = [vertical(level, INK, 1, "dot")]  # fmt: skip
    ranking = found.ranking(level)
    things = found.subject.things
    first, cost = ranking[0]
    costs = f"the **{LABELS[first].lower()}** costs most, **{cost:.1f} points**"
    tail = next((f", but it cannot be told from the {LABELS[second].lower()} on these {things}"
                 for second, _ in ranking[1:2] if not found.told_apart(first, second, level)), "")  # fmt: skip
    note = (
        f"With {in_words(found, level)} {costs + tail if cost > 0 else 'no layer costs anything'}. "
        f"Untouched, {100 * found.whole.mean():.1f}% of {len(found.whole)} held-out {things} are right."
    )
    rows = [{"Rank": f"{place + 1}", "Layer": LABELS[name], "Weights": f"{weights_of(found, name):,}",
             "Points lost": f"{points:z.1f}"} for place, (name, points) in enumerate(ranking)]  # fmt: skip
    return Shown(((picture,),), note, (rows,))


def weights_of(found: Sensitivity, name: str) -> int:
    """How many weights a layer has."""
    return getattr(found.subject.model, name).weight.numel()


def before_sensitivity(found: Sensitivity, **look: float) -> Shown:
    """What is to be compared."""
    rows = [{"Layer": label, "Weights": weights_of(found, name)} for name, label in found.subject.layers.items()]
    words = f"{found.subject.opening}: one layer at a time is treated, the others stay as they were trained."
    return Shown((), words, (rows,))


def asked_sensitivity(found: Sensitivity, **look: float) -> Question:
    """Which layer?"""
    level = level_of(look)
    text = f"One layer at a time gets {in_words(found, level)}. Which layer costs the most accuracy?"
    because = (
        "What a layer's error costs depends on how much of the answer passes through each weight and on what later "
        "layers can still make good, so it is measured, not read off the layer's size."
    )
    first, cost = found.ranking(level)[0]
    if cost <= 0:
        because = "With so little done to them, no layer's errors change which answer wins more often for the worse."
    return Question(text, [*found.subject.layers.values(), NONE], LABELS[first] if cost > 0 else NONE, because)


def goal_sensitivity(found: Sensitivity, **look: float) -> Goal:
    """One treatment that one layer bears and another does not."""
    level = level_of(look)
    ranking = found.ranking(level)
    text = (
        "**A weak spot**: find a treatment under which the most sensitive layer costs at least **20 points**, while "
        "another layer bears the same for less than **1 point**."
    )
    passed = ranking[0][1] >= 20 and ranking[-1][1] < 1
    return Goal(text, passed, f"Now: {ranking[0][1]:z.1f} and {ranking[-1][1]:z.1f} points.")


ONE = """def alone(layer, level):
    changed = copy.deepcopy(model)
    weight = getattr(changed, layer).weight.data
    weight.copy_({call})
    return right(changed, x_test, y_test) / len(y_test)


result = {{layer: [alone(layer, level) for level in {levels!r}] for layer in {layers!r}}}"""


def program_sensitivity(found: Sensitivity, **look: float) -> Program:
    """The same loop over layers and levels."""
    from core.topics.quantization_pruning.bits import emptied

    bits = found.levels[0] == 1
    call = f"rounded(weight, level, {found.per_channel!r})" if bits else "emptied(weight, level)"
    text = "import copy\n\n\n" + ONE.format(call=call, levels=found.levels, layers=tuple(found.subject.layers))
    shown = {name: row.tolist() for name, row in zip(found.subject.layers, found.accuracies, strict=True)}
    functions = (*functions_of(found.subject), right, rounded if bits else emptied)
    steps = (step_of(found.subject), Step("Treat each layer alone", text))
    return Program("One layer at a time", steps, functions, shown, files=files_of(found.subject))


SENSITIVITY = View((*SHRUNK, TREATMENT, SCALES), measure_sensitivity, drawn_sensitivity, levels_of, before_sensitivity,
                   asked_sensitivity, goal_sensitivity, program_sensitivity)  # fmt: skip
