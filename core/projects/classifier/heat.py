"""The heat of an answer laid over its picture."""

import numpy as np
from PIL import Image

HOT = np.array([230, 97, 0], float)  # the colour of heat


def heated(pixels: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """A picture (side, side, 3) paled, with heat (rows, columns) from 0 to 1 over it in orange, uint8."""
    side = pixels.shape[0]
    smooth = Image.fromarray((255 * heat).round().astype(np.uint8)).resize((side, side), Image.Resampling.BICUBIC)
    share = 0.75 * (np.asarray(smooth, float) / 255)[..., None]
    grey = pixels.mean(axis=2, keepdims=True) * 0.5 + 127
    return ((1 - share) * (0.45 * pixels + 0.55 * grey) + share * HOT).clip(0, 255).astype(np.uint8)
