"""One kernel slid over one picture."""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from core.data.photos import Photo
from core.programs import Program, Step
from core.provenance import ClosedForm
from core.topics.convolution.kernels import OWN

FILE = "picture.csv"
FORMULA = ClosedForm("y[i, j] = Σ k[u, v] · x[i + u, j + v]")
READ = f'picture = torch.from_numpy(np.loadtxt("{FILE}", delimiter=",", dtype=np.float32)) / 255  # (height, width)'
MOVED = 2  # pixels that the challenge asks for


@dataclass(frozen=True)
class Response:
    """A picture (height, width), a kernel (rows, rows), and the response (height − rows + 1, width − rows + 1).
    ``brush`` is the number that a click writes into the kernel."""

    photo: Photo
    name: str
    kernel: np.ndarray
    values: np.ndarray
    brush: float

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return FORMULA.provenance

    def window(self, row: int, column: int) -> np.ndarray:
        """The pixels under the kernel at one place of the response, (rows, rows)."""
        size = len(self.kernel)
        return self.photo.values[row : row + size, column : column + size]

    @property
    def gain(self) -> float:
        """What the kernel makes of an even grey of brightness 1: the sum of its weights."""
        return round(float(self.kernel.sum()), 9) + 0.0  # what is left of a sum of zero is rounding

    @property
    def moves(self) -> bool:
        """Whether an own kernel moves the picture to the right and changes nothing else: on noise, so that no
        picture can pass by chance."""
        noise = np.random.default_rng(0).random((24, 24))
        if self.name != OWN:
            return False
        answer, middle, size = convolved(noise, self.kernel), (len(self.kernel) - 1) // 2, len(self.kernel)
        start = middle - MOVED
        if start < 0:
            return False
        wanted = noise[middle : middle + len(answer), start : start + answer.shape[1]]
        return size % 2 == 1 and bool(np.abs(answer - wanted).max() < 1e-6)


def convolved(picture: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """What ``torch.nn.functional.conv2d`` makes of a picture (height, width) and a kernel (rows, columns) wherever
    the whole kernel fits; the sum of products, without mirroring the kernel (Goodfellow et al., equation 9.6)."""
    x, weight = (torch.from_numpy(np.asarray(part, np.float64))[None, None] for part in (picture, kernel))
    return functional.conv2d(x, weight)[0, 0].numpy()


def respond(photo: Photo, name: str, kernel: np.ndarray, brush: float) -> Response:
    """A kernel over a photo."""
    return Response(photo, name, kernel, convolved(photo.values, kernel), brush)


def program_of_response(response: Response, row: int, column: int) -> Program:
    """The response in two lines, and once more by hand at one place."""
    size = len(response.kernel)
    here = [
        f"row, column = {row!r}, {column!r}",
        f"window = picture[row : row + {size}, column : column + {size}]",
        "by_hand = (window * kernel).sum()",
        'result = {"response here": response[row, column].item(), "by hand": by_hand.item(),',
        '          "smallest": response.min().item(), "largest": response.max().item()}',
    ]
    steps = (
        Step("Picture and kernel", f"{READ}\nkernel = torch.tensor({response.kernel.tolist()!r})"),
        Step("Convolution", "response = functional.conv2d(picture[None, None], kernel[None, None])[0, 0]"),
        Step("One place by hand", "\n".join(here)),
    )
    values, place = response.values, float(response.values[row, column])
    shown = {"response here": place, "by hand": place, "smallest": values.min(), "largest": values.max()}
    return Program("A convolution", steps, shown=shown, files={FILE: response.photo.csv})
