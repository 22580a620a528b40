"""A picture as a detector sees it: every raw box, with the cell, the scores and the distances that it was made from."""

import functools
import hashlib
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image

from core.provenance import duration

if TYPE_CHECKING:
    from core.projects.detection.detector import Detector

FAINTEST = 0.01  # a box whose best score is lower is never shown
MOST = 3000  # raw boxes that are shown: the best ones
GREY = 114  # what fills the frame around a picture, as in Ultralytics
CONFIDENCE, IOU = 0.35, 0.5  # where the sliders begin, on every screen of this project


@dataclass(frozen=True)
class Truth:
    """An object that is really there: its class by number, its box (left, top, right, bottom) in pixels."""

    label: int
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Frame:
    """How a picture lies in the network's input: ``scale`` times as large, ``left`` and ``top`` pixels from the
    corner of a frame of ``width`` × ``height`` pixels."""

    scale: float
    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class Seen:
    """A network's whole answer to one picture.

    ``boxes`` (raw, 4) in pixels of the picture, ``scores`` (raw, classes) from 0 to 1, ``cells`` (raw, 3): stride, row
    and column of the cell that made each, zeros where that is no cell of the whole picture's grids. ``said`` asks for
    the logits of each box's distances where the network has them. What is really there is ``given`` with a drawn scene,
    or ``drawn`` by the learner.
    """

    picture: Image.Image
    names: tuple[str, ...]
    boxes: np.ndarray
    scores: np.ndarray
    cells: np.ndarray
    frame: Frame
    model: str
    seconds: float
    said: Callable[[], np.ndarray] | None = None
    given: tuple[Truth, ...] = ()
    drawn: tuple[Truth, ...] = ()
    alt: str = "A picture."
    notes: tuple[str, ...] = ()

    @property
    def provenance(self) -> str:
        return f"Live detection · {self.model} · {duration(self.seconds)}"

    @property
    def truth(self) -> tuple[Truth, ...]:
        """What is really there, as far as it is known: the learner's boxes come first."""
        return self.drawn or self.given

    @functools.cached_property
    def distances(self) -> np.ndarray:
        """The logits of each box's four distances to the left, top, right and bottom edge, in strides (raw, 4, bins);
        the distances themselves, as one bin, where the network says no more."""
        return self.said() if self.said else distances_to(self.boxes, self.cells, self.frame)

    @functools.cached_property
    def best(self) -> np.ndarray:
        """The greatest class score of every raw box, (raw,)."""
        return self.scores.max(axis=1)

    @functools.cached_property
    def labels(self) -> np.ndarray:
        """The class that has it, (raw,)."""
        return self.scores.argmax(axis=1)

    @functools.cached_property
    def order(self) -> np.ndarray:
        """Places of the boxes that are worth showing, the highest score first."""
        order = np.argsort(-self.best, kind="stable")[:MOST]
        return order[self.best[order] > FAINTEST]

    @functools.cached_property
    def id(self) -> str:
        """Eight hexadecimal digits that name picture and answer."""
        digest = hashlib.sha256(self.picture.tobytes())
        digest.update(self.boxes.tobytes() + self.model.encode())
        return digest.hexdigest()[:8]


def framed(picture: Image.Image, side: int, room: float = 0.0, stride: int = 32) -> tuple[np.ndarray, Frame]:
    """A picture made as large as fits ``side`` pixels and centred on grey, its sides filled up to whole strides and at
    least ``room`` strides more: (height, width, 3) from 0 to 255; and where it lies there. As Ultralytics' LetterBox
    does, whose evaluation leaves half a stride of room."""
    import cv2

    wide, high = picture.size
    scale = side / max(wide, high)
    new = min(math.ceil(wide * scale), side), min(math.ceil(high * scale), side)
    values = np.asarray(picture)
    if new != (wide, high):
        values = cv2.resize(values, new, interpolation=cv2.INTER_LINEAR)
    spare = [(math.ceil(length / stride + room) * stride - length) / 2 for length in new]
    (left, top), (right, bottom) = [round(each - 0.1) for each in spare], [round(each + 0.1) for each in spare]
    values = cv2.copyMakeBorder(values, top, bottom, left, right, cv2.BORDER_CONSTANT, value=(GREY, GREY, GREY))
    return values, Frame(scale, left, top, values.shape[1], values.shape[0])


