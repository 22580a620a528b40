"""Where the time goes: every operator by ONNX Runtime's profiler, before and after the graph is rewritten."""

import time
from dataclasses import dataclass

import torch

from core.deployment.costs import multiply_adds
from core.deployment.onnx_files import OnnxFile, opened
from core.deployment.onnx_sessions import Kernel, profiled
from core.deployment.onnx_writer import as_numpy, written
from core.deployment.subjects import Subject
from core.figures.curves import across, bars, number
from core.lessons import Goal, Question, Scale
from core.lessons.controls import scale
from core.lessons.view import Shown, View
from core.topics.onnx.programs import program_of_times
from core.wording import counted

BATCH = scale("Batch size", (1, 4, 16, 64), 1)
BUDGET, MOST, FEWEST = 0.12, 200, 8  # seconds of profiling; runs at most and at least
BENDS = {"Relu", "Tanh", "Sigmoid", "Gelu", "LeakyRelu"}


@dataclass(frozen=True)
class Times:
    """The operators as written and as ONNX Runtime runs them, each with its times."""

    subject: Subject
    content: bytes
    file: OnnxFile
    x: torch.Tensor
    written: tuple[Kernel, ...]
    fused: tuple[Kernel, ...]

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        runs = len(self.written[0].microseconds)
        return f"{self.subject.source} · ONNX Runtime's profiler, one thread, middle of {runs} runs"


def measure(subject: Subject, batch_size: int, seed: int) -> Times:
    """Profile the file as it is written, and as it is run."""
    content = written(subject.model)
    x = torch.cat([subject.example, subject.samples])[:batch_size]
    inputs = {"x": as_numpy(x)}
    began = time.perf_counter()
    profiled(content, inputs, 2, False)
    runs = max(FEWEST, min(MOST, round(BUDGET * 2 / max(time.perf_counter() - began, 1e-4))))
    both = [profiled(content, inputs, runs, optimised) for optimised in (False, True)]
    return Times(subject, content, opened(content), x, *both)


def shown(found: Times) -> Shown:
    """Both graphs' times, and what each operator has to compute."""
    batch = len(found.x)
    pictures = tuple(
        across([f"{each.place + 1} {each.kind}" for each in kernels], {name: [each.median for each in kernels]},
               f"Microseconds, {name}")
        for name, kernels in (("as written", found.written), ("as run", found.fused))
    )  # fmt: skip
    rows = []
    for operator, kernel in zip(found.file.operators, found.written, strict=True):
        count = multiply_adds(found.file, operator, batch)
        rows.append({
            "Operator": f"{kernel.place + 1} {kernel.kind}", "Answer": found.file.shape(operator.outputs[0]),
            "Multiply-adds": f"{count:,}" if count else "–", "Microseconds": f"{kernel.median:.0f}",
            "Billion a second": number(count / kernel.median / 1000) if count and kernel.median else "–",
        })  # fmt: skip
    totals = [sum(each.median for each in kernels) for kernels in (found.written, found.fused)]
    slowest = max(found.written, key=lambda each: each.median)
    note = (
        f"A batch of {batch}: **{totals[0]:.0f} µs** as written, **{totals[1]:.0f} µs** as run, with "
        f"{len(found.written)} and {counted(len(found.fused), 'operator')}. Slowest as written: {slowest.place + 1} "
        f"{slowest.kind}. The profiler counts whole microseconds: an operator of a few of them is all overhead."
    )
    return Shown((pictures,), note, (rows,))


def before(found: Times) -> Shown:
    """What has to be computed."""
    counts = {f"{place} {each.kind}": multiply_adds(found.file, each, len(found.x))
              for place, each in enumerate(found.file.operators, 1)}  # fmt: skip
    heavy = {name: count for name, count in counts.items() if count}
    operators = counted(len(found.file.operators), "operator")
    note = f"The file of {found.subject.title} has **{operators}**; drawn are those that multiply."
    return Shown(((bars(heavy, ("", "Multiply-adds"), 340),),), note)


def asked(found: Times) -> Question:
    """How many are left?"""
    text = "ONNX Runtime rewrites the graph before it runs anything. How many operators does it then run?"
    because = (
        "An activation is computed while the layer's answer is still in the processor's registers (fused), and "
        "convolutions on blocks of channels need a ReorderInput and ReorderOutput around them."
    )
    if len(found.fused) >= len(found.written):
        because = (
            "An activation is fused into the layer before it only where ONNX Runtime has a kernel for both, and "
            "convolutions on blocks of channels need operators of their own around them: nothing is saved here."
        )
    top = max(6, len(found.file.operators) + 4)
    return Question(text, Scale(1, top, 1, "operators", 0), len(found.fused), because)


def unfused(found: Times) -> Goal:
    """Find a network that cannot be fused."""
    text = (
        "**Nothing to gain**: train a network with an activation after which ONNX Runtime runs as many operators as "
        "the file has."
    )
    kinds = {each.kind for each in found.file.operators}
    passed = bool(kinds & BENDS) and len(found.fused) == len(found.written)
    return Goal(text, passed, f"Now: {len(found.written)} in the file, {len(found.fused)} run.")


def counts(found: Times) -> dict[str, int]:
    """How many operators there are."""
    return {"as written": len(found.written), "optimised": len(found.fused)}


TIMES_VIEW = View(
    (BATCH,), measure, shown, before=before, question=asked, goal=unfused,
    program=lambda found: program_of_times(found.content, found.x, counts(found)),
)  # fmt: skip
