"""From a photograph of digits on paper to the strokes of each: light evened, lines and frames gone."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from core.projects.mnist.lines import without_lines
from core.projects.mnist.parts import Part, boxed_in, flat, grouped, parts_of, spans, touches, without_rules

LARGEST = 800  # pixels of the longest side that is worked on
WIDEST = 0.22  # of the shorter side: nothing wider is a stroke
HALO = 0.1  # of the paper's light: a wide shade no darker than this is not ink
LINES = ((1 / 120, ((0, 0.5), (0.25, 0.75), (0.5, 1))), (1 / 30, ((0, 1),)))  # thin and half as long, thick and long


def evened(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How much darker than the paper around it each pixel is, (height, width) from 0 to 1, and how much noise is there.

    ``values`` (height, width, channels) from 0 to 255. The paper is what remains when everything narrower than a
    stroke is closed (grey-scale closing); ink's share of its light does not depend on shadow. What most of a
    neighbourhood has is no ink: noise lifts the brightest paper, a corner's shadow is rounder than a stroke.
    """
    import cv2

    paper, cliff = ground(values)
    smooth = cv2.GaussianBlur(values, (0, 0), 0.7).reshape(values.shape)
    share = (1 - smooth / np.maximum(paper, 8)).max(axis=2)
    rough = np.abs(share - cv2.GaussianBlur(share, (0, 0), 1.5))
    share = share - np.minimum(usual(share.clip(0, 1)), HALO)
    return share.clip(0, 1) * ~cliff, 1.25 * usual(rough)


def usual(amount: np.ndarray) -> np.ndarray:
    """What most of a wide neighbourhood has, (height, width); ``amount`` from 0 to 1."""
    import cv2

    shrink = max(1, min(amount.shape) / 100)
    small = cv2.resize(amount, None, fx=1 / shrink, fy=1 / shrink, interpolation=cv2.INTER_AREA)
    small = cv2.medianBlur((1000 * small).clip(0, 255).astype(np.uint8), 25).astype(np.float32) / 1000
    return cv2.resize(small, amount.shape[::-1], interpolation=cv2.INTER_LINEAR)