def raw_answer(model: Any, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Boxes (raw, 4) in pixels of the frame, scores (raw, classes), cells (raw, 3) and distances' logits
    (raw, 4, bins) of an Ultralytics ``DetectionModel`` for a frame (height, width, 3)."""
    x = torch.from_numpy(values).permute(2, 0, 1)[None].float() / 255
    head = model.model[-1]
    with torch.inference_mode():
        answer = model(x)[1]
    answer = answer.get("one2many", answer)
    distances = answer["boxes"][0].view(4, -1, answer["boxes"].shape[-1]).permute(2, 0, 1)  # (raw, 4, bins)
    cells = cells_of([each.shape[-2:] for each in answer["feats"]], [int(stride) for stride in head.stride])
    boxes = decoded(distances.numpy(), cells)
    return boxes, answer["scores"][0].T.sigmoid().numpy(), cells, distances.numpy()


def cells_of(grids: Sequence[tuple[int, int]], strides: Sequence[int]) -> np.ndarray:
    """Stride, row and column of every cell, grid by grid and row by row, (cells, 3)."""
    parts = []
    for (rows, columns), stride in zip(grids, strides, strict=True):
        row, column = np.indices((rows, columns)).reshape(2, -1)
        parts.append(np.stack([np.full(row.shape, stride), row, column], axis=1))
    return np.concatenate(parts).astype(np.int32)


def decoded(distances: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Boxes (cells, 4) from the logits of their distances (cells, 4, bins): each distance is the mean bin under the
    softmax (Li and others 2020, *Generalized Focal Loss*), or the number itself where there is one bin; distances are
    counted in strides from the middle of the cell."""
    bins = distances.shape[-1]
    steps = distances[..., 0] if bins == 1 else softmax(distances) @ np.arange(bins, dtype=np.float32)
    stride = cells[:, :1].astype(np.float32)
    middle = cells[:, 2:0:-1] + 0.5  # (cells, 2): across, down
    return np.concatenate([middle - steps[:, :2], middle + steps[:, 2:]], axis=1).astype(np.float32) * stride


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities over the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def distances_to(boxes: np.ndarray, cells: np.ndarray, frame: Frame) -> np.ndarray:
    """How far the edges of boxes (raw, 4), in pixels of the picture, are from the middles of their cells, in strides:
    (raw, 4, 1)."""
    stride = np.maximum(cells[:, :1], 1)
    edges = (boxes * frame.scale + np.array([frame.left, frame.top] * 2)) / stride
    middle = cells[:, 2:0:-1] + 0.5
    return np.concatenate([middle - edges[:, :2], edges[:, 2:] - middle], axis=1)[..., None].astype(np.float32)


def seen_by(picture: Image.Image, detector: "Detector", parts: int = 1, **more: Any) -> Seen:
    """A detector's whole answer to an RGB picture, also looked at in several parts; ``more``: alt and so on."""
    from core.projects.detection.detector import detect, letterboxed

    raw = detect(picture, detector, across=parts)
    box = letterboxed(np.asarray(picture), detector.side, detector)
    frame = Frame(box.scale, box.left, box.top, box.pixels.shape[2], box.pixels.shape[1])
    cells = np.column_stack([raw.strides, raw.cells[:, ::-1]]).astype(np.int32)
    cells[raw.tiles > 0] = 0  # a part has a grid of its own
    boxes, scores = raw.boxes.astype(np.float32), raw.scores.astype(np.float32)
    seconds = sum(raw.milliseconds.values()) / 1000
    return Seen(picture, raw.names, boxes, scores, cells, frame, detector.name, seconds, **more)


def seen_in(picture: Image.Image, model: Any, names: Sequence[str], side: int, room: float = 0.0) -> Seen:
    """The whole answer of an Ultralytics ``DetectionModel`` to an RGB picture, framed as its evaluation does it."""
    began = time.perf_counter()
    values, frame = framed(picture, side, room)
    boxes, scores, cells, _ = raw_answer(model, values)
    boxes = (boxes - np.array([frame.left, frame.top] * 2, np.float32)) / np.float32(frame.scale)
    boxes = np.clip(boxes, 0, np.array([*picture.size, *picture.size], np.float32)).astype(np.float32)
    return Seen(picture, tuple(names), boxes, scores, cells, frame, "", time.perf_counter() - began)
