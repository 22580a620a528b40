"""From any drawing to the 28×28 picture the network was trained on.

MNIST's own recipe (LeCun et al. 1998): the ink scaled to a 20×20 box, its centre of mass in the middle of 28×28.
Added to it: the background found, specks dropped, strokes brought to the width of MNIST's.
"""

import functools
import math

import numpy as np
import torch
from PIL import Image, ImageChops
from torch import Tensor

FRAME, BOX = 28, 20
FINE = 80  # pixels of the longest side at which strokes are measured
LARGEST = 256  # pixels of the longest side of the ink that is kept
FAINTEST = 16  # of 255: less contrast than this is an empty canvas
CLEAR = [255 * (level >= FAINTEST) for level in range(256)]
STROKE = (1.4, 4.0)  # of the 20-pixel box: 97 % of MNIST's strokes are between these wide
DOT = 4  # pixels; nothing smaller is a digit
USUAL = (2.2, 3.3)  # what thinner and thicker strokes are brought to


class Empty(ValueError):
    """Nothing is drawn."""


def digit(picture: Image.Image | np.ndarray) -> Tensor:
    """A picture as the network sees it: (1, 28, 28), float32, ink 1 on background 0.

    Takes a PIL image of any mode, or an array (height, width) or (height, width, 3 or 4) of 0…255. Light on dark, dark
    on light and colours on a transparent ground are all ink. Raises ``Empty`` with one sentence for a bare canvas.
    """
    if isinstance(picture, np.ndarray):
        picture = Image.fromarray(np.ascontiguousarray(picture).astype(np.uint8))
    return torch.from_numpy(framed(ink(picture)))[None]


def ink(picture: Image.Image) -> np.ndarray:
    """How much each pixel differs from the background, (height, width) from 0 to 1, cut to where anything does.

    The background is the median colour of the edge; what the edge itself varies by is noise and is subtracted.
    Raises ``Empty`` where nothing stands out.
    """
    contrast, noise = standing_out(plain(picture))
    part = contrast.point(CLEAR).getbbox()
    if part is None:
        raise Empty("The canvas is empty: draw one digit.")
    strokes = strengths(contrast.crop(part), noise)
    if (block := shrinking(part)) > 1:  # look again, closer, if specks made it so large
        top, bottom, left, right = (block * side for side in extent(without_specks(strokes)))
        near = (part[0] + left, part[1] + top, min(part[0] + right, part[2]), min(part[1] + bottom, part[3]))
        strokes = strengths(contrast.crop(near), noise)
    return strokes


