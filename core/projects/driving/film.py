"""A recorded drive as a video file."""

import tempfile
from collections.abc import Generator, Iterable
from pathlib import Path

import numpy as np

from core.projects.driving.simulator import RATE, SIZE

LONGEST, LARGEST = 2000, 8  # frames, enlargement
SHAPES = ((SIZE, SIZE, 3), (320, 400, 3))  # what drivers get, what a screen shows


def film(frames: Iterable[np.ndarray], enlarge: int = 4, rate: int = RATE) -> bytes:
    """Frames (96, 96, 3) or (320, 400, 3) uint8 as a WebM video (VP8, plays in browsers), ``enlarge`` times as large.

    Raises ``ValueError`` with one sentence for no frames, too many, another shape, or a size or rate that cannot be.
    """
    making = filming(frames, enlarge, rate)
    while True:
        try:
            next(making)
        except StopIteration as end:
            return end.value


def filming(frames: Iterable[np.ndarray], enlarge: int = 4, rate: int = RATE) -> Generator[float, None, bytes]:
    """The same, yielding the share that is done after every frame: a lap takes seconds."""
    import cv2

    frames = checked(list(frames), enlarge, rate)
    size = frames[0].shape[1] * int(enlarge), frames[0].shape[0] * int(enlarge)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "drive.webm"
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"VP80"), float(rate), size)
        for number, frame in enumerate(frames, start=1):
            larger = cv2.resize(frame, size, interpolation=cv2.INTER_NEAREST)
            writer.write(np.ascontiguousarray(larger[:, :, ::-1]))  # OpenCV writes blue, green, red
            yield number / len(frames)
        writer.release()
        return path.read_bytes()


def checked(frames: list[np.ndarray], enlarge: int, rate: int) -> list[np.ndarray]:
    """The frames, if a film can be made of them; ``ValueError`` with one sentence if not."""
    if not 1 <= len(frames) <= LONGEST:
        raise ValueError(f"A film has 1 to {LONGEST:,} frames.")
    if frames[0].shape not in SHAPES or any(
        frame.shape != frames[0].shape or frame.dtype != np.uint8 for frame in frames
    ):
        raise ValueError(f"A frame is {SIZE} × {SIZE} pixels in three colours, or 400 × 320.")
    if enlarge not in range(1, LARGEST + 1) or rate not in range(1, 121):
        raise ValueError(f"A film is enlarged 1 to {LARGEST} times and shows 1 to 120 frames a second.")
    return frames
