"""Printed lines, ruled or squared, and the straight edges of sheets: found by their length, taken away, ink left.

A printed line is as dark all along as it is anywhere. So its profile, the median across its length, is what the paper
has there without ink, and what is darker than that is ink: a stroke keeps its way over a line, and along it.
"""

from itertools import pairwise

import numpy as np

Windows = tuple[tuple[float, float], ...]
STEEPEST = 0.24  # pixels up per pixel along: how far a line may be from level or upright
SAMPLES = 240  # columns in which a line is looked for
DOTTED = 0.75  # share of a line that must be there: ink over it, noise and blur take their part
BLOCKS = 24  # parts of a line in which its place and presence are looked at
SHORTEST = 0.42  # of the width: nothing shorter is a printed line
MARGIN = 0.4  # of a line's contrast: what differs by less from its profile is the line


def without_lines(contrast: np.ndarray, faintest: np.ndarray, shares: tuple[tuple[float, Windows], ...]):
    """Contrast (height, width) without long thin straight lines, and what was taken away (height, width, bool).

    ``faintest`` is the contrast that stands out from noise. ``shares`` are pairs of largest thickness and least length,
    both of the picture's sides: thin lines may be shorter than thick ones, which could be a pen's.
    """
    taken = np.zeros(contrast.shape, bool)
    for thickness, windows in shares:
        thick = max(3, round(thickness * min(contrast.shape)))
        for turned in (False, True):
            view, level = (contrast.T, faintest.T) if turned else (contrast, faintest)
            cleared = without_level(np.ascontiguousarray(view), np.ascontiguousarray(level), thick, windows)
            cleared = np.ascontiguousarray(cleared.T) if turned else cleared
            taken |= contrast - cleared > faintest
            contrast = cleared
    return contrast, taken


def without_level(contrast: np.ndarray, faintest: np.ndarray, thick: int, windows: Windows) -> np.ndarray:
    """The same for lines that are nearly level and at most ``thick`` pixels high."""
    import cv2

    thin = contrast - opened(contrast, thick + 1)
    thin[thin < 0.4 * contrast] = 0  # noise within a stroke
    smooth = cv2.GaussianBlur(thin, (7, thick | 1), 2, None, thick / 6)  # so that a line has one middle
    ridge = (smooth > 0.5 * faintest) & (smooth >= cv2.dilate(smooth, np.ones((3, 1), np.uint8)))
    ridge[1:] &= ~ridge[:-1].copy()
    cleared = contrast
    for start, slope in straight(ridge, (contrast > faintest) & (thin == 0), windows):
        cleared = without_line(cleared, faintest, thick, start + slope * np.arange(contrast.shape[1]))
    return cleared


def without_line(contrast: np.ndarray, faintest: np.ndarray, thick: int, rows: np.ndarray) -> np.ndarray:
    """Contrast without one line, whose middle is near ``rows`` (width,)."""
    across = np.arange(-thick - 3, thick + 4)
    for bends in (1, 1, 2):
        rows, there = followed(band_of(contrast, rows, across), rows, across, bends)
        if not there.any():
            return contrast
    band = band_of(contrast, rows, across)
    profile = np.median(band[:, there], axis=1)
    profile = (profile - np.minimum(profile[0], profile[-1])).clip(0)
    profile[np.abs(across) > thick] = 0
    if profile.max() < 0.5 * float(np.median(faintest)):
        return contrast
    first = max(int(rows.min()) - thick - 2, 0)
    part = slice(first, max(int(rows.max()) + thick + 3, first + 1))
    away = np.arange(len(contrast))[part, None] - rows
    printed = np.interp(away, across, profile, 0, 0).astype(np.float32) * there
    beside = np.maximum(profile, np.maximum(np.roll(profile, 1), np.roll(profile, -1)))  # its edges are steep
    unsure = MARGIN * np.interp(away, across, beside, 0, 0).astype(np.float32) + 0.7 * faintest[part]
    own = int((profile > 0.4 * profile.max()).sum())
    before = contrast[part]
    more = before - printed
    ink = np.where(more > unsure, more / np.maximum(1 - printed, 0.3), 0)
    over = np.where(printed > 0.5 * profile.max(), opened(before, own + 3), 0)  # what is higher than a line crosses it
    cleared = contrast.copy()
    cleared[part] = np.where(printed > 0.1 * profile.max(), np.maximum(ink, over), before)
    return cleared


