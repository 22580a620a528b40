"""What padding does at the border: a cut-out, padded, against the picture that it was cut from."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from core.data.photos import SIDE, Photo
from core.programs import Program, Step
from core.provenance import ClosedForm, Sourced
from core.topics.convolution.response import FILE, READ

MARGIN = 16  # real pixels around the cut-out on every side
CUT = SIDE - 2 * MARGIN
DEEPEST = 5  # convolutions after one another; with the largest kernel the margin lasts for five
MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}
FELT = 1e-6  # an error this small is rounding


def layered(x: Tensor, kernel: Tensor, layers: int, mode: str = "") -> Tensor:
    """x (1, 1, height, width) convolved so many times: padded before each time so that its size stays, or not padded
    at all. The answer is divided by the sizes of the weights, so that it does not grow from layer to layer."""
    size = len(kernel)
    before, after = (size - 1) // 2, size // 2
    weights = (kernel / kernel.abs().sum().clamp_min(1e-9))[None, None]
    for _ in range(layers):
        padded = functional.pad(x, (before, after, before, after), mode=mode) if mode else x
        x = functional.conv2d(padded, weights)
    return x


def distances(side: int) -> Tensor:
    """How many pixels lie between each pixel of a square and the nearest border, (side, side)."""
    line = torch.arange(side)
    nearest = torch.minimum(line, side - 1 - line)
    return torch.minimum(nearest[:, None], nearest[None, :])


@dataclass(frozen=True)
class Borders(Sourced):
    """Responses (CUT, CUT) by mode of padding, the true one, and the error over the distance from the border as a
    share of the true response's contrast (from 0 on)."""

    photo: Photo
    kernel: np.ndarray
    layers: int
    truth: np.ndarray
    responses: dict[str, np.ndarray]
    errors: dict[str, np.ndarray]
    source = ClosedForm("the padded cut-out's response − the response of the whole picture")

    @property
    def depth(self) -> int:
        """How many pixels deep the padding is felt."""
        return max(int(np.flatnonzero(rows > FELT)[-1]) + 1 if (rows > FELT).any() else 0 for rows in self.reach)

    @property
    def reach(self) -> list[np.ndarray]:
        """The errors by distance, one row for each mode."""
        return list(self.errors.values())

    @property
    def best(self) -> str:
        """The mode that is nearest to the truth at the outermost pixel."""
        return min(self.errors, key=lambda mode: self.errors[mode][0])


def borders(photo: Photo, kernel: np.ndarray, layers: int) -> Borders:
    """Every mode of padding on the middle of a photo, held against the whole photo."""
    weights = torch.from_numpy(kernel)
    x = torch.from_numpy(photo.values.astype(np.float64))[None, None]
    inner = slice(MARGIN, MARGIN + CUT)
    before = layers * ((len(kernel) - 1) // 2)
    start = MARGIN - before
    truth = layered(x, weights, layers)[..., start : start + CUT, start : start + CUT]
    rings = distances(CUT)
    responses = {name: layered(x[..., inner, inner], weights, layers, mode) for name, mode in MODES.items()}
    errors = {name: ring_errors(response, truth, rings) for name, response in responses.items()}
    answers = {name: response[0, 0].numpy() for name, response in responses.items()}
    return Borders(photo, kernel, layers, truth[0, 0].numpy(), answers, errors)


def ring_errors(response: Tensor, truth: Tensor, rings: Tensor) -> np.ndarray:
    """Root mean square error at every distance from the border, (distances,), as a share of the truth's contrast."""
    gap = (response - truth)[0, 0].square()
    contrast = truth.std(correction=0).clamp_min(1e-6)
    errors = [gap[rings == distance].mean().sqrt() / contrast for distance in range(int(rings.max()) + 1)]
    return torch.stack(errors).numpy()


def program_of_borders(measured: Borders) -> Program:
    """The cut-out with every padding, and the error at its outermost pixels."""
    start = MARGIN - measured.layers * ((len(measured.kernel) - 1) // 2)
    prepared = [
        READ,
        "x = picture.double()[None, None]",
        f"cut_out = x[..., {MARGIN}:{MARGIN + CUT}, {MARGIN}:{MARGIN + CUT}]",
        f"kernel = torch.tensor({measured.kernel.tolist()!r}, dtype=torch.float64)",
        f"truth = layered(x, kernel, {measured.layers!r})[..., {start}:{start + CUT}, {start}:{start + CUT}]",
    ]
    measure = [
        "result = {}",
        f"outermost = distances({CUT}) == 0",
        f"for name, mode in {MODES!r}.items():",
        f"    gap = (layered(cut_out, kernel, {measured.layers!r}, mode) - truth)[0, 0]",
        "    result[name] = (gap[outermost].square().mean().sqrt() / truth.std(correction=0).clamp_min(1e-6)).item()",
    ]
    steps = (Step("A cut-out and the truth", "\n".join(prepared)), Step("Every padding", "\n".join(measure)))
    shown = {name: float(rows[0]) for name, rows in measured.errors.items()}
    return Program("Padding", steps, (layered, distances), shown, files={FILE: measured.photo.csv})
