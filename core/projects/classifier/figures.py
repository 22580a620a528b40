"""Pictures in colour on a stage: sheets of them with captions, and one with the heat of an answer over it."""

import functools
import math
from collections.abc import Sequence

import numpy as np

from core.figures.colour import data_url, placed, plane
from core.figures.marks import note, stroke
from core.figures.picture import ORANGE, Picture
from core.figures.sheets import photo
from core.projects.classifier import gallery
from core.projects.classifier.heat import heated
from core.wording import counted

TILE = 96  # pixels of a picture on a sheet
PITCH = 1.55  # from row to row of an album, in sides of a picture: above each row stands its class's name


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
    """The first pictures of every class, a row for each under its name; ``marked`` places in the album have a dashed
    frame."""
    rows = [
        [place for place, label in enumerate(album.labels) if label == number] for number in range(len(album.names))
    ]
    wide = min(most, max(map(len, rows), default=1))
    spots = {
        place: (column, row * PITCH) for row, places in enumerate(rows) for column, place in enumerate(places[:most])
    }
    images = [placed(thumbnail(album.pictures[place]), x, y + 0.04, 0.96, 0.92) for place, (x, y) in spots.items()]
    words = [
        note(0, row * PITCH, f"<b>{plain(name)}</b>, {counted(count, 'picture')}", xanchor="left", yanchor="bottom")
        for row, (name, count) in enumerate(zip(album.names, album.counts, strict=True))
    ]
    frames = [
        {"type": "rect", "x0": x, "x1": x + 0.96, "y0": y + 0.04, "y1": y + 0.96,
         "line": stroke(ORANGE, 3, "dash")}
        for place, (x, y) in spots.items() if place in set(marked)
    ]  # fmt: skip
    full, low = max(wide, 8), len(rows) * PITCH - PITCH + 1
    plan = plane(full, low, round(low * 640 / full) + 44, images=images, annotations=words, shapes=frames)
    told = ", ".join(f"{count} of {name}" for name, count in zip(album.names, album.counts, strict=True))
    alt = f"Pictures by class: {told}; the first {most} of each are shown, {len(frames)} of them marked as held out."
    dots = {"type": "scatter", "mode": "markers", "x": [x + 0.48 for x, _ in spots.values()],
            "y": [y + 0.5 for _, y in spots.values()], "marker": {"opacity": 0, "size": 50},
            "text": [plain(album.called(place)) for place in spots], "hoverinfo": "text"}  # fmt: skip
    return Picture([dots], plan, alt)


def plain(name: str) -> str:
    """A learner's words as Plotly shows them: never as markup."""
    return name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


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
