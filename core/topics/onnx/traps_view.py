"""What breaks an export: a module, what the old exporter made of it, what today's says, and the repair."""

import inspect
import textwrap
import time
from dataclasses import dataclass

import numpy as np

from core.figures.curves import line as curve
from core.figures.curves import number
from core.figures.picture import BLUE, ORANGE, Picture, layout
from core.lessons import Goal, Question
from core.lessons.controls import pick
from core.lessons.view import Later, Shown, View
from core.provenance import Measured, Sourced
from core.topics.onnx.programs import program_of_trap
from core.topics.onnx.traps import (
    STEPS,
    TRAPS,
    Attempt,
    Layers,
    Today,
    Trap,
    line,
    modules,
    traced,
    tried_today,
    wanted,
)

TRAP = pick("What breaks", TRAPS)
OPTIONS = ["right for every input", "wrong for some inputs, without an error", "an error instead of a file"]
VERDICTS = dict(zip(("right", "wrong", "refused"), OPTIONS, strict=True))


@dataclass(frozen=True)
class Traced(Sourced):
    """A trap, what its module answers along a line (steps, batch, outputs), and the old exporter's attempt."""

    name: str
    seed: int
    truth: np.ndarray
    attempt: Attempt
    source: Measured

    @property
    def trap(self) -> Trap:
        """The trap."""
        return TRAPS[self.name]


def measure(what_breaks: str, seed: int) -> Traced:
    """Trace the module and compare the file with it."""
    began = time.perf_counter()
    broken, _, meant = modules(TRAPS[what_breaks], seed)
    _, x = line(seed)
    truth = wanted(meant, x)
    attempt = traced(broken, x, truth)
    source = Measured((seed,), time.perf_counter() - began, "Exported and run live")
    return Traced(what_breaks, seed, truth, attempt, source)


def listing(module: type[Layers]) -> str:
    """A module's own method as Markdown."""
    method = textwrap.dedent(inspect.getsource(module.forward))
    return f"```python\n{method.rstrip()}\n```"


def along(truth: np.ndarray, files: dict[str, np.ndarray]) -> Picture:
    """One answer of the module along the line, and the files' answers to the same inputs."""
    places = np.linspace(-2, 2, STEPS)
    first = truth.reshape(STEPS, -1)[:, 0]
    traces = [curve(places, first, "the module in torch", BLUE)]
    parts = []
    for name, answers in files.items():
        other = np.asarray(answers).reshape(STEPS, -1)[:, 0]
        traces.append(curve(places, other, name, ORANGE, "dash"))
        parts.append(f"{name} is up to {number(float(np.abs(other - first).max()))} away")
    alt = f"The module's first answer for inputs scaled from -2 to 2: from {number(first[0])} to {number(first[-1])}"
    return Picture(traces, layout("the example input, scaled by", "first answer", 380), "; ".join([alt, *parts]) + ".")


def asked(found: Traced) -> Question:
    """What does the tracing exporter make of it?"""
    text = (
        "Until 2025 torch.onnx.export ran a module once on an example (here the input scaled by 2) and wrote down what "
        "happened. What does that give for this module?"
    )
    return Question(text, OPTIONS, VERDICTS[found.attempt.verdict], found.trap.because)


def before(found: Traced) -> Shown:
    """The module and its answers."""
    return Shown(((along(found.truth, {}),),), listing(found.trap.broken))


def shown(found: Traced) -> Shown:
    """The module, and the traced file beside it."""
    attempt = found.attempt
    files = {} if attempt.answers is None else {"the traced file": attempt.answers}
    said = f"`{attempt.kind}`: {attempt.error}" if attempt.error else f"operators: {', '.join(attempt.operators[:8])}"
    note = f"{listing(found.trap.broken)}\nThe tracer's file: **{VERDICTS[attempt.verdict]}** ({said})."
    return Shown(((along(found.truth, files),),), note)


def today(more: Today) -> Shown:
    """Today's exporter on the module and on its repair."""
    rows = [
        {
            "Module": name,
            "torch.onnx.export today": VERDICTS[attempt.verdict],
            "Largest difference": "–" if attempt.difference is None else f"{attempt.difference:.2g}",
            "What it says or writes": f"{attempt.kind}: {attempt.error}" if attempt.error
            else ", ".join(attempt.operators[:8]),
        }
        for name, attempt in (("as written", more.broken), ("mended", more.mended))
    ]  # fmt: skip
    note = f"{more.trap.because} **Repair**: {more.trap.repair}\n\n{listing(more.trap.mended)}"
    return Shown((), note, (rows,))


def silent(more: Today | None) -> Goal:
    """Find the trap that is no error."""
    goal = "**No error, no answer**: find the module of which today's exporter writes a wrong file, and export it."
    if more is None:
        return Goal(goal, False, "Export a module below the picture.")
    return Goal(goal, more.broken.verdict == "wrong", f"{more.name}: {VERDICTS[more.broken.verdict]}.")


def program(found: Traced):
    """Both exports as a program."""
    direction, _ = line(found.seed)
    classes = tuple(dict.fromkeys((Layers, found.trap.broken, found.trap.mended)))
    return program_of_trap(classes, direction, STEPS, found.seed, found.attempt.difference, found.trap.training)


TRAPS_VIEW = View(
    (TRAP,), measure, shown, before=before, question=asked, program=program,
    later=Later("Export it with today's torch.onnx", tried_today, lambda found: (found.name, found.seed), today,
                goal=silent),
)  # fmt: skip
