"""A video looked at frame by frame, with progress, and brought back with its boxes drawn."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.projects.detection.average_precision import Found
from core.projects.detection.detector import CONFIDENCE, MOST, Detector, detect, settled, shipped
from core.projects.detection.pictures import annotated

if TYPE_CHECKING:
    import cv2

MOST_SECONDS, MOST_FRAMES, MOST_BYTES = 120, 3_600, 100_000_000
LARGEST = 640  # pixels of the longer side of the video that comes back
MOST_PIXELS = 4096 * 2304


class VideoError(ValueError):
    """A video that is not read; the message is one sentence."""


@dataclass(frozen=True)
class Frame:
    """One frame that was looked at: its number, its share of the whole, the picture with boxes, what was found, and
    about how many seconds are left."""

    number: int
    share: float
    picture: np.ndarray
    found: Found
    left: float


@dataclass(frozen=True)
class Film:
    """What a video file is: frames, frames a second, (width, height)."""

    frames: int
    rate: float
    size: tuple[int, int]

    @property
    def seconds(self) -> float:
        return self.frames / self.rate


def film(path: Path) -> Film:
    """What a video is, before a frame of it is unpacked. Raises ``VideoError``."""
    import cv2

    if not path.is_file() or not path.stat().st_size:
        raise VideoError("The video is empty: it has no bytes.")
    if path.stat().st_size > MOST_BYTES:
        raise VideoError(
            f"The video has {path.stat().st_size / 1e6:.0f} MB; at most {MOST_BYTES / 1e6:.0f} MB are read."
        )
    reader = opened(path)
    try:
        frames, rate = reader.get(cv2.CAP_PROP_FRAME_COUNT), reader.get(cv2.CAP_PROP_FPS)
        size = int(reader.get(cv2.CAP_PROP_FRAME_WIDTH)), int(reader.get(cv2.CAP_PROP_FRAME_HEIGHT))
    finally:
        reader.release()
    return checked(frames, rate if 1 <= rate <= 240 else 25.0, size)


def opened(path: Path) -> "cv2.VideoCapture":
    """A reader of a video file, and of files alone: no address, no device, no list of other files is followed."""
    import cv2

    with path.open("rb") as file:
        start = file.read(64).lstrip()
    known = start[4:8] == b"ftyp" or start[:4] in (b"\x1aE\xdf\xa3", b"RIFF", b"OggS") or start[:3] == b"FLV"
    if not known:
        raise VideoError("This is not a video that can be read: send MP4, MOV, WebM, MKV or AVI.")
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    reader = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    if not reader.isOpened():
        raise VideoError("The video is damaged or cut off: save it again and send it once more.")
    return reader


def checked(frames: float, rate: float, size: tuple[int, int]) -> Film:
    """What a file says it holds, if that is not too much."""
    if min(size) < 1 or size[0] * size[1] > MOST_PIXELS:
        raise VideoError(f"The video's frames of {size[0]:,} × {size[1]:,} pixels are too large: at most 4096 × 2304.")
    if frames > MOST_SECONDS * rate or frames > MOST_FRAMES:
        raise VideoError(
            f"The video is {spoken(frames / rate)} long; at most {MOST_SECONDS // 60} minutes and {MOST_FRAMES:,} "
            "frames are looked at: cut out the part that matters."
        )
    return Film(max(int(frames), 0), rate, size)


def spoken(seconds: float) -> str:
    """A length of time in the unit that suits it."""
    if seconds >= 5400:
        return f"{seconds / 3600:.1f} hours"
    return f"{seconds / 60:.0f} minutes" if seconds >= 90 else f"{seconds:.0f} seconds"


def watched(
    path: Path, out: Path, detector: Detector | None = None, confidence: float = CONFIDENCE, most: float = MOST,
    every: int = 1, stopped: Callable[[], bool] = lambda: False,
) -> Iterator[Frame]:  # fmt: skip
    """Look at a video and write ``out``, a WebM with boxes; yields every frame looked at.

    ``every``: only each so-many-th frame is looked at, the boxes stay until the next. Where ``stopped`` says so the
    video ends early and is whole up to there; closing the iterator does the same. Raises ``VideoError``.
    """
    import cv2

    what, detector = film(path), detector or shipped()
    size = even(what.size)
    reader = opened(path)
    writer = cv2.VideoWriter(str(out), cv2.VideoWriter.fourcc(*"VP80"), what.rate, size)
    began, number, found = time.perf_counter(), 0, Found(np.zeros((0, 4)), np.zeros(0), np.zeros(0, int))
    try:
        while number < MOST_FRAMES and not stopped():
            there, values = reader.read()
            if not there:
                break
            values = np.ascontiguousarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA)[:, :, ::-1])
            looked = number % every == 0
            if looked:
                found, _ = settled(detect(values, detector), confidence, most)
            picture = annotated(values, found, detector.names)
            writer.write(np.ascontiguousarray(picture[:, :, ::-1]))  # OpenCV writes blue, green, red
            number += 1
            if looked:
                share = min(1.0, number / max(what.frames, number))
                left = (time.perf_counter() - began) * (1 / share - 1)
                yield Frame(number - 1, share, picture, found, left)
        if not number:
            raise VideoError("The video is damaged: not one of its frames can be read.")
    finally:
        reader.release()
        writer.release()


def even(size: tuple[int, int]) -> tuple[int, int]:
    """The size (width, height) of the video that comes back: not larger than ``LARGEST``, even numbers."""
    scale = min(1.0, LARGEST / max(size))
    wide, high = (max(2, round(length * scale) // 2 * 2) for length in size)
    return wide, high
