"""The pictures that the page looks at: drawn scenes, and what a learner draws, sends or photographs."""

import base64
import functools
import io
from dataclasses import replace
from typing import Any

from PIL import Image

from core.projects.detection.lesson.seen import Seen, Truth, seen
from core.serving.uploads import Refused, bytes_of, opened

LARGEST = 1280  # pixels of a picture's longer side
SHEET = 400  # pixels of an empty sheet's sides
SCENE = "drawn scene"


def reduced(picture: Image.Image) -> Image.Image:
    """A picture in RGB on white, of at most ``LARGEST`` pixels a side."""
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    picture = picture.convert("RGB")
    picture.thumbnail((LARGEST, LARGEST))
    return picture


@functools.cache
def network() -> tuple[Any, tuple[str, ...], int]:
    """The shipped network, the names of its classes, and the side of the pictures that it was trained on."""
    from core.projects.detection.network import load
    from core.projects.detection.scenes import SIDE

    model, about = load()
    return model, tuple(about["classes"]), SIDE


def seen_in(picture: Image.Image, alt: str, *notes: str, given: tuple[Truth, ...] = ()) -> Seen:
    """The network's answer to a picture."""
    small = reduced(picture)
    return replace(detected(small.tobytes(), small.size, alt), notes=notes, given=given)


@functools.lru_cache(maxsize=12)
def detected(pixels: bytes, size: tuple[int, int], alt: str) -> Seen:
    """The answer to RGB values of a picture (width, height), kept for the next look at it."""
    model, names, side = network()
    return seen(Image.frombytes("RGB", size, pixels), model, names, side, "shipped weights", alt=alt)


def scene(seed: int) -> Seen:
    """The answer to a drawn scene, with what is really there."""
    from core.projects.detection import scenes
    from core.projects.detection.drawings import CLASSES, shipped

    made = scenes.scene(shipped(), seed)
    pairs = zip(made.boxes.tolist(), made.classes.tolist(), strict=True)
    given = tuple(Truth(int(label), (box[0], box[1], box[2], box[3])) for box, label in pairs)
    there = ", ".join(CLASSES[one.label] for one in given) or "nothing"
    ground = "a board" if made.paper == "board" else f"{made.paper} paper"
    alt = f"A scene {'photographed' if made.camera else 'drawn'} on {ground}; really there: {there}."
    return seen_in(Image.fromarray(made.picture), alt, given=given)


SCENES = {SCENE: scene}


def empty(sentence: str) -> Seen:
    """The answer to an empty sheet, and why it is one."""
    return seen_in(Image.new("RGB", (SHEET, SHEET), "white"), "An empty sheet.", sentence)


def drawing(address: object) -> Seen:
    """The answer to whatever a drawing pad has sent."""
    if not address:
        return empty("The sheet is empty: draw an apple, a bicycle, a cat, a fish, some digits.")
    try:
        picture, _ = opened(bytes_of(address))
    except Refused as refusal:
        return empty(str(refusal))
    return seen_in(picture, "Your drawing.")


def sent(file: bytes) -> Seen:
    """The answer to a file or a photograph."""
    if not file:
        return empty("There is no picture yet.")
    try:
        picture, notes = opened(file)
    except Refused as refusal:
        return empty(str(refusal))
    return seen_in(picture, "Your picture.", *notes)


@functools.cache
def sheet() -> str:
    """An empty sheet for the pad, as a data URL."""
    file = io.BytesIO()
    Image.new("RGB", (SHEET, SHEET), "white").save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
