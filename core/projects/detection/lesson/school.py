"""The training of a detector on a learner's own pictures: what is set, how it goes, what came of it."""

import json
import os
import queue
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from core.projects.detection.lesson.labels import Collection, Labelled
from core.projects.detection.lesson.pupil import MARK
from core.provenance import duration

SHIPPED, RANDOM = "shipped weights", "random weights"
HELD_OUT = 0.25  # of the pictures, at least two
ROOT = Path(__file__).resolve().parents[4]
BATCH = 8
PATIENCE = 0.5  # seconds


@dataclass(frozen=True)
class Settings:
    """What the learner sets before a training."""

    begin_with: str = SHIPPED
    epochs: int = 15
    freeze_the_backbone: bool = True
    learning_rate: float = 0.002
    input_side: int = 256
    mirror: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Moment:
    """How a training stands after an epoch: the losses by name, mean average precision at IoU 0.5 and from 0.5 to 0.95
    on held-out pictures, and what is found on some of them (left, top, right, bottom, score, class)."""

    epoch: int
    epochs: int
    losses: dict[str, float]
    map50: float
    map: float
    examples: list[list[list[float]]]


@dataclass(frozen=True)
class Progress:
    """What can be shown while it learns: the moments so far, the held-out pictures, the names of the classes."""

    moments: tuple[Moment, ...]
    held_out: tuple[Labelled, ...]
    names: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Trained:
    """A finished training: its moments, its weights (safetensors), Ultralytics' own verdict on them, the held-out
    pictures."""

    names: tuple[str, ...]
    settings: Settings
    moments: tuple[Moment, ...]
    weights: bytes = field(repr=False)
    verdict: dict[str, float]
    own: dict[str, float]
    held_out: tuple[Labelled, ...]
    count: int
    seconds: float

    @property
    def provenance(self) -> str:
        made = f"{self.settings.epochs} epochs on {self.count} pictures"
        return f"Live training by Ultralytics · {made} · seed {self.settings.seed} · {duration(self.seconds)}"


def divided(collection: Collection, seed: int) -> tuple[list[Labelled], list[Labelled]]:
    """Pictures to train on and pictures held out; the latter hold objects."""
    order = list(collection.examples)
    random.Random(seed).shuffle(order)
    count = min(max(2, round(HELD_OUT * len(order))), len(order) - 1)
    held = [one for one in order if one.truth][:count]
    if len(held) == len(order):
        held = held[1:]
    return [one for one in order if one not in held], held


def written(
    folder: Path, collection: Collection, settings: Settings, start: Path | None, architecture: str
) -> list[Labelled]:
    """Lay a training's folder out as Ultralytics reads it; returns the held-out pictures in their order."""
    training, held = divided(collection, settings.seed)
    for part, examples in (("train", training), ("val", held)):
        for kind in ("images", "labels"):
            (folder / kind / part).mkdir(parents=True)
        for number, one in enumerate(examples):
            one.picture.save(folder / "images" / part / f"{number:05d}.png")
            (folder / "labels" / part / f"{number:05d}.txt").write_text(lines_of(one), encoding="utf-8")
    names = dict(enumerate(collection.names))
    table = {"path": str(folder), "train": "images/train", "val": "images/val", "names": names}
    (folder / "data.yaml").write_text(json.dumps(table), encoding="utf-8")  # JSON is YAML
    told = {
        "epochs": settings.epochs, "freeze": settings.freeze_the_backbone, "learning_rate": settings.learning_rate,
        "side": settings.input_side, "mirror": settings.mirror, "seed": settings.seed, "batch": BATCH,
        "names": list(collection.names), "architecture": architecture, "threads": min(2, os.cpu_count() or 1),
    }  # fmt: skip
    (folder / "settings.json").write_text(json.dumps(told), encoding="utf-8")
    if start:
        (folder / "start.safetensors").write_bytes(start.read_bytes())
    return held


def lines_of(one: Labelled) -> str:
    """A picture's objects in YOLO's format."""
    wide, high = one.picture.size
    rows = []
    for each in one.truth:
        left, top, right, bottom = each.box
        middle = (left + right) / 2 / wide, (top + bottom) / 2 / high
        rows.append(
            f"{each.label} {middle[0]:.6f} {middle[1]:.6f} {(right - left) / wide:.6f} {(bottom - top) / high:.6f}"
        )
    return "\n".join(rows) + "\n" if rows else ""


def training(
    collection: Collection, settings: Settings, start: Path | None, architecture: str
) -> Generator[tuple, None, Trained]:
    """The training as long work: yields (share done, message, ``Progress``), returns what came of it. Ends its
    process when it is closed."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="detector-") as name:
        folder = Path(name)
        held = written(folder, collection, settings, start, architecture)
        yield 0.0, "starting Ultralytics’ trainer", Progress((), tuple(held), collection.names)
        moments: list[Moment] = []
        verdict: dict[str, float] = {}
        ours: dict[str, float] = {}
        share = 0.0
        for news in lines(folder):
            share = news.get("share", share)
            if "epoch" in news:
                moments.append(Moment(**{name: news[name] for name in Moment.__dataclass_fields__}))
            verdict, ours = news.get("final", verdict), news.get("own", ours)
            last = f", mAP50 {moments[-1].map50:.2f}" if moments else ""
            message = f"epoch {min(len(moments) + 1, settings.epochs)} of {settings.epochs}{last}"
            yield min(share, 0.99), message, Progress(tuple(moments), tuple(held), collection.names)
        weights = (folder / "trained.safetensors").read_bytes()
    count = len(collection.examples) - len(held)
    return Trained(
        collection.names,
        settings,
        tuple(moments),
        weights,
        verdict,
        ours,
        tuple(held),
        count,
        time.perf_counter() - began,
    )


def lines(folder: Path) -> Iterator[dict]:
    """What the training says, as it says it, and nothing (an empty dictionary) twice a second meanwhile, so that it can
    be ended at any time. Raises ``ValueError`` where it ends badly."""
    command = [sys.executable, "-m", "core.projects.detection.lesson.pupil", str(folder)]
    with open(folder / "errors.txt", "w+", encoding="utf-8") as errors:
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True)
        said: queue.Queue[str | None] = queue.Queue()
        listener = threading.Thread(target=listen, args=(process.stdout, said), name="pupil", daemon=True)
        listener.start()
        try:
            while (line := heard(said)) is not None:
                yield json.loads(line[len(MARK) :]) if line.startswith(MARK) else {}
            if process.wait():
                errors.seek(0)
                last = errors.read().strip().splitlines()[-1:] or [""]
                raise ValueError(f"The training stopped by itself: {last[0][:200]}")
        finally:
            process.kill()
            process.wait()
            listener.join()


def listen(stream: IO[str], said: "queue.Queue[str | None]") -> None:
    """Pass lines on until there are no more; then None."""
    with stream:
        for line in stream:
            said.put(line)
    said.put(None)


def heard(said: "queue.Queue[str | None]") -> str | None:
    """The next line, an empty one if none comes soon."""
    try:
        return said.get(timeout=PATIENCE)
    except queue.Empty:
        return ""


def lesson(collection: Collection, settings: Settings) -> Generator[tuple, None, Trained]:
    """The same from where the learner wants it to begin."""
    from core.projects.detection.network import ARCHITECTURE, WEIGHTS

    start = WEIGHTS if settings.begin_with == SHIPPED else None
    return (yield from training(collection, settings, start, ARCHITECTURE))
