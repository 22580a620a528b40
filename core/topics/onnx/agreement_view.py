"""The same answers? torch against ONNX Runtime on many inputs, torch's own exporter against the hand-written file."""

import functools
import time
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import torch

from core.deployment.onnx_files import OnnxFile, opened
from core.deployment.onnx_sessions import session
from core.deployment.onnx_writer import as_numpy, written
from core.deployment.subjects import Subject
from core.figures.curves import bars
from core.figures.picture import Picture
from core.lessons import Goal, Question
from core.lessons.controls import scale
from core.lessons.view import Later, Shown, View
from core.topics.onnx.programs import program_of_agreement

TIMES = scale("Inputs times", (0.1, 1, 10, 100, 1000, 10000), 1, help="Every input is multiplied by this first.")
TOLERANCE, RELATIVE = 1e-4, 1e-5
DECADES = np.array([1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2])
EQUAL, ROUNDING, MORE = "nothing, bit for bit", "a rounding error, below 0.0001", "more than 0.0001"


@dataclass(frozen=True)
class Agreement:
    """Logits (inputs, outputs) by torch and by ONNX Runtime for the same inputs."""

    subject: Subject
    x: torch.Tensor
    ours: np.ndarray
    theirs: np.ndarray
    seconds: float

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return f"{self.subject.source} · {len(self.x)} inputs answered twice in {1000 * self.seconds:.0f} ms"

    @property
    def apart(self) -> np.ndarray:
        """How far the two are apart, (inputs, outputs)."""
        return np.abs(self.ours - self.theirs)

    @property
    def largest(self) -> float:
        """The largest difference of two logits."""
        return float(self.apart.max())

    @property
    def relative(self) -> float:
        """The same relative to the largest logit."""
        return self.largest / max(float(np.abs(self.ours).max()), 1e-12)

    @property
    def verdict(self) -> str:
        """How far that is, in words."""
        return EQUAL if self.largest == 0 else ROUNDING if self.largest < TOLERANCE else MORE


def measure(subject: Subject, inputs_times: float, seed: int) -> Agreement:
    """Answer the same inputs with torch and with ONNX Runtime."""
    return answered_twice(subject.network, inputs_times)


@functools.lru_cache(maxsize=16)
@torch.no_grad()
def answered_twice(subject: Subject, inputs_times: float) -> Agreement:
    """The same, of a network whatever the learner asks it."""
    began = time.perf_counter()
    x = subject.samples * inputs_times
    theirs = session(written(subject.model)).run(None, {"x": as_numpy(x)})[0]
    return Agreement(subject, x, subject.model(x).numpy(), np.asarray(theirs), time.perf_counter() - began)


def decades(found: Agreement) -> Picture:
    """How many answers differ by how much."""
    apart = found.apart.ravel()
    places = np.searchsorted(DECADES, apart[apart > 0], side="right")
    counts = np.bincount(places, minlength=len(DECADES) + 1)
    names = ["equal", *(f"<{edge:.0e}".replace("e-0", "e-") for edge in DECADES), "more"]
    values = [int((apart == 0).sum()), *counts.tolist()]
    last = max(place for place, value in enumerate(values) if value)
    kept = dict(list(zip(names, values, strict=True))[: max(last + 2, 4)])
    return bars(kept, ("Difference, torch and ONNX Runtime", "Logits"), 340)


def shown(found: Agreement) -> Shown:
    """The differences."""
    note = (
        f"{len(found.x)} inputs, {found.ours.size:,} logits of {found.subject.title}. The largest difference is "
        f"**{found.largest:.2g}**, which is {found.relative:.1g} of the largest logit "
        f"({np.abs(found.ours).max():.3g}); float32 itself keeps 6e-08. The winner is the same for "
        f"{(found.ours.argmax(1) == found.theirs.argmax(1)).sum():,} of them."
    )
    return Shown(((decades(found),),), note)