def shrinking(part: tuple[int, int, int, int]) -> int:
    """By how much a part (left, top, right, bottom) is shrunk to be at most ``LARGEST`` pixels a side."""
    return -(-max(part[2] - part[0], part[3] - part[1]) // LARGEST)


def strengths(contrast: Image.Image, noise: float) -> np.ndarray:
    """Contrast (grey, 0…255) as ink from 0 to 1, shrunk to at most ``LARGEST`` pixels a side."""
    counts = np.array(contrast.histogram())
    counts[: division(counts) + 1] = 0
    full = int((counts.cumsum() >= 0.75 * counts.sum()).argmax())
    floor = min(noise, 0.4 * full)
    values = largest(np.asarray(contrast), shrinking((0, 0, *contrast.size)))
    return np.clip((values - np.float32(floor)) / np.float32(full - floor), 0, 1)


def plain(picture: Image.Image) -> Image.Image:
    """The picture as grey, RGB, or RGB multiplied by its opacity; at most 1,024 pixels wide and high."""
    if picture.mode not in ("L", "RGB"):
        picture = picture.convert("RGBA").convert("RGBa")
    shrink = -(-max(picture.size) // 1024)
    return picture.reduce(shrink) if shrink > 1 else picture


def standing_out(picture: Image.Image) -> tuple[Image.Image, float]:
    """Each pixel's largest channel difference from the background, as a grey picture, and the background's noise."""
    (wide, high), channels = picture.size, len(picture.mode)
    strips = [(0, 0, wide, 1), (0, high - 1, wide, high), (0, 0, 1, high), (wide - 1, 0, wide, high)]
    edge = np.concatenate([np.asarray(picture.crop(strip)).reshape(-1, channels) for strip in strips]).astype(np.int16)
    ordered, middle = np.sort(edge, axis=0), len(edge) // 2  # quicker than np.median and np.percentile, and the same
    ground = ((ordered[len(edge) - 1 - middle] + ordered[middle]) / 2).astype(np.int16)
    noise = third_quartile(np.abs(edge - ground).max(axis=1))
    colour = tuple(int(value) for value in ground) if channels > 1 else int(ground[0])
    return functools.reduce(
        ImageChops.lighter, ImageChops.difference(picture, Image.new(picture.mode, picture.size, colour)).split()
    ), noise


def on_paper(picture: Image.Image) -> Image.Image:
    """A drawing on a transparent ground as grey on white."""
    return ImageChops.invert(standing_out(plain(picture))[0])


def third_quartile(values: np.ndarray) -> float:
    """What three quarters of the values do not exceed, between two of them by linear interpolation."""
    ordered, place = np.sort(values), 0.75 * (len(values) - 1)
    low, high = ordered[int(place)], ordered[math.ceil(place)]
    return float(low + (place - int(place)) * (high - low))


def division(counts: np.ndarray) -> int:
    """The grey level that best divides pixels, counted by level, into ground and ink (Otsu 1979)."""
    below, weighted = counts.cumsum(), (counts * np.arange(len(counts))).cumsum()
    above = below[-1] - below
    means = weighted / np.maximum(below, 1) - (weighted[-1] - weighted) / np.maximum(above, 1)
    return int((below * above * means**2).argmax())


def largest(values: np.ndarray, block: int) -> np.ndarray:
    """The largest value of each block × block square, so that thin strokes survive shrinking."""
    if block <= 1:
        return values
    height, width = (-(-side // block) * block for side in values.shape)
    padded = np.pad(values, ((0, height - values.shape[0]), (0, width - values.shape[1])))
    return padded.reshape(height // block, block, width // block, block).max(axis=(1, 3))


def framed(strokes: np.ndarray) -> np.ndarray:
    """Ink of any size as MNIST frames it: cropped, strokes normalised, 20×20 box, centre of mass in the middle."""
    return centred(boxed(normalized(cropped(strokes))))


def cropped(strokes: np.ndarray) -> np.ndarray:
    """The part with ink, specks dropped. Raises ``Empty`` where there is nothing else."""
    kept = without_specks(strokes)
    top, bottom, left, right = extent(kept)
    return kept[top:bottom, left:right]


def extent(strokes: np.ndarray) -> tuple[int, int, int, int]:
    """First row with ink, the row after the last, first column, the column after the last."""
    rows, columns = np.flatnonzero(strokes.any(axis=1)), np.flatnonzero(strokes.any(axis=0))
    if not len(rows):
        raise Empty("The canvas is empty: draw one digit.")
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def without_specks(strokes: np.ndarray) -> np.ndarray:
    """The ink without what is fainter than a tenth and without dots, both small and of little ink.

    Raises ``Empty`` where dots are all there is.
    """
    from scipy import ndimage

    mask = strokes > 0.1
    labels, count = ndimage.label(mask, np.ones((3, 3)))
    extents = np.array([max(part.stop - part.start for part in parts) for parts in ndimage.find_objects(labels)])
    if count and extents.max() < DOT:
        raise Empty("There are only specks on the canvas: draw one digit, larger.")
    if count > 1:
        sizes = np.bincount(labels.ravel(), strokes.ravel())[1:]
        main = extents[sizes.argmax()]
        keep = (sizes >= 0.05 * sizes.max()) | (extents > 0.12 * main)
        mask = np.concatenate([[False], keep])[labels]
    return strokes * mask


def normalized(strokes: np.ndarray) -> np.ndarray:
    """Strokes thinner or thicker than MNIST's brought to its range; others are returned as they are."""
    wide = width(strokes) * BOX / max(strokes.shape)
    if STROKE[0] <= wide <= STROKE[1]:
        return strokes
    fine = largest(strokes, max(strokes.shape) // FINE)
    fine = resized(fine, max(1, FINE / max(fine.shape)))
    unit = max(fine.shape) / BOX
    if wide < STROKE[0]:
        return thickened(fine, 0.5 * unit * (USUAL[0] - wide))
    distance = outward(fine > 0.5)
    if not distance.any():
        return strokes
    return thinned(distance, 0.35 * unit * wide, 0.5 * unit * USUAL[1], 0.5 * unit * (wide - USUAL[1]))


def width(strokes: np.ndarray) -> float:
    """The strokes' mean width in pixels: twice the ink over the outline's length (exact for a long bar)."""
    framed_in = np.pad(strokes, 1)
    down, right = np.diff(framed_in, axis=0)[:, :-1], np.diff(framed_in, axis=1)[:-1]
    return 2 * float(strokes.sum()) / max(float(np.sqrt(down * down + right * right).sum()), 1e-6)


def outward(mask: np.ndarray) -> np.ndarray:
    """Each ink pixel's distance from the ground, in pixels; 0 on the ground."""
    from scipy import ndimage

    return ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1].astype(np.float32)


def thickened(strokes: np.ndarray, reach: float) -> np.ndarray:
    """Ink grown by ``reach`` pixels on all sides."""
    from scipy import ndimage

    ground = np.pad(strokes <= 0.5, int(reach) + 2, constant_values=True)
    return np.clip(reach + 1 - ndimage.distance_transform_edt(ground), 0, 1).astype(np.float32)


def thinned(distance: np.ndarray, least: float, half: float, cut: float = np.inf) -> np.ndarray:
    """Strokes cut back to ``half`` on either side of their ridge, so that thin parts stay whole.

    The ridge is where ``distance`` from the ground is largest around, and more than ``least``. What is more than
    ``cut`` from the ground stays too: where strokes have run together, the ridge has gaps.
    """
    from scipy import ndimage

    ridge = (distance >= ndimage.maximum_filter(distance, 3)) & (distance > min(least, 0.9 * distance.max()))
    kept = np.clip(half + 0.5 - ndimage.distance_transform_edt(~ridge), 0, 1) * (distance > 0)
    kept = np.maximum(kept, np.clip(distance - cut + 0.5, 0, 1))
    top, bottom, left, right = extent(kept)
    return kept[top:bottom, left:right].astype(np.float32)


def resized(strokes: np.ndarray, scale: float) -> np.ndarray:
    """Ink at another size, smoothly."""
    size = [max(1, round(side * scale)) for side in strokes.shape[::-1]]
    if size == list(strokes.shape[::-1]):
        return strokes
    return np.clip(np.asarray(Image.fromarray(strokes).resize(size, Image.Resampling.BICUBIC)), 0, 1)


def boxed(strokes: np.ndarray) -> np.ndarray:
    """Ink scaled so that its longer side is 20 pixels."""
    return resized(strokes, BOX / max(strokes.shape))


def centred(box: np.ndarray) -> np.ndarray:
    """A box in a 28×28 frame, its centre of mass in the middle as far as the frame allows."""
    total = max(float(box.sum()), 1e-6)
    frame = np.zeros((FRAME, FRAME), np.float32)
    place = []
    for axis, side in enumerate(box.shape):
        middle = float((box.sum(axis=1 - axis) * np.arange(side)).sum()) / total
        place.append(min(max(round(FRAME / 2 - middle), 0), FRAME - side))
    frame[place[0] : place[0] + box.shape[0], place[1] : place[1] + box.shape[1]] = box
    return frame
