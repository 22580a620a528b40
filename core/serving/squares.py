"""Squares cut out of pictures."""

from PIL import Image


def square(image: Image.Image, side: int) -> Image.Image:
    """The middle square of an image on white, side × side, in colour."""
    if image.mode != "RGB":
        paper = Image.new("RGBA", image.size, "white")
        paper.alpha_composite(image.convert("RGBA"))
        image = paper.convert("RGB")
    short = min(image.size)
    left, top = ((length - short) // 2 for length in image.size)
    cut = image.crop((left, top, left + short, top + short))
    return cut if short == side else cut.resize((side, side), Image.Resampling.LANCZOS)
