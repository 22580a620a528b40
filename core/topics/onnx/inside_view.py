"""Look inside any ONNX file: operators counted, shapes inferred on opening, the graph, the weights' histograms."""

from dataclasses import dataclass

import numpy as np

from core.deployment.onnx_files import MOST_BYTES, MOST_OPERATORS, OnnxFile, Weight, opened
from core.deployment.onnx_writer import written
from core.deployment.subjects import Playground
from core.figures.curves import across, number
from core.figures.marks import hover, upright
from core.figures.picture import BLUE, Picture, encoded, layout
from core.lessons import Goal, Question
from core.lessons.controls import Control, pick, slider
from core.lessons.view import Shown, View
from core.models.digits import recognizer
from core.serving.uploads import Refused
from core.topics.onnx.examples import branching
from core.topics.onnx.pictures import ROWS, graph
from core.topics.onnx.programs import program_of_inside
from core.wording import counted

BINS, LISTED, KINDS = 40, 24, 16
LIMITS = f"{MOST_BYTES // 10**6} MB and {MOST_OPERATORS:,} operators at most. It is looked into, never run."
EXAMPLES = {
    "the digits network": lambda seed: written(recognizer()[0]),
    "a network of the playground": lambda seed: written(Playground(seed=seed).model),
    "a branch on the data": lambda seed: branching(),
    "a file with weights elsewhere": lambda seed: branching(elsewhere=True),
}


@dataclass(frozen=True)
class Inside:
    """A file's bytes and what it holds, or the sentence why it is not opened."""

    content: bytes
    file: OnnxFile | None
    refusal: str
    provenance: str = "Read here; shapes by onnx.shape_inference; nothing in the file was run"

    @property
    def drawn(self) -> tuple[Weight, ...]:
        """Weights with numbers that can be drawn."""
        weights = self.file.weights if self.file else ()
        return tuple(each for each in weights if each.values is not None and each.count)[:60]


def looked(content: bytes) -> Inside:
    """Look into a file."""
    try:
        return Inside(content, opened(content), "")
    except Refused as refusal:
        return Inside(content, None, str(refusal))


def measure_example(example: str, seed: int) -> Inside:
    """One of the page's own files."""
    return looked(EXAMPLES[example](seed))


def measure_own(content: bytes, seed: int) -> Inside:
    """The learner's file."""
    return looked(content)


def look_controls(found: Inside) -> tuple[Control, ...]:
    """Which weight is drawn, and from which operator on the graph."""
    names = list(dict.fromkeys(weight.name for weight in found.drawn))
    weights = (pick("Weight", names, names[0]),) if len(names) > 1 else ()
    count = len(found.file.operators) if found.file else 0
    return (*weights, *((slider("From operator", 1, count - ROWS + 1, 1),) if count > ROWS else ()))


def shown(found: Inside, weight: str = "", from_operator: int = 1) -> Shown:
    """Counts, graph, one weight's histogram, all weights as a table."""
    file = found.file
    if file is None:
        return refused(found)
    most = dict(file.kinds.most_common(KINDS))
    counts = across(list(most), {"operators": list(most.values())}, "How many", 60 + 34 * len(most))
    chosen = next((each for each in found.drawn if each.name == weight), found.drawn[0] if found.drawn else None)
    pictures = ((graph(file, {}, -2, from_operator - 1),), (counts, *((histogram(chosen),) if chosen else ())))
    rows = [
        {"Weight": each.name, "Shape": " × ".join(map(str, each.shape)) or "one number", "Type": each.kind,
         "Numbers": f"{each.count:,}"} for each in file.weights[:LISTED]
    ]  # fmt: skip
    nested = f", {sum(file.nested.values())} more inside branches and loops" if file.nested else ""
    unknown = sum(name not in file.shapes for each in file.operators for name in each.outputs if name)
    note = (
        f"**{counted(len(file.operators), 'operator')}**{nested}, of {counted(len(file.kinds), 'kind')} "
        f"(opset {file.opset}); "
        f"**{counted(len(file.weights), 'weight')}** with {file.parameters:,} numbers; {file.size:,} bytes, made by "
        f"{file.producer.replace('`', '')}. Shapes of {unknown} tensors stay unknown."
        f"{f' The first {LISTED} weights are listed.' if len(file.weights) > LISTED else ''}"
    )
    return Shown(pictures, note, (rows,) if rows else ())


