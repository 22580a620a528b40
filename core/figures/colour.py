"""Pictures in colour on a plane: their addresses, their places, and axes that nobody sees."""

import base64
import io

import numpy as np
from PIL import Image

from core.figures.picture import layout


def data_url(pixels: np.ndarray, kind: str = "JPEG") -> str:
    """Pixels (height, width, 3) uint8 as an address that holds them."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, quality=88)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(file.getvalue()).decode()}"


def placed(source: str, x: float, y: float, wide: float, high: float) -> dict:
    """An image in the picture's own coordinates, its upper left corner at (x, y)."""
    return {"source": source, "xref": "x", "yref": "y", "x": x, "y": y, "sizex": wide, "sizey": high,
            "sizing": "stretch", "layer": "below"}  # fmt: skip


def plane(wide: float, high: float, height: int, **more) -> dict:
    """The layout of a plane without axes, y downwards, both to the same scale."""
    axis = {"visible": False, "fixedrange": True, "constrain": "domain"}
    return layout(
        height=height, showlegend=False,
        xaxis={**axis, "range": [0, wide]}, yaxis={**axis, "range": [high, 0], "scaleanchor": "x"}, **more,
    )  # fmt: skip
