"""Data sets: generated, shipped, downloaded, the learner's own."""

from core.data.data import Data
from core.data.planar import (
    EXTENT,
    PLANAR,
    REGRESSION,
    blobs,
    circle,
    gaussians,
    moons,
    plane,
    rings,
    spiral,
    wave,
    xor,
)

__all__ = [
    "EXTENT", "PLANAR", "REGRESSION", "Data", "blobs", "circle", "gaussians", "moons", "plane", "rings", "spiral",
    "wave", "xor",
]  # fmt: skip