def refused(found: Inside) -> Shown:
    """Why a file is not opened, and its first bytes."""
    first = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in found.content[:48]).replace("`", "'")
    pictures = ((bytes_of(found),),) if found.content else ()
    return Shown(pictures, f"**{found.refusal}** The first bytes: `{first}`")


def bytes_of(found: Inside) -> Picture:
    """How often each byte occurs in a file."""
    counts = np.bincount(np.frombuffer(found.content[:100_000], np.uint8), minlength=256)
    bar = upright(np.arange(256), counts, BLUE, **hover("byte %{x}: %{y}"))
    alt = f"How often each byte occurs in the first {min(len(found.content), 100_000):,} bytes of the file."
    return Picture([bar], layout("byte", "how often", 260, showlegend=False), alt)


def histogram(weight: Weight) -> Picture:
    """How a weight's numbers are spread."""
    values = np.asarray(weight.values).astype(np.float64).reshape(-1)
    finite = values[np.isfinite(values)]
    counts, edges = np.histogram(finite if finite.size else np.zeros(1), BINS)
    bar = {"type": "bar", "x": encoded((edges[:-1] + edges[1:]) / 2), "y": encoded(counts),
           "width": float(edges[1] - edges[0]), "marker": {"color": BLUE}, **hover("%{x:.3g}: %{y}")}  # fmt: skip
    span = f"from {number(finite.min())} to {number(finite.max())}" if finite.size else "none of them finite"
    odd = f", {values.size - finite.size} not finite" if finite.size < values.size else ""
    alt = f"Histogram of {weight.name}: {values.size} numbers {span}{odd}."
    return Picture([bar], layout(f"value in {weight.name[:30]}", "how many", 320, showlegend=False), alt)


def asked(found: Inside, weight: str = "", from_operator: int = 1) -> Question:
    """What is a file made of?"""
    options = ["its weights", "its operators and their names", "it is not opened"]
    if found.file is None:
        truth = options[2]
    else:
        weights = sum(each.values.nbytes for each in found.file.weights if each.values is not None)
        truth = options[0] if weights > len(found.content) / 2 else options[1]
    because = (
        "An operator takes some fifty bytes, a float32 weight four. Weights in other files are refused here, because "
        "their place is a path that the file chooses."
    )
    return Question("What fills most of this file?", options, truth, because)


def before(found: Inside, weight: str = "", from_operator: int = 1) -> Shown:
    """The size alone."""
    note = f"An .onnx file of **{len(found.content):,} bytes**: a protocol buffer, no code. How often each byte occurs:"
    return Shown(((bytes_of(found),),), note)


def nested(found: Inside, weight: str = "", from_operator: int = 1) -> Goal:
    """Find the operators that a list does not show."""
    text = "**Operators in operators**: open a file in which most operators are not in the main graph."
    if found.file is None:
        return Goal(text, False, "This file is not opened.")
    inner, outer = sum(found.file.nested.values()), len(found.file.operators)
    return Goal(text, inner > outer, f"Now: {outer} in the graph, {inner} inside branches and loops.")


def program(found: Inside, weight: str = "", from_operator: int = 1):
    """The same look as a program; of a refused file the example's."""
    content = found.content if found.file else EXAMPLES["a branch on the data"](0)
    return program_of_inside(content, found.file or opened(content))


EXAMPLE = View(
    (pick("Example", EXAMPLES),), measure_example, shown, look=look_controls, before=before, question=asked,
    goal=nested, program=program,
)  # fmt: skip
OWN = View((), measure_own, shown, look=look_controls, program=program)
