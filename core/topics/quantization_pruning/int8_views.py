"""Whole numbers from end to end: ranges that must be known beforehand, and the formats that real tools make of it."""

import numpy as np

from core.deployment.controls import CNN, DIGITS, PLAYGROUND, SHRUNK
from core.figures.marks import hover, upright, vertical
from core.figures.picture import BLUE, GREY, ORANGE, Picture, layout
from core.lessons import Goal, Question
from core.lessons.controls import Control, folded, pick, scale
from core.lessons.view import Later, Shown, View
from core.programs import Program, Step
from core.topics.quantization_pruning.activations import (
    DYNAMIC,
    FLOAT,
    RANGES,
    STATIC,
    WEIGHTS,
    Calibrated,
    affine,
    calibrated,
    correct,
    layer_inputs,
    ranges_of,
    run_quantised,
    through,
)
from core.topics.quantization_pruning.candidates import asked, files_of, functions_of, step_of
from core.topics.quantization_pruning.conversion import (
    COMPILED,
    EAGER,
    ONNX,
    ONNX_DYNAMIC,
    ONNX_STATIC,
    PT2E,
    TORCHAO,
    Converted,
    converted,
)
from core.topics.quantization_pruning.figures import accuracies, clocked
from core.wording import counted

IMAGES = scale("Calibration samples", (1, 4, 16, 64, 256), 1)
RANGE = pick("Range", RANGES, help="Which of the values seen in calibration the integers must reach.")
BITS = scale("Bits of what flows between layers", (1, 2, 3, 4, 6, 8), 8)
BATCH = scale("Batch size", (1, 64, 256), 64, help="How many samples one call answers when the formats are timed.")
NAMES = {FLOAT: "float32", WEIGHTS: "weights int8", STATIC: "static", DYNAMIC: "dynamic"}
FEW, VALUES = 3.0, {CNN: 2, DIGITS: 3, PLAYGROUND: 4}  # points; bits of what flows between layers


def measure(
    calibration_samples: int, range: str, bits_of_what_flows_between_layers: int, batch_size: int, seed: int, **network
) -> Calibrated:
    """Fix the ranges and judge the network."""
    subject = asked(network, seed)
    return calibrated(subject, calibration_samples, range, bits_of_what_flows_between_layers, batch_size)


def layers(found: Calibrated) -> tuple[Control, ...]:
    """The layer whose inputs are drawn."""
    labels = list(found.subject.layers.values())
    return (pick("Layer", labels, labels[max(len(labels) - 2, 0)]),)


def values(found: Calibrated, layer: str) -> Picture:
    """A layer's inputs on held-out samples, inside and outside the range."""
    name = found.subject.named(layer)
    x, (low, high) = found.inputs[name], found.ranges[name]
    x = x[x != 0]
    counts, edges = np.histogram(x, bins=60, range=(min(float(x.min()), low, 0), max(float(x.max()), high, 1e-6)))
    middles = (edges[:-1] + edges[1:]) / 2
    colors = [ORANGE if low <= middle <= high else GREY for middle in middles]
    width = float(edges[1] - edges[0])
    bars = upright(middles, counts.astype(float), colors, width=width, showlegend=False,
                   **hover("%{y} values near %{x:.2f}"))  # fmt: skip
    lines = [vertical(end, BLUE, 2, "dash") for end in ([low, high] if low < 0 else [high])]
    words = {"x": high, "y": 1, "yref": "paper", "text": f"{2**found.bits - 1}", "showarrow": False,
             "xanchor": "left", "xshift": 3}  # fmt: skip
    plan = layout(f"Inputs of the {layer.lower()} (not 0)", "Number of values", 300, bargap=0,
                  shapes=lines, annotations=[words])  # fmt: skip
    scale_of, _ = affine(low, high, found.bits)
    begins = f"begins at {low:.2f} and " if low < 0 else ""
    alt = (
        f"Histogram of what the {layer.lower()} is given on held-out samples; the range of {2**found.bits} integers "
        f"{begins}ends at {high:.2f}, one step is {scale_of:.3g}, and {found.clipped[name]:.2%} of all values lie "
        "beyond."
    )
    return Picture([bars], plan, alt)


