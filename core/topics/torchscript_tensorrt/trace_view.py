"""Trace or script: what is written down of a network that decides."""

import inspect
import textwrap
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import nn

from core.figures.curves import line as curve
from core.figures.curves import number
from core.figures.marks import hover, marker, trace
from core.figures.picture import BLUE, GREEN, INK, ORANGE, Picture, layout
from core.jobs.apart import apart
from core.lessons import Goal, Question
from core.lessons.controls import pick, slider
from core.lessons.view import Later, Shown, View
from core.topics.torchscript_tensorrt.branches import BRANCHES, CLOSE, Taken, place_of, scales, taken
from core.topics.torchscript_tensorrt.programs import program_of_branch
from core.topics.torchscript_tensorrt.subjects import argument

MODULE = "core.topics.torchscript_tensorrt.exporting"
DECIDES = pick("What decides", BRANCHES)
EXAMPLE = slider("Traced at", -2.0, 2.0, 1.5, 0.25, help="The example input that the tracer runs, as a multiple of x.")
INPUT = slider("Input scaled by", -2.0, 2.0, 1.0, 0.125)
OPTIONS = ["the trace answers every input rightly", "the trace is silently wrong for some inputs",
           "the trace raises an error for some inputs"]  # fmt: skip
ENOUGH = 0.01


def measure(what_decides: str, traced_at: float, seed: int) -> Taken:
    """Trace and script a network."""
    return taken(what_decides, traced_at, seed)


def pythons(kind: type[nn.Module]) -> str:
    """A network's own forward as Markdown."""
    return f"```python\n{textwrap.dedent(inspect.getsource(kind.forward)).rstrip()}\n```"


def along(found: Taken, lines: dict[str, np.ndarray], chosen: float | None) -> Picture:
    """The answers along the line of inputs; the chosen input and the tracer's example are marked."""
    places = scales()
    traces = [curve(places, found.truth, "eager", BLUE)]
    styles = {"traced": (ORANGE, "dash"), "scripted": (GREEN, "dot"), "exported": (GREEN, "dot")}
    traces += [curve(places, values, name, *styles[name]) for name, values in lines.items()]
    at = place_of(found.example)
    traces.append(trace("markers", [found.example], [found.truth[at]], name="the tracer's example",
                        marker=marker(ORANGE, 13, "star"), **hover("traced here")))  # fmt: skip
    parts = [f"{name} is up to {number(np.abs(values - found.truth).max())} away" for name, values in lines.items()]
    if chosen is not None:
        traces.append(trace("markers", [chosen], [found.truth[place_of(chosen)]], name="your input",
                            marker=marker(INK, 12, "diamond-open"), **hover("%{x}: %{y:.4g}")))  # fmt: skip
    alt = (
        f"The network's answer to inputs scaled by -2 to 2: from {number(found.truth[0])} to {number(found.truth[-1])}"
    )
    return Picture(traces, layout("Input scaled by", "Answer", 380), "; ".join([alt, *parts]) + ".")


def before(found: Taken, input_scaled_by: float) -> Shown:
    """The network and its answers."""
    return Shown(((along(found, {}, input_scaled_by),),), pythons(BRANCHES[found.name][0]))


def asked(found: Taken, input_scaled_by: float) -> Question:
    """What becomes of the branch?"""
    text = (
        "torch.jit.trace runs this network once, on the example at the star, and writes down the operators that ran. "
        "What about the inputs on which the network decides otherwise?"
    )
    because = (
        "The decision is Python's, and Python is not in the trace: whatever the example did is done for every input. "
        "torch warns (TracerWarning) and goes on."
    )
    truth = OPTIONS[1] if found.wrong.any() else OPTIONS[0]
    return Question(text, OPTIONS, truth, because)


def shown(found: Taken, input_scaled_by: float) -> Shown:
    """All answers, the warnings, and the code that was kept."""
    at = place_of(input_scaled_by)
    rows = [
        {"Way": name, "Answer": f"{values[at]:.6f}", "Off at your input": f"{abs(values[at] - found.truth[at]):.2g}",
         "Wrong along the line": f"{int((np.abs(values - found.truth) > CLOSE).sum())} of {len(values)}"}
        for name, values in (("eager", found.truth), ("traced", found.traced), ("scripted", found.scripted))
    ]  # fmt: skip
    warned = "\n".join(f"- `{kind}`: {words}" for kind, words in found.warned)
    note = (
        f"{pythons(BRANCHES[found.name][0])}\nThe trace is wrong for **{int(found.wrong.sum())} of "
        f"{len(found.wrong)}** inputs, by up to **{number(np.abs(found.traced - found.truth).max())}**. What was "
        f"traced:\n```python\n{found.graphs[0]}\n```\n"
        f"What was scripted still decides:\n```python\n{found.graphs[1]}\n```\n"
        f"What torch said meanwhile; it still runs both, and calls both deprecated:\n{warned}"
    )
    return Shown(
        ((along(found, {"traced": found.traced, "scripted": found.scripted}, input_scaled_by),),), note, (rows,)
    )


def mirrored(found: Taken, input_scaled_by: float) -> Goal:
    """The other example, the other mistake."""
    text = (
        "**The example decides**: choose an example so that the trace is right at the input −1.5 and wrong, by more "
        f"than {ENOUGH}, at the input that you look at."
    )
    at = abs(found.traced - found.truth)
    here, there = at[place_of(input_scaled_by)], at[place_of(-1.5)]
    return Goal(text, bool(there < CLOSE and here > ENOUGH), f"Now: off by {there:.2g} at −1.5, {here:.2g} at yours.")


@dataclass(frozen=True)
class Exported:
    """What torch.export said to the network as it stands, and made of it in torch's own words."""

    found: Taken
    said: dict[str, Any]
    provenance: str = "Exported live by torch.export, in a process of its own"

    @property
    def answers(self) -> np.ndarray:
        """What the exported network answers along the line, (steps,)."""
        return np.array(self.said["mended"]["answers"])


def exporting(name: str, example: float, seed: int) -> Generator[tuple[float, str], None, Exported]:
    """Export both versions, in steps (fraction, message). Raises ``ValueError`` where that fails or takes too long."""
    told = argument(work="branch", branch=name, example=example, seed=seed)
    said = yield from apart(MODULE, told, "torch.export looks for the graph")
    return Exported(taken(name, example, seed), said)


EXPLAINED = (
    "`u0` stands for a value that is only known when the network runs. An exported graph has to hold for every input, "
    "so the exporter refuses to choose a side: an error where the tracer was silent."
)


def exported(made: Exported) -> Shown:
    """The error and its reason, the mended version and its graph."""
    broken, mended = made.said["broken"], made.said["mended"]
    apart_by = float(np.abs(made.answers - made.found.truth).max())
    error = (
        f"`{broken['kind']}`\n```text\n{broken['error']}\n```\n{EXPLAINED}" if "error" in broken else "It exported it."
    )
    note = (
        f"**As it stands**, torch.export refuses: {error}\n\n**In torch's own words** both sides are in the graph:\n"
        f"{pythons(BRANCHES[made.found.name][1])}\n```python\n{mended['code']}\n```\nLargest difference from eager: "
        f"**{apart_by:.2g}**."
    )
    return Shown(((along(made.found, {"exported": made.answers}, None),),), note)


TRACE = View(
    (DECIDES, EXAMPLE), measure, shown, (INPUT,), before, asked, mirrored,
    lambda found, input_scaled_by: program_of_branch(found),
    Later("Export it with torch.export", exporting, lambda found: (found.name, found.example, found.seed), exported),
)  # fmt: skip
