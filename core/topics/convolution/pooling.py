"""Four ways to make a map smaller, and how much each answer changes when the picture moves by a pixel."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from core.data.photos import SIDE, Photo
from core.programs import Program, Step
from core.provenance import ClosedForm, Sourced, name_of
from core.topics.convolution.kernels import sobel
from core.topics.convolution.response import FILE, READ, convolved

FARTHEST = 8  # pixels that a picture is moved by at most
CUT = SIDE - 2 * FARTHEST  # the side of the part that is looked at, so that real pixels move in from outside
PICTURE, EDGES = SUBJECTS = ("the picture", "its edges")
STRIDE, MAX, BLUR = "stride alone", "max", "blur-pool"
METHODS = (STRIDE, MAX, "average", BLUR)


def subsampled(x: Tensor, window: int, stride: int) -> Tensor:
    """Every stride-th pixel of x (1, 1, height, width), as a convolution with a stride takes them."""
    return x[..., : x.shape[-2] - window + 1 : stride, : x.shape[-1] - window + 1 : stride]


def max_pooled(x: Tensor, window: int, stride: int) -> Tensor:
    """The largest value of every window."""
    return functional.max_pool2d(x, window, stride)


def averaged(x: Tensor, window: int, stride: int) -> Tensor:
    """The mean of every window."""
    return functional.avg_pool2d(x, window, stride)


def blur_pooled(x: Tensor, window: int, stride: int) -> Tensor:
    """The largest value around every pixel, blurred, and only then every stride-th of them (Zhang 2019)."""
    largest = functional.max_pool2d(x, window, 1)
    bell = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16
    blurred = functional.conv2d(largest, torch.outer(bell, bell)[None, None])
    return blurred[..., ::stride, ::stride]


POOLS: dict[str, Callable[[Tensor, int, int], Tensor]] = dict(
    zip(METHODS, (subsampled, max_pooled, averaged, blur_pooled), strict=True)
)


def moved(x: Tensor, by: int) -> Tensor:
    """The middle of x (1, 1, height, width), after the picture has moved to the right; what comes in is real."""
    end = x.shape[-2] - FARTHEST
    return x[..., FARTHEST:end, FARTHEST - by : x.shape[-1] - FARTHEST - by]


def change(before: Tensor, after: Tensor) -> float:
    """How far two maps are apart, as a share of the first one's contrast; 0 for a map without any."""
    contrast = (before - before.mean()).norm()
    return float((after - before).norm() / contrast) if contrast > 1e-4 else 0.0


def misfit(before: Tensor, after: Tensor, farthest: int) -> float:
    """The change that is left when the first map may be moved by whole pixels of its own to fit best."""
    width = before.shape[-1]
    return min(change(before[..., : width - step], after[..., step:]) for step in range(min(farthest, width - 2) + 1))


@dataclass(frozen=True)
class Pooled(Sourced):
    """A map and what each method makes of it: ``maps[method][distance]`` (rows, columns) once the picture has moved
    by so many pixels, and ``misfits[method]`` over all distances 0 … FARTHEST."""

    photo: Photo
    subject: str
    window: int
    stride: int
    maps: dict[str, list[Tensor]]
    misfits: dict[str, np.ndarray]
    source = ClosedForm("pooled maps of the picture and of the same picture, moved")

    def meter(self, method: str) -> float:
        """How much a method's answer changes when the picture moves by one pixel."""
        return change(*self.maps[method][:2])

    @property
    def steadiest(self) -> str:
        """The method whose answer changes least."""
        return min(METHODS, key=self.meter)


def subject_of(photo: Photo, subject: str) -> Tensor:
    """What is pooled, (1, 1, height, width): the picture, or what a Sobel kernel followed by ReLU leaves of it."""
    values = photo.values
    if subject == EDGES:
        values = np.pad(np.maximum(convolved(values, sobel(3)), 0), 1, mode="edge").astype(np.float32)
    return torch.from_numpy(np.ascontiguousarray(values))[None, None]


def pool(photo: Photo, subject: str, window: int, stride: int) -> Pooled:
    """All methods on a picture at every distance."""
    x = subject_of(photo, subject)
    maps = {
        method: [function(moved(x, by), window, stride) for by in range(FARTHEST + 1)]
        for method, function in POOLS.items()
    }
    misfits = {
        method: np.array([misfit(answers[0], after, by) for by, after in enumerate(answers)])
        for method, answers in maps.items()
    }
    return Pooled(photo, subject, window, stride, maps, misfits)


EDGE_LINES = """kernel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
edges = functional.conv2d(x, kernel[None, None]).relu()
x = functional.pad(edges, (1, 1, 1, 1), mode="replicate")"""


def program_of_pooling(pooled: Pooled) -> Program:
    """The four methods and their changes."""
    edges = f"\n{EDGE_LINES}" if pooled.subject == EDGES else ""
    measure = [
        "changes = {}",
        f"for pool in ({', '.join(name_of(function) for function in POOLS.values())}):",
        f"    before, after = (pool(moved(x, by), {pooled.window!r}, {pooled.stride!r}) for by in (0, 1))",
        "    changes[pool.__name__] = change(before, after)",
        "result = changes",
    ]
    shown = {name_of(function): pooled.meter(method) for method, function in POOLS.items()}
    steps = (
        Step("What is pooled", f"{READ}\nx = picture[None, None]{edges}"),
        Step("The picture moves by one pixel", "\n".join(measure)),
    )
    functions = (*POOLS.values(), moved, change)
    return Program("Pooling", steps, functions, shown, files={FILE: pooled.photo.csv})
