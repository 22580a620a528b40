"""From a picture to raw boxes: everything the network proposes, before anything is suppressed.

Confidence and IoU therefore act on what is already there (``suppression.py``), without asking the network again.
"""

import functools
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from core.projects.detection.average_precision import Found
from core.projects.detection.network import WEIGHTS, load
from core.projects.detection.suppression import Suppressed, suppressed
from core.projects.detection.tiles import Tile, tiled

GREY = 114  # what is put around a picture that is not square, as in training
CONFIDENCE, MOST = 0.35, 0.5  # where the sliders begin
ASKING = threading.Lock()  # a network is asked by one thread at a time


@dataclass(frozen=True)
class Detector:
    """A network: (pictures, 3, height, width), RGB from 0 to 1, in; (pictures, 4 + classes, cells) out: centre, width
    and height in pixels, then each class's score. ``fixed``: it takes squares of ``side`` only."""

    name: str
    names: tuple[str, ...]
    side: int
    ask: Callable[[np.ndarray], np.ndarray] = field(repr=False)
    strides: tuple[int, ...] = (8, 16, 32)
    fixed: bool = False
    licence: str = "AGPL-3.0"


@dataclass(frozen=True)
class Raw:
    """All n boxes a network proposes for a picture.

    ``boxes`` (n, 4) as x1, y1, x2, y2 in the picture's pixels; ``scores`` (n, classes); ``strides`` (n,) pixels of the
    network's input to a cell, 0 where unknown; ``cells`` (n, 2) column and row; ``tiles`` (n,) number of the part that
    was looked at, of ``parts``; ``size`` (width, height); ``milliseconds`` by stage; ``notes``: what was done.
    """

    boxes: np.ndarray
    scores: np.ndarray
    strides: np.ndarray
    cells: np.ndarray
    tiles: np.ndarray
    parts: tuple[Tile, ...]
    size: tuple[int, int]
    names: tuple[str, ...]
    milliseconds: dict[str, float]
    notes: tuple[str, ...] = ()

    @functools.cached_property
    def classes(self) -> np.ndarray:
        """The likeliest class of each box, (n,)."""
        return self.scores.argmax(axis=1) if len(self.scores) else np.zeros(0, int)

    @functools.cached_property
    def sure(self) -> np.ndarray:
        """Its score, (n,)."""
        return self.scores.max(axis=1) if len(self.scores) else np.zeros(0)

    def above(self, floor: float) -> "Raw":
        """The boxes that are surer than ``floor``, surest first: what a screen needs."""
        order = np.argsort(-self.sure, kind="stable")
        return self.chosen(order[self.sure[order] > floor])

    def chosen(self, which: np.ndarray) -> "Raw":
        """Some of the boxes."""
        parts = (getattr(self, name)[which] for name in ("boxes", "scores", "strides", "cells", "tiles"))
        return Raw(*parts, self.parts, self.size, self.names, self.milliseconds, self.notes)


@functools.lru_cache(maxsize=1)
def shipped() -> Detector:
    """The detector that comes with the project."""
    model, about = load(WEIGHTS)
    return of_module(model, "Drawings", tuple(about["classes"]), about["side"])


def of_module(model: torch.nn.Module, name: str, names: tuple[str, ...], side: int) -> Detector:
    """A detector from an Ultralytics ``DetectionModel``; an end-to-end one is asked before it chooses."""
    head = model.model[-1]
    if getattr(head, "end2end", False):
        head.end2end = False
    else:
        model = model.fuse(verbose=False)  # normalisation folded into the convolutions: the same function, sooner

    def ask(pictures: np.ndarray) -> np.ndarray:
        with ASKING, torch.inference_mode():
            answered = model(torch.from_numpy(pictures))
        return (answered[0] if isinstance(answered, tuple) else answered).numpy()

    return Detector(name, names, side, ask, tuple(int(stride) for stride in model.stride))


def detect(
    picture: Image.Image | np.ndarray, detector: Detector | None = None, side: int | None = None, across: int = 1,
    notes: Sequence[str] = (),
) -> Raw:  # fmt: skip
    """Raw boxes of a picture: a PIL image, or an array (height, width, 3) uint8, RGB.

    ``side``: pixels of the longer side as the network sees it (a multiple of 32; the detector's own by default).
    ``across``: with 2 or more, the picture is also looked at in this many overlapping parts along its shorter side, so
    that small objects are larger; boxes cut by a part's inner edge are dropped.
    """
    detector = detector or shipped()
    side = detector.side if side is None or detector.fixed else side
    began = time.perf_counter()
    values = opaque(picture)
    high, wide = values.shape[:2]
    parts = tiled((wide, high), across)
    seen = [letterboxed(values[part.rows, part.columns], side, detector) for part in parts]
    prepared = time.perf_counter()
    answers = asked(detector, [one.pixels for one in seen])
    answered = time.perf_counter()
    decoded = [decode(*each, detector) for each in zip(answers, seen, parts, strict=True)]
    kept = [part.whole(one[0], (wide, high)) for one, part in zip(decoded, parts, strict=True)]
    joined = [np.concatenate([one[place][keep] for one, keep in zip(decoded, kept, strict=True)]) for place in range(4)]
    numbers = np.concatenate([np.full(keep.sum(), number) for number, keep in enumerate(kept)])
    spent = {"prepare": prepared - began, "network": answered - prepared, "decode": time.perf_counter() - answered}
    milliseconds = {stage: 1000 * seconds for stage, seconds in spent.items()}
    return Raw(*joined, numbers, parts, (wide, high), detector.names, milliseconds, tuple(notes))


