"""A picture and its raw boxes in the form that the component in the browser takes; and what it sends back."""

import base64
import functools
import io
import math
from collections.abc import Sequence

import numpy as np
from PIL import Image

from core.figures.picture import COLORS, encoded
from core.projects.detection.lesson.seen import CONFIDENCE, IOU, Seen, Truth

WIDEST = 1280  # pixels of a picture's longer side in the browser
MOST_BOXES = 100  # true boxes of one picture


def for_browser(seen: Seen) -> dict:
    """What the component shows of a network's answer."""
    order = seen.order
    raw = {
        "boxes": encoded(seen.boxes[order].ravel()),
        "scores": encoded(seen.best[order]),
        "classes": encoded(seen.labels[order].astype(np.int32)),
        "cells": encoded(seen.cells[order].ravel()),
    }
    return described(seen.picture, seen.names, seen.id, seen.alt) | {
        "raw": raw, "candidates": len(seen.boxes), "given": sent(seen.given), "truth": sent(seen.drawn),
        "labelling": False,
    }  # fmt: skip


def for_labelling(picture: Image.Image, names: Sequence[str], id: str, truth: Sequence[Truth]) -> dict:
    """What the component shows of a picture whose true boxes the learner draws."""
    kinds = {"boxes": np.float32, "scores": np.float32, "classes": np.int32, "cells": np.int32}
    return described(picture, names, id, "A picture to be labelled.") | {
        "raw": {name: encoded(np.zeros(0, kind)) for name, kind in kinds.items()},
        "candidates": 0, "given": [], "truth": sent(truth), "labelling": True,
    }  # fmt: skip


def described(picture: Image.Image, names: Sequence[str], id: str, alt: str) -> dict:
    """What the component needs of any picture."""
    return {
        "id": id, "alt": alt, "picture": address(picture), "width": picture.width, "height": picture.height,
        "names": list(names), "colours": list(COLORS), "truth": [], "confidence": CONFIDENCE, "threshold": IOU,
    }  # fmt: skip


def address(picture: Image.Image) -> str:
    """A picture as a data URL; its boxes stay in its own pixels, whatever its size there."""
    return packed(picture.tobytes(), picture.size)


@functools.lru_cache(maxsize=8)
def packed(pixels: bytes, size: tuple[int, int]) -> str:
    """A picture's RGB values as a data URL, a JPEG file."""
    picture, file = Image.frombytes("RGB", size, pixels), io.BytesIO()
    picture.thumbnail((WIDEST, WIDEST))
    picture.save(file, "JPEG", quality=88)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()


def sent(truth: Sequence[Truth]) -> list[dict]:
    """True boxes as the component takes them."""
    return [{"class": one.label, "box": list(one.box)} for one in truth]


def received(message: object, size: tuple[int, int], classes: int) -> tuple[Truth, ...]:
    """True boxes as a browser has sent them; what is no box inside the picture, or of no class, is left out."""
    boxes = message.get("boxes") if isinstance(message, dict) else None
    if not isinstance(boxes, list):
        return ()
    found = (sound(one, size, classes) for one in boxes[:MOST_BOXES])
    return tuple(one for one in found if one)


def sound(one: object, size: tuple[int, int], classes: int) -> Truth | None:
    """One true box, cut to the picture; None for anything else."""
    if not isinstance(one, dict) or not isinstance(one.get("box"), list) or len(one["box"]) != 4:
        return None
    label, edges = one.get("class"), one["box"]
    if type(label) is not int or not 0 <= label < classes:
        return None
    if not all(type(edge) in (int, float) and math.isfinite(edge) for edge in edges):
        return None
    left, top, right, bottom = (min(max(float(edge), 0.0), most) for edge, most in zip(edges, size * 2, strict=True))
    return Truth(label, (left, top, right, bottom)) if right > left and bottom > top else None


def settings(message: object) -> tuple[float, float, bool, frozenset[str]]:
    """Confidence, IoU threshold, whether classes suppress each other, and the names of the classes that are hidden, as
    a browser has sent them; what is no such thing is what it is at first."""
    sent = message if isinstance(message, dict) else {}
    hidden = sent.get("hidden")
    names = [name for name in hidden if isinstance(name, str)] if isinstance(hidden, list) else []
    confidence, iou = share(sent.get("confidence"), CONFIDENCE), share(sent.get("iou"), IOU)
    return confidence, iou, sent.get("across") is True, frozenset(names)


def share(number: object, otherwise: float) -> float:
    """A number from 0 to 1."""
    is_number = isinstance(number, int | float) and not isinstance(number, bool)
    return float(number) if is_number and 0 <= number <= 1 else otherwise
