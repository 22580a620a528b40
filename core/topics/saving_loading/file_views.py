"""Files: one network in five of them, and a look into any of them or the learner's own."""

from dataclasses import dataclass

import numpy as np

from core.figures.curves import bars, number
from core.figures.picture import BLUE, Picture, encoded, layout
from core.lessons import Goal, Question, Scale
from core.lessons.controls import Control, pick, slider
from core.lessons.view import Shown, View
from core.topics.saving_loading.files import CHECKPOINT, HOSTILE, KINDS, SAFETENSORS, Inspected, Part, inspected
from core.topics.saving_loading.formats import RULES, Formats, formats
from core.topics.saving_loading.programs import program_of_formats, program_of_look
from core.wording import code

UNITS = slider("Hidden units", 4, 128, 16, 4)
RULE = pick("Optimizer", RULES, "Adam")
BINS, LISTED = 40, 24


def measure_formats(hidden_units: int, optimizer: str, seed: int) -> Formats:
    """The network in every kind of file."""
    return formats(hidden_units, optimizer, seed)


def compared(found: Formats) -> Shown:
    """Bytes, and what opening each may do."""
    sizes = {kind: len(content) for kind, content in found.contents.items() if kind != HOSTILE}
    rows = [
        {
            "File": code(kind) if "(" in kind else kind,
            "Bytes": f"{len(found.contents[kind]):,}",
            "Tensors": str(len(looked.parts) or "not opened"),
            "As saved": "to the bit" if found.is_equal[kind] else "–",
            "Asks for other code": ", ".join(map(code, looked.foreign[:2])) or "no",
            "`torch.load` of weights only": "not needed" if kind == SAFETENSORS else "opens it" if found.opens[kind]
            else "refuses it",
        }
        for kind, looked in found.looked.items()
    ]  # fmt: skip
    note = (
        f"With {found.rule} a checkpoint that can be resumed takes **{found.ratio(CHECKPOINT):.2f}** times the bytes "
        "of the bare weights. Saving the whole model stores no code, only the names of the classes it needs: to open "
        "it, whatever has these names is imported and called."
    )
    return Shown(((bars(sizes, ("", "Bytes on disk"), 300),),), note, (rows,))


def announced(found: Formats) -> Shown:
    """What is written."""
    numbers = found.looked[SAFETENSORS].numbers
    words = f"A network of **{numbers:,}** weights, trained for 30 steps with {found.rule}, is written to five files."
    counts = {part.name.replace(".", " "): part.values.size for part in found.looked[SAFETENSORS].parts}
    return Shown(((bars(counts, ("", "Weights in each tensor"), 300),),), words)


def checkpoint_asked(found: Formats) -> Question:
    """How large is a checkpoint?"""
    text = f"A checkpoint with {found.rule}'s memory: how many times the bytes of the weights alone in safetensors?"
    because = "Momentum keeps one number per weight, Adam two, SGD none; names and padding come on top."
    return Question(text, Scale(0.0, 12.0, 0.5, "times", 0.5), round(found.ratio(CHECKPOINT), 1), because)


def close_to_three(found: Formats) -> Goal:
    """Let the overhead vanish."""
    ratio = found.ratio(CHECKPOINT)
    text = (
        "**Only numbers count**: find a network and an optimizer for which the resumable checkpoint takes between 2.9 "
        "and 3.3 times the bytes of the weights."
    )
    return Goal(text, 2.9 <= ratio <= 3.3, f"Now: {ratio:.2f} times.")


FORMATS = View(
    (UNITS, RULE),
    measure_formats,
    compared,
    before=announced,
    question=checkpoint_asked,
    goal=close_to_three,
    program=program_of_formats,
    files=lambda found: tuple(
        (f"Download: {kind}", name, found.contents[kind])
        for kind, name in zip(KINDS[:2], ("weights.safetensors", "weights.pt"), strict=True)
    ),
)

# Look inside ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Opened:
    """A file's bytes and what looking into it found."""

    content: bytes
    found: Inspected

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return self.found.provenance


def measure_example(example: str, hidden_units: int, seed: int) -> Opened:
    """One of the page's own files."""
    content = formats(hidden_units, "Adam", seed).contents[example]
    return Opened(content, inspected(content))


def measure_own(content: bytes, seed: int) -> Opened:
    """The learner's file."""
    return Opened(content, inspected(content))


