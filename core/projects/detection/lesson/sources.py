"""The pictures that the page looks at: drawn scenes, and what a learner draws, sends or photographs."""

import base64
import functools
import io
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PIL import Image

from core.lessons.controls import slider, text, toggle
from core.projects.detection.lesson.seen import Seen, Truth, raw_answer, seen_by
from core.serving.uploads import Refused, bytes_of, opened

LARGEST = 1280  # pixels of a picture's longer side
SHEET = 400  # pixels of an empty sheet's sides
SCENE = "drawn scene"
OURS = "Drawings"  # what the shipped detector is called


@dataclass(frozen=True)
class Asking:
    """Which detector is asked, and in how many parts along its shorter side a picture is also looked at."""

    model: str = OURS
    parts: int = 1
    allow_download: bool = False


CONTROLS = (
    text("Model", OURS, longest=40, help="Drawings is shipped. Or a detector of Ultralytics by name: yolo26n.pt."),
    toggle("Allow download", help="Only then are weights fetched from github.com/ultralytics (AGPL-3.0).",
           when=lambda values: values["model"] != OURS),
    slider("Parts", 1, 4, 1, help="Also look at so many parts along the shorter side: small objects get larger."),
)  # fmt: skip


def reduced(picture: Image.Image) -> Image.Image:
    """A picture in RGB on white, of at most ``LARGEST`` pixels a side."""
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    picture = picture.convert("RGB")
    picture.thumbnail((LARGEST, LARGEST))
    return picture


def looked_at(picture: Image.Image, asking: Asking, alt: str, *notes: str, given: tuple[Truth, ...] = ()) -> Seen:
    """A detector's answer to a picture."""
    small = reduced(picture)
    seen = detected(small.tobytes(), small.size, asking)
    said = None
    if asking == Asking():
        said = functools.partial(distances_in, small.tobytes(), small.size)
    return replace(seen, alt=alt, notes=notes, given=given, said=said)


@functools.lru_cache(maxsize=12)
def detected(pixels: bytes, size: tuple[int, int], asking: Asking) -> Seen:
    """The answer to RGB values of a picture (width, height), kept for the next look at it. Raises ``ValueError``, in
    one sentence, for a model that is not at hand."""
    from core.projects.detection.models import chosen

    return seen_by(Image.frombytes("RGB", size, pixels), chosen(asking.model, asking.allow_download), asking.parts)


@functools.lru_cache(maxsize=4)
def distances_in(pixels: bytes, size: tuple[int, int]) -> np.ndarray:
    """The logits of the distances (raw, 4, bins) that the shipped network says of the same picture."""
    from core.projects.detection.detector import ASKING, letterboxed, shipped

    box = letterboxed(np.asarray(Image.frombytes("RGB", size, pixels)), shipped().side, shipped())
    with ASKING:
        return raw_answer(network(), (255 * box.pixels.transpose(1, 2, 0)).round())[3]


@functools.cache
def network() -> Any:
    """The shipped network as Ultralytics trains it, before its layers are fused."""
    from core.projects.detection.network import load

    return load()[0]


def scene(seed: int, asking: Asking) -> Seen:
    """The answer to a drawn scene, with what is really there as far as the detector can know it."""
    from core.projects.detection.drawings import CLASSES
    from core.projects.detection.examples import example

    made = example(seed)
    pairs = zip(made.boxes.tolist(), made.classes.tolist(), strict=True)
    given = tuple(Truth(int(label), (box[0], box[1], box[2], box[3])) for box, label in pairs)
    there = ", ".join(CLASSES[one.label] for one in given) or "nothing"
    ground = "a board" if made.paper == "board" else f"{made.paper} paper"
    alt = f"A scene {'photographed' if made.camera else 'drawn'} on {ground}; really there: {there}."
    return looked_at(Image.fromarray(made.picture), asking, alt, given=given if asking.model == OURS else ())


def empty(asking: Asking, sentence: str) -> Seen:
    """The answer to an empty sheet, and why it is one."""
    return looked_at(Image.new("RGB", (SHEET, SHEET), "white"), asking, "An empty sheet.", sentence)


def drawing(address: object, asking: Asking) -> Seen:
    """The answer to whatever a drawing pad has sent."""
    if not address:
        return empty(asking, "The sheet is empty: draw an apple, a bicycle, a cat, a fish, some digits.")
    try:
        picture, _ = opened(bytes_of(address))
    except Refused as refusal:
        return empty(asking, str(refusal))
    return looked_at(picture, asking, "Your drawing.")


def sent(file: bytes, asking: Asking) -> Seen:
    """The answer to a file or a photograph."""
    if not file:
        return empty(asking, "There is no picture yet.")
    try:
        picture, notes = opened(file)
    except Refused as refusal:
        return empty(asking, str(refusal))
    return looked_at(picture, asking, "Your picture.", *notes)


READERS = {SCENE: scene}, drawing, sent


@functools.cache
def sheet() -> str:
    """An empty sheet for the pad, as a data URL."""
    file = io.BytesIO()
    Image.new("RGB", (SHEET, SHEET), "white").save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
