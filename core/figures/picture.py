"""The noun ``Picture``: a Plotly figure with its text alternative and, if it can be replayed, its frames."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

# One pair with a fixed meaning on every page: orange is class 0, negative, training; blue is class 1, positive,
# held-out. The others follow for further classes. All differ in lightness for the colour-blind, and every use has a
# second encoding (marker symbol, dash).
ORANGE, BLUE, GREEN, PINK, YELLOW, GREY = "#df7126", "#2f6fb7", "#1f9e78", "#b8579b", "#c79a00", "#7b8494"
COLORS = (ORANGE, BLUE, GREEN, PINK, YELLOW, GREY)
SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross", "x")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
INK, PAPER, FAINT = "@ink", "@paper", "@faint"  # the screen's own text, background and line colours
ORANGE_TEXT, BLUE_TEXT = "@orange", "@blue"  # the pair as text, dark or light enough to be read on the background


class Replay(Sequence):
    """``count`` frames that are made when the first of them is asked for: a picture can be shown without them. The
    picture's own traces must be those of the last one."""

    def __init__(self, count: int, make: Callable[[], list[tuple[dict | None, ...]]]) -> None:
        self.length, self.make = count, make

    @cached_property
    def frames(self) -> list[tuple[dict | None, ...]]:
        """All frames."""
        return self.make()

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, place):
        return self.frames[place]


@dataclass(frozen=True)
class Picture:
    """What a figure function returns. ``traces`` and ``layout`` are Plotly's; ``alt`` says in words what is to be seen,
    computed from the values; ``frames`` are the moments of a replay: each a tuple of changes, one (or None) per trace;
    ``labels`` name the moments, ``captions`` (plain text, lines) tell what happens at each. Colours may be the tokens
    INK, PAPER, FAINT, ORANGE_TEXT and BLUE_TEXT, which follow the theme."""

    traces: list[dict]
    layout: dict
    alt: str
    frames: Sequence[tuple[dict | None, ...]] = ()
    labels: list[str] = field(default_factory=list)
    captions: list[str] = field(default_factory=list)

    @property
    def end(self) -> tuple[dict | None, ...] | None:
        """What the last frame changes; None if the traces are as they are at the end."""
        return None if isinstance(self.frames, Replay) or not self.frames else self.frames[-1]

    def plotly(self):
        """The same as a plotly ``Figure`` with frames, for Gradio, notebooks and downloads; tokens become greys."""
        import plotly.graph_objects as go

        names = {INK: "#333333", PAPER: "#ffffff", FAINT: "#cccccc", ORANGE_TEXT: "#974607", BLUE_TEXT: "#255b99"}
        frames = [
            go.Frame(
                data=[
                    plain({"type": trace["type"], **change}, names)
                    for trace, change in zip(self.traces, frame, strict=True)
                    if change
                ],
                traces=[index for index, change in enumerate(frame) if change],
                name=label,
            )
            for frame, label in zip(self.frames, self.labels, strict=True)
        ]
        return go.Figure(plain(self.traces, names), plain(self.layout, names), frames)

    def described(self, alt: str) -> "Picture":
        """The same picture with other words."""
        return replace(self, alt=alt)


def encoded(values: ArrayLike) -> dict:
    """An array as Plotly reads it without loss and without text: base64 of its bytes. Integers stay what they are."""
    array = np.ascontiguousarray(values)
    if array.dtype == np.float64:
        array = array.astype(np.float32)
    if array.dtype == np.int64:
        array = array.astype(np.int32)
    packed = {"dtype": array.dtype.str.lstrip("<|"), "bdata": base64.b64encode(array.tobytes()).decode()}
    return packed if array.ndim == 1 else {**packed, "shape": ", ".join(map(str, array.shape))}


def plain(value: Any, names: dict[str, str]) -> Any:
    """A copy with the colour tokens replaced."""
    if isinstance(value, dict):
        return {key: plain(item, names) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


def layout(x: str = "", y: str = "", height: int = 380, **more) -> dict:
    """The house layout: axis titles in words, little ink, a legend above."""
    axis = {"zeroline": False, "automargin": True, "ticks": "", "showgrid": True}
    return {
        "height": height,
        "margin": {"l": 8, "r": 12, "t": 34, "b": 8},
        "xaxis": {**axis, "title": {"text": x, "standoff": 8}, **more.pop("xaxis", {})},
        "yaxis": {**axis, "title": {"text": y, "standoff": 8}, **more.pop("yaxis", {})},
        "legend": {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "xanchor": "left"},
        "hovermode": "closest",
        **more,
    }


def square(extent: float, height: int = 420, **more) -> dict:
    """The layout of a plane in which both coordinates have the same scale and no ticks distract."""
    axis = {"range": [-extent, extent], "showgrid": False, "showticklabels": False, "fixedrange": True}
    return layout(
        height=height,
        xaxis={**axis, "constrain": "domain"},
        yaxis={**axis, "scaleanchor": "x", "constrain": "domain"},
        **more,
    )


def transparent(color: str, alpha: float) -> str:
    """A hexadecimal colour with an opacity, as Plotly writes it."""
    red, green, blue = (int(color[index : index + 2], 16) for index in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha})"


def sampled(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Values as whole numbers 0…255 between ``low`` and ``high``: a heat map an eighth the size."""
    span = max(high - low, 1e-12)
    return np.nan_to_num((np.asarray(values) - low) / span * 255).clip(0, 255).astype(np.uint8)
