"""The view of four traps of loading."""

import json
import time
from collections.abc import Generator, Mapping

import numpy as np

from core.figures.curves import bars
from core.figures.picture import Picture
from core.figures.rasters import numbered, raster, signed
from core.jobs.apart import apart
from core.lessons import Goal, Question
from core.lessons.controls import pick, slider, toggle
from core.lessons.view import Later, Shown, View
from core.provenance import Measured
from core.topics.dataloaders.traps import (
    BATCH,
    CLASSES,
    EACH,
    LAMBDA,
    LAST,
    NUMBERS,
    ORDER,
    OUTCOMES,
    TRAPS,
    WORKERS,
    Sprung,
    outcome_of,
    sprung,
)
from core.topics.dataloaders.traps_programs import program_of_trap


def counted(values: Mapping[str, object]) -> bool:
    """Whether the number of samples matters."""
    return values["trap"] in (ORDER, LAST)


CONTROLS = (
    pick("Trap", TRAPS),
    slider("Samples", 40, 140, 100, when=counted, help=f"In batches of {BATCH}."),
    toggle("Mend it"),
)
SETTING = {
    NUMBERS: f"A dataset keeps a NumPy generator for its noise; {WORKERS} workers load {EACH} samples each.",
    LAMBDA: "A dataset keeps a lambda; its workers are started afresh (spawn), as on Windows and macOS.",
    ORDER: f"The samples lie sorted by class ({CLASSES} classes) and are loaded in batches of {BATCH}.",
    LAST: f"Samples in batches of {BATCH} go through batch normalisation, in training.",
}
BECAUSE = {
    NUMBERS: "Every worker is sent the same copy, generator and all. torch seeds NumPy's global numbers for each "
    "worker, but cannot know of a generator that the dataset keeps.",
    LAMBDA: "What is sent to a fresh process is pickled by name, and a lambda has none. Under fork, Linux's old "
    "default, nothing is sent, so the mistake shows on another machine first.",
    ORDER: "shuffle is False unless it is asked for, and nothing complains.",
    LAST: "The deviation of one value does not exist, so batch normalisation refuses it in training.",
}
MENDED = {
    NUMBERS: "Mended with a `worker_init_fn` that gives each copy its own generator, from `get_worker_info().seed`.",
    LAMBDA: "Mended with a function that has a name, defined at the top of a module.",
    ORDER: "Mended with `shuffle=True`.",
    LAST: "Mended with `drop_last=True`: the incomplete batch is left out, another one every epoch if shuffled.",
}


def picture(found: Sprung) -> Picture:
    """What the batches or the workers hold."""
    if found.trap == NUMBERS and found.numbers is not None:
        same = int((found.numbers[0] == found.numbers[1]).sum())
        alt = f"Random numbers of {WORKERS} workers, a row each: {same} of {EACH} are the same in both."
        return raster([signed(found.numbers), numbered(found.numbers)], (WORKERS, EACH), "a row per worker", alt, 200)
    if found.trap == ORDER and found.numbers is not None:
        counts = found.numbers
        held = (counts > 0).sum(axis=1).tolist()
        alt = f"Samples of each class, a row per batch; the batches hold {', '.join(map(str, held))} classes."
        grid = [signed(counts.astype(float), BATCH), numbered(counts.astype(float))]
        return raster(grid, counts.shape, "a row per batch, a column per class", alt, 280)
    if found.trap == LAST:
        sizes = {f"batch {place + 1}": size for place, size in enumerate(found.sizes)}
        return bars(sizes, ("", "Samples in the batch"), 260)
    sent = {"a lambda": 0, "a named function": 1} if found.error else {"a named function": 1}
    said = ["yes" if value else "no" for value in sent.values()]
    return bars(sent, ("", "Can be sent to a worker"), 220, said, yaxis={"range": [0, 1.2], "tickvals": [0, 1]})


def draw(found: Sprung) -> Shown:
    """What happened, why, and what mends it."""
    said = f" It said: `{found.error.replace('`', chr(39))}`" if found.error else ""
    more = MENDED[found.trap] if found.is_mended else "Switch on “Mend it” for the cure."
    return Shown(((picture(found),),), f"Measured: **{found.outcome}**.{said} {more}")


def before(found: Sprung) -> Shown:
    """What is about to happen."""
    rows = {f"worker {place + 1}": EACH for place in range(WORKERS)}
    alone = {f"{found.samples} samples": found.samples, f"of which {BATCH} fit into a batch": BATCH}
    counts = alone if found.trap in (ORDER, LAST) else rows
    return Shown(((bars(counts, ("", "Samples"), 240),),), SETTING[found.trap])


def question(found: Sprung) -> Question:
    """What will happen?"""
    because = MENDED[found.trap] if found.is_mended else BECAUSE[found.trap]
    return Question(f"{SETTING[found.trap]} What happens?", OUTCOMES, found.outcome, because)


def goal(found: Sprung) -> Goal:
    """A last batch of one."""
    text = "Make batch normalisation stop the training by the **number of samples** alone."
    passed = found.trap == LAST and bool(found.error)
    sizes = f"the batches have {', '.join(map(str, found.sizes))} samples" if found.sizes else "another trap"
    return Goal(text, passed, f"Now: {sizes}.")


def real(trap: str, is_mended: bool, samples: int, seed: int) -> Generator[tuple[float, str], None, Sprung]:
    """The trap with a DataLoader's own workers."""
    began = time.perf_counter()
    argument = json.dumps([trap, is_mended, samples, seed])
    seen = yield from apart("core.topics.dataloaders.traps", argument, f"{WORKERS} workers start")
    numbers = np.array(seen["numbers"], dtype=float) if seen["numbers"] else None
    outcome = outcome_of(trap, seen["error"], numbers)
    source = Measured((seed,), time.perf_counter() - began)
    return Sprung(trap, is_mended, samples, outcome, source, seen["error"], numbers, tuple(seen["sizes"]))


def draw_real(found: Sprung) -> Shown:
    """What the workers' DataLoader gave."""
    said = f" It said: `{found.error.replace('`', chr(39))}`" if found.error else ""
    note = f"With a DataLoader and {WORKERS} real worker processes, **{found.outcome}**.{said}"
    return Shown(((picture(found),),), note)


LATER = Later(
    "Try it with two real workers",
    real,
    lambda found: (found.trap, found.is_mended, found.samples, found.source.seeds[0]),
    draw_real,
)
TRAP = View(CONTROLS, sprung, draw, (), before, question, goal, program_of_trap, LATER)
