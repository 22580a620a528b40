"""The recogniser in the forms that screens show: sentences, tables, enlarged pictures. Knows no screen library."""

import base64
import functools
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor

from core.models.digits import FOLDER, NAMES, training_digits
from core.projects.mnist.drawing import Empty
from core.projects.mnist.recognizer import Reading, read_file
from core.projects.mnist.why import neighbours, saliency, smallest_edit
from core.serving.uploads import MOST_BYTES, Refused, bytes_of
from core.wording import article

LIMIT = f"{MOST_BYTES // 10**6}mb"
MOST_FILES = 50
DIGITS = list(NAMES[:10])
COLUMNS = ["File", "Answer", "Sure", "Remark"]
BLUE, ORANGE = np.array([0, 90, 181]), np.array([230, 97, 0])


def pad() -> tuple[str, str]:
    """The drawing pad's script, which defines ``drawingPad(root, tell, options)``, and its style for class ``pad``."""
    return (FOLDER / "pad.js").read_text(encoding="utf-8"), (FOLDER / "pad.css").read_text(encoding="utf-8")


def reading_of(picture: object) -> Reading:
    """What a drawing pad's picture, a data URL, reads as; it comes from a browser, so it may be anything at all.
    Raises ``Empty`` or ``Refused``."""
    if picture is None or picture == "":
        raise Empty("The canvas is empty: draw one digit.")
    return read_file(bytes_of(picture))


def read_drawing(picture: str | None) -> tuple[str, dict[str, float], np.ndarray | None]:
    """The answer in words, the eleven probabilities by name, and what the network sees (enlarged)."""
    try:
        reading = reading_of(picture)
    except (Empty, Refused) as nothing:
        return str(nothing), {}, None
    return reading.sentence, reading.named, enlarged(reading.seen)


def explained(picture: str | None) -> tuple[str, np.ndarray | None, list[tuple[np.ndarray, str]]]:
    """Why this answer: words, the speaking pixels, and the training digits most like it with captions."""
    try:
        reading = reading_of(picture)
    except (Empty, Refused) as nothing:
        return str(nothing), None, []
    answer = 10 if reading.digit is None else reading.digit
    alike = [(enlarged(one.picture), f"{one.digit} ({one.likeness:.2f})") for one in neighbours(reading.seen)]
    return reading.sentence, two_coloured(saliency(reading.seen, answer), reading.seen), alike


def changed(picture: str | None, wanted: str) -> tuple[str, np.ndarray | None]:
    """What the smallest edit into ``wanted`` takes, in words, and the edited picture: ink added blue, taken orange."""
    try:
        reading = reading_of(picture)
    except (Empty, Refused) as nothing:
        return str(nothing), None
    if reading.digit == int(wanted):
        return f"It already reads as {wanted}.", enlarged(reading.seen)
    edit = smallest_edit(reading.seen, int(wanted))
    return edit_in_words(reading, edit, wanted), two_coloured(edit.picture - reading.seen, reading.seen)


def edit_in_words(reading: Reading, edit, wanted: str) -> str:
    """One sentence on an edit."""
    if not edit.reached:
        return f"{reading.sentence} No edit was found that turns it into {wanted}."
    share = f"{100 * edit.size:.0f}%"
    made = article(int(wanted))
    return f"{reading.sentence} Changing its grey levels by {share} of the drawing's own strength makes it {made}."


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
    answer = ", ".join(NAMES[10] if one.digit is None else str(one.digit) for one in reading.answers)
    sure = f"{100 * min(one.sure for one in reading.answers):.0f}%"
    return [path.name, answer, sure, " ".join((*reading.notes, *counted(reading)))]


def counted(reading: Reading) -> tuple[str, ...]:
    """A sentence where there are several digits."""
    return (f"{len(reading.several)} digits, from left to right and top to bottom.",) if reading.several else ()


def steps_of(path: str | None) -> tuple[str, list[tuple[np.ndarray, str]]]:
    """A photograph in a file: the answer in words, and the pictures of every step to it, with their names."""
    if not path:
        return "", []
    try:
        with Path(path).open("rb") as file:
            reading = read_file(file.read(MOST_BYTES + 1))
    except (Refused, Empty, OSError) as refusal:
        return str(refusal) if isinstance(refusal, Refused | Empty) else "The file is not there.", []
    steps = [(grey(step.picture), step.name) for step in reading.steps]
    seen = [(255 - enlarged(one.seen), f"Seen: {one.short}") for one in reading.answers]
    return " ".join((reading.sentence, *reading.notes)), steps + seen


def grey(ink: np.ndarray) -> np.ndarray:
    """Ink (height, width) from 0 to 1 as a picture, dark on light, uint8."""
    return (255 * (1 - ink.clip(0, 1))).round().astype(np.uint8)


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


def examples() -> list[tuple[np.ndarray, str]]:
    """A training digit of each class, dark on light, with its name."""
    pictures, digits = training_digits()
    return [(255 - enlarged(pictures[int((digits == one).nonzero()[3]), 0], 14), str(one)) for one in range(10)]


def weights() -> tuple[str, str, bytes]:
    """The shipped weights to take away: what to call them, the file's name, its bytes."""
    return "The network's weights", "weights.safetensors", (FOLDER / "weights.safetensors").read_bytes()


def starts() -> dict[str, str]:
    """A training digit of each class for a drawing pad to begin with, as data URLs by digit."""
    return {name: example(place) for place, name in enumerate(DIGITS)}


@functools.lru_cache(maxsize=16)
def example(place: int) -> str:
    """One of ``examples`` as a data URL, as a drawing pad gives its picture."""
    file = io.BytesIO()
    Image.fromarray(examples()[place][0]).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
