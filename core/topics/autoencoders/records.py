"""The shipped planes: networks of 28 × 28 pixels."""

import functools
import json

from core.data.held_out import FOLDER, SIDE
from core.models.autoencoder import autoencoder
from core.models.mlp import MLP
from core.models.shipped import loaded

HIDDEN, ACTIVATION = (128, 48), "GELU"


@functools.lru_cache(maxsize=2)
def network(name: str) -> MLP:
    """The shipped autoencoder of "mnist" or "fashion"."""
    return loaded(autoencoder(SIDE * SIDE, HIDDEN, 2, ACTIVATION), FOLDER / f"{name}.safetensors")


@functools.lru_cache(maxsize=1)
def measures() -> dict[str, dict]:
    """What was measured on all test images when the networks were trained, by name."""
    return json.loads((FOLDER / "measures.json").read_text(encoding="utf-8"))
