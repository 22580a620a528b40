"""Pictures to take away: a poster by plain resampling, a film as GIF or MP4."""

import io
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

RESAMPLING = {"smooth": Image.Resampling.LANCZOS, "squares": Image.Resampling.NEAREST}
SIDES = (512, 1024, 2048)
MOST_FRAMES = 600


def poster(pixels: np.ndarray, side: int, way: str = "smooth") -> bytes:
    """A picture (side, side, 3) enlarged as PNG. Nothing is invented: "smooth" is Lanczos between its pixels, "squares"
    repeats each. Raises ``ValueError`` for a size or a way that is not offered."""
    if side not in SIDES or way not in RESAMPLING:
        raise ValueError(f"A poster has {', '.join(map(str, SIDES))} pixels a side and is made of {list(RESAMPLING)}.")
    file = io.BytesIO()
    Image.fromarray(pixels).resize((side, side), RESAMPLING[way]).save(file, "PNG")
    return file.getvalue()


def gif(frames: Sequence[np.ndarray], rate: float = 20, times: int = 4) -> bytes:
    """Frames (side, side, 3) as an animation that repeats, each pixel ``times`` as large. Raises ``ValueError``."""
    images = [Image.fromarray(one).resize((one.shape[1] * times, one.shape[0] * times)) for one in counted(frames)]
    file = io.BytesIO()
    images[0].save(
        file, "GIF", save_all=True, append_images=images[1:], duration=round(1000 / rate), loop=0, disposal=1
    )
    return file.getvalue()


def video(frames: Sequence[np.ndarray], rate: float = 20, times: int = 8) -> bytes:
    """Frames (side, side, 3) as an MP4 file, each pixel ``times`` as large, smoothed. Raises ``ValueError``."""
    import cv2

    size = counted(frames)[0].shape[1] * times, frames[0].shape[0] * times
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), float(rate), size)
        for frame in frames:
            larger = cv2.resize(frame, size, interpolation=cv2.INTER_CUBIC)
            writer.write(np.ascontiguousarray(larger[:, :, ::-1]))  # OpenCV writes blue, green, red
        writer.release()
        return path.read_bytes()


def counted(frames: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
    """The frames, if their number makes a film. Raises ``ValueError``."""
    if not 2 <= len(frames) <= MOST_FRAMES:
        raise ValueError(f"A film has 2 to {MOST_FRAMES} frames; these are {len(frames)}.")
    return frames
