"""The detector in the forms that screens show: sentences, tables, pictures, files. Knows no screen library."""

import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from core.projects.detection.average_precision import Found
from core.projects.detection.detector import CONFIDENCE, MOST, Detector, Raw, detect, opaque, read, settled, shipped
from core.projects.detection.examples import SEEDS, example
from core.projects.detection.exports import FORMATS, WRITERS, listed
from core.projects.detection.models import ModelError, chosen, offer
from core.projects.detection.pictures import annotated
from core.projects.detection.suppression import Suppressed
from core.projects.detection.video import VideoError, film, watched
from core.serving.uploads import MOST_BYTES, Refused, opened
from core.wording import counted

LIMIT = f"{MOST_BYTES // 10**6}mb"
FLOOR = 0.02  # boxes less sure than this are not kept for the sliders
SHOWN = 1280  # pixels of the longer side of the picture with boxes
COLUMNS = ["Class", "Score", "x1", "y1", "x2", "y2"]
SUPPRESSED_COLUMNS = ["Class", "Score", "IoU", "Suppressed by", "Its score"]
NOTHING = "Give a picture: a drawing, a photograph of one, or an example."


@dataclass(frozen=True)
class Looked:
    """A picture and what the network proposed for it; the sliders act on this."""

    picture: np.ndarray
    raw: Raw


def look(path: str | None, model: str = "", parts: int = 1, download: bool = False) -> tuple[Looked | None, str]:
    """A picture file looked at once: what is kept for the sliders, and a sentence."""
    if not path:
        return None, NOTHING
    try:
        detector = chosen(model, download)
        picture, notes = opened(read(Path(path)))
    except (Refused, ModelError) as refusal:
        return None, str(refusal)
    except OSError:
        return None, "The file is not there any more: give it once more."
    return looked(opaque(picture), detector, parts, notes)


def looked(values: np.ndarray, detector: Detector, parts: int, notes: Sequence[str]) -> tuple[Looked, str]:
    """Pixels (height, width, 3) looked at, and a sentence on how long it took."""
    raw = detect(values, detector, across=int(parts), notes=notes)
    every = len(raw.boxes)
    raw = raw.above(FLOOR)
    return Looked(values, raw), " ".join((timed(raw, every), *notes))


def timed(raw: Raw, every: int) -> str:
    """What the network proposed, and the milliseconds of each stage."""
    stages = ", ".join(f"{stage} {spent:.0f} ms" for stage, spent in raw.milliseconds.items())
    parts = f" in {len(raw.parts)} views" if len(raw.parts) > 1 else ""
    return f"{every:,} boxes proposed{parts}, {len(raw.boxes):,} of them surer than {FLOOR:.0%}: {stages}."


def shown(
    looked: Looked | None, confidence: float, most: float, wanted: Sequence[str] | None, with_suppressed: bool
) -> tuple[np.ndarray | None, str, list[list], list[list]]:
    """The picture with boxes, a sentence, the table of what stays and that of what was suppressed."""
    if looked is None:
        return None, "", [], []
    began = time.perf_counter()
    raw = looked.raw
    found, fate = settled(raw, confidence, most, wanted or None)
    spent = 1000 * (time.perf_counter() - began)
    picture, scale = smaller(looked.picture)
    if with_suppressed:
        out = np.flatnonzero(fate.by >= 0)
        picture = thin(picture, raw.boxes[out] * scale)
    picture = annotated(picture, replace(found, boxes=found.boxes * scale), raw.names)
    return picture, tally(found, fate, raw, spent), rows(found, raw.names), suppressed_rows(raw, fate)


def smaller(picture: np.ndarray) -> tuple[np.ndarray, float]:
    """The picture at most ``SHOWN`` pixels a side, and by how much it shrank."""
    import cv2

    scale = min(1.0, SHOWN / max(picture.shape[:2]))
    if scale == 1.0:
        return picture, scale
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), scale


