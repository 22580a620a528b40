"""Pictures with the training picture nearest to each below it."""

from collections.abc import Sequence

import numpy as np

from core.figures.picture import Picture
from core.figures.sheets import rows_of_pictures
from core.projects.art.near import Nearest

WIDTH = 10  # letters that fit under a picture, six of them beside each other on a phone


def above_nearest(
    pictures: Sequence[np.ndarray] | np.ndarray, captions: Sequence[str], near: Nearest, alt: str, columns: int = 6,
    marked: Sequence[int] = (), **more,
) -> Picture:  # fmt: skip
    """Rows of pictures, and under each row the training pictures nearest to those above, named by their groups, with
    the distance under the mouse; ``marked`` ones have a frame. ``more`` goes to ``rows_of_pictures``."""
    shown: list[np.ndarray | None] = []
    words, pointed, columns = [], [], min(columns, len(pictures))
    for start in range(0, len(pictures), columns):
        part = slice(start, min(start + columns, len(pictures)))
        blank = [None] * max(0, start + columns - len(pictures))
        shown += [*pictures[part], *blank, *near.pixels[part]]
        above = [*captions[part], *[""] * len(blank)]
        words += above + [shortened(name) for name in near.groups[part]]
        pointed += above + near.captions[part]
    places = [place + place // columns * columns for place in marked]
    away = near.distances[: len(pictures)]
    told = f"{alt} Below each the training picture nearest to it, at {away.min():.2f} to {away.max():.2f}."
    return rows_of_pictures(shown, words, told, columns, places, pointed=pointed, **more)


def shortened(name: str) -> str:
    """A group's name in the width of a picture on a phone."""
    return name if len(name) <= WIDTH else f"{name[: WIDTH - 1]}…"
