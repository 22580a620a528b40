"""Runs in the formats of trackers: TensorBoard event files, an offline Weights & Biases run, plain files."""

from typing import Any

import numpy as np

from core.figures.curves import bars, line, number
from core.figures.picture import BLUE, INK, Picture, layout
from core.lessons import Goal, Question, Scale
from core.lessons.controls import Control, pick
from core.lessons.view import Later, Shown, View
from core.topics.experiment_tracking.events import CURVES_FILE, Packed
from core.topics.experiment_tracking.offline import MOST, Offline, archive, offline
from core.topics.experiment_tracking.programs import program_of_events
from core.topics.experiment_tracking.sweep import HELD_OUT, short
from core.training.logbook import Entry
from core.wording import counted

RINGS: dict[str, Any] = {"mode": "markers", "marker": {"symbol": "circle-open", "size": 9, "color": INK}}
LIGHT, ENOUGH = 30_000, 6  # bytes and runs of the challenge


def which(found: Packed) -> Control:
    """Which run is drawn."""
    return pick("Run", [each.name for each in found.entries])


def chosen(found: Packed, run: str) -> Entry:
    """The run of a name, or the first."""
    return next((each for each in found.entries if each.name == run), found.entries[0])


def curve_of(one: Entry) -> tuple[str, np.ndarray, np.ndarray]:
    """The curve that is drawn of a run, the held-out loss if there is one: its name, epochs and values."""
    name = HELD_OUT if HELD_OUT in one.curves else next(iter(one.curves))
    epochs, values = (np.array(each, dtype=float) for each in one.curves[name])
    return name, epochs, values


def written_and_read(one: Entry, found: Packed) -> Picture:
    """A run's held-out loss as it is on record and as TensorBoard reads it."""
    read = found.read[found.entries.index(one)]
    name, epochs, values = curve_of(one)
    back = np.array(read.curves[name][1])
    traces = [line(epochs, values, "on record", BLUE), line(epochs, back, "as read back", INK, **RINGS)]
    apart = float(np.abs(values - back).max())
    alt = (
        f"{name} of {one.name}, {len(values)} points from {number(values[0])} to {number(values[-1])}: what is read "
        f"from the event file differs from the record by at most {number(apart)}."
    )
    return Picture(traces, layout("Epoch", name, 360), alt)


def draw(found: Packed, run: str) -> Shown:
    """Files, points, and whether they come back."""
    one = chosen(found, run)
    said = (
        f"**{counted(len(found.entries), 'run')}** in {len(found.files)} event files, {found.size:,} bytes, "
        f"{found.per_point:.0f} bytes a point. Of {found.points:,} points **{found.points - found.differ:,}** are read "
        "back with the bits that were written, and the settings "
        f"{'as they were' if found.settings_come_back else 'changed'}. An event file keeps a scalar in 32 bits: "
        f"{found.rounded:,} points were rounded from 64, which a comparison bit for bit would notice."
        "\n\n```bash\ntensorboard --logdir logs --host 127.0.0.1\n```"
    )
    holds = {True: "curves", False: "settings, results"}
    rows = [
        {"File": name, "Bytes": f"{len(content):,}", "Holds": holds[name.endswith(CURVES_FILE)]}
        for name, content in list(found.files.items())[:6]
    ]
    return Shown(((written_and_read(one, found),),), said, (rows,))


def before(found: Packed, run: str) -> Shown:
    """What is written."""
    one = found.entries[0]
    counts = {"points of curves": found.points, "settings": sum(len(each.settings) for each in found.entries)}
    said = (
        f"On record: **{counted(len(found.entries), 'run')}**, such as {one.name}: {len(one.curves)} curves, "
        f"{len(one.settings)} settings each. All of it is written as TensorBoard event files."
    )
    return Shown(((bars(counts, ("", "On record"), 280),),), said)


def question(found: Packed, run: str) -> Question:
    """What does a point cost?"""
    because = (
        "Each scalar is an event of its own, with its time, step, tag and checksums: a log is a journal that "
        "survives a crash in the middle, not a table."
    )
    asked = "A loss is a number of 4 bytes. How many bytes does one point of a curve take in an event file?"
    return Question(asked, Scale(0, 120, 1, "bytes", 8), round(found.per_point), because)


def goal(found: Packed, run: str) -> Goal:
    """Log less."""
    said = (
        f"**A light log**: at least {ENOUGH} runs in less than {LIGHT // 1000} kB of event files. Runs of other "
        "sweeps of this visit count too."
    )
    now = f"Now: {counted(len(found.entries), 'run')} in {found.size:,} bytes."
    return Goal(said, len(found.entries) >= ENOUGH and found.size < LIGHT, now)


def drawn_offline(found: Offline) -> Shown:
    """What wandb has on record."""
    state = "as they were, in all 64 bits" if found.comes_back else "changed"
    said = (
        f"wandb {found.version} wrote **{counted(len(found.entries), 'run')}** without a network; settings and curves "
        f"are read back {state}. `wandb sync` would upload such a folder, once its owner has logged in."
    )
    rows = [{"File": name, "Bytes": f"{len(content):,}"} for name, content in list(found.files.items())[:6]]
    return Shown(((both(found),),), said, (rows,))


def both(found: Offline) -> Picture:
    """The first run as it is on record here and there."""
    one = found.entries[0]
    name, epochs, values = curve_of(one)
    back = np.array(found.runs[0]["curves"].get(name, []), dtype=float).reshape(-1, 2)
    traces = [line(epochs, values, "on record", BLUE), line(back[:, 0], back[:, 1], "in wandb's log", INK, **RINGS)]
    alt = f"{name} of {short(one.name)}: {len(values)} points on record, {len(back)} in wandb's log."
    return Picture(traces, layout("Epoch", name, 320), alt)


def files(found: Packed) -> tuple:
    """The event files."""
    return (("TensorBoard event files (zip)", "tensorboard.zip", found.zip),)


WANDB = Later(
    f"Write the first {MOST} as offline Weights & Biases runs", offline, lambda found: (found.entries[:MOST],),
    drawn_offline, files=lambda more: (("Offline W&B runs (zip)", "wandb.zip", archive(more)),),
)  # fmt: skip


TAKE_AWAY = View(
    draw=draw, look=lambda found: (which(found),), before=before, question=question, goal=goal, later=WANDB,
    files=files, program=lambda found, **looked: program_of_events(found.sweep),
)  # fmt: skip