def ground(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The paper's own brightness under everything (height, width, channels), and where it has ended abruptly, as at a
    table's edge (height, width, bool); a shadow's edge is softer."""
    import cv2

    shrink = max(1, min(values.shape[:2]) / 200)
    small = cv2.resize(values, None, fx=1 / shrink, fy=1 / shrink, interpolation=cv2.INTER_AREA)
    small = cv2.medianBlur(np.clip(small, 0, 255).astype(np.uint8), 3).astype(np.float32)
    side = int(WIDEST * min(small.shape[:2])) | 1
    padded = np.pad(small, ((side, side), (side, side), (0, 0)), "edge")
    paper = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    bright, square = paper.mean(axis=2) + 4, np.ones((3, 3), np.uint8)
    cliff = (cv2.dilate(bright, square) > 1.3 * cv2.erode(bright, square)).astype(np.uint8)
    cliff = cv2.dilate(cliff, np.ones((side // 5 | 1,) * 2, np.uint8))[side:-side, side:-side]
    cliff = cliff | beyond(cliff, bright[side:-side, side:-side])
    paper = cv2.GaussianBlur(paper, (0, 0), side / 8)[side:-side, side:-side]
    size = values.shape[1::-1]
    paper = cv2.resize(paper, size, interpolation=cv2.INTER_LINEAR).reshape(values.shape)
    return paper, cv2.resize(cliff, size, interpolation=cv2.INTER_NEAREST) > 0


def beyond(cliff: np.ndarray, bright: np.ndarray) -> np.ndarray:
    """What lies beyond a sheet's edges, (height, width), 1 or 0: darker than the brightest ground, up to a side."""
    import cv2

    count, places = cv2.connectedComponents(1 - cliff, connectivity=4)
    whole = [number for number in range(1, count) if (places == number).mean() > 0.1]
    most = max((float(np.median(bright[places == number])) for number in whole), default=0.0)
    rim = np.concatenate([places[[0, -1]].ravel(), places[:, [0, -1]].ravel()])
    outside = [one for one in np.unique(rim[rim > 0]) if 1.2 * float(np.median(bright[places == one])) < most]
    return np.isin(places, outside).astype(np.uint8)


@dataclass(frozen=True)
class Step:
    """What was done to a picture: its name, a sentence, and the picture after it (height, width), ink 1 on paper 0."""

    name: str
    told: str
    picture: np.ndarray


@dataclass(frozen=True)
class Sheet:
    """What is written on a picture: each digit's ink (height, width) from 0 to 1, as they are read; the ink of all; the
    share of everything dark that belongs to them; the steps that found it."""

    digits: list[np.ndarray]
    whole: np.ndarray | None
    share: float
    steps: tuple[Step, ...]


def photographed(picture: Image.Image) -> Sheet:
    """What is written in a photograph, its light uneven, its paper printed."""
    values = arranged(picture)
    board = np.quantile(values[::4, ::4].mean(axis=2), 0.9) < 100  # nothing on it is bright, but chalk
    contrast, noise = evened(255 - values if board else values)
    return sheet(values, contrast, np.maximum(3.5 * noise, 0.05).astype(np.float32), LINES)


def printed(picture: Image.Image, colour: tuple[int, ...]) -> Sheet:
    """What is written on a ground of exactly one colour, as drawing programs make it."""
    values = arranged(picture)
    contrast = np.abs(values - np.array(colour, np.float32)).max(axis=2) / 255
    return sheet(values, contrast, np.full(contrast.shape, 0.0625, np.float32), LINES[1:])


def sheet(values: np.ndarray, contrast: np.ndarray, faintest: np.ndarray, lines: tuple) -> Sheet:
    """What is written where contrast stands out, printed lines and frames taken away."""
    cleared, taken = without_lines(contrast, faintest, lines)
    groups, level = written(cleared, faintest)
    strokes = sum((inked(group, contrast.shape) for group in groups), np.zeros(contrast.shape, np.float32))
    dark = float((contrast[contrast > faintest] ** 2).sum())
    share = float((contrast[strokes > 0] ** 2).sum()) / max(dark, 1e-6)
    steps = (
        Step("As it came", "The picture, at most 800 pixels wide and high.", 1 - values.mean(axis=2) / 255),
        Step("Light evened out", "How much darker each place is than the paper around it.", contrast),
        Step("Lines", "Long straight lines, which are taken away.", taken.astype(np.float32)),
        Step("Strokes", "What is left, without frames, underlines and specks.", strokes),
    )
    parts = [part for group in groups for part in group]
    whole = cut(parts, cleared, level) if parts else None
    return Sheet([cut(group, cleared, level) for group in groups], whole, share, steps)


def inked(group: list[Part], shape: tuple[int, int]) -> np.ndarray:
    """Where a group's parts are, (height, width), 1 or 0."""
    mask = np.zeros(shape, np.float32)
    for part in group:
        mask[part.place] += part.pixels
    return mask


def ground_colour(picture: Image.Image) -> tuple[int, ...] | None:
    """The colour that more than half of the picture has exactly, or None, as in photographs."""
    values = np.asarray(picture.convert("RGB"))[::2, ::2].reshape(-1, 3).astype(np.int64)
    codes, counts = np.unique(values @ np.array([65536, 256, 1]), return_counts=True)
    code = int(codes[counts.argmax()])
    return (code >> 16, code >> 8 & 255, code & 255) if counts.max() > len(values) / 2 else None


def arranged(picture: Image.Image) -> np.ndarray:
    """A picture's values (height, width, 3), float32, at most ``LARGEST`` pixels a side."""
    import cv2

    values = np.asarray(picture.convert("RGB")).astype(np.float32)
    scale = LARGEST / max(picture.size)
    return cv2.resize(values, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else values


def written(contrast: np.ndarray, faintest: np.ndarray) -> tuple[list[list[Part]], float]:
    """The parts of each digit, and the contrast of full ink."""
    parts = candidates(contrast > faintest, contrast)
    if not parts:
        return [], 1.0
    level = float(np.quantile(contrast[parts[0].place][parts[0].pixels], 0.75))
    return grouped(candidates(contrast > np.maximum(faintest, 0.35 * level), contrast)), level


def candidates(mask: np.ndarray, contrast: np.ndarray) -> list[Part]:
    """The parts of a mask that may be strokes: no borders, frames, underlines or specks; most ink first."""
    parts = [part for part in parts_of(mask, contrast) if not spans(part, mask.shape)]
    parts = [part for part in parts if not (touches(part, mask.shape) and flat(part, mask.shape))]
    inner = [part for part in parts if not touches(part, mask.shape)]
    if inner and inner[0].ink > 0.3 * parts[0].ink:
        parts = inner
    parts = [part for part in parts if not boxed_in(part, parts)]
    parts = without_rules([part for part in parts if part.ink > 0.01 * parts[0].ink])  # a pencil's over a printed line
    return [part for part in parts if part.ink > 0.04 * parts[0].ink]


def cut(group: list[Part], contrast: np.ndarray, level: float) -> np.ndarray:
    """The ink of a group of parts, (height, width) from 0 to 1."""
    import cv2

    top, bottom = min(part.top for part in group), max(part.bottom for part in group)
    left, right = min(part.left for part in group), max(part.right for part in group)
    room = np.zeros((bottom - top, right - left), np.uint8)
    for part in group:
        room[part.top - top : part.bottom - top, part.left - left : part.right - left] |= part.pixels
    room = cv2.dilate(np.pad(room, 2), np.ones((3, 3), np.uint8))[2:-2, 2:-2]
    ink = (contrast[top:bottom, left:right] / level).clip(0, 1) * room
    scale = min(1, 160 / max(ink.shape))
    return cv2.resize(ink, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else ink
