"""Read a digit: picture in, calibrated probabilities out, with "none of these" among the answers."""

import functools
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors import safe_open
from torch import Tensor

from core.projects.mnist.drawing import digit
from core.projects.mnist.network import DigitNetwork
from core.projects.mnist.uploads import opened

FOLDER = Path(__file__).resolve().parents[3] / "assets" / "mnist"
NAMES = (*"0123456789", "none of these")


@dataclass(frozen=True)
class Reading:
    """What the network makes of one picture.

    ``probabilities``: eleven, of the ten digits and of "none of these"; ``seen`` (28, 28), what the network saw;
    ``notes``: a sentence for each thing done to make a file readable.
    """

    probabilities: tuple[float, ...]
    seen: Tensor
    notes: tuple[str, ...] = ()

    @property
    def digit(self) -> int | None:
        """The most probable digit, or None where "none of these" is more probable."""
        best = int(np.argmax(self.probabilities))
        return best if best < 10 else None

    @property
    def sentence(self) -> str:
        """The answer in words."""
        if self.digit is None:
            likest = int(np.argmax(self.probabilities[:10]))
            return f"None of these: this does not look like a digit (of the ten it is most like a {likest})."
        return f"A {self.digit}, {100 * self.probabilities[self.digit]:.0f} % sure."

    @property
    def named(self) -> dict[str, float]:
        """Probability by name."""
        return dict(zip(NAMES, self.probabilities, strict=True))


@dataclass(frozen=True)
class Calibration:
    """What turns logits into probabilities: one ``temperature`` (Guo et al. 2017) and a ``shift`` of the last logit,
    chosen on validation images so that "none of these" costs the stated share of real digits."""

    temperature: float
    shift: float

    def __call__(self, logits: Tensor) -> Tensor:
        """Logits (batch, 11) → probabilities (batch, 11)."""
        moved = torch.cat([logits[:, :10], logits[:, 10:] + self.shift], dim=1)
        return torch.softmax(moved / self.temperature, dim=1)


@functools.lru_cache(maxsize=1)
def recognizer() -> tuple[DigitNetwork, Calibration]:
    """The shipped network and its calibration, loaded once per process."""
    return loaded(FOLDER / "weights.safetensors")


def loaded(path: Path) -> tuple[DigitNetwork, Calibration]:
    """A trained network and its calibration from a safetensors file; nothing in it is executed."""
    with safe_open(path, "pt") as file:
        settings = json.loads(file.metadata()["settings"])
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    model = DigitNetwork(*settings["widths"])
    model.load_state_dict(weights)
    return model.eval(), Calibration(settings["temperature"], settings["shift"])


def read(picture: Image.Image | np.ndarray, notes: tuple[str, ...] = ()) -> Reading:
    """Read one picture or drawing; raises ``drawing.Empty`` for a bare canvas."""
    seen = digit(picture)
    return Reading(tuple(probabilities(seen[None])[0].tolist()), seen[0], notes)


def read_file(file: bytes) -> Reading:
    """Read the picture in a file; raises ``uploads.Refused`` or ``drawing.Empty``, each with one sentence."""
    picture, notes = opened(file)
    return read(picture, notes)


@torch.no_grad()
def probabilities(images: Tensor) -> Tensor:
    """Images as the network wants them, (batch, 1, 28, 28), to probabilities (batch, 11)."""
    model, calibration = recognizer()
    return calibration(model(images))
