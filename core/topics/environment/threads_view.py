"""The view of threads: a law first, then this machine."""

import time
from dataclasses import dataclass

import numpy as np

from core.figures.curves import line, number
from core.figures.marks import hover, marker, trace
from core.figures.picture import BLUE, GREY, INK, ORANGE, Picture, layout
from core.lessons import Goal, Question
from core.lessons.controls import scale, slider
from core.lessons.view import Later, Shown, View
from core.programs import Program, Step
from core.provenance import Measured
from core.topics.environment.machine import cores
from core.topics.environment.threads import Rates, amdahl, batch, counts_of, measured, network, rate, trained
from core.wording import counted

UNITS = scale("Hidden units", (8, 32, 128, 512), 128)
BATCH = scale("Batch size", (16, 128, 1024), 1024)
SHARE = slider("Parallel share", 0.0, 1.0, 0.5, 0.05, help="How much of a step can be divided among threads.")
STEPS, LITTLE = 3, 0.05


@dataclass(frozen=True)
class Law:
    """Amdahl's law for this machine's numbers of threads, and the loss of some steps with one thread."""

    hidden_units: int
    batch_size: int
    seed: int
    threads: tuple[int, ...]
    loss: float
    source: Measured

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return f"Closed form · 1 / (1 − p + p / n) · loss measured with seed {self.seed}"


def law(hidden_units: int, batch_size: int, seed: int) -> Law:
    """The setting before it is timed."""
    began = time.perf_counter()
    loss = trained(network(hidden_units), *batch(batch_size, seed), STEPS)
    source = Measured((seed,), time.perf_counter() - began)
    return Law(hidden_units, batch_size, seed, counts_of(cores()), loss, source)


def expected(found: Law, parallel_share: float) -> Picture:
    """The law's curve, and what would be perfect."""
    places = np.array(found.threads, dtype=float)
    gains = amdahl(places, parallel_share)
    perfect = line(places, places, "perfect", GREY, "dot")
    curve = line(places, gains, f"{parallel_share:.0%} parallel", ORANGE, mode="lines+markers")
    axis = {"tickvals": list(found.threads)}
    plan = layout("Threads", "Times as fast as one thread", 340, xaxis=axis)
    alt = (
        f"Amdahl's law with a parallel share of {parallel_share:.0%}: {number(gains[-1])} × as fast with "
        f"{found.threads[-1]} threads."
    )
    return Picture([perfect, curve], plan, alt)


def draw(found: Law, parallel_share: float) -> Shown:
    """The law, and what to do next."""
    limit = 1 / (1 - parallel_share) if parallel_share < 1 else float("inf")
    most = "not at all" if parallel_share == 0 else f"at most {number(limit)} ×, with any number of threads"
    most = "without end" if parallel_share == 1 else most
    note = (
        f"If **{parallel_share:.0%}** of a step could be divided, training would speed up {most}. Set the share that "
        f"you expect of a network with {found.hidden_units} hidden units and batches of {found.batch_size}; then let "
        "this machine answer."
    )
    return Shown(((expected(found, parallel_share),),), note)


def rates(found: Rates) -> Picture:
    """Steps a second of every round, their means, and the law that fits."""
    counts = np.array(found.threads, dtype=float)
    every = trace(
        "markers", np.tile(counts, len(found.steps)), found.steps.ravel(), name="a round",
        marker=marker(GREY, 6, "circle-open"), **hover("%{x} threads: %{y:,.0f} steps a second"),
    )  # fmt: skip
    means = found.means
    mean = line(counts, means, "geometric mean", BLUE, mode="lines+markers", marker={"symbol": "diamond", "size": 9})
    fits = np.isfinite(found.parallel)
    fit = [line(counts, means[0] * amdahl(counts, found.parallel), f"Amdahl, {found.parallel:.0%} parallel", ORANGE,
                "dash")] if fits else []  # fmt: skip
    edge = {"type": "line", "x0": found.cores, "x1": found.cores, "y0": 0, "y1": 1, "yref": "paper",
            "line": {"color": INK, "width": 1, "dash": "dot"}}  # fmt: skip
    words = {"x": found.cores, "y": 1, "yref": "paper", "text": "cores", "showarrow": False, "xanchor": "left"}
    plan = layout("Threads", "Training steps a second", 380, shapes=[edge], annotations=[words],
                  xaxis={"tickvals": list(found.threads)}, yaxis={"rangemode": "tozero"})  # fmt: skip
    told = ", ".join(
        f"{counted(count, 'thread')} {number(value)}" for count, value in zip(found.threads, means, strict=True)
    )
    return Picture([every, mean, *fit], plan, f"Training steps a second on {found.cores} cores: {told}.")


