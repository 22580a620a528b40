"""The view of one kernel over one picture: window, products, sum, response."""

import numpy as np

from core.data.photos import SIDE, Photo
from core.figures.picture import ORANGE, PINK, Picture
from core.figures.rasters import greys, numbered, outline, raster, signed, written
from core.formulas.graphs import shown
from core.lessons import Goal, Question
from core.lessons.controls import Control, slider
from core.lessons.view import Shown, View
from core.topics.convolution.kernels import CONTROLS, KERNEL, NUMBERS, OWN, as_numbers, kernel_of
from core.topics.convolution.response import MOVED, Response, program_of_response, respond

BRUSH = slider("A click writes", -4.0, 4.0, 1.0, 0.5, help="Click a cell of the kernel to write this number there.")
DARK, SAME, BRIGHT, DIMMED = GREYS = ("0 everywhere", "the same grey", "a brighter grey", "a darker grey")
PHOTO, WEIGHTS = 0, 2  # panels; the response is between them


def measure(
    photo: Photo, kernel: str, kernel_size: int, own_numbers: str, a_click_writes: float, seed: int
) -> Response:  # fmt: skip
    """The chosen kernel over the photo."""
    return respond(photo, kernel, kernel_of(kernel, kernel_size, own_numbers), a_click_writes)


def looks(response: Response) -> tuple[Control, Control]:
    """Which window is looked at."""
    rows, columns = response.values.shape
    help = "The window's first row and column. Or click the picture."
    return slider("Row", 0, rows - 1, 33, help=help), slider("Column", 0, columns - 1, 6, help=help)


def weights_picture(response: Response) -> Picture:
    """The kernel with its numbers."""
    kernel = response.kernel
    size = len(kernel)
    alt = f"The kernel {response.name}, {size} × {size} weights: {as_numbers(kernel)}."
    traces = [signed(kernel), numbered(kernel, 17 if size < 4 else 13 if size < 6 else 10.5)]
    return raster(traces, kernel.shape, f"kernel: {response.name}", alt, 260 if size < 6 else 330)


def photo_picture(response: Response, row: int, column: int) -> Picture:
    """The photo with the window."""
    photo, size = response.photo, len(response.kernel)
    alt = f"The picture {photo.name}, {SIDE} × {SIDE} greys, mean brightness {photo.values.mean():.2f}."
    box = outline(row, column, size, size, ORANGE)
    return raster([greys(photo.values)], (SIDE, SIDE), photo.name, alt, shapes=[box])


def response_picture(response: Response, row: int, column: int) -> Picture:
    """The response with the window's place: greys for a kernel without negative weights, else blue above 0 and orange
    below."""
    values = response.values
    both = bool((response.kernel < 0).any())
    low, high = float(values.min()), float(values.max())
    alt = f"The response, {values.shape[0]} × {values.shape[1]}, from {low:.2f} to {high:.2f}."
    trace = signed(values) if both else greys(values, 0, max(high, 1e-9))
    box = outline(row, column, 1, 1, ORANGE if not both else PINK, width=3)
    title = "response: blue above 0, orange below" if both else "response"
    return raster([trace], values.shape, title, alt, shapes=[box])


def clicked(response: Response, spot: dict) -> tuple[tuple[Control, object], ...]:
    """A click into the kernel writes a number, one into a picture takes the window there."""
    row, column = max(round(spot["y"]), 0), max(round(spot["x"]), 0)
    if spot.get("panel") == WEIGHTS:
        kernel = response.kernel.copy()
        kernel[min(row, len(kernel) - 1), min(column, len(kernel) - 1)] = response.brush
        return (KERNEL, OWN), (NUMBERS, as_numbers(kernel))
    back = len(response.kernel) // 2 if spot.get("panel") == PHOTO else 0  # the window is centred where it was clicked
    return tuple((control, max(place - back, 0)) for control, place in zip(looks(response), (row, column), strict=True))


def products(response: Response, row: int, column: int) -> list[dict]:
    """Pixel times weight for each place of the window, as rows of a table; of large windows the products alone."""
    window, kernel = response.window(row, column), response.kernel
    size = len(kernel)
    pixels, weights, parts = (np.array(written(each)).reshape(size, size) for each in (window, kernel, window * kernel))
    sums = np.array([[f"{x} · {k} = {y}" for x, k, y in zip(*rows, strict=True)]
                     for rows in zip(pixels, weights, parts, strict=True)])  # fmt: skip
    kept = (sums if size < 5 else parts).tolist()
    return [{f"column {place}": cell for place, cell in enumerate(row, start=1)} for row in kept]


def draw(response: Response, row: int, column: int) -> Shown:
    """Picture, kernel, response, and the sum at one place."""
    value, size = float(response.values[row, column]), len(response.kernel)
    note = (
        f"At row {row}, column {column} the {size * size} products below add up to **{shown(value)}**: one pixel of "
        f"the response. The kernel fits into {SIDE} pixels at {SIDE} − {size} + 1 = **{len(response.values)}** places. "
        "Click the picture to move the window, a cell of the kernel to change it."
    )
    pictures = (
        photo_picture(response, row, column),
        response_picture(response, row, column),
        weights_picture(response),
    )
    return Shown((pictures,), note, (products(response, row, column),), lambda spot: clicked(response, spot))


def before(response: Response, row: int, column: int) -> Shown:
    """Picture and kernel, without the response."""
    pictures = (photo_picture(response, row, column), weights_picture(response))
    return Shown(
        (pictures,), "", (), lambda spot: clicked(response, {**spot, "panel": (PHOTO, WEIGHTS)[spot.get("panel", 0)]})
    )


def on_grey(response: Response) -> str:
    """What the kernel makes of an even grey, in words."""
    gain = response.gain
    if abs(gain) < 1e-6:
        return DARK
    return SAME if abs(gain - 1) < 1e-6 else BRIGHT if gain > 1 else DIMMED


def question(response: Response, row: int, column: int) -> Question:
    """An even wall."""
    because = (
        f"All pixels are alike there, so the answer is that grey times the sum of the weights, {response.gain:.3g}."
    )
    return Question("What does this kernel make of an even grey wall?", GREYS, on_grey(response), because)


def goal(response: Response, row: int, column: int) -> Goal:
    """Move a picture with a kernel."""
    text = (
        f"**Move the picture {MOVED} pixels to the right** with a kernel of your own, changing nothing else. Choose "
        f"“{OWN}” or click into the kernel."
    )
    size = len(response.kernel)
    now = f"Now: {response.name}, {size} × {size}, {np.count_nonzero(response.kernel)} weights are not 0."
    return Goal(text, response.moves, now)


RESPONSE = View((*CONTROLS, BRUSH), measure, draw, looks, before, question, goal, program_of_response)
