"""A recorded drive as a video file."""

import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from core.projects.driving.simulator import RATE, SIZE

LONGEST, LARGEST = 2000, 8  # frames, enlargement
SHAPES = ((SIZE, SIZE, 3), (320, 400, 3))  # what drivers get, what a screen shows


def film(frames: Iterable[np.ndarray], enlarge: int = 4, rate: int = RATE) -> bytes:
    """Frames (96, 96, 3) or (320, 400, 3) uint8 as a WebM video (VP8, plays in browsers), ``enlarge`` times as large.

    Raises ``ValueError`` with one sentence for no frames, too many, another shape, or a size or rate that cannot be.
    """
    import cv2

    frames = list(frames)
    if not 1 <= len(frames) <= LONGEST:
        raise ValueError(f"A film has 1 to {LONGEST:,} frames.")
    if frames[0].shape not in SHAPES or any(
        frame.shape != frames[0].shape or frame.dtype != np.uint8 for frame in frames
    ):
        raise ValueError(f"A frame is {SIZE} × {SIZE} pixels in three colours, or 400 × 320.")
    if enlarge not in range(1, LARGEST + 1) or rate not in range(1, 121):
        raise ValueError(f"A film is enlarged 1 to {LARGEST} times and shows 1 to 120 frames a second.")
    size = frames[0].shape[1] * int(enlarge), frames[0].shape[0] * int(enlarge)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "drive.webm"
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"VP80"), float(rate), size)
        for frame in frames:
            larger = cv2.resize(frame, size, interpolation=cv2.INTER_NEAREST)
            writer.write(np.ascontiguousarray(larger[:, :, ::-1]))  # OpenCV writes blue, green, red
        writer.release()
        return path.read_bytes()
