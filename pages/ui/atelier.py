"""The painter's map on the stage, and a folder of pictures to learn from."""

import math

import streamlit as st

from core.projects.art import own
from core.projects.art.lesson import walks
from core.projects.art.pictures import Pictures
from core.serving.uploads import Refused
from pages.ui import work
from pages.ui.stage import component
from pages.ui.wording import literal

_walk = component("walk", isolate_styles=False)
TYPES = ["png", "jpg", "jpeg", "webp", "gif", "bmp"]
HELP = f"A folder of {own.FEWEST} to {own.MOST:,} pictures, 5 MB each. They stay on this computer."


def walk(page, left: str, right: str, across: float, down: float) -> None:
    """A canvas that paints while a place is dragged on the map; letting go sets the page's sliders."""
    key = f"{page.topic.key}.walk"

    def let_go() -> None:
        place = st.session_state[key].place
        for control, name in zip(walks.SPOT, "xy", strict=True):
            value = place.get(name) if isinstance(place, dict) else None
            if isinstance(value, int | float) and math.isfinite(value):
                page.set(control, round(min(max(float(value), 0.0), 1.0), 2))

    alt = f"The map from {left} to {right}: drag, or press the arrow keys, to paint the picture at a place."
    data = {"left": left, "right": right, "seed": page.seed, "x": across, "y": down, "alt": alt}
    with page.right:
        _walk(key=key, data=data, on_place_change=let_go)


def folder(page) -> Pictures | None:
    """The learner's own pictures; None while there are none, or too few, which is then said."""
    shelf, key = work.own("pictures of one's own", dict, dict.clear), f"{page.topic.key}.folder"

    def keep() -> None:
        files = [(file.name, file.getvalue()) for file in st.session_state[key]]
        shelf.clear()
        try:
            shelf.update({"found": own.own(files)} if files else {})
        except Refused as refusal:
            shelf["told"] = str(refusal)

    page.here.file_uploader("Folder of pictures", TYPES, "directory", key=key, help=HELP, on_change=keep,
                            max_upload_size=5)  # fmt: skip
    if told := shelf.get("told"):
        page.right.warning(literal(told))
    return shelf.get("found")