def drawn(found: Calibrated, layer: str) -> Shown:
    """Four ways to run it, and one layer's inputs."""
    rows = {NAMES[name]: each for name, each in found.accuracies.items()}
    name = found.subject.named(layer)
    low, high = found.ranges[name]
    size, zero = affine(low, high, found.bits)
    note = (
        f"Static: ranges fixed by {counted(found.images, 'calibration sample')}, "
        f"**{found.accuracies[STATIC].words}** right. Dynamic: every batch sets its own, "
        f"**{found.accuracies[DYNAMIC].words}**. In float32 {found.accuracies[FLOAT].words}. The {layer.lower()} is "
        f"given value = {size:.3g} · (integer − {zero}), integers from 0 to {2**found.bits - 1}; "
        f"**{found.clipped[name]:.2%}** of its held-out inputs lie beyond that range and are clipped."
    )
    return Shown(((accuracies(rows, 260),), (values(found, layer),)), note)


def before(found: Calibrated, layer: str) -> Shown:
    """The range, before anything is judged by it."""
    note = (
        f"{found.images} training sample{'s were' if found.images > 1 else ' was'} run through the network, and what "
        "each layer was given there sets the range of its integers (dashed). The bars are held-out samples."
    )
    return Shown(((values(found, layer),),), note)


COSTS = ("1 point at most", "1 to 5 points", "more than 5 points")


def question(found: Calibrated, layer: str) -> Question:
    """What do 8 bits cost?"""
    images = counted(found.images, "training sample")
    text = (
        f"Weights become 8-bit integers; so does what flows between layers, with {counted(found.bits, 'bit')} and "
        f"ranges taken from {images}. What does that cost in accuracy?"
    )
    cost = COSTS[0] if found.cost <= 1 else COSTS[1] if found.cost <= 5 else COSTS[2]
    because = (
        "The largest logit wins: rounding errors of many inputs partly cancel in each sum, and clipping touches only "
        "the few values beyond the range."
    )
    if cost != COSTS[0]:
        because = (
            "Rounding errors partly cancel in each sum, but not enough where few bits make the steps coarse, or where "
            "a narrow range clips many values: one sample does not show all that others need."
        )
    return Question(text, COSTS, cost, because)


def goal(found: Calibrated, layer: str) -> Goal:
    """Few bits between layers."""
    bits = VALUES[found.subject.kind]
    text = (
        f"**{2**bits} values between layers**: with **{bits} bits** for what flows between layers, lose at most "
        f"**{FEW:g} points** by static quantisation. What should the range reach?"
    )
    now = f"Now: {counted(found.bits, 'bit')}, {found.cost:z.1f} points lost."
    return Goal(text, found.bits == bits and found.cost <= FEW, now)


STATEMENTS = """for layer in model:  # weights: 8 bits, a scale for each output channel
    if hasattr(layer, "weight"):
        weight = layer.weight.data
        scale = (weight.abs().flatten(1).amax(dim=1) / 127).view(-1, *[1] * (weight.dim() - 1))
        weight.copy_((weight / scale).round() * scale)
ranges = ranges_of(layer_inputs(model, x[:{images}]), {share!r})
static, dynamic = (run_quantised(model, x_test, each, {bits}) for each in (ranges, {{}}))
result = {{"static": correct(static, y_test) / len(y_test), "dynamic": correct(dynamic, y_test) / len(y_test)}}
result["largest inputs"] = [high for low, high in ranges.values()]"""