def tensor_control(opened: Opened) -> tuple[Control, ...]:
    """Which tensor is drawn."""
    names = [part.name for part in opened.found.parts]
    return (pick("Tensor", names, names[0]),) if 1 < len(names) <= 60 else ()


def looked_into(opened: Opened, tensor: str = "") -> Shown:
    """What the file holds: tensors with a histogram, or the opcodes of what was refused."""
    found = opened.found
    if found.refusal:
        return refused(found)
    part = next((each for each in found.parts if each.name == tensor), found.parts[0] if found.parts else None)
    rows = [row_of(each) for each in found.parts[:LISTED]]
    others = [{"Other entry": name, "Value": value} for name, value in found.others[:LISTED]]
    more = f" The first {LISTED} are listed." if len(found.parts) > LISTED else ""
    note = (
        f"A {found.format} file of **{found.size:,}** bytes with **{len(found.parts)}** tensors and "
        f"**{found.numbers:,}** numbers.{more}"
    )
    pictures = ((histogram(part),),) if part is not None and part.values.size else ()
    return Shown(pictures, note, tuple(table for table in (rows, others) if table))


def row_of(part: Part) -> dict[str, str]:
    """One tensor in the table."""
    values = part.values.astype(np.float64)
    finite = values[np.isfinite(values)]
    spread = f"{number(float(finite.mean()))} ± {number(float(finite.std()))}" if finite.size else "–"
    odd = values.size - finite.size
    return {
        "Tensor": part.name[:60],
        "Shape": " × ".join(map(str, part.values.shape)) or "one number",
        "Type": part.kind,
        "Mean ± deviation": spread + (f", {odd} not finite" if odd else ""),
    }


def histogram(part: Part) -> Picture:
    """How a tensor's values are spread."""
    values = part.values.astype(np.float64).reshape(-1)
    values = values[np.isfinite(values)]
    counts, edges = np.histogram(values, BINS)
    centres = (edges[:-1] + edges[1:]) / 2
    bar = {"type": "bar", "x": encoded(centres), "y": encoded(counts), "width": float(edges[1] - edges[0]),
           "marker": {"color": BLUE}, "hovertemplate": "%{x:.3g}: %{y}<extra></extra>"}  # fmt: skip
    span = f"from {number(float(values.min()))} to {number(float(values.max()))}" if values.size else "none"
    alt = f"Histogram of {part.name}: {values.size} values {span}."
    whole = {"dtick": 1} if counts.max() < 6 else {}  # half a value is none
    return Picture([bar], layout(f"value in {part.name[:40]}", "how many", 300, showlegend=False, yaxis=whole), alt)


def refused(found: Inspected) -> Shown:
    """Why a file is not opened, and the instructions that it would have run."""
    rows = [
        {"Byte": str(each.place), "Instruction": each.name, "Argument": each.argument,
         "Reaches outside": "yes" if each.reaches else ""}
        for each in [*(each for each in found.opcodes if each.reaches), *found.opcodes][:LISTED]
    ]  # fmt: skip
    note = f"**{found.refusal}**"
    if rows:
        note += " Its instructions, first those that import or call:"
    sizes = {"instructions": len(found.opcodes), "that reach outside": sum(each.reaches for each in found.opcodes)}
    pictures = ((bars(sizes, ("", "How many"), 240),),) if rows else ()
    return Shown(pictures, note, (rows,) if rows else ())


def opens_asked(opened: Opened) -> Question:
    """May it be opened?"""
    options = ["it holds only tensors", "it asks for code to be run"]
    truth = options[1] if opened.found.foreign else options[0]
    because = "A pickle is a program: GLOBAL names a function and REDUCE calls it; a header in JSON can do neither."
    return Question("What does this file do when Python's pickle opens it?", options, truth, because)


def unopened(opened: Opened, tensor: str = "") -> Shown:
    """The first bytes."""
    first = opened.content[:48]
    text = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in first).replace("`", "'")
    return Shown((), f"{len(opened.content):,} bytes. The first ones: `{text}`")


EXAMPLE = View(
    (pick("Example", KINDS, HOSTILE), UNITS),
    measure_example,
    looked_into,
    look=tensor_control,
    before=unopened,
    question=lambda opened, tensor="": opens_asked(opened),
    program=lambda opened, tensor="": program_of_look(opened.found, opened.content),
)
OWN = View(
    (),
    measure_own,
    looked_into,
    look=tensor_control,
    program=lambda opened, tensor="": program_of_look(opened.found, opened.content),
)
