"""The text of a table's bytes: a byte-order mark, UTF-8 and UTF-16 are certain, a regional encoding is detected."""

import codecs
import re

from core.data.refusals import OwnDataError

BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
SIGNATURES = {
    b"PK": "a ZIP archive or an Excel workbook", b"\xd0\xcf\x11\xe0": "an Excel workbook", b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image", b"GIF8": "a GIF image", b"%PDF": "a PDF document", b"\x1f\x8b": "a gzip archive",
    b"PAR1": "a Parquet file", b"SQLite": "a SQLite database", b"\x89HDF": "an HDF5 file", b"RIFF": "a media file",
    b"\x93NUMPY": "a NumPy file", b"7z\xbc\xaf": "a 7-Zip archive", b"\x80": "a Python pickle", b"\x7fELF": "a program",
}  # fmt: skip
# What spreadsheets write where they do not write UTF-8; where two explain a table equally well, the first one counts.
REGIONAL = {
    "cp1252": "Western European (cp1252)", "cp1250": "Central European (cp1250)", "cp1251": "Cyrillic (cp1251)",
    "cp1253": "Greek (cp1253)", "cp1254": "Turkish (cp1254)", "gb18030": "Chinese (GBK)", "big5": "Chinese (Big5)",
    "cp932": "Japanese (Shift-JIS)", "cp949": "Korean (cp949)",
}  # fmt: skip
NAMES = REGIONAL | {"utf-8": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16"}
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
SAMPLE = 20_000  # bytes that are looked at to tell an encoding


def decoded(content: bytes, encoding: str = "") -> tuple[str, str]:
    """Bytes as text, and the encoding they were read as; ``encoding`` (of ``NAMES``) overrules what they look like.

    Raises ``OwnDataError`` for bytes that are no text or whose encoding cannot be told.
    """
    for mark, marked in BOMS:
        if content.startswith(mark):
            return decoded_as(content[len(mark) :], marked)
    if CONTROL.search(content[:4096].decode("latin-1")):
        for signature, what in SIGNATURES.items():
            if content.startswith(signature):
                raise OwnDataError(f"This is {what}, not a table in text form: save the table as CSV.")
        if 4 * content.count(0) >= len(content):
            return decoded_as(content, "utf-16-le" if content[1::2].count(0) > content[::2].count(0) else "utf-16-be")
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return decoded_as(content, encoding) if encoding else regional(content)


def decoded_as(content: bytes, encoding: str) -> tuple[str, str]:
    """Bytes as text in a known encoding, and its name."""
    try:
        return content.decode(encoding), encoding
    except (UnicodeDecodeError, LookupError) as error:
        raise OwnDataError(
            f"This is not a table in text form, or not in {NAMES.get(encoding, 'that encoding')}: save it as UTF-8."
        ) from error


def regional(content: bytes) -> tuple[str, str]:
    """Bytes that are no UTF-8 as text in the regional encoding that explains them best, and its name.

    What counts is how disorderly the text would be and how well its letters go with a language
    (charset-normalizer's measures).
    """
    for encoding in [*likeliest(telling(content)), *likeliest(bytes(content[:SAMPLE]))]:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        western = content.decode("cp1252", errors="replace")
        return text, "cp1252" if western == text else encoding
    raise OwnDataError("This is not a table in text form, or its encoding is unknown: save it as UTF-8.")


def telling(content: bytes) -> bytes:
    """The header, and the cells that hold more than ASCII: what an encoding can be told from. Numbers beside them
    would only blur the measures. No second byte of a letter is a comma, a semicolon or a tab."""
    header, *lines = content.splitlines() or [b""]
    cells = (cell.strip() for line in lines for cell in re.split(rb"[,;\t]", line))
    return b"\n".join([header, *(cell for cell in cells if not cell.isascii())])[:SAMPLE]


def likeliest(sample: bytes) -> list[str]:
    """Regional encodings that a sample could be in, the best first."""
    from charset_normalizer import from_bytes

    order = list(REGIONAL)
    matches = from_bytes(sample, cp_isolation=order, preemptive_behaviour=False)
    ranked = sorted((round(match.chaos, 3), -match.coherence, order.index(match.encoding)) for match in matches)
    return [order[place] for _, _, place in ranked]