def opaque(picture: Image.Image | np.ndarray) -> np.ndarray:
    """A picture's pixels (height, width, 3) uint8; what is transparent becomes white paper."""
    if isinstance(picture, np.ndarray):
        return np.ascontiguousarray(picture[..., :3])
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        paper = Image.new("RGBA", picture.size, "white")
        paper.alpha_composite(picture)
        picture = paper
    return np.asarray(picture.convert("RGB"))


@dataclass(frozen=True)
class Letterbox:
    """A picture as the network gets it: ``pixels`` (3, height, width) from 0 to 1; ``scale`` and the margin ``left``,
    ``top`` lead back to the picture's own pixels."""

    pixels: np.ndarray
    scale: float
    left: int
    top: int


def letterboxed(values: np.ndarray, side: int, detector: Detector) -> Letterbox:
    """A picture (height, width, 3) shrunk or enlarged until its longer side is ``side`` and put in the middle of grey:
    a square where the detector takes nothing else, the smallest multiple of its largest stride otherwise."""
    import cv2

    high, wide = values.shape[:2]
    scale = side / max(high, wide)
    inner = max(1, round(wide * scale)), max(1, round(high * scale))
    if inner != (wide, high):
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        values = cv2.resize(values, inner, interpolation=way)
    step = detector.strides[-1]
    outer = (side, side) if detector.fixed else tuple(-(-length // step) * step for length in inner)
    left, top = (outer[0] - inner[0]) // 2, (outer[1] - inner[1]) // 2
    framed = np.full((outer[1], outer[0], 3), GREY, np.uint8)
    framed[top : top + inner[1], left : left + inner[0]] = values
    return Letterbox(np.ascontiguousarray(framed.transpose(2, 0, 1), np.float32) / 255, scale, left, top)


def asked(detector: Detector, pictures: list[np.ndarray]) -> list[np.ndarray]:
    """The network's answers, (4 + classes, cells) each; pictures of one shape are asked for together."""
    shapes = {picture.shape for picture in pictures}
    if len(shapes) > 1 or detector.fixed:
        return [detector.ask(picture[None])[0] for picture in pictures]
    return list(detector.ask(np.stack(pictures)))


def decode(
    answer: np.ndarray, seen: Letterbox, part: Tile, detector: Detector
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Boxes in the whole picture's pixels, scores, strides and cells of one answer."""
    centre, size = answer[:2].T, answer[2:4].T
    boxes = np.concatenate([centre - size / 2, centre + size / 2], axis=1)
    boxes = (boxes - np.array([seen.left, seen.top] * 2)) / seen.scale
    limit = np.array([part.columns.stop - part.columns.start, part.rows.stop - part.rows.start] * 2)
    boxes = boxes.clip(0, limit) + np.array([part.columns.start, part.rows.start] * 2)
    strides, cells = grid(seen.pixels.shape[1:], detector.strides, len(boxes))
    return boxes, answer[4:].T.astype(np.float64), strides, cells


@functools.lru_cache(maxsize=32)
def grid(shape: tuple[int, int], strides: tuple[int, ...], count: int) -> tuple[np.ndarray, np.ndarray]:
    """The stride (n,) and the column and row (n, 2) of every cell, finest grid first; zeros if there are not n."""
    parts = [(stride, shape[0] // stride, shape[1] // stride) for stride in strides]
    if sum(high * wide for _, high, wide in parts) != count:
        return np.zeros(count, int), np.zeros((count, 2), int)
    numbers = [np.full(high * wide, stride) for stride, high, wide in parts]
    cells = [np.stack(np.meshgrid(np.arange(wide), np.arange(high)), axis=-1).reshape(-1, 2) for _, high, wide in parts]
    return np.concatenate(numbers), np.concatenate(cells)


def settled(
    raw: Raw, confidence: float = CONFIDENCE, most: float = MOST, wanted: Sequence[str] | None = None,
    across: bool = False,
) -> tuple[Found, Suppressed]:  # fmt: skip
    """What is left of raw boxes, surest first, and what became of each; ``wanted`` names the classes that count."""
    sure = raw.sure
    if wanted is not None:
        sure = np.where(np.isin(raw.classes, [raw.names.index(name) for name in wanted if name in raw.names]), sure, 0)
    fate = suppressed(raw.boxes, sure, raw.classes, confidence, most, across)
    kept = fate.kept
    return Found(raw.boxes[kept], raw.sure[kept], raw.classes[kept]), fate


def read(path: Path) -> bytes:
    """A file's bytes, no more than are looked at."""
    from core.serving.uploads import MOST_BYTES

    with path.open("rb") as file:
        return file.read(MOST_BYTES + 1)


def detect_file(content: bytes, detector: Detector | None = None, side: int | None = None, across: int = 1) -> Raw:
    """Raw boxes of a stranger's picture file. Raises ``core.serving.uploads.Refused`` with one sentence."""
    from core.serving.uploads import opened

    picture, notes = opened(content)
    return detect(picture, detector, side, across, notes)
