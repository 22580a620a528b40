"""torch.export of the learner's network: its graph, which batch sizes it is for, and what it says to others."""

import base64
import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from core.deployment.subjects import Subject
from core.figures.curves import bars
from core.figures.picture import Picture
from core.jobs.apart import apart
from core.lessons import Goal, Question
from core.lessons.controls import pick, scale, toggle
from core.lessons.view import Later, Shown, View
from core.topics.torchscript_tensorrt.exporting import ANY, BATCHES
from core.topics.torchscript_tensorrt.programs import program_of_export
from core.topics.torchscript_tensorrt.subjects import argument, opening, settings_of
from core.wording import counted

MODULE = "core.topics.torchscript_tensorrt.exporting"
BATCH = pick("Batch size may be", BATCHES, ANY)
ROWS = scale("Rows of the example", (1, 2, 4, 8), 2)
PAIRS = toggle("Average pairs of rows", help="The network then ends by averaging rows 1 and 2, 3 and 4, …")
CALLED, FEW = (1, 2, 4, 7, 16, 32), 8
OPTIONS = ["it answers, wrongly", "it answers rightly", "it raises an error"]


@dataclass(frozen=True)
class Asked:
    """A network, how it is to be exported, and its answers in torch to a few inputs (rows, outputs)."""

    subject: Subject
    rows: int
    batch: str
    pairs: bool
    answers: np.ndarray
    sizes: dict[str, int]
    seconds: float

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return f"{self.subject.source} · answered live in {1000 * self.seconds:.0f} ms"


@torch.no_grad()
def measure(
    subject: Subject, batch_size_may_be: str, rows_of_the_example: int, average_pairs_of_rows: bool, seed: int
) -> Asked:
    """Ask the network itself."""
    began, model = time.perf_counter(), subject.model
    sizes = {name: value.numel() for name, value in model.named_parameters()}
    answers = model(subject.samples[:FEW]).numpy()
    took = time.perf_counter() - began
    return Asked(subject, rows_of_the_example, batch_size_may_be, average_pairs_of_rows, answers, sizes, took)


def weights(found: Asked) -> Picture:
    """Numbers in each part of the network."""
    modules: dict[str, int] = {}
    for name, size in found.sizes.items():
        place = name.rpartition(".")[0]
        modules[place] = modules.get(place, 0) + size
    return bars(modules, ("", "Weights taken along"), 320)


def shown(found: Asked) -> Shown:
    """What is to be exported."""
    note = (
        f"{opening(found.subject)}. torch.export runs it once with tensors that have shapes and no values, "
        "writes down every operator, and keeps the conditions under which that list holds. The button below does it, "
        f"with an example of {counted(found.rows, 'row')} and a batch size that may be "
        f"**{found.batch}**; it takes some seconds."
    )
    return Shown(((weights(found),),), note)


def asked(found: Asked) -> Question:
    """What does a fixed batch say to another?"""
    text = (
        "A network is exported from an example of two rows, with no word about the batch size. The exported program is "
        "then called with four. What happens?"
    )
    because = (
        "Without dynamic_shapes every size of the example is a condition of the graph, and the program checks its "
        "conditions (guards) before it runs: export answers rightly or not at all."
    )
    return Question(text, OPTIONS, OPTIONS[2], because)


@dataclass(frozen=True)
class Made:
    """What torch.export made of it, or said."""

    found: Asked
    said: dict[str, Any]

    @property
    def provenance(self) -> str:
        """Where it comes from."""
        return f"{self.found.subject.source} · exported live by torch.export, in a process of its own"

    @property
    def answered(self) -> dict[int, float]:
        """Batch sizes that it answers, and the largest difference from torch."""
        return {int(size): said["apart"] for size, said in self.said.get("calls", {}).items() if "apart" in said}

    @property
    def file(self) -> bytes:
        """The saved program."""
        return base64.b64decode(self.said.get("file", ""))


def exporting(found: Asked) -> Generator[tuple[float, str], None, Made]:
    """Export, in steps (fraction, message). Raises ``ValueError`` where the process fails or takes too long."""
    called = [size for size in CALLED if size % 2 == 0 or not found.pairs]
    told = argument(work="network", settings=settings_of(found.subject), rows=found.rows, batch=found.batch,
                    pairs=found.pairs, called=called)  # fmt: skip
    return Made(found, (yield from apart(MODULE, told, "torch.export looks for the graph")))


REASONS = {
    "specialized it to be a constant (1)": "An example of one row: many operators treat a size of 1 in a way of its "
    "own (broadcasting), so the graph would hold for one row alone. Give an example of two.",
    "satisfy the generated guard": "The network itself needs the size to be even, and the graph holds only then. "
    "The exporter derived that from the reshape: say 2 * Dim(...), or take the condition out of the network.",
}


def drawn(made: Made) -> Shown:
    """The graph and who is answered; or the error and its reason."""
    if "error" in made.said:
        error = made.said["error"]
        reason = next((words for part, words in REASONS.items() if part in error["error"]), "")
        return Shown((), f"torch.export refuses: `{error['kind']}`\n```text\n{error['error']}\n```\n{reason}")
    nodes, calls = made.said["nodes"], made.said["calls"]
    answered = {counted(int(size), "row"): 1.0 if "apart" in said else 0.0 for size, said in calls.items()}
    refused = next((said["error"].splitlines()[0] for said in calls.values() if "error" in said), "")
    ranges = "; ".join(f"{name} in {each.removeprefix('VR')}" for name, each in made.said["ranges"].items())
    note = (
        f"**{counted(len(nodes), 'operator')}**, {len(made.file) / 1000:,.1f} kB. Free sizes: {ranges or 'none'}. It "
        f"answers {len(made.answered)} of {len(calls)} batch sizes, at most "
        f"**{max(made.answered.values(), default=0):.2g}** from torch."
    )
    note += f" To the others it says:\n```text\n{refused}\n```" if refused else ""
    rows = [{"Call": each["name"], "Operator": each["operator"], "Answer": each["shape"]} for each in nodes]
    return Shown(((bars(answered, ("", "1: answered, 0: refused"), 300),),), note, (rows,))


def every(made: Made | None) -> Goal:
    """A program for any batch, through a refusal."""
    text = (
        "**One program for pairs**: export the network that averages pairs so that it answers four rows, although it "
        "cannot answer any number of rows."
    )
    passed = made is not None and made.found.pairs and 4 in made.answered
    return Goal(text, passed, f"Now: {len(made.answered)} batch sizes answered." if made else "Now: nothing exported.")


def files(made: Made):
    """The program."""
    return [("The exported program", "network.pt2", made.file)] if made.file else []


EXPORT = View(
    (BATCH, ROWS, PAIRS), measure, shown, question=asked, before=lambda found: Shown(((weights(found),),), (
        f"{opening(found.subject)}: {sum(found.sizes.values()):,} weights, which an export takes along.")),
    program=lambda found: program_of_export(found.subject, found.answers),
    later=Later("Export it", exporting, lambda found: (found,), drawn, goal=every, files=files),
)  # fmt: skip
