"""The shipped classifiers of MNIST and Fashion-MNIST, which say what a picture that a network has drawn looks like."""

import functools
from pathlib import Path

from safetensors.torch import load_file

from core.data.held_out import FOLDER, SIDE
from core.models.mlp import MLP

JUDGE = (SIDE * SIDE, 64, 10)  # widths


@functools.lru_cache(maxsize=2)
def judge(name: str) -> MLP:
    """The classifier of "mnist" or "fashion", (pictures, 784) → logits (pictures, 10); trained on real pictures, apart
    from whatever is judged."""
    return loaded(MLP(*JUDGE, activation="GELU"), FOLDER / f"{name}-judge.safetensors")


def loaded(model: MLP, path: Path) -> MLP:
    """A network with the weights of a safetensors file, in evaluation mode; nothing in it is executed."""
    model.load_state_dict({name: weight.float() for name, weight in load_file(path).items()})
    return model.eval()