def draw_rates(found: Rates) -> Shown:
    """What was measured."""
    gain = number(found.speedups[found.threads.index(found.best)])
    fastest = "One thread is the fastest." if found.best == 1 else f"With {found.best}, a step is {gain} times as fast."
    same = "" if found.enough == found.best else f", which cannot be told from {found.best}, the fastest on average"
    fit = f" The parallel share that fits best: **{found.parallel:.0%}**." if np.isfinite(found.parallel) else ""
    busy = (
        f" **This machine was busy**: in the minute before, {number(found.load)} threads wanted its {found.cores} "
        "cores. Threads that wait for each other suffer most from that; measure again when it is quiet."
    )
    note = (
        f"More threads stop helping at **{found.enough}**{same}. {fastest}{fit} Threads beyond the {found.cores} cores "
        f"only take turns. Each round tries every number in turn.{busy if found.is_busy else ''}"
    )
    return Shown(((rates(found),),), note)


def question(found: Rates) -> Question:
    """Where does it stop?"""
    text = (
        f"{found.plan.hidden_units} hidden units, batches of {found.plan.batch_size}, {found.cores} cores: with how "
        "many threads do more of them stop helping?"
    )
    because = (
        "To divide an operation, threads must be woken and waited for; that pays only if each has enough to do, and "
        "only while there is a core for each."
    )
    return Question(text, [str(count) for count in found.threads], str(found.enough), because)


def goal(found: Rates | None) -> Goal:
    """Where a second thread does not pay."""
    text = (
        "Find a network and a batch size for which **one thread is enough** on this machine, and a parallel share of "
        f"less than **{LITTLE:.0%}** fits best."
    )
    if found is None:
        return Goal(text, False, "Now: nothing measured yet.")
    passed = found.enough == 1 and not found.parallel >= LITTLE
    enough = f"{counted(found.enough, 'thread')} {'is' if found.enough == 1 else 'are'} enough"
    fit = f", {found.parallel:.0%} parallel" if np.isfinite(found.parallel) else ""  # a single core tells nothing
    return Goal(text, passed, f"Now: {enough}{fit}.")


TIME = """x, y = batch({samples!r}, {seed!r})
for threads in {counts!r}:
    print(threads, "threads:", round(rate(network({units!r}), x, y, threads, seconds=0.3)), "steps a second")
torch.set_num_threads(1)
result = {{"loss": trained(network({units!r}), x, y, steps={steps!r})}}"""


def program(found: Law, parallel_share: float = 0.0) -> Program:
    """The same timing; the loss is the same on every machine, the speed is not."""
    text = TIME.format(units=found.hidden_units, samples=found.batch_size, seed=found.seed, counts=found.threads,
                       steps=STEPS)  # fmt: skip
    functions = (network, batch, trained, rate)
    return Program("Steps a second against threads", (Step("Time it", text),), functions, {"loss": found.loss})


LATER = Later(
    "Measure it on this machine",
    measured,
    lambda found: (found.hidden_units, found.batch_size, found.seed),
    draw_rates,
    question,
    goal,
)
THREADS = View((UNITS, BATCH), law, draw, (SHARE,), program=program, later=LATER)
