"""Plotly's dictionaries by name: traces, the style of what they draw, and notes beside it.

Arrays are packed (``encoded``), lists stay as they are; ``more`` is passed on under Plotly's own names.
"""

import math
import textwrap
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from core.figures.picture import encoded

Places = Sequence | np.ndarray
SILENT = {"hoverinfo": "skip", "showlegend": False}  # for what needs no explanation
UNSEEN = {"visible": False, "fixedrange": True}  # an axis that only carries the drawing
HALF = 33  # letters below a picture of half the stage's width


def packed(values: Places) -> Any:
    """Places or values as Plotly reads them."""
    return encoded(values) if isinstance(values, np.ndarray) else values


def trace(mode: str, x: Places, y: Places, **more: Any) -> dict:
    """A scatter trace; ``mode`` is "lines", "markers", "text" or several of them joined by +."""
    return {"type": "scatter", "mode": mode, "x": packed(x), "y": packed(y), **more}


def cloud(x: Places, y: Places, name: str, style: dict) -> dict:
    """Many points of one ``style`` (``marker``: a circle or a diamond with a rim), none of which is to be pointed at.
    Where both axes have ranges the browser paints them behind everything else (assets/components/behind.js)."""
    return trace("markers", x, y, name=name, marker=style, hoverinfo="skip", meta={"cloud": True})


def upright(x: Places, y: Places, color: str | Sequence[str], **more: Any) -> dict:
    """A bar chart's trace of one colour, or of one per bar."""
    return {"type": "bar", "x": packed(x), "y": packed(y), "marker": {"color": color}, **more}


def heatmap(x: Places, y: Places, z: np.ndarray, colors: Sequence, **more: Any) -> dict:
    """A field of whole numbers 0…255 (``picture.sampled``) in the colours of a scale."""
    field = {"type": "heatmap", "x": packed(x), "y": packed(y), "z": encoded(z), "zmin": 0, "zmax": 255}
    return {**field, "colorscale": colors, "hoverinfo": "skip", **more}


def stroke(color: Any, width: float, dash: str = "") -> dict:
    """The style of a line."""
    return {"color": color, "width": width, **({"dash": dash} if dash else {})}


def vertical(x: float, color: Any, width: float, dash: str = "") -> dict:
    """A shape: a line from the bottom to the top of the picture at one place of its horizontal axis."""
    return {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper", "line": stroke(color, width, dash)}


def horizontal(y: float, color: Any, width: float, dash: str = "") -> dict:
    """A shape: a line from the left to the right of the picture at one height of its vertical axis."""
    return {"type": "line", "x0": 0, "x1": 1, "xref": "paper", "y0": y, "y1": y, "line": stroke(color, width, dash)}


def marker(color: Any, size: Any, symbol: Any = None, rim: Any = "", width: float = 2) -> dict:
    """The style of markers: one colour, size and symbol or one per marker, and a ``rim`` of another colour around."""
    style = {"color": color, "size": size, **({} if symbol is None else {"symbol": symbol})}
    return {**style, "line": stroke(rim, width)} if rim else style


def hover(words: str, name: str = "") -> dict:
    """What is said under the mouse: a template of Plotly's, and the name of what was hit."""
    return {"hovertemplate": f"{words}<extra>{name}</extra>"}


LABELLED = (  # decades that an axis spans at least, and the digits that are labelled in each
    (2.5, (1.0,)),
    (2.0, (1.0, 3.0)),
    (0.6, (1.0, 2.0, 5.0)),
    (0.0, (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)),
)


def powers(*values: Any) -> dict:
    """A logarithmic axis for positive values, with labels of one size: powers of ten, every other one or less where
    they are many, and numbers between them where they are few."""
    known = np.concatenate([np.ravel(np.asarray(each, dtype=float)) for each in values])
    ends = np.log10(known[np.isfinite(known) & (known > 0)])
    low, high = (ends.min(), ends.max()) if len(ends) else (0.0, 1.0)
    span = high - low or 1.0  # around one single value Plotly shows a decade on either side
    every, digits = max(1, math.ceil(span / 7)), next(digits for least, digits in LABELLED if span >= least)
    exponents = range(math.floor(low / every) * every, math.ceil(high) + 1, every)
    ticks = [(digit, power) for power in exponents for digit in digits]
    plain = exponents[0] > -4 and exponents[-1] < 5
    words = [f"{digit * 10.0**power:g}" if plain else scientific(digit, power) for digit, power in ticks]
    return {"type": "log", "tickvals": [digit * 10.0**power for digit, power in ticks], "ticktext": words}


def scientific(digit: float, power: int) -> str:
    """A digit times a power of ten, as Plotly prints it."""
    ten = {0: "1", 1: "10"}.get(power, f"10<sup>{power}</sup>".replace("-", "−"))
    return ten if digit == 1 else f"{digit:g}·{ten}" if power else f"{digit:g}"


def wrapped(name: str, width: int) -> str:
    """A name in lines of at most ``width`` letters; no word is broken."""
    return "<br>".join(textwrap.wrap(name, max(width, 1), break_long_words=False, break_on_hyphens=False))


def staggered(words: Sequence[str]) -> list[str]:
    """Names below bars, every other one lower where two would meet in a picture of half the stage's width."""
    lengths = [max(map(len, word.split("<br>"))) for word in words]
    if all((sum(pair) + 1) / 2 <= HALF / len(words) for pair in pairwise(lengths)):
        return list(words)
    lower = "<br>" * max(word.count("<br>") + 1 for word in words[::2])
    return [f"{lower}{word}" if place % 2 else word for place, word in enumerate(words)]


def note(x: float, y: float, text: str, **more: Any) -> dict:
    """Words in a picture, without an arrow."""
    return {"x": x, "y": y, "text": text, "showarrow": False, **more}


def heading(x: float, text: str) -> dict:
    """Words above a picture, over a place of its x axis."""
    return note(x, 1.0, text, yref="paper", yanchor="bottom")
