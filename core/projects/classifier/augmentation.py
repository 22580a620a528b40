"""The same picture seen differently: mirrored, turned, cut closer, lighter or darker."""

import io

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from core.projects.classifier.gallery import SIDE, Picture, picture

VARIANTS = 3  # further looks at each training picture
TURN, CLOSER, LIGHT = 12.0, 0.2, 0.25  # degrees, share of the side cut away at most, share of the brightness


def varied(one: Picture, variant: int) -> Picture:
    """Variant number ``variant`` of a picture, drawn by its digest: the same for everybody, every time."""
    draw = np.random.default_rng([int(one.digest, 16) % 2**63, variant])
    with Image.open(io.BytesIO(one.content)) as file:
        image = file.convert("RGB")
    if draw.random() < 0.5:
        image = ImageOps.mirror(image)
    paper = tuple(int(value) for value in np.median(np.asarray(image)[[0, -1]].reshape(-1, 3), axis=0))
    image = image.rotate(draw.uniform(-TURN, TURN), Image.Resampling.BICUBIC, fillcolor=paper)
    side = SIDE * (1 - draw.uniform(0, CLOSER))
    left, top = draw.uniform(0, SIDE - side, 2)
    image = image.transform(
        (SIDE, SIDE), Image.Transform.EXTENT, (left, top, left + side, top + side), Image.Resampling.BICUBIC
    )
    image = ImageEnhance.Brightness(image).enhance(1 + draw.uniform(-LIGHT, LIGHT))
    return picture(one.name, image, lossless=True)
