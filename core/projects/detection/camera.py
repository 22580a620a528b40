"""A camera that looks at a sheet: tilt, the table beyond, shadow, blur, noise and JPEG."""

import io
import math
import random

import numpy as np
from PIL import Image

from core.projects.detection.paper import grain


def tilted(draw: random.Random, shape: tuple[int, int], most: float) -> np.ndarray:
    """The perspective (3, 3) that brings the sheet's pixels to the photograph's; ``most`` is a share of the sides."""
    import cv2

    high, wide = shape
    corners = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32)
    shake = [[draw.uniform(-most, most) * wide, draw.uniform(-most, most) * high] for _ in corners]
    return cv2.getPerspectiveTransform(corners, corners + np.array(shake, np.float32))


def seen(draw: random.Random, canvas: np.ndarray, warp: np.ndarray) -> np.ndarray:
    """The sheet through the perspective, on a table."""
    import cv2

    shape = canvas.shape[:2]
    view = cv2.warpPerspective(canvas, warp, shape[::-1], flags=cv2.INTER_LINEAR)
    cover = cv2.warpPerspective(np.ones(shape, np.float32), warp, shape[::-1], flags=cv2.INTER_LINEAR)[..., None]
    colour = np.array(draw.choice(((0.35, 0.23, 0.15), (0.2, 0.2, 0.22), (0.5, 0.36, 0.24), (0.6, 0.6, 0.58))))
    table = colour * draw.uniform(0.5, 1.3) + grain(draw, shape, 0.08)[..., None]
    return view + (1 - cover) * table.astype(np.float32)


def light(draw: random.Random, shape: tuple[int, int], most: float) -> np.ndarray:
    """How bright each place is, (height, width): a slope, a vignette, or a soft edge; 1 − ``most`` at worst."""
    y, x = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]
    turn = draw.uniform(0, 2 * math.pi)
    across = (x * math.cos(turn) + y * math.sin(turn)) / (abs(math.cos(turn)) + abs(math.sin(turn)))
    kind = draw.choice(("slope", "vignette", "edge"))
    if kind == "slope":
        dark = (across + 1) / 2
    elif kind == "vignette":
        dark = (x**2 + y**2) / 2
    else:
        dark = 1 / (1 + np.exp(-(across - draw.uniform(-0.4, 0.4)) / draw.uniform(0.02, 0.3)))
    return (1 - draw.uniform(0, most) * dark).astype(np.float32)


def photographed(draw: random.Random, view: np.ndarray) -> np.ndarray:
    """What the sensor keeps of a view (height, width, 3), uint8: light, blur, noise, white balance, JPEG."""
    import cv2

    shape = view.shape[:2]
    generator = np.random.default_rng(draw.randrange(2**32))
    view = view * light(draw, shape, 0.65)[..., None]
    view = view * np.array([draw.uniform(0.88, 1.08) for _ in range(3)], np.float32)
    if (blur := draw.uniform(-0.4, 1.3) * min(shape) / 320) > 0.15:
        view = cv2.GaussianBlur(view, (0, 0), blur)
    view = view + draw.uniform(0, 0.04) * generator.standard_normal(shape, np.float32)[..., None]
    return jpeg((255 * view.clip(0, 1)).round().astype(np.uint8), draw.randint(45, 95))


def jpeg(values: np.ndarray, quality: int) -> np.ndarray:
    """A picture as JPEG would bring it back."""
    file = io.BytesIO()
    Image.fromarray(values).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))
