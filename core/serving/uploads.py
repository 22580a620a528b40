"""Files from strangers: a still picture of reasonable size, or one sentence saying what is wrong."""

import base64
import binascii
import io

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

MOST_BYTES = 5_000_000
MOST_PIXELS = 4096 * 4096
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP")
SEVERAL = "MPO"  # a camera's JPEG with more pictures behind the first: a preview, a depth map, the other eye's
ORIENTATION = 0x0112  # the EXIF tag
AS_DATA_URL = "Send a picture as a data URL: data:image/png;base64,…"


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
    if getattr(picture, "is_animated", False) and picture.format != SEVERAL:
        raise Refused("This is an animation with several frames: send one still picture.")


def too_many_pixels(how_many: str) -> str:
    """The sentence for a picture that would fill the memory."""
    return f"The picture has {how_many} {MOST_PIXELS // 10**6} million pixels: make it smaller and send it again."


def readable(picture: Image.Image) -> tuple[Image.Image, tuple[str, ...]]:
    """An upright 8-bit picture and what was done for it."""
    notes = []
    if (count := getattr(picture, "n_frames", 1)) > 1:
        notes.append(f"The file holds {count} pictures, as some cameras write them: the first was read.")
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


def bytes_of(address: object) -> bytes:
    """The file in a data URL. It comes from a browser, so it may be anything at all; raises ``Refused``."""
    if not isinstance(address, str):
        raise Refused(AS_DATA_URL)
    if len(address) > 4 * MOST_BYTES // 3 + 100:
        raise Refused(f"The picture has more than {MOST_BYTES / 1e6:.0f} MB.")
    head, _, body = address.partition(",")
    if not (head.startswith("data:image/") and head.endswith(";base64")):
        raise Refused(AS_DATA_URL)
    try:
        return base64.b64decode(body.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise Refused("The data URL is damaged: its picture is not base64.") from None
