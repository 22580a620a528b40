"""Boxes over a picture, as the page's figures draw them."""

from collections.abc import Iterable, Sequence

import numpy as np
from PIL import Image

from core.figures.marks import stroke, trace
from core.figures.picture import COLORS, INK, PAPER, layout
from core.projects.detection.lesson.browser import address
from core.projects.detection.lesson.seen import Seen, Truth

HEIGHT = 470


def over(picture: Image.Image, height: int = HEIGHT, **more) -> dict:
    """The layout of a figure whose ground is the picture, in the picture's own pixels, the first row on top."""
    wide, high = picture.size
    axis = {"visible": False, "fixedrange": True, "constrain": "domain"}
    ground = {
        "source": address(picture), "xref": "x", "yref": "y", "x": 0, "y": 0, "sizex": wide, "sizey": high,
        "sizing": "stretch", "layer": "below",
    }  # fmt: skip
    margin = max(wide, high) * 0.03
    return layout(
        height=height, images=[ground],
        xaxis={**axis, "range": [-margin, wide + margin]},
        yaxis={**axis, "range": [high + margin, -margin], "scaleanchor": "x"}, **more,
    )  # fmt: skip


def outlines(boxes: Iterable[Sequence[float] | np.ndarray]) -> tuple[list, list]:
    """The corners of boxes one after another, with gaps between them: x and y of one line."""
    x: list[float | None] = []
    y: list[float | None] = []
    for left, top, right, bottom in boxes:
        x += [float(left), float(right), float(right), float(left), float(left), None]
        y += [float(top), float(top), float(bottom), float(bottom), float(top), None]
    return x, y


def boxes(found: Iterable[Sequence[float] | np.ndarray], color: str, width: float, dash: str = "", **more) -> dict:
    """Boxes as one line trace."""
    x, y = outlines(found)
    return trace("lines", x, y, line=stroke(color, width, dash), hoverinfo="skip", **more)


def real(truth: Sequence[Truth], **more) -> tuple[dict, dict]:
    """True boxes: dashes of ink on paper, which also show in a dark legend."""
    edges = [one.box for one in truth]
    ground = boxes(edges, PAPER, 4, showlegend=False)
    return ground, boxes(edges, INK, 2, "dash", name="really there", **more)


def color_of(label: int) -> str:
    """A class's colour; its name always stands beside it."""
    return COLORS[label % len(COLORS)]


def named(seen: Seen, at: int) -> str:
    """A raw box in words: its class and score."""
    return f"{seen.names[seen.labels[at]]} {seen.best[at]:.2f}"


def listed(words: Sequence[str], most: int = 8) -> str:
    """Some words in a row; the rest counted."""
    words = list(words)
    rest = f" and {len(words) - most} more" if len(words) > most else ""
    return (", ".join(words[:most]) or "none") + rest


def arrows(starts: np.ndarray, ends: np.ndarray, color: str, name: str) -> dict:
    """Arrows from starts to ends, (n, 2) each, as one trace with heads."""
    x, y, size, symbol, angle = [], [], [], [], []
    for (a, b), (c, d) in zip(starts.tolist(), ends.tolist(), strict=True):
        x += [a, c, None]
        y += [b, d, None]
        size += [0, 11, 0]
        symbol += ["circle", "arrow", "circle"]
        angle += [0, float(np.degrees(np.arctan2(c - a, b - d))), 0]
    marks = {"color": color, "size": size, "symbol": symbol, "angle": angle, "angleref": "up"}
    return trace("lines+markers", x, y, line=stroke(color, 3), marker=marks, name=name, hoverinfo="skip")