def band_of(contrast: np.ndarray, rows: np.ndarray, across: np.ndarray) -> np.ndarray:
    """What lies along a line, (across, width)."""
    import cv2

    columns = np.broadcast_to(np.arange(len(rows), dtype=np.float32), (len(across), len(rows)))
    at = (rows + across[:, None]).astype(np.float32)
    return cv2.remap(contrast, np.ascontiguousarray(columns), at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def followed(band: np.ndarray, rows: np.ndarray, across: np.ndarray, bends: int) -> tuple[np.ndarray, np.ndarray]:
    """A line's middle to a part of a pixel, (width,), and where it is there (width, bool).

    ``band`` (across, width) lies along ``rows``; the middle is moved by a polynomial of degree ``bends``: paper bends.
    """
    edges = np.linspace(0, band.shape[1], BLOCKS + 1).astype(int)
    parts = np.stack([np.median(band[:, a:b], axis=1) for a, b in pairwise(edges)], axis=1)
    parts = parts - np.minimum(parts[0], parts[-1])
    near = np.abs(across) <= 3
    peaks = np.where(near[:, None], parts, -1).argmax(axis=0)
    height = parts[peaks, np.arange(BLOCKS)]
    seen = height > 0.4 * np.quantile(height, 0.7)
    sides = [parts[(peaks + step).clip(0, len(across) - 1), np.arange(BLOCKS)] for step in (-1, 1)]
    bend = np.minimum(sides[0] + sides[1] - 2 * height, -1e-6)
    off = across[peaks] + (0.5 * (sides[0] - sides[1]) / bend).clip(-0.5, 0.5)
    seen &= np.abs(off - np.median(off[seen])) < 2 if seen.any() else seen
    if seen.sum() < SHORTEST * BLOCKS:
        return rows, np.zeros(len(rows), bool)
    middles = (edges[:-1] + edges[1:]) / 2
    at = np.arange(len(rows)) if bends == 1 else np.arange(len(rows)).clip(*middles[seen][[0, -1]])
    bent = np.polyval(np.polyfit(middles[seen], off[seen], bends), at)
    return rows + bent, np.repeat(closed(seen), np.diff(edges))


def closed(seen: np.ndarray) -> np.ndarray:
    """Where a line is there, gaps of up to four parts filled, as long ink and a dark rim make them."""
    import cv2

    row = np.pad(seen, 4, constant_values=True).astype(np.uint8)[None]
    return cv2.morphologyEx(row, cv2.MORPH_CLOSE, np.ones((1, 5), np.uint8))[0, 4:-4] > 0


def opened(contrast: np.ndarray, high: int) -> np.ndarray:
    """Grey-scale opening by an upright segment: what is less than ``high`` pixels high goes."""
    import cv2

    return cv2.morphologyEx(contrast, cv2.MORPH_OPEN, np.ones((high, 1), np.uint8))


def straight(ridge: np.ndarray, ink: np.ndarray, windows: Windows) -> list[tuple[float, float]]:
    """First row and slope of the nearly level straight lines that points lie on, the fullest first, each once.

    Between the ends (shares of the width) of one of the ``windows`` a line must hold a good share of the columns; those
    where thick ``ink`` lies over it do not count. Points vote for offsets at each slope (Hough 1962).
    """
    high, wide = ridge.shape
    lines = []
    for start, end in windows:
        columns = np.unique(np.linspace(start * wide, end * wide - 1, SAMPLES).astype(int))
        middle = columns.mean()
        seen, covered = (votes(mask[:, columns], columns - middle, (end - start) * wide) for mask in (ridge, ink))
        for share, slope, row in peaks(seen, covered, len(columns), high, (end - start) * wide):
            lines.append((share * (end - start), row - slope * middle, slope, columns[[0, -1]]))
    lines.sort(key=lambda line: -line[0])
    once: list[tuple[float, float]] = []
    for _, first, slope, ends in lines:
        if all(np.abs(first - other + (slope - tilt) * ends).max() > 3 for other, tilt in once):
            once.append((first, slope))
    return once


def votes(mask: np.ndarray, away: np.ndarray, wide: float) -> np.ndarray:
    """How many points of a mask (height, columns) lie on each line, (slopes, offsets); columns ``away`` from it."""
    rows, at = np.nonzero(mask)
    slopes, room = tilts(wide)
    places = np.rint(rows - slopes[:, None] * away[at]).astype(np.int64) + room
    size = len(mask) + 2 * room
    counts = np.bincount((places + size * np.arange(len(slopes))[:, None]).ravel(), minlength=size * len(slopes))
    return counts.reshape(len(slopes), size).astype(np.float32)


def tilts(wide: float) -> tuple[np.ndarray, int]:
    """The slopes that are tried, and how many rows beyond the picture lines of a width may begin."""
    return np.linspace(-STEEPEST, STEEPEST, 2 * int(STEEPEST * wide / 2) + 1), int(STEEPEST * wide / 2) + 2


def peaks(seen: np.ndarray, covered: np.ndarray, count: int, high: int, wide: float) -> list[tuple[float, ...]]:
    """Share of the columns, slope and middle row of the lines that are seen in a good share where not covered."""
    import cv2

    seen = cv2.blur(3 * seen, (3, 1))
    free = count - np.minimum(covered, count)
    enough = np.maximum(DOTTED * free, 0.3 * count)
    best = (seen >= enough) & (seen >= cv2.dilate(seen, np.ones((5, 5), np.uint8)))
    slopes, room = tilts(wide)
    return [(float(seen[line, row]) / count, float(slopes[line]), float(row - room)) for line, row in np.argwhere(best)]
