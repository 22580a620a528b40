"""Graph breaks and recompilations: what torch.compile cannot keep in one graph, and what makes it start again."""

import inspect
import textwrap
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.figures.curves import bars
from core.figures.picture import Picture
from core.jobs.apart import apart
from core.lessons import Goal, Question, Scale
from core.lessons.controls import pick
from core.lessons.view import Later, Shown, View
from core.topics.torchscript_tensorrt.breaks import PRESETS, Layers
from core.topics.torchscript_tensorrt.programs import program_of_breaks
from core.topics.torchscript_tensorrt.record import RECORD
from core.topics.torchscript_tensorrt.subjects import argument
from core.wording import counted

MODULE = "core.topics.torchscript_tensorrt.breaks"
PRESET = pick("What happens in it", PRESETS, "print")
REASONS = {
    "nothing in the way": "One graph, compiled once, and used again as long as its guards (types, shapes) hold.",
    "print": "A graph holds operators of tensors only: Dynamo ends it, lets Python print, and begins another.",
    ".item()": "A number that leaves torch is unknown while the graph is made: the graph ends where it is read.",
    "a branch on a value": "Each side would be another graph: Dynamo ends the first, lets Python decide, and goes on.",
    "another batch size": "The first shape is taken for a constant; at the second, Dynamo compiles again with a free "
    "size, and that graph serves every further one.",
    "a batch of one": "A free size excludes 0 and 1, because broadcasting makes 1 special: one more graph.",
}


@dataclass(frozen=True)
class Counted:
    """The counts of one preset."""

    name: str
    said: dict[str, Any]
    provenance: str

    @property
    def kind(self) -> type[Layers]:
        """The network."""
        return PRESETS[self.name][0]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Rows of the calls."""
        return PRESETS[self.name][1]


def measure(what_happens_in_it: str, seed: int) -> Counted:
    """Look the record up."""
    return Counted(what_happens_in_it, RECORD.contents["breaks"][what_happens_in_it], RECORD.source.provenance)


def counting(name: str) -> Generator[tuple[float, str], None, Counted]:
    """Count here, in steps (fraction, message). Raises ``ValueError`` where that fails or takes too long."""
    said = yield from apart(MODULE, argument(names=[name]), "Dynamo is at work")
    return Counted(name, said[name], "Counted on this machine by torch._dynamo, in a process of its own")


def steps(found: Counted) -> Picture:
    """Graphs that each call compiled."""
    made = np.diff([0, *found.said["made"]])
    names = [
        f"call\u00a0{place}: {size}\u00a0{'row' if size == 1 else 'rows'}" for place, size in enumerate(found.sizes, 1)
    ]
    counts = dict(zip(names, made.tolist(), strict=True))
    return bars(counts, ("", "Graphs compiled at this call"), 300, yaxis={"dtick": 1})


def listing(found: Counted) -> str:
    """The network as Markdown."""
    return f"```python\n{textwrap.dedent(inspect.getsource(found.kind.forward)).rstrip()}\n```"


def before(found: Counted) -> Shown:
    """The network, and the calls."""
    rows = dict(zip((f"call {place}" for place in range(1, 5)), found.sizes, strict=True))
    return Shown(((bars(rows, ("", "Rows"), 260),),), f"{listing(found)}\nIt is compiled, and called four times.")


def shown(found: Counted) -> Shown:
    """Graphs, breaks, reasons."""
    said = found.said
    reasons = "".join(f"\n- torch says: “{each}”" for each in said["reasons"])
    note = (
        f"{listing(found)}\nOne call has **{counted(said['graphs'], 'graph')}**, "
        f"**{counted(said['breaks'], 'break')}**, {counted(said['operators'], 'operator')}. Over four calls "
        f"**{counted(said['made'][-1], 'graph')}** {'was' if said['made'][-1] == 1 else 'were'} compiled. "
        f"{REASONS[found.name]} The answers differ from eager's by {said['apart']:.1g}: a break costs time, never the "
        f"answer.{reasons}"
    )
    return Shown(((steps(found),),), note)


def asked(found: Counted) -> Question:
    """How many graphs?"""
    text = "torch.compile calls this network four times, as above. How many graphs has it compiled in the end?"
    return Question(text, Scale(0, 6, 1, "graphs", 0), found.said["made"][-1], REASONS[found.name])


def most(found: Counted) -> Goal:
    """The most graphs without a break."""
    text = "**No break, three graphs**: find what makes torch.compile build three graphs although none of them breaks."
    made, breaks = found.said["made"][-1], found.said["breaks"]
    return Goal(text, made == 3 and not breaks, f"Now: {counted(made, 'graph')}, {counted(breaks, 'break')}.")


def program(found: Counted):
    """The same counts."""
    return program_of_breaks(
        (Layers, found.kind), {name: found.said[name] for name in ("graphs", "breaks", "operators")}
    )


BREAKS = View(
    (PRESET,), measure, shown, before=before, question=asked, goal=most, program=program,
    later=Later("Count it on this machine", counting, lambda found: (found.name,), shown),
)  # fmt: skip