def before(found: Agreement) -> Shown:
    """The sizes of the answers."""
    edges = np.quantile(found.ours, [0, 0.25, 0.5, 0.75, 1])
    names = ("smallest", "quarter", "middle", "three quarters", "largest")
    values = dict(zip(names, edges.tolist(), strict=True))
    return Shown(((bars(values, ("", "Logits in torch"), 320),),), f"{len(found.x)} inputs, answered by torch.")


def asked(found: Agreement) -> Question:
    """How far apart?"""
    text = (
        "ONNX Runtime computes the same sums with other code, in another order, with operators fused. How far are its "
        "logits from torch's at most?"
    )
    because = (
        "Floating-point sums depend on their order: each is rounded to 24 binary digits, so differences are a few "
        "hundred-millionths of the numbers that were added."
    )
    if found.verdict == EQUAL:
        because = "Sums of so few numbers come out the same: rounded to 24 binary digits, and here in one order."
    return Question(text, (EQUAL, ROUNDING, MORE), found.verdict, because)


def stretched(found: Agreement) -> Goal:
    """Break the absolute limit, not the relative one."""
    text = (
        "**0.0001 of what?** Make torch and ONNX Runtime differ by more than 0.0001 although they agree to "
        "one part in 100,000 of the largest logit. (Sums of few numbers may agree to the bit.)"
    )
    passed = found.largest > TOLERANCE and found.relative < RELATIVE
    return Goal(text, passed, f"Now: {found.largest:.2g}, or {found.relative:.1g} of the largest.")


@dataclass(frozen=True)
class Export:
    """What ``torch.onnx.export`` wrote, beside the hand-written file."""

    content: bytes
    file: OnnxFile
    own: OnnxFile
    seconds: float
    difference: float

    @property
    def provenance(self) -> str:
        """Where it comes from."""
        return f"Exported live by torch.onnx.export in {self.seconds:.1f} s"


def exporting(subject: Subject) -> Generator[tuple[float, str], None, Export]:
    """Export the subject with torch, in steps (fraction, message). Raises ``ValueError`` where nothing is written."""
    yield 0.1, "torch.export finds the graph, then every operator is written in ONNX's"
    began, model = time.perf_counter(), subject.model
    file = torch.onnx.export(
        model, (subject.samples[:2],), input_names=["x"], output_names=["y"],
        dynamic_shapes=({0: torch.export.Dim("batch")},), dynamo=True, verbose=False,
    )  # fmt: skip
    if file is None:
        raise ValueError("This network cannot be written as ONNX.")
    content, seconds = file.model_proto.SerializeToString(), time.perf_counter() - began
    yield 0.9, "comparing ONNX Runtime with torch"
    with torch.no_grad():
        ours = model(subject.samples).numpy()
    theirs = np.asarray(session(content).run(None, {"x": as_numpy(subject.samples)})[0])
    return Export(content, opened(content), opened(written(model)), seconds, float(np.abs(ours - theirs).max()))


def exported(made: Export) -> Shown:
    """Both files side by side."""
    rows = [
        {
            "File": name, "Operators": " ".join(each.kind for each in file.operators),
            "Weights": f"{file.parameters:,}", "Bytes": f"{file.size:,}", "Opset": str(file.opset),
        }
        for name, file in (("torch.onnx.export", made.file), ("written by hand", made.own))
    ]  # fmt: skip
    same = [each.kind for each in made.file.operators] == [each.kind for each in made.own.operators]
    note = (
        f"torch's exporter took **{made.seconds:.1f} s**; its file differs from torch by **{made.difference:.2g}** at "
        f"most. Operator by operator it is {'' if same else 'not '}the file of the other views, which this page writes "
        "by hand because it knows the layers: the exporter has to find them. Its file also notes from which module "
        "each operator comes, hence more bytes."
    )
    return Shown((), note, (rows,))


AGREEMENT = View(
    (TIMES,), measure, shown, before=before, question=asked, goal=stretched,
    program=lambda found: program_of_agreement(found.subject, found.x, found.theirs),
    later=Later("Export with torch.onnx.export", exporting, lambda found: (found.subject,), exported,
                files=lambda made: [("torch's ONNX file", "exported.onnx", made.content)]),
)  # fmt: skip
