"""The stage: the one component that draws pictures, replays them and reports clicks."""

import json
import zlib
from pathlib import Path

import streamlit as st

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "components"


def component(name: str, *scripts: str, **options):
    """One of our own components, from assets/components/; ``scripts`` come before its own."""
    parts = {kind: FOLDER / f"{name}.{kind}" for kind in ("html", "css", "js")}
    texts = {kind: path.read_text(encoding="utf-8") for kind, path in parts.items() if path.exists()}
    texts["js"] = "".join((FOLDER / f"{one}.js").read_text(encoding="utf-8") for one in scripts) + texts["js"]
    return st.components.v2.component(f"roadmap_lab_{name}", **texts, **options)


_stage = component("stage", "heat", isolate_styles=False)
_replay = component("replay")


def mount(
    pictures, source: str, key: str, weights=(), clickable: bool = False, clicked=None, later=lambda put: put()
) -> dict | None:
    """Draw pictures side by side under one replay bar; the point just clicked as {panel, x, y}, or None.

    ``clicked`` is called with that point before the page runs again, so that it may set controls. The pictures go out
    as they are at the end; ``later`` is given a function that sends the frames after them.
    """
    panels = [
        {
            "traces": picture.traces,
            "layout": picture.layout,
            "alt": picture.alt,
            "length": len(picture.frames),
            "end": picture.end,
            "labels": picture.labels,
            "captions": picture.captions,
            "weight": weight,
            "click": clickable or bool(clicked),
        }
        for picture, weight in zip(pictures, weights or [1] * len(pictures), strict=True)
    ]
    text = json.dumps(panels)
    data = {"pictures": text, "source": source, "key": key, "id": zlib.crc32(text.encode())}
    if any(picture.frames for picture in pictures):
        later(lambda: replay(pictures, key, data["id"]))
    return _stage(
        key=key, data=data, on_clicked_change=lambda: clicked and clicked(st.session_state[key].clicked)
    ).clicked


def replay(pictures, key: str, id: int) -> None:
    """Send the frames of the pictures on a stage."""
    frames = json.dumps([list(picture.frames) for picture in pictures])
    _replay(key=f"{key}.replay", data={"key": key, "id": id, "frames": frames})
