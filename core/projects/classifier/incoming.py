"""Pictures from strangers: single files, folders and zips become pictures, or one sentence each says why not."""

import io
import json
import zipfile
import zlib
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TypeVar

from core.projects.classifier.gallery import MOST_PICTURES, SIDE, Album, Picture, digest_of, picture, tidy
from core.serving.uploads import MOST_BYTES, Refused, opened

MOST_ZIPPED = 100_000_000  # bytes of a zip
MOST_UNZIPPED = 600_000_000  # bytes that all pictures of a zip may unpack to
MOST_ENTRIES = 3 * MOST_PICTURES
MOST_SENTENCES = 8
ABOUT = "classes.json"  # an exported classifier has one
FORMATS = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp")
KEPT_AS_THEY_ARE = (b"\x89PNG", b"\xff\xd8\xff")
HIDDEN = ("__MACOSX", ".", "Thumbs.db", "desktop.ini")  # how files begin that systems add by themselves


@dataclass(frozen=True)
class File:
    """A file with its path in a folder, ``cat/one.jpg``; the folder names the class, unless ``name`` does."""

    path: str
    content: bytes
    name: str = ""


@dataclass(frozen=True)
class Arrived:
    """What became of some files: pictures with their classes, and a sentence for each that was refused."""

    pictures: tuple[tuple[str, Picture], ...] = ()
    refused: tuple[str, ...] = ()

    @property
    def told(self) -> tuple[str, ...]:
        """The sentences that are shown: the first ones, and how many there are more."""
        more = len(self.refused) - MOST_SENTENCES
        return (*self.refused[:MOST_SENTENCES], *([f"{more} more files were refused."] if more > 0 else []))

    def into(self, album: Album) -> Album:
        """The album with these pictures as well. Raises ``ValueError`` beyond its limits."""
        for name in dict.fromkeys(name for name, _ in self.pictures):
            album = album.added(name, [one for own, one in self.pictures if own == name])
        return album


Result = TypeVar("Result")
Reading = Generator[tuple[float, str], None, Arrived]


def read(name: str, content: bytes) -> Picture:
    """One file as a picture; raises ``Refused``."""
    image, notes = opened(content)
    short_name = tidy(PurePosixPath(name).name) or "picture"
    if image.size == (SIDE, SIDE) and image.mode == "RGB" and not notes and content.startswith(KEPT_AS_THEY_ARE):
        return Picture(short_name, content, digest_of(image))  # packing a JPEG again would change it
    return picture(short_name, image, " ".join(notes))


def received(files: Sequence[File], name: str = "") -> Reading:
    """Read files, in steps (fraction, message); returns an ``Arrived``. All are of class ``name``, or each of the
    class that its folder names."""
    return (yield from arrived(iter(files), len(files), name))


def unzipped(content: bytes) -> Reading:
    """Read a zip that has a folder for each class, in steps (fraction, message); returns an ``Arrived``.

    Nothing is written to disk, no path is followed, and no more is unpacked than the limits allow. Raises ``Refused``
    for what is no zip or too large.
    """
    if len(content) > MOST_ZIPPED:
        raise Refused(f"The zip has {len(content) / 1e6:.0f} MB; at most {MOST_ZIPPED / 1e6:.0f} MB are read.")
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        entries = [entry for entry in archive.infolist() if not entry.is_dir() and not hidden(entry.filename)]
    except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError, EOFError):
        raise Refused("This is not a zip file that can be read: pack the folders once more.") from None
    if len(entries) > MOST_ENTRIES:
        raise Refused(f"The zip holds {len(entries):,} files; at most {MOST_ENTRIES:,} are read.")
    if (size := sum(entry.file_size for entry in entries)) > MOST_UNZIPPED:
        raise Refused(f"The zip unpacks to {size / 1e6:,.0f} MB; at most {MOST_UNZIPPED / 1e6:.0f} MB are unpacked.")
    if (about := next((entry for entry in entries if entry.filename == ABOUT), None)) is not None:
        names = names_in(unpacked(archive, about).content)
        entries = [entry for entry in entries if entry.filename.startswith("pictures/")]
        files = (renamed(unpacked(archive, entry), names) for entry in entries)
        if not entries:
            raise Refused("This classifier was packed without its pictures: classify.py runs it, the lab cannot.")
        return (yield from arrived(files, len(entries), ""))
    return (yield from arrived((unpacked(archive, entry) for entry in entries), len(entries), ""))


def names_in(content: bytes) -> dict[str, str]:
    """Class names by folder, as an exported classifier lists them; raises ``Refused``."""
    try:
        folders = json.loads(content[:100_000])["folders"]
        return {str(folder): tidy(name) for folder, name in folders.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Refused("The list of classes in this zip is damaged: take the classifier away once more.") from None


def renamed(file: File, names: dict[str, str]) -> File:
    """A picture of an exported classifier, under its class's own name."""
    _, _, rest = file.path.partition("/")
    folder, _, name = rest.partition("/")
    return File(f"{folder}/{name}", file.content, names.get(folder, ""))


def unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> File:
    """One file of a zip; of one that is too large or damaged only as much as shows that."""
    try:
        with archive.open(entry) as file:
            return File(entry.filename, file.read(MOST_BYTES + 1))
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, OSError, ValueError):
        return File(entry.filename, b"\0")  # a password, or damage: no picture in any format


def arrived(files: Iterator[File], count: int, name: str) -> Reading:
    """Read files one after another, as long as they fit."""
    pictures: list[tuple[str, Picture]] = []
    refused: list[str] = []
    for number, file in enumerate(files, 1):
        try:
            if len(pictures) >= MOST_PICTURES:
                raise Refused(f"More than {MOST_PICTURES:,} pictures: this one was left out.")
            pictures.append((name or file.name or class_of(file.path), read(file.path, file.content)))
        except Refused as refusal:
            refused.append(f"“{tidy(file.path)}”: {refusal}")
        yield number / count, f"reading picture {number} of {count}"
    if not pictures and not refused:
        refused.append("No picture was found: put the pictures of each class into a folder with its name.")
    return Arrived(tuple(pictures), tuple(refused))


def class_of(path: str) -> str:
    """The class that a file's folder names; raises ``Refused`` for a path that leads elsewhere or has no folder."""
    parts = PurePosixPath(path.replace("\\", "/")).parts
    if ".." in parts or path.startswith(("/", "\\")) or ":" in path.partition("/")[0]:
        raise Refused("its path leads out of the folder, so it was left out.")
    folder = tidy(parts[-2]) if len(parts) > 1 else ""
    if not folder:
        raise Refused("it lies in no folder, so its class is not known.")
    return folder


def hidden(path: str) -> bool:
    """Whether a file is one that systems add by themselves."""
    return any(part.startswith(HIDDEN) and part != ".." for part in PurePosixPath(path).parts)


def finished(steps: Generator[object, None, Result]) -> Result:
    """What work in steps returns in the end: for little of it, while somebody waits."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value
