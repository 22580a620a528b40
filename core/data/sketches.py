"""Quick, Draw! sketches (Google, CC BY 4.0), 28 × 28 pixels in eight classes, where a local copy is at hand."""

import os
from pathlib import Path

import numpy as np

FOLDER = "ROADMAP_LAB_DATA"


def stored() -> tuple[np.ndarray, np.ndarray, tuple[str, ...]] | None:
    """All sketches (samples, 28, 28) uint8, ink 255, their class numbers and the classes' names, if they are here."""
    path = Path(os.environ.get(FOLDER, "")) / "quickdraw-subset" / "quickdraw8_28px.npz"
    if not path.is_file():
        return None
    with np.load(path) as file:
        names = tuple(str(name) for name in file["class_names"])
        return file["images"].reshape(-1, 28, 28), file["labels"].astype(np.int64), names


def sketches(names: tuple[str, ...]) -> np.ndarray | None:
    """Sketches (samples, 28, 28) from 0 to 1 of the named classes; None where the data are not here."""
    found = stored()
    if found is None:
        return None
    images, labels, known = found
    return images[np.isin(np.array(known)[labels], names)].astype(np.float32) / 255
