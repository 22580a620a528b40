"""A film looked at frame by frame: what is found when, and the film with its boxes."""

import functools
import tempfile
from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from core.figures.marks import marker, stroke, trace
from core.figures.picture import COLORS, DASHES, SYMBOLS, Picture, layout
from core.lessons import Goal
from core.lessons.controls import pick, slider
from core.lessons.view import Shown
from core.projects.detection.lesson.seen import CONFIDENCE, IOU, Seen
from core.projects.detection.lesson.sources import Asking, looked_at
from core.provenance import duration

PAN, FILE = "pan over a drawn sheet", "own film"
TYPES = ("mp4", "mov", "webm", "mkv", "avi")
FRAMES, RATE, WINDOW = 36, 12, (320, 240)  # of the pan
KINDS = 6  # classes with a line of their own
CONTROLS = (
    pick("Film", (PAN, FILE)),
    slider("Confidence in films", 0.05, 0.95, CONFIDENCE, 0.05),
    slider("Look at one frame of", 1, 10, 2, help="The boxes stay until the next frame that is looked at."),
)


@dataclass(frozen=True, eq=False)
class Film:
    """A film with its boxes (WebM) and, for every frame looked at, its number and how often each class was found."""

    content: bytes = field(repr=False)
    names: tuple[str, ...]
    frames: tuple[int, ...]
    counts: np.ndarray  # (frames looked at, classes)
    seconds: float

    @property
    def provenance(self) -> str:
        return f"Live detection · {len(self.frames)} frames · {duration(self.seconds)}"


@functools.lru_cache(maxsize=4)
def pan(seed: int) -> bytes:
    """A film made here: a window that wanders over a large drawn sheet."""
    import cv2

    from core.projects.detection.examples import example

    sheet = example(seed, 512, False).picture
    wide, high = WINDOW
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pan.webm"
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"VP80"), RATE, WINDOW)
        for left, top in way(sheet.shape[1] - wide, sheet.shape[0] - high):
            frame = sheet[top : top + high, left : left + wide, ::-1]
            writer.write(np.ascontiguousarray(frame))
        writer.release()
        return path.read_bytes()


def way(across: int, down: int) -> list[tuple[int, int]]:
    """Where the window's corner is in each frame: once around an ellipse."""
    turns = np.linspace(0, 2 * np.pi, FRAMES, endpoint=False)
    return [(round(across * (1 - np.cos(t)) / 2), round(down * (1 + np.sin(t)) / 2)) for t in turns.tolist()]


def first_of(seed: int) -> Seen:
    """The first picture of the pan, as the detector sees it."""
    from core.projects.detection.examples import example

    sheet = example(seed, 512, False).picture
    left, top = way(sheet.shape[1] - WINDOW[0], sheet.shape[0] - WINDOW[1])[0]
    frame = sheet[top : top + WINDOW[1], left : left + WINDOW[0]]
    return looked_at(Image.fromarray(np.ascontiguousarray(frame)), Asking(), "The first frame of the film.")


def looked_through(film: bytes, confidence: float, every: int) -> Generator[tuple[float, str], None, Film]:
    """A film as long work: yields (share done, message), returns what was found. Raises ``VideoError``."""
    import time

    from core.projects.detection.detector import shipped
    from core.projects.detection.video import watched

    began = time.perf_counter()
    names, numbers, rows = shipped().names, [], []
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder) / "film", Path(folder) / "boxes.webm"
        path.write_bytes(film)
        for frame in watched(path, out, None, confidence, IOU, every):
            numbers.append(frame.number)
            rows.append(np.bincount(frame.found.classes, minlength=len(names)))
            yield frame.share, f"frame {frame.number + 1}, about {frame.left:.0f} s left"
        content = out.read_bytes()
    return Film(content, names, tuple(numbers), np.array(rows), time.perf_counter() - began)


def draw(film: Film) -> Shown:
    """How many objects of each class are found in each frame."""
    totals = film.counts.sum(axis=0)
    common = [int(label) for label in np.argsort(-totals, kind="stable")[:KINDS] if totals[label]]
    traces = []
    for number, label in enumerate(common):
        color = COLORS[number]
        dots, line = marker(color, 6, SYMBOLS[number]), stroke(color, 2, DASHES[number])
        counts = film.counts[:, label].tolist()
        traces.append(trace("lines+markers", list(film.frames), counts, name=film.names[label], line=line, marker=dots))
    told = (
        ", ".join(f"{film.names[label]} in {int((film.counts[:, label] > 0).sum())}" for label in common) or "nothing"
    )
    alt = f"Of {len(film.frames)} frames looked at, found: {told}."
    return Shown(
        ((Picture(traces, layout("Frame", "Found", 300, yaxis={"rangemode": "tozero", "dtick": 1}), alt),),), alt
    )


def files(film: Film) -> tuple[tuple[str, str, bytes], ...]:
    """What can be taken away: the film with its boxes."""
    return (("The film with its boxes", "detections.webm", film.content),)


def goal(film: Film | None) -> Goal:
    """Flicker: a class that comes and goes."""
    aim = "Make a film **flicker**: at some confidence a class is found, lost and found again at least **four times**."
    if film is None:
        return Goal(aim, False, "Now: no film was looked at.")
    seen = film.counts > 0
    returns = Counter({name: int((~before & after).sum()) for name, before, after in zip(
        film.names, seen[:-1].T, seen[1:].T, strict=True)})  # fmt: skip
    (name, most), *_ = returns.most_common(1)
    return Goal(aim, most >= 4, f"Now: {name} comes back {most} times." if most else "Now: nothing comes back.")