def program(found: Calibrated, layer: str) -> Program:
    """The same simulation."""
    text = STATEMENTS.format(images=found.images, share=RANGES[found.rule],
                             bits=found.bits)  # fmt: skip
    largest = [high for _, high in found.ranges.values()]
    shown = {name: found.accuracies[name].share for name in (STATIC, DYNAMIC)} | {"largest inputs": largest}
    functions = (*functions_of(found.subject), layer_inputs, ranges_of, affine, through, run_quantised, correct)
    return Program("Integers from end to end", (step_of(found.subject), Step("Calibrate and run", text)), functions,
                   shown, files=files_of(found.subject))  # fmt: skip


# The real tools -------------------------------------------------------------------------------------------------------

FAMILIES = ((EAGER, TORCHAO), (COMPILED, PT2E), (ONNX, ONNX_DYNAMIC), (ONNX, ONNX_STATIC))
FASTER, SAME, SLOWER = "faster", "cannot be told apart", "slower"


def compared(found: Converted, whole: str, small: str) -> str:
    """Whether the int8 version is faster than float32 in the same tool: their medians' intervals must not meet."""
    (low, high), (least, most) = found.latencies[whole].middle, found.latencies[small].middle
    return FASTER if most < low else SLOWER if least > high else SAME


def made(found: Converted) -> list[tuple[str, str]]:
    """The pairs of float32 and int8 of one tool that could both be made."""
    return [pair for pair in FAMILIES if set(pair) <= set(found.latencies)]


def drawn_formats(found: Converted) -> Shown:
    """Size, accuracy and time of every format."""
    rows = [
        {"Format": name, "Accuracy, % (95% interval)": found.accuracies[name].words.replace(" %", ""),
         "Bytes on disk": f"{found.sizes[name]:,}", "Median / 95th percentile, ms": found.latencies[name].words}
        for name in found.accuracies
    ]  # fmt: skip
    verdicts = [f"*{small}* is **{times(found, whole, small)}** as float32" if compared(found, whole, small) != SAME
                else f"*{small}* and float32 cannot be told apart" for whole, small in made(found)]  # fmt: skip
    skipped = "".join(f" {name}: {why}." for name, why in found.missing.items())
    note = (
        f"Measured here, now, in batches of {found.batch}, all formats in turns: {'; '.join(verdicts)}. torchao's "
        f"dynamic int8 changes linear layers only; convolutions stay float32. {bytes_left(found)} "
        f"Speed depends on the kernels a tool has for this processor.{skipped}"
    )
    return Shown(((clocked(found.latencies, found.batch),),), note, (rows,))


def times(found: Converted, whole: str, small: str) -> str:
    """How many times as fast or as slow, in words."""
    ratio = found.latencies[whole].median / found.latencies[small].median
    return f"{ratio:.3g} times as fast" if ratio > 1 else f"{1 / ratio:.3g} times as slow"


def bytes_left(found: Converted) -> str:
    """What int8 leaves of the files; a very small network's scales and names outweigh its weights."""
    shares = [found.sizes[small] / found.sizes[whole] for whole, small in made(found)] or [1.0]
    return f"Int8 files have {min(shares):.0%} to {max(shares):.0%} of float32's bytes in the same tool."


def asked_formats(found: Converted) -> Question:
    """How many are faster?"""
    pairs = made(found)
    text = (
        f"Four int8 versions were made ({'; '.join(small for _, small in pairs)}). How many are faster than float32 in "
        f"the same tool, in batches of {found.batch}?"
    ).replace("Four", str(len(pairs)))
    faster = sum(compared(found, *pair) == FASTER for pair in pairs)
    because = (
        "An integer format saves time only where the tool has integer kernels for the processor and does not convert "
        "back and forth between layers; on a small network the conversion can cost more than the multiplication."
    )
    return Question(text, [str(count) for count in range(len(pairs) + 1)], str(faster), because)


LATER = Later(
    "Convert and time all formats (a minute)",
    converted,
    lambda found: (found.subject.key, found.batch),
    drawn_formats,
    asked_formats,
)
INT8 = View((*SHRUNK, IMAGES, RANGE, BITS, folded(BATCH)), measure, drawn, layers, before, question, goal, program,
            LATER)  # fmt: skip
