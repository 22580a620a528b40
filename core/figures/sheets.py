"""Pictures in colour on a stage: in rows with captions, one alone, and sheets that change while they are replayed."""

import math
from collections.abc import Sequence

import numpy as np

from core.figures.colour import data_url, placed, plane
from core.figures.marks import SILENT, note, stroke
from core.figures.picture import BLUE, ORANGE, Picture, layout

GAP, BELOW = 0.06, 0.24  # between pictures, and room for a caption, in sides of a picture


def photo(pixels: np.ndarray, title: str, alt: str, height: int = 300) -> Picture:
    """One picture under a title."""
    words = [note(0.5, 0, title, xanchor="center", yanchor="bottom", font={"size": 13})]
    plan = plane(1, 1, height, images=[placed(data_url(pixels), 0, 0, 1, 1)], annotations=words)
    return Picture(
        [{"type": "scatter", "mode": "markers", "x": [0.5], "y": [0.5], "marker": {"opacity": 0}, **SILENT}], plan, alt
    )


def rows_of_pictures(
    pictures: Sequence[np.ndarray | None], captions: Sequence[str], alt: str, columns: int = 6,
    marked: Sequence[int] = (), wide: int = 620, chosen: int | None = None, pointed: Sequence[str] = (),
) -> Picture:  # fmt: skip
    """Pictures (side, side, 3) in rows (None: an empty place), a caption under each if there are any; ``marked`` ones
    have a dashed frame, a ``chosen`` one a plain one. ``wide`` is about how many pixels there are, for the height;
    ``pointed`` is what is said of each under the mouse, if not its caption."""
    columns, high = min(columns, len(pictures)), 1 + (BELOW if any(captions) else GAP)
    spots = [(place % columns * (1 + GAP), place // columns * high) for place in range(len(pictures))]
    images = [placed(data_url(one), x, y, 1, 1) for one, (x, y) in zip(pictures, spots, strict=True) if one is not None]
    words = [
        note(x + 0.5, y + 1.12, caption, font={"size": 12})
        for caption, (x, y) in zip(captions, spots, strict=False)
        if caption
    ]
    frames = [framed(*spots[place], ORANGE, "dash") for place in marked]
    frames += [] if chosen is None else [framed(*spots[chosen], BLUE, "solid")]
    full, rows = max(columns, 4) * (1 + GAP) - GAP, math.ceil(len(pictures) / columns)
    plan = plane(full, rows * high, round(rows * high * wide / full) + 12, images=images, annotations=words,
                 shapes=frames)  # fmt: skip
    dots = {"type": "scatter", "mode": "markers", "x": [x + 0.5 for x, _ in spots], "y": [y + 0.5 for _, y in spots],
            "marker": {"opacity": 0, "size": 60}, "text": list(pointed or captions) or None,
            "hoverinfo": "text" if any(captions) else "skip"}  # fmt: skip
    return Picture([dots], plan, alt)


def framed(x: float, y: float, color: str, dash: str) -> dict:
    """A frame around the picture at a place."""
    return {"type": "rect", "x0": x, "x1": x + 1, "y0": y, "y1": y + 1, "line": stroke(color, 3, dash)}


def spot_of(x: float, y: float, count: int, columns: int, captioned: bool = True) -> int | None:
    """Which of ``rows_of_pictures`` a click at (x, y) hit; None for none."""
    place = int(y // (1 + (BELOW if captioned else GAP))) * columns + int(x // (1 + GAP))
    return place if x >= 0 and y >= 0 and x < columns * (1 + GAP) and place < count else None


def turning(sheets: Sequence[np.ndarray], labels: Sequence[str], alt: str, height: int, captions=()) -> Picture:
    """Sheets (height, width, 3) of one size, one after the other."""
    rows, columns = sheets[0].shape[:2]
    frames = [({"source": data_url(one)},) for one in sheets]
    axis = {"visible": False, "fixedrange": True, "constrain": "domain"}
    plan = layout(
        height=height, showlegend=False,
        xaxis={**axis, "range": [-0.5, columns - 0.5]}, yaxis={**axis, "range": [rows - 0.5, -0.5], "scaleanchor": "x"},
    )  # fmt: skip
    image = {"type": "image", "source": frames[-1][0]["source"], "hoverinfo": "skip", "zsmooth": "fast"}
    return Picture([image], plan, alt, frames, list(labels), list(captions))
