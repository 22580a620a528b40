"""The training, rewindable: the same seeds at every moment, with the losses, what D told right, and the distance."""

import functools
from dataclasses import dataclass

import numpy as np
from PIL import Image

from core.figures.curves import line
from core.figures.marks import SILENT, stroke, trace, vertical
from core.figures.picture import BLUE, GREEN, INK, ORANGE, Picture, layout
from core.figures.sheets import turning
from core.lessons import Goal, Question
from core.lessons.controls import Control, scale
from core.lessons.view import Shown, View
from core.projects.art.lesson.programs import of_pictures
from core.projects.art.painter import FOLDER
from core.projects.art.shipped import GROUPS, RECORD, measures
from core.provenance import Recorded, Sourced

ACROSS = 8  # pictures in a row of a moment
NEARLY = 0.2  # how far above the smallest KID a moment of the challenge may lie


@dataclass(frozen=True, eq=False)
class Lapse(Sourced):
    """Moments of the recorded training: steps, a sheet each (rows, columns, 3), KID of each; and the log's curves."""

    steps: np.ndarray
    sheets: tuple[np.ndarray, ...]
    distances: np.ndarray
    log: tuple[dict, ...]
    source: Recorded

    @property
    def turn(self) -> int:
        """The step from which on the discriminator looked through a network that had seen photographs; 0: never."""
        first = next((row["step"] for row in self.log if row["projected"]), 0)
        return int(measures()["earlier"] if first and measures()["earlier"] else 0)


@functools.lru_cache(maxsize=1)
def recorded() -> Lapse:
    """The shipped one."""
    record = measures()
    with Image.open(FOLDER / "lapse.webp") as file:
        whole = np.asarray(file.convert("RGB"))
    side = record["shape"]["side"]
    rows = whole.reshape(len(record["lapse"]), side, -1, side, 3).swapaxes(1, 2)  # moments, pictures, side, side, 3
    sheets = tuple(
        row.reshape(-1, ACROSS, side, side, 3).swapaxes(1, 2).reshape(-1, ACROSS * side, 3) for row in rows
    )  # fmt: skip
    distances = np.array([record["course"][str(step)] for step in record["lapse"]])
    return Lapse(np.array(record["lapse"]), sheets, distances, tuple(record["log"]), RECORD)


def lapse(seed: int) -> Lapse:
    """The recorded training; no seed changes it."""
    return recorded()


def pictures(found: Lapse) -> Picture:
    """Sixteen seeds, the same at every moment."""
    labels = [f"step {step:,}" for step in found.steps]
    alt = (
        f"Sixteen seeds at {len(found.steps)} moments from step {found.steps[0]:,} to {found.steps[-1]:,}; the KID to "
        f"training pictures goes from {found.distances[0]:.3f} to {found.distances[-1]:.3f}."
    )
    return turning(found.sheets, labels, alt, 260)


def along(found: Lapse, steps) -> np.ndarray:
    """Where steps lie on an axis that gives every moment the same room: the second part is short and eventful."""
    return np.interp(np.asarray(steps, float), found.steps, np.arange(len(found.steps)))


def ticks(found: Lapse) -> dict:
    """Some moments' steps on that axis."""
    places = sorted({round(place) for place in np.linspace(0, len(found.steps) - 1, 5)})
    return {"tickvals": places, "ticktext": [f"{found.steps[place]:,}" for place in places], "tickangle": 0}


