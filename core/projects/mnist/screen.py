"""The recogniser in the forms that screens show: sentences, tables, enlarged pictures. Knows no screen library."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from core.projects.mnist.drawing import Empty
from core.projects.mnist.recognizer import NAMES, Reading, read, read_file
from core.projects.mnist.uploads import MOST_BYTES, Refused
from core.projects.mnist.why import index, neighbours, saliency, smallest_edit

LIMIT = f"{MOST_BYTES // 10**6}mb"
MOST_FILES = 50
DIGITS = list(NAMES[:10])
COLUMNS = ["File", "Answer", "Sure", "Remark"]
BLUE, ORANGE = np.array([0, 90, 181]), np.array([230, 97, 0])


def sketch(drawing: dict | None) -> Image.Image:
    """The strokes of a drawing pad's value (background, layers, composite; PIL or None). Raises ``Empty``."""
    drawing = drawing or {}
    background, layers = drawing.get("background"), drawing.get("layers") or []
    if background is not None and background.getextrema() != ((0, 0),) * len(background.getbands()):
        whole = background.convert("RGBA")
        for layer in layers:
            whole = Image.alpha_composite(whole, layer.convert("RGBA").resize(whole.size))
        return whole
    if layers:
        return layers[0]
    if drawing.get("composite") is not None:
        return drawing["composite"]
    raise Empty("The canvas is empty: draw one digit.")


def read_drawing(drawing: dict | None) -> tuple[str, dict[str, float], np.ndarray | None]:
    """The answer in words, the eleven probabilities by name, and what the network sees (enlarged)."""
    try:
        reading = read(sketch(drawing))
    except Empty as nothing:
        return str(nothing), {}, None
    return reading.sentence, reading.named, enlarged(reading.seen)


def explained(drawing: dict | None) -> tuple[str, np.ndarray | None, list[tuple[np.ndarray, str]]]:
    """Why this answer: words, the speaking pixels, and the training digits most like it with captions."""
    try:
        reading = read(sketch(drawing))
    except Empty as nothing:
        return str(nothing), None, []
    answer = 10 if reading.digit is None else reading.digit
    alike = [(enlarged(one.picture), f"{one.digit} ({one.likeness:.2f})") for one in neighbours(reading.seen)]
    return reading.sentence, two_coloured(saliency(reading.seen, answer), reading.seen), alike


def changed(drawing: dict | None, wanted: str) -> tuple[str, np.ndarray | None]:
    """What the smallest edit into ``wanted`` takes, in words, and the edited picture: ink added blue, taken orange."""
    try:
        reading = read(sketch(drawing))
    except Empty as nothing:
        return str(nothing), None
    if reading.digit == int(wanted):
        return f"It already reads as {wanted}.", enlarged(reading.seen)
    edit = smallest_edit(reading.seen, int(wanted))
    return edit_in_words(reading, edit, wanted), two_coloured(edit.picture - reading.seen, reading.seen)


def edit_in_words(reading: Reading, edit, wanted: str) -> str:
    """One sentence on an edit."""
    if not edit.reached:
        return f"{reading.sentence} No edit was found that turns it into {wanted}."
    return f"{reading.sentence} Changing its grey levels by {100 * edit.size:.0f} % of the drawing's own strength makes it a {wanted}."


def read_files(paths: Sequence[str] | None) -> list[list[str]]:
    """A row for each file: name, answer, how sure, remark. A refused file has its sentence as the remark."""
    paths = list(paths or [])
    rows = [row(Path(path)) for path in paths[:MOST_FILES]]
    if len(paths) > MOST_FILES:
        rows.append(["", "", "", f"Only the first {MOST_FILES} files were read."])
    return rows


def row(path: Path) -> list[str]:
    """The table row of one file; no more of it is read than the limit allows."""
    try:
        with path.open("rb") as file:
            reading = read_file(file.read(MOST_BYTES + 1))
    except (Refused, Empty, OSError) as refusal:
        return [path.name, "", "", str(refusal) if isinstance(refusal, Refused | Empty) else "The file is not there."]
    answer = NAMES[10] if reading.digit is None else str(reading.digit)
    return [path.name, answer, f"{100 * max(reading.probabilities):.0f} %", " ".join(reading.notes)]


def enlarged(picture: Tensor, times: int = 8) -> np.ndarray:
    """Ink (28, 28) as a grey picture of whole squares, uint8."""
    return np.kron((picture.clamp(0, 1) * 255).round().byte().numpy(), np.ones((times, times), np.uint8))


def two_coloured(values: Tensor, seen: Tensor, times: int = 8) -> np.ndarray:
    """Positive values blue, negative ones orange over the faint drawing on white; (224, 224, 3) uint8."""
    strength = (values.abs() / values.abs().max().clamp_min(1e-9)).sqrt()[..., None].numpy()
    paper = 255 - 70 * seen[..., None].numpy() * np.ones(3)
    ink = np.where(values[..., None].numpy() > 0, BLUE, ORANGE)
    mixed = (1 - strength) * paper + strength * ink
    return np.kron(mixed.round().astype(np.uint8), np.ones((times, times, 1), np.uint8))


def examples() -> list[list[np.ndarray]]:
    """One training digit of each class, dark on light and large, as a drawing pad takes them."""
    pictures, digits, _ = index()
    return [[255 - enlarged(pictures[int(torch.nonzero(digits == one)[3]), 0], 14)] for one in range(10)]