def thin(picture: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """The picture with thin dark boxes, light inside, for what was suppressed."""
    import cv2

    picture = picture.copy()
    for x1, y1, x2, y2 in boxes.round().astype(int).tolist():
        cv2.rectangle(picture, (x1, y1), (x2, y2), (255, 255, 255), 2)
        cv2.rectangle(picture, (x1, y1), (x2, y2), (90, 90, 90), 1)
    return picture


def tally(found: Found, fate: Suppressed, raw: Raw, spent: float) -> str:
    """How many boxes stay, of what, and what became of the others."""
    out = int((fate.by >= 0).sum())
    if not len(found.boxes):
        return "Nothing is found at this confidence: lower it, or come closer."
    kinds, counts = np.unique(found.classes, return_counts=True)
    names = ", ".join(f"{count} × {raw.names[kind]}" for kind, count in zip(kinds, counts, strict=True))
    return f"{len(found.boxes)} found: {names}. {out} suppressed. Settled in {spent:.1f} ms without asking again."


def rows(found: Found, names: Sequence[str]) -> list[list]:
    """A row for each detection."""
    return [
        [names[kind], round(score, 3), *(round(edge, 1) for edge in box)]
        for kind, score, box in zip(
            found.classes.tolist(), found.scores.tolist(), found.boxes.tolist(), strict=True
        )
    ]  # fmt: skip


def suppressed_rows(raw: Raw, fate: Suppressed, most: int = 200) -> list[list]:
    """A row for each suppressed box, the surest first: by whom, and how much they overlap."""
    out = [box for box in fate.order if fate.by[box] >= 0][:most]
    return [
        [
            raw.names[raw.classes[box]], round(float(raw.sure[box]), 3), round(float(fate.overlap[box]), 3),
            f"{raw.names[raw.classes[fate.by[box]]]} at ({raw.boxes[fate.by[box]][0]:.0f}, "
            f"{raw.boxes[fate.by[box]][1]:.0f})", round(float(raw.sure[fate.by[box]]), 3),
        ]
        for box in out
    ]  # fmt: skip


def exported(
    looked: Looked | None, confidence: float, most: float, wanted: Sequence[str] | None, kind: str
) -> str | None:
    """The path of a file with what is found, in one of ``FORMATS``."""
    if looked is None or kind not in WRITERS:
        return None
    found, _ = settled(looked.raw, confidence, most, wanted or None)
    path = Path(tempfile.mkdtemp()) / f"detections-{kind.lower()}.{FORMATS[kind]}"
    path.write_text(WRITERS[kind](found, looked.raw.names, looked.raw.size), encoding="utf-8")
    return str(path)


def glimpsed(values: np.ndarray | None, confidence: float, most: float) -> np.ndarray | None:
    """A webcam's frame (height, width, 3) with its boxes."""
    if values is None:
        return None
    picture, _ = smaller(opaque(values))
    found, _ = settled(detect(picture), confidence, most)
    return annotated(picture, found, shipped().names)


def drawn_sheet(canvas: dict | None) -> str | None:
    """A drawing program's sheet, ``{"composite": (height, width, 3)}``, as a file; None while nothing is drawn."""
    values = (canvas or {}).get("composite")
    if values is None or np.ptp(values) == 0:
        return None
    path = Path(tempfile.mkdtemp()) / "sheet.png"
    Image.fromarray(opaque(values)).save(path)
    return str(path)


def described_file(path: str | None, confidence: float = CONFIDENCE, most: float = MOST) -> dict:
    """What is found in a picture file, for programs: size and detections, or ``{"error": one sentence}``."""
    seen, sentence = look(path)
    if seen is None:
        return {"error": sentence}
    found, _ = settled(seen.raw, confidence, most)
    wide, high = seen.raw.size
    return {"width": wide, "height": high, "detections": listed(found, seen.raw.names), "notes": list(seen.raw.notes)}


STOPPED: set[str] = set()


def stop(session: str) -> str:
    """End the video that this visitor is having looked at; what was looked at is kept."""
    STOPPED.add(session)
    return "Stopping after this frame."


def filmed(
    path: str | None, confidence: float, most: float, every: int, session: str = ""
) -> Iterator[tuple[np.ndarray | None, str, str | None]]:
    """A video looked at: picture, sentence, and at the end the path of the video with boxes."""
    STOPPED.discard(session)
    if not path:
        yield None, "Give a video.", None
        return
    out = Path(tempfile.mkdtemp()) / "detections.webm"
    counts: dict[str, int] = {}
    frames = 0
    try:
        what = film(Path(path))
        for frame in watched(Path(path), out, None, confidence, most, int(every), lambda: session in STOPPED):
            frames += 1
            for kind in set(map(int, frame.found.classes)):
                name = shipped().names[kind]
                counts[name] = counts.get(name, 0) + 1
            yield frame.picture, f"{frame.share:.0%} of {what.frames} frames, about {frame.left:.0f} s left.", None
    except VideoError as refusal:
        yield None, str(refusal), None
        return
    names = ", ".join(f"{name} ({count})" for name, count in sorted(counts.items(), key=lambda one: -one[1]))
    yield frame.picture, f"{counted(frames, 'frame')} looked at. Found, in frames: {names or 'nothing'}.", str(out)


def offered(model: str) -> str:
    """What is known of a model before it is fetched: size, licence, whether it is here."""
    if model in ("", "Drawings"):
        return "The shipped detector of drawings and digits; licence AGPL-3.0."
    try:
        return offer(model).sentence
    except ModelError as unknown:
        return str(unknown)


def named_classes(looked: Looked | None) -> list[str]:
    """The names that a class filter offers."""
    return list((looked.raw if looked else shipped()).names)


def example_files() -> list[tuple[str, str]]:
    """Pictures to begin with, as files with captions."""
    folder = Path(tempfile.mkdtemp())
    made = []
    for caption, seed in SEEDS.items():
        path = folder / f"{caption.lower().replace(' ', '-')}.png"
        Image.fromarray(example(seed).picture).save(path)
        made.append((str(path), caption))
    return made
