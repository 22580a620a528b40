"""One file, any batch: what a free batch size is worth, and what a fixed one refuses."""

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.deployment.onnx_sessions import session
from core.deployment.onnx_writer import as_numpy, written
from core.deployment.subjects import Subject
from core.figures.curves import bars, number
from core.figures.curves import line as curve
from core.figures.marks import hover, marker, trace
from core.figures.picture import BLUE, INK, Picture, layout
from core.lessons import Goal, Question
from core.lessons.controls import scale
from core.lessons.view import Shown, View
from core.topics.onnx.programs import program_of_batch
from core.wording import counted

SIZES = (1, 2, 4, 8, 16, 32, 64, 128)
BATCH = scale("Rows together", SIZES, 1)
PAUSE, MOST = 0.015, 60  # seconds and runs for each size
ROWS = 32  # answered together and alone
ANSWERS = ["an error", "answers to the first row alone", "answers to all rows"]


@dataclass(frozen=True)
class Batches:
    """Seconds per answer by batch size, the answers (rows, outputs) together and alone, and what the file with a fixed
    batch of 1 said to 8 rows."""

    subject: Subject
    content: bytes
    seconds: dict[int, float]
    together: np.ndarray
    alone: np.ndarray
    refusal: str

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return f"{self.subject.source} · ONNX Runtime, one thread, best half of up to {MOST} runs"

    @property
    def apart(self) -> float:
        """The largest difference between answers together and alone."""
        return float(np.abs(self.together - self.alone).max())


def measure(subject: Subject, seed: int) -> Batches:
    """Time batches, and try a file of a fixed batch."""
    return batches(subject.network)


@functools.lru_cache(maxsize=16)
def batches(subject: Subject) -> Batches:
    """The same, of a network whatever the learner asks it."""
    content, x = written(subject.model), as_numpy(subject.samples)
    running = session(content)
    seconds = {size: timed(lambda size=size: running.run(None, {"x": x[:size]})) / size for size in SIZES}
    together = np.asarray(running.run(None, {"x": x[:ROWS]})[0])
    alone = np.concatenate([running.run(None, {"x": row[None]})[0] for row in x[:ROWS]])
    return Batches(subject, content, seconds, together, alone, refusal(written(subject.model, 1), x[:8]))


def timed(work: Callable[[], object]) -> float:
    """Seconds that some work takes: the middle of the faster half of its runs."""
    times, began = [], time.perf_counter()
    while len(times) < 2 or (time.perf_counter() - began < PAUSE and len(times) < MOST):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return float(np.quantile(times, 0.25))


def refusal(content: bytes, x: np.ndarray) -> str:
    """What a file says to inputs; empty if it answers them."""
    try:
        session(content).run(None, {"x": x})
    except Exception as error:  # ONNX Runtime has an exception for every fault
        return " ".join(str(error).split())
    return ""


def costs(found: Batches, chosen: int) -> Picture:
    """Time per answer over the batch size, one size marked."""
    sizes, values = np.array(SIZES), np.array([1e6 * found.seconds[size] for size in SIZES])
    mine = trace("markers", [chosen], [1e6 * found.seconds[chosen]], name="chosen", marker=marker(INK, 13, "diamond"),
                 **hover("%{x} rows: %{y:.3g} µs"))  # fmt: skip
    ticks = {"type": "log", "tickvals": list(SIZES), "ticktext": list(map(str, SIZES))}
    plan = layout(
        "Rows together",
        "Microseconds per answer",
        380,
        xaxis=ticks,
        yaxis={"type": "log", "dtick": 1},
        showlegend=False,
    )
    alt = "Microseconds per answer: " + ", ".join(
        f"{counted(size, 'row')} {number(value)}" for size, value in zip(SIZES, values.tolist(), strict=True)
    )
    return Picture([curve(sizes, values, "one thread", BLUE, mode="lines+markers"), mine], plan, f"{alt}.")


def shown(found: Batches, rows_together: int) -> Shown:
    """Time per answer, equality, and the refusal."""
    gain = found.seconds[1] / found.seconds[rows_together]
    cost = f"**{number(1e6 * found.seconds[rows_together])} µs** an answer"
    together = (
        f"One by one they cost {cost}"
        if rows_together == 1
        else f"{rows_together} rows together cost {cost}, **{gain:.1f}** times as cheap as one by one"
    )
    note = (
        f"The first dimension is called `batch` and stays open. {together}. The answers together "
        f"and alone differ by {found.apart:.1g} at most. A file whose batch was fixed at 1 says to 8 rows: "
        f"“{found.refusal}”"
    )
    return Shown(((costs(found, rows_together),),), note)


def before(found: Batches, rows_together: int) -> Shown:
    """One answer."""
    values = {f"row {row}": float(found.alone[row].max()) for row in range(8)}
    note = "Eight inputs, answered one after another by the file with an open batch; their largest logits:"
    return Shown(((bars(values, ("", "Largest logit"), 320),),), note)


def asked(found: Batches, rows_together: int) -> Question:
    """What does a fixed batch say?"""
    truth = ANSWERS[0] if found.refusal else ANSWERS[2]
    text = (
        "The same network, exported without dynamic_shapes from an example of one row. It is given eight. What comes?"
    )
    because = "The file then states the shape (1, …), and ONNX Runtime checks every input against it."
    return Question(text, ANSWERS, truth, because)


def halved(found: Batches, rows_together: int) -> Goal:
    """A batch that pays."""
    gain = found.seconds[1] / found.seconds[rows_together]
    text = "**Worth waiting for company**: choose a network and a batch whose answers cost at most a quarter each."
    return Goal(text, gain >= 4, f"Now: {gain:.1f} times as cheap.")


BATCHES = View(
    (), measure, shown, look=(BATCH,), before=before, question=asked, goal=halved,
    program=lambda found, rows_together: program_of_batch(
        found.content, found.subject.samples[:ROWS], found.together
    ),
)  # fmt: skip
