"""Killed and gone on with: what a checkpoint has to hold, and a process that is really killed."""

import json
from collections.abc import Generator

import numpy as np

from core.figures.curves import line, number
from core.figures.marks import vertical
from core.figures.picture import BLUE, GREY, INK, ORANGE, Picture, layout
from core.jobs.apart import apart
from core.lessons import Goal, Question
from core.lessons.controls import choose, slider
from core.lessons.view import Later, Shown, View
from core.topics.checkpoints.programs import program_of_resuming
from core.topics.checkpoints.resumable import EPOCHS, OPTIMIZER, PARTS, TAKEN, Resumed, loaded
from core.topics.checkpoints.resuming import resumed
from core.wording import counted

KILLED = slider("Killed after epoch", 1, EPOCHS - 1, 17)
EVERY = slider("Checkpoint every", 1, 10, 5, help="Epochs.")
SAVED = choose("Saved beside the weights", PARTS, (OPTIMIZER,))
EXACT = 0.0


def measure(
    killed_after_epoch: int, checkpoint_every: int, saved_beside_the_weights: tuple[str, ...], seed: int
) -> Resumed:
    """Kill and go on."""
    return resumed(killed_after_epoch, checkpoint_every, tuple(saved_beside_the_weights), seed)


def curves(found: Resumed) -> Picture:
    """The training that ran through, and the one that went on."""
    traces = [
        line(np.arange(1, EPOCHS + 1), np.array(found.whole), "never stopped", BLUE),
        line(np.arange(found.checkpoint + 1, EPOCHS + 1), np.array(found.again), "gone on with", ORANGE, "dash"),
    ]
    plan = layout("Epoch", "Training loss", 360, hovermode="x unified")
    marks = ((found.checkpoint, "checkpoint", GREY, "right"), (found.killed, "killed", INK, "left"))
    plan["shapes"] = [vertical(x, color, 2, "dot") for x, _, color, _ in marks]
    plan["annotations"] = [
        {"x": x, "y": 1 - 0.08 * place, "yref": "paper", "text": text, "showarrow": False, "xanchor": side, "xshift": 4}
        for place, (x, text, _, side) in enumerate(marks)
    ]
    alt = (
        f"Killed after epoch {found.killed}, gone on from the checkpoint of epoch {found.checkpoint}: the losses end "
        f"at {number(found.whole[-1])} and {number(found.again[-1])}."
    )
    return Picture(traces, plan, alt)


def words_of(apart_by: float) -> str:
    """A largest difference of weights."""
    return "**exactly 0**" if apart_by == EXACT else f"**{apart_by:.2g}**"


def cut(content: bytes) -> str:
    """What torch says of a checkpoint whose writing was cut short half-way."""
    try:
        loaded(content[: len(content) // 2])
    except (RuntimeError, EOFError, ValueError, OSError) as error:
        return " ".join(str(error).split())[:140]
    return "nothing: it is read as if it were whole"


def shown(found: Resumed) -> Shown:
    """Both trainings, and what is in the file."""
    lost = found.killed - found.checkpoint
    note = (
        f"**Epochs done again: {lost}.** The final weights differ by at most {words_of(found.apart)}. The checkpoint "
        f"has {len(found.content):,} bytes. Half of it, as a kill in mid-write would leave it, gives: "
        f"*{cut(found.content)}*. So write beside the old file, then rename."
    )
    return Shown(((curves(found),),), note, (contents(found),))


def contents(found: Resumed) -> list[dict]:
    """Every part of the whole state, its size, and whether the checkpoint has it."""
    names = {"weights": "weights", **{name: part for part, name in TAKEN.items()}}
    return [
        {
            "Part": names[name],
            "Bytes": f"{size:,}",
            "In this checkpoint": "yes" if name == "weights" or names[name] in found.parts else "no",
        }
        for name, size in found.sizes.items()
    ]


def before(found: Resumed) -> Shown:
    """What will happen."""
    parts = ", ".join(("weights", *found.parts))
    return Shown(
        (),
        f"A network learns with dropout, shuffled batches, Adam and a cosine schedule for {EPOCHS} epochs. It is "
        f"killed after epoch **{found.killed}**. Its last checkpoint, of epoch **{found.checkpoint}**, holds: {parts}.",
    )


APART = ["exactly 0", "above 0, at most 0.001", "more than 0.001"]


def difference(found: Resumed) -> Question:
    """How far apart?"""
    truth = APART[0] if found.apart == EXACT else APART[1] if found.apart <= 0.001 else APART[2]
    because = (
        "The future is a function of the whole state: weights, the optimizer's moments, the place in the schedule and "
        "the state of every generator of random numbers."
    )
    text = "How far will the final weights be from those of the training that was never stopped?"
    return Question(text, APART, truth, because)


def exact(found: Resumed) -> Goal:
    """Resume exactly, with little lost."""
    lost = found.killed - found.checkpoint
    text = (
        "**Not a bit lost**: be killed after epoch 20 or later, do at most 2 epochs again, and end with the same "
        "weights to the bit."
    )
    passed = found.killed >= 20 and lost <= 2 and found.apart == EXACT
    again = counted(lost, "epoch")
    return Goal(text, passed, f"Now: killed after {found.killed}, {again} again, weights {number(found.apart)} apart.")


def really(killed: int, every: int, seed: int) -> Generator[tuple[float, str], None, dict]:
    """The same with processes: one is started, killed and started again, one runs through."""
    settings = json.dumps({"killed": killed, "every": every, "seed": seed})
    return (yield from apart("core.topics.checkpoints.killing", settings, "Training in a process of its own"))


def told(found: dict) -> Shown:
    """What the processes said."""
    rows = [
        {"What": "Last epoch that the killed process reported", "Measured": str(found["killed"])},
        {"What": "How it ended (−9: killed by the system, no last word)", "Measured": str(found["code"])},
        {"What": "Epoch that the second process went on from", "Measured": str(found["from"])},
        {"What": "Epochs that it trained", "Measured": str(found["epochs"])},
        {"What": "Largest difference of a final weight", "Measured": f"{found['apart']:g}"},
    ]
    words = (
        "The training ran in a process that was killed, and again from its file. These processes save the whole state, "
        "whatever is chosen above."
    )
    return Shown((), words, (rows,))


RESUMING = View(
    (KILLED, EVERY, SAVED),
    measure,
    shown,
    before=before,
    question=difference,
    goal=exact,
    program=program_of_resuming,
    later=Later(
        "Kill a real process",
        really,
        lambda found: (found.killed, found.every, found.seed),
        told,
    ),
)
