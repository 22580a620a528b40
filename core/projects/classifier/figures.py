"""Pictures in colour on a stage: sheets of them with captions, and one with the heat of an answer over it."""

import base64
import functools
import io
import math
from collections.abc import Sequence

import numpy as np
from PIL import Image

from core.figures.marks import SILENT, note, stroke
from core.figures.picture import ORANGE, Picture, layout
from core.projects.classifier import gallery
from core.projects.classifier.heat import heated

TILE = 96  # pixels of a picture on a sheet


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


def sheet(
    pictures: Sequence[gallery.Picture], captions: Sequence[str], alt: str, columns: int = 6,
    marked: Sequence[int] = (), wide: int = 620,
) -> Picture:  # fmt: skip
    """Pictures in rows with a caption under each; ``marked`` ones have a dashed frame. ``wide`` is about how many
    pixels there are, for the height."""
    columns = min(columns, max(len(pictures), 1))
    rows = math.ceil(len(pictures) / columns)
    high = 1 + 0.22
    spots = [(place % columns * 1.06, place // columns * high) for place in range(len(pictures))]
    images = [placed(thumbnail(one), x, y, 1, 1) for one, (x, y) in zip(pictures, spots, strict=True)]
    words = [
        note(x + 0.5, y + 1.1, caption, font={"size": 12}) for caption, (x, y) in zip(captions, spots, strict=True)
    ]
    frames = [
        {"type": "rect", "x0": x, "x1": x + 1, "y0": y, "y1": y + 1, "line": stroke(ORANGE, 3, "dash")}
        for place, (x, y) in enumerate(spots)
        if place in set(marked)
    ]
    full = max(columns, 5) * 1.06 - 0.06
    plan = plane(
        full, rows * high, round(rows * high * wide / full) + 40, images=images, annotations=words, shapes=frames
    )
    dots = {"type": "scatter", "mode": "markers", "x": [x + 0.5 for x, _ in spots], "y": [y + 0.5 for _, y in spots],
            "marker": {"opacity": 0, "size": 60}, "text": list(captions), "hoverinfo": "text"}  # fmt: skip
    return Picture([dots], plan, alt)


@functools.lru_cache(maxsize=2000)
def thumbnail(one: gallery.Picture) -> str:
    """A small version of a picture, as an address."""
    return data_url(one.sized(TILE))


def classes(album: gallery.Album, most: int = 12, marked: Sequence[int] = ()) -> Picture:
    """The first pictures of every class, a row for each; ``marked`` places in the album have a dashed frame."""
    rows = [
        [place for place, label in enumerate(album.labels) if label == number] for number in range(len(album.names))
    ]
    wide = min(most, max(map(len, rows), default=1))
    spots = {
        place: (column + 2.1, row) for row, places in enumerate(rows) for column, place in enumerate(places[:most])
    }
    images = [placed(thumbnail(album.pictures[place]), x, y + 0.04, 0.96, 0.92) for place, (x, y) in spots.items()]
    words = [
        note(1.95, row + 0.5, f"<b>{plain(name)}</b><br>{count} pictures", xanchor="right", align="right")
        for row, (name, count) in enumerate(zip(album.names, album.counts, strict=True))
    ]
    frames = [
        {"type": "rect", "x0": x, "x1": x + 0.96, "y0": y + 0.04, "y1": y + 0.96,
         "line": stroke(ORANGE, 3, "dash")}
        for place, (x, y) in spots.items() if place in set(marked)
    ]  # fmt: skip
    full = wide + 2.1
    height = round(len(rows) * 640 / max(full, 8)) + 44
    plan = plane(full, len(rows), height, images=images, annotations=words, shapes=frames)
    told = ", ".join(f"{count} of {name}" for name, count in zip(album.names, album.counts, strict=True))
    alt = f"Pictures by class: {told}; the first {most} of each are shown, {len(frames)} of them marked as held out."
    dots = {"type": "scatter", "mode": "markers", "x": [x + 0.48 for x, _ in spots.values()],
            "y": [y + 0.5 for _, y in spots.values()], "marker": {"opacity": 0, "size": 50},
            "text": [plain(album.called(place)) for place in spots], "hoverinfo": "text"}  # fmt: skip
    return Picture([dots], plan, alt)


def plain(name: str) -> str:
    """A learner's words as Plotly shows them: never as markup."""
    return name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def photo(pixels: np.ndarray, title: str, alt: str, height: int = 300) -> Picture:
    """One picture under a title."""
    words = [note(0.5, 0, title, xanchor="center", yanchor="bottom", font={"size": 13})]
    plan = plane(1, 1, height, images=[placed(data_url(pixels), 0, 0, 1, 1)], annotations=words)
    return Picture(
        [{"type": "scatter", "mode": "markers", "x": [0.5], "y": [0.5], "marker": {"opacity": 0}, **SILENT}], plan, alt
    )


def evidence(one: gallery.Picture, heat: np.ndarray, name: str) -> Picture:
    """Where in a picture the evidence for a class lies."""
    rows, columns = heat.shape
    row, column = np.unravel_index(int(heat.argmax()), heat.shape)
    across = ("left", "middle", "right")[min(2, int(3 * (column + 0.5) / columns))]
    down = ("top", "middle", "bottom")[min(2, int(3 * (row + 0.5) / rows))]
    alt = (
        f"Grad-CAM for “{name}” on {rows} × {columns} places: the strongest evidence lies at the {down} {across}; "
        f"{(heat > 0.5).mean():.0%} of the picture is at least half as strong."
    )
    return photo(heated(one.pixels, heat), f"Evidence for “{plain(name)}”", alt)