def cursor(found: Lapse, traces: list[dict], plan: dict, alt: str) -> Picture:
    """Curves over steps with a line at the moment that is shown."""
    last = len(found.steps) - 1
    mark = trace("lines", [last, last], [0, 1], yaxis="y2", line=stroke(INK, 1.5), **SILENT)
    frames = [(*([None] * len(traces)), {"x": [place, place]}) for place in range(last + 1)]
    second = {"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True}
    if found.turn:
        at = float(along(found, [found.turn])[0])
        mark_turn = vertical(at, INK, 1, "dot")  # fmt: skip
        plan = {**plan, "shapes": [mark_turn]}
    labels = [f"step {step:,}" for step in found.steps]
    return Picture([*traces, mark], {**plan, "yaxis2": second}, alt, frames, labels)


def curves(found: Lapse, names: dict[str, str], y: str) -> Picture:
    """Curves of the log."""
    steps = np.array([row["step"] for row in found.log])
    traces, told = [], []
    for (name, words), color, dash in zip(names.items(), (ORANGE, BLUE), ("solid", "dash"), strict=False):
        values = np.array([row[name] for row in found.log])
        traces.append(line(along(found, steps), values, words, color, dash))
        told.append(f"{words} from {values[0]:.2f} to {values[-1]:.2f}")
    plan = layout("Step", y, 280, xaxis=ticks(found))
    return cursor(found, traces, plan, f"{y} over {steps[-1]:,} steps: {'; '.join(told)}.")


def distance(found: Lapse) -> Picture:
    """KID at every moment."""
    values = np.maximum(found.distances, 1e-4)
    dots = {"mode": "lines+markers", "marker": {"size": 7, "color": GREEN}}
    traces = [line(along(found, found.steps), values, "KID to training pictures", GREEN, "solid", **dots)]
    plan = layout("Step", "KID", 280, xaxis=ticks(found), yaxis={"type": "log", "dtick": "D2"}, showlegend=False)
    best = int(found.distances.argmin())
    alt = f"KID over the moments: smallest, {found.distances[best]:.4f}, at step {found.steps[best]:,}."
    return cursor(found, traces, plan, alt)


def stops(found: Lapse) -> tuple[Control, ...]:
    """When the learner would have stopped."""
    steps = tuple(found.steps.tolist())
    return (scale("Stop at step", steps, steps[-1], help="For the challenge: when would you have stopped?"),)


def goal(found: Lapse, stop_at_step: int) -> Goal:
    """The first moment that is nearly as good as the best."""
    good = found.steps[found.distances <= (1 + NEARLY) * found.distances.min()]
    place = int(np.flatnonzero(found.steps == stop_at_step)[0])
    aim = (
        f"**Stop in time**: of all moments whose KID is at most a fifth above the smallest of all, "
        f"{(1 + NEARLY) * found.distances.min():.2f}, choose the *first*."
    )
    now = f"Now: step {stop_at_step:,}, KID {found.distances[place]:.2f}."
    return Goal(aim, stop_at_step == int(good[0]), now)


def draw(found: Lapse, **_: int) -> Shown:
    """Everything under one bar."""
    last = found.log[-1]
    note = (
        f"**{last['step']:,} steps, {last['processor'] / 3600:.1f} hours of one processor core.** Rewind: the same "
        "sixteen seeds at every moment."
    )
    if found.turn:
        note += (
            f" From the dotted line on, step {found.turn:,}, the discriminator looks through a network that has seen "
            "photographs (Projected GAN); before it sees pixels only. Losses of the two parts are not comparable."
        )
    row = (
        curves(found, {"discriminator": "Discriminator", "generator": "Generator"}, "Loss"),
        curves(found, {"real": "real pictures", "fake": "painted pictures"}, "Told right by the discriminator"),
        distance(found),
    )
    return Shown(((pictures(found),), row), note)


def bare(found: Lapse, **_: int) -> Shown:
    """The pictures alone."""
    return Shown(((pictures(found),),))


def question(found: Lapse, **_: int) -> Question:
    """What other eyes are worth."""
    words = ("stays about the same", "falls by a third or so", "falls to less than half")
    before, after = halves(found)
    truth = words[2] if after < before / 2 else words[1] if after < 0.85 * before else words[0]
    return Question(
        f"After {found.turn:,} steps the discriminator is exchanged for one that looks through a network which has "
        f"seen photographs, and the training goes on for {int(found.steps[-1]) - found.turn:,} steps. The distance to "
        "real pictures, as KID …",
        words, truth,
        f"From {before:.2f} to {after:.2f}: the new discriminator need not learn to see first. Mind that the distance "
        "is measured through the same network; the card has a second measure that it never had.",
    )  # fmt: skip


def halves(found: Lapse) -> tuple[float, float]:
    """The KID at the last moment before the discriminator was exchanged, and the smallest one after it."""
    late = found.steps > found.turn
    return float(found.distances[~late][-1]), float(found.distances[late].min())


LAPSE = View(
    (), lapse, draw, look=stops, before=bare, question=question, goal=goal,
    program=lambda found, **_: of_pictures((0, 17), {GROUPS[0]: 1.0}),
)  # fmt: skip
