"""Data sets: generated, shipped, downloaded, the learner's own."""

from core.data.data import Data
from core.data.digits import DIGITS, DIGITS_SOURCE, digits
from core.data.features import FEATURES, Featured, with_inputs
from core.data.images import FASHION_MNIST, IMAGE_SETS, MNIST, ImageSet, MissingDataError, fashion_mnist, mnist
from core.data.outliers import line_with_outlier, with_flipped_labels
from core.data.own import points, table
from core.data.planar import (
    EXTENT,
    PLANAR,
    REGRESSION,
    blobs,
    boundary,
    circle,
    gaussians,
    moons,
    plane,
    rings,
    spiral,
    wave,
    xor,
)
from core.data.refusals import OwnDataError
from core.data.rules import bullseye, loud_and_quiet, ripple
from core.data.sheets import Sheet, sheet

__all__ = [
    "DIGITS",
    "DIGITS_SOURCE",
    "EXTENT",
    "FASHION_MNIST",
    "FEATURES",
    "IMAGE_SETS",
    "MNIST",
    "PLANAR",
    "REGRESSION",
    "Data",
    "Featured",
    "ImageSet",
    "MissingDataError",
    "OwnDataError",
    "Sheet",
    "blobs",
    "boundary",
    "bullseye",
    "circle",
    "digits",
    "fashion_mnist",
    "gaussians",
    "line_with_outlier",
    "loud_and_quiet",
    "mnist",
    "moons",
    "plane",
    "points",
    "rings",
    "ripple",
    "sheet",
    "spiral",
    "table",
    "wave",
    "with_flipped_labels",
    "with_inputs",
    "xor",
]  # fmt: skip
