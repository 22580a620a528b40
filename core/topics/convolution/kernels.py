"""Kernels: well-known ones in every size, and a learner's own numbers."""

import math
from collections.abc import Callable

import numpy as np

from core.lessons.controls import pick, scale, text

OWN = "own numbers"
SMALLEST, LARGEST, HEAVIEST = 3, 7, 100.0  # rows of a kernel, and how large a number may be
FORM = f"Write {SMALLEST} to {LARGEST} rows of equally many numbers, a semicolon after each row: 0 1 0; 1 -4 1; 0 1 0."


def binomial(size: int) -> np.ndarray:
    """A row of Pascal's triangle, (size,): the weights of a small Gaussian bell."""
    return np.array([math.comb(size - 1, place) for place in range(size)], dtype=float)


def centre(size: int) -> np.ndarray:
    """The kernel that changes nothing, (size, size): 1 in the middle."""
    kernel = np.zeros((size, size))
    kernel[size // 2, size // 2] = 1
    return kernel


def sobel(size: int) -> np.ndarray:
    """Right minus left, smoothed up and down (Sobel and Feldman 1968); the sizes of all weights add up to 8."""
    slope = np.convolve(binomial(size - 2), [-1, 0, 1])
    kernel = np.outer(binomial(size), slope)
    return 8 * kernel / np.abs(kernel).sum()


def upright_sobel(size: int) -> np.ndarray:
    """Below minus above, smoothed across."""
    return sobel(size).T


def blur(size: int) -> np.ndarray:
    """The mean of the neighbours, near ones weighing more; the weights add up to 1."""
    return np.outer(binomial(size), binomial(size)) / 4 ** (size - 1)


def box(size: int) -> np.ndarray:
    """The plain mean of the neighbours."""
    return np.full((size, size), 1 / size**2)


def sharpen(size: int) -> np.ndarray:
    """A pixel, and four times what sets it apart from its blurred surroundings."""
    return 5 * centre(size) - 4 * blur(size)


def emboss(size: int) -> np.ndarray:
    """A pixel, lit from the upper left: lower right minus upper left."""
    up, across = np.mgrid[0:size, 0:size] - size // 2
    return centre(size) + 8 * (up + across) / np.abs(up + across).sum()


def outline(size: int) -> np.ndarray:
    """Nine times what sets a pixel apart from the plain mean of its surroundings."""
    return 9 * (centre(size) - box(size))


PRESETS: dict[str, Callable[[int], np.ndarray]] = {
    "Sobel, left to right": sobel, "Sobel, top to bottom": upright_sobel, "blur": blur, "box blur": box,
    "sharpen": sharpen, "emboss": emboss, "outline": outline,
}  # fmt: skip
NAMES = (*PRESETS, OWN)

KERNEL = pick("Kernel", NAMES)
SIZE = scale("Kernel size", (3, 5, 7), 3, when=lambda values: values.get("kernel") != OWN)
NUMBERS = text(
    "Own numbers", "0 1 0; 1 -4 1; 0 1 0", longest=500, help=FORM, when=lambda values: values.get("kernel") == OWN
)
CONTROLS = (KERNEL, SIZE, NUMBERS)


def kernel_of(name: str, size: int, numbers: str) -> np.ndarray:
    """The kernel (rows, rows) that the controls say. Raises ``ValueError`` for own numbers that make none."""
    return parsed(numbers) if name == OWN else PRESETS[name](size)


def parsed(numbers: str) -> np.ndarray:
    """A square kernel from rows of numbers, ``"0 1 0; 1 -4 1; 0 1 0"``. Raises ``ValueError`` in one sentence."""
    rows = [row.replace(",", " ").replace("−", "-").split() for row in numbers.strip().strip(";").split(";")]
    if not SMALLEST <= len(rows) <= LARGEST or {len(row) for row in rows} != {len(rows)}:
        raise ValueError(f"This is no square kernel. {FORM}")
    values = [[number_in(cell) for cell in row] for row in rows]
    return np.array(values)


def number_in(cell: str) -> float:
    """One weight. Raises ``ValueError`` for anything that is no number of a sensible size."""
    try:
        value = float(cell)
    except ValueError:
        raise ValueError(f"“{cell[:20]}” is no number. {FORM}") from None
    if not abs(value) <= HEAVIEST:
        raise ValueError(f"A weight lies between −{HEAVIEST:g} and {HEAVIEST:g}; “{cell[:20]}” does not.")
    return value


def as_numbers(kernel: np.ndarray) -> str:
    """A kernel as a learner types it."""
    return "; ".join(" ".join(f"{value:.4g}" for value in row) for row in kernel.tolist())


def cosine(first: np.ndarray, second: np.ndarray) -> float:
    """The cosine of the angle between two kernels taken as vectors; 0 if one of them is all zeros."""
    lengths = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float((first * second).sum() / lengths) if lengths else 0.0
