"""The shipped classifiers of MNIST and Fashion-MNIST, which say what a picture that a network has drawn looks like."""

import functools

from core.data.held_out import FOLDER, SIDE
from core.models.mlp import MLP
from core.models.shipped import loaded

JUDGE = (SIDE * SIDE, 64, 10)  # widths


@functools.lru_cache(maxsize=2)
def judge(name: str) -> MLP:
    """The classifier of "mnist" or "fashion", (pictures, 784) → logits (pictures, 10); trained on real pictures, apart
    from whatever is judged."""
    return loaded(MLP(*JUDGE, activation="GELU"), FOLDER / f"{name}-judge.safetensors")
