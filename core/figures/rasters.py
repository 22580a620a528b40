"""Pieces of pictures made of square pixels: their frame, their shades, the numbers in them."""

import numpy as np

from core.figures.picture import BLUE, GREY, INK, ORANGE, Picture, encoded, layout, sampled, transparent

SIGNED = [[0, ORANGE], [0.5, transparent(GREY, 0)], [1, BLUE]]
# Away from the background, be that light or dark; what is written on it can be read.
DEEP = [[0, transparent(BLUE, 0)], [0.25, transparent(BLUE, 0.5)], [1, transparent(BLUE, 0.8)]]
GREYS = [[0, "#000000"], [1, "#ffffff"]]


def frame(rows: int, columns: int, height: int, **more) -> dict:
    """The layout of a picture of square pixels, the first row on top."""
    axis = {"visible": False, "fixedrange": True, "constrain": "domain"}
    return layout(
        height=height, showlegend=False,
        xaxis={**axis, "range": [-0.5, columns - 0.5]},
        yaxis={**axis, "range": [rows - 0.5, -0.5], "scaleanchor": "x"}, **more,
    )  # fmt: skip


def shades(values: np.ndarray, low: float, high: float, scale: list, **more) -> dict:
    """Values (rows, columns) as one heat map of whole numbers; ``scale`` is Plotly's colour scale."""
    return {
        "type": "heatmap", "z": encoded(sampled(values, low, high)), "zmin": 0, "zmax": 255, "colorscale": scale,
        "showscale": False, "hoverinfo": "skip", **more,
    }  # fmt: skip


def titled(text: str) -> list[dict]:
    """A title above a picture."""
    return [{
        "text": text, "x": 0.5, "y": 1.0, "xref": "paper", "yref": "paper", "xanchor": "center", "yanchor": "bottom",
        "showarrow": False,
    }]  # fmt: skip


def signed(values: np.ndarray, most: float = 0.0, **more) -> dict:
    """Values (rows, columns) of both signs: blue above 0, orange below; ``most`` is the size of the fullest colour,
    that of the largest value if it is 0."""
    most = most or float(np.abs(values).max()) or 1.0
    return shades(values, -most, most, SIGNED, **more)


def greys(values: np.ndarray, low: float = 0.0, high: float = 1.0, **more) -> dict:
    """Brightness (rows, columns), black at ``low`` and white at ``high``, in any theme."""
    return shades(values, low, high, GREYS, **more)


def numbered(values: np.ndarray, size: float = 13, left: float = 0) -> dict:
    """The values (rows, columns) as numbers in their pixels, from column ``left`` on."""
    rows, columns = np.indices(values.shape)
    return {
        "type": "scatter", "mode": "text", "x": (columns.ravel() + left).tolist(), "y": rows.ravel().tolist(),
        "text": written(values), "textfont": {"size": size, "color": INK}, "hoverinfo": "skip",
    }  # fmt: skip


def written(values: np.ndarray) -> list[str]:
    """Numbers as they stand in pixels: two digits, at most two of them behind the point, and a true minus sign."""
    return [short(value) for value in values.ravel().tolist()]


def short(value: float) -> str:
    """One of them."""
    if abs(value) < 0.005:
        return "0"
    text = f"{value:.2g}" if abs(value) >= 1 else f"{value:.2f}".rstrip("0").rstrip(".")
    return text.replace("-", "−")


def outline(top: float, left: float, rows: float, columns: float, color: str = INK, **more) -> dict:
    """A frame around some pixels."""
    line = {"color": color, "width": 2, **more}
    return {"type": "rect", "x0": left - 0.5, "x1": left + columns - 0.5, "y0": top - 0.5, "y1": top + rows - 0.5,
            "line": line}  # fmt: skip


def raster(traces: list[dict], size: tuple[int, int], title: str, alt: str, height: int = 320, **more) -> Picture:
    """A picture of (rows, columns) pixels under a title, with a thin edge."""
    shapes = [outline(0, 0, *size, GREY, width=1), *more.pop("shapes", [])]
    return Picture(traces, frame(*size, height, annotations=titled(title), shapes=shapes), alt, **more)
