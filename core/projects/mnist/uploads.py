"""Files from strangers: a still picture of reasonable size, or one sentence saying what is wrong."""

import io

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

MOST_BYTES = 5_000_000
MOST_PIXELS = 4096 * 4096
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP")
ORIENTATION = 0x0112  # the EXIF tag


class Refused(ValueError):
    """A file that is not read; the message is one sentence for the person who sent it."""


def opened(file: bytes) -> tuple[Image.Image, tuple[str, ...]]:
    """The still picture in a file, and a sentence for each thing that was done to make it readable.

    Turned as its EXIF tag asks, 16-bit greys brought to 8 bits, CMYK to RGB. Raises ``Refused``.
    """
    check_bytes(file)
    try:
        picture = Image.open(io.BytesIO(file), formats=FORMATS)
        check_picture(picture)
        picture.load()
        return readable(picture)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refused(too_many_pixels("far more than")) from None
    except UnidentifiedImageError:
        raise Refused("This is not a picture that can be read: send a PNG, JPEG, WebP, GIF or BMP file.") from None
    except Refused:
        raise
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, KeyError, MemoryError, OverflowError):
        raise Refused("The picture is damaged or cut off: save it again and send it once more.") from None


def check_bytes(file: bytes) -> None:
    """Raise ``Refused`` for nothing, too much, or text."""
    if not file:
        raise Refused("The file is empty: it has no bytes.")
    if len(file) > MOST_BYTES:
        raise Refused(f"The file has {len(file) / 1e6:.1f} MB; at most {MOST_BYTES / 1e6:.0f} MB are read.")
    start = file[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<svg", b"<?xml", b"<!doctype svg")) or b"<svg" in start:
        raise Refused("SVG files are programs for drawing and are not run here: export the drawing as a PNG.")


def check_picture(picture: Image.Image) -> None:
    """Raise ``Refused`` before anything is unpacked."""
    wide, high = picture.size
    if wide * high > MOST_PIXELS:
        raise Refused(too_many_pixels(f"{wide:,} × {high:,}, more than"))
    if getattr(picture, "is_animated", False):
        raise Refused("This is an animation with several frames: send one still picture.")


def too_many_pixels(how_many: str) -> str:
    """The sentence for a picture that would fill the memory."""
    return f"The picture has {how_many} {MOST_PIXELS // 10**6} million pixels: make it smaller and send it again."


def readable(picture: Image.Image) -> tuple[Image.Image, tuple[str, ...]]:
    """An upright 8-bit picture and what was done for it."""
    notes = []
    if picture.getexif().get(ORIENTATION, 1) not in (0, 1):
        picture = ImageOps.exif_transpose(picture)
        notes.append("The picture was turned as its EXIF tag asks.")
    if picture.mode.startswith("I") or picture.mode == "F":
        values = np.asarray(picture, np.float64)
        picture = Image.fromarray((values * (255 / max(values.max(), 1))).clip(0, 255).astype(np.uint8))
        notes.append("The 16-bit greys were brought to 8 bits.")
    if picture.mode == "CMYK":
        picture = picture.convert("RGB")
        notes.append("The CMYK printing colours were turned into RGB.")
    return picture, tuple(notes)
