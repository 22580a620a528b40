"""Pictures of pictures: several of them in rows, and the table of classes and answers that opens them."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from torch import Tensor

from core.figures.picture import GREY, INK, PAPER, Picture, encoded, layout, transparent
from core.figures.rasters import SIGNED, frame, greys, shades

DIGITS = tuple("0123456789")
GAP = 1  # empty cells between two pictures of a mosaic


def ink(values: np.ndarray, strength: float = 1.0) -> dict:
    """Ink (rows, columns) from 0 to 1; ``strength`` below 1 leaves it faint."""
    scale = [[0, PAPER], [1, INK]] if strength == 1 else [[0, transparent(GREY, 0)], [1, transparent(GREY, strength)]]
    return shades(values, 0, 1, scale)


def mosaic(pictures: np.ndarray, columns: int, empty: float = np.nan) -> np.ndarray:
    """Pictures (count, height, width) side by side in rows of ``columns``, with ``empty`` between them."""
    count, high, wide = pictures.shape
    rows = math.ceil(count / columns)
    whole = np.full((rows * (high + GAP) - GAP, columns * (wide + GAP) - GAP), empty, np.float32)
    for place, picture in enumerate(pictures):
        top, left = place // columns * (high + GAP), place % columns * (wide + GAP)
        whole[top : top + high, left : left + wide] = picture
    return whole


def gallery(pictures, captions: Sequence[str], told: str, columns: int = 8, height: int = 200) -> Picture:
    """Pictures (count, side, side) of ink in rows, a caption under each."""
    pictures = np.asarray(pictures)
    side, columns = pictures.shape[1], min(columns, len(pictures))
    below = max(round(side * 0.24), 2)
    room = np.concatenate([pictures, np.zeros((len(pictures), below, side), np.float32)], axis=1)
    whole = mosaic(room, columns, 0.0)
    notes = [
        {"x": place % columns * (side + GAP) + (side - 1) / 2,
         "y": place // columns * (side + below + GAP) + side + below * 0.45, "text": caption, "showarrow": False,
         "font": {"size": 12}}
        for place, caption in enumerate(captions)
    ]  # fmt: skip
    return Picture([ink(whole)], frame(*whole.shape, height, annotations=notes), told)


def strip(rows: Mapping[str, Tensor], side: int, alt: str, height: int) -> Picture:
    """Rows of pictures, each (pictures, pixels), with their names above them; a blank name takes no room."""
    gap = max(1, side // 8)
    wide = max(map(len, rows.values())) * (side + gap) - gap
    bands, notes, top = [], [], 0
    for name, pictures in rows.items():
        room = side * 5 // 8 if name.strip() else gap
        band = np.zeros((room + side, wide))  # shade 0 is nothing at all
        for column, picture in enumerate(pictures):
            left = column * (side + gap)
            band[room:, left : left + side] = 1 + 254 * picture.reshape(side, side).numpy().clip(0, 1)
        place = {"x": -0.5, "y": top + room - 0.5, "xref": "x", "yref": "y", "xanchor": "left", "yanchor": "bottom"}
        notes.append({"text": name, "showarrow": False, **place})
        bands.append(band)
        top += room + side
    scale = [[0, "rgba(0,0,0,0)"], [0.5 / 255, "rgba(0,0,0,0)"], [0.5 / 255, "#000000"], [1, "#ffffff"]]
    shown = encoded(np.concatenate(bands).round().astype(np.uint8))
    trace = {**greys(np.zeros((1, 1))), "z": shown, "colorscale": scale}
    return Picture([trace], frame(top, wide, height, annotations=notes), alt)


def table(
    counts: np.ndarray,
    chosen: tuple[int, int] | None,
    height: int = 470,
    names: Sequence[str] = DIGITS,
    truth: str = "Digit",
) -> Picture:
    """Counts (classes, classes) of answers by class: the bluer, the more of a class is right; the more orange, the more
    often a mistake; the cell that was chosen, if one can be, ringed."""
    wrong = counts * (1 - np.eye(len(counts), dtype=int))
    found = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-12)
    signed = np.where(np.eye(len(counts)) > 0, found, -np.sqrt(wrong / max(wrong.max(), 1)))
    trace = shades(0.75 * signed, -1, 1, SIGNED, text=[[str(value) for value in line] for line in counts.tolist()],
                   texttemplate="%{text}", textfont={"color": INK}, xgap=1, ygap=1)  # fmt: skip
    ticks = {"tickvals": list(range(len(counts))), "ticktext": list(names)}
    axis = {**ticks, "showgrid": False, "fixedrange": True, "constrain": "domain"}
    rings, said = [], ""
    if chosen:
        row, column = chosen
        rings = [{"type": "rect", "x0": column - 0.5, "x1": column + 0.5, "y0": row - 0.5, "y1": row + 0.5,
                  "line": {"color": INK, "width": 2.5}}]  # fmt: skip
        said = f"; chosen is {names[row]} answered {names[column]}, {int(counts[row, column])} of them"
    size = len(counts) - 0.5
    plan = layout(
        "Answer", truth, height, shapes=rings,
        xaxis={**axis, "range": [-0.5, size]}, yaxis={**axis, "range": [size, -0.5], "scaleanchor": "x"},
    )  # fmt: skip
    alt = (
        f"Table of {int(counts.sum())} samples by {truth.lower()} and answer: {int(np.trace(counts))} are right, "
        f"{int(wrong.sum())} wrong{said}."
    )
    return Picture([trace], plan, alt)
