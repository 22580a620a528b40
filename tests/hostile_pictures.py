"""Files that are no pictures, or not of a reasonable size, each with a word of the sentence that refuses it."""

import io
import struct
import zlib

from PIL import Image

from core.serving.uploads import MOST_BYTES


def saved(picture: Image.Image, kind: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def png(wide: int, high: int, body: bytes = b"") -> bytes:
    """A PNG that claims a size; its pixels are ``body``."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", wide, high, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b"")


def animation(kind: str) -> bytes:
    frames = [Image.new("L", (40, 40), level) for level in (0, 120, 255)]
    return saved(frames[0], kind, save_all=True, append_images=frames[1:])


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HOSTILE = {
    "text called .png": (b"I am not a picture.", "not a picture"),
    "zero bytes": (b"", "empty"),
    "30,000 x 30,000 PNG": (png(30_000, 30_000), "million pixels"),
    "10,000 x 10,000 PNG": (png(10_000, 10_000), "million pixels"),
    "animated GIF": (animation("GIF"), "animation"),
    "animated PNG": (animation("PNG"), "animation"),
    "animated WebP": (animation("WEBP"), "animation"),
    "SVG with script": (SVG, "SVG"),
    "SVG after an XML head": (b'<?xml version="1.0"?>\n' + SVG, "SVG"),
    "PNG cut off": (saved(Image.effect_noise((200, 200), 50))[:9000], "damaged"),
    "JPEG cut off": (saved(Image.effect_noise((200, 200), 50), "JPEG")[:400], "damaged"),
    "PNG without pixels": (png(100, 100), "damaged"),
    "too many bytes": (b"\x89PNG\r\n\x1a\n" + bytes(MOST_BYTES), "MB"),
    "a program": (b"\x7fELF" + bytes(500), "not a picture"),
    "a pickle": (b"\x80\x04cos\nsystem\n", "not a picture"),
    "a TIFF": (saved(Image.new("L", (20, 20)), "TIFF"), "not a picture"),
}
