"""The classifier in the forms that screens show: sentences, tables, pictures with captions. Knows no screen library."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core import wording
from core.projects.classifier import doubts, sketches
from core.projects.classifier.export import exported
from core.projects.classifier.features import looked_at
from core.projects.classifier.gallery import Album, Picture
from core.projects.classifier.heat import heated
from core.projects.classifier.incoming import MOST_ZIPPED, File, finished, read, received, unzipped
from core.projects.classifier.study import Settings, Trained, trained
from core.projects.classifier.why import NONE, alike, answered, attention
from core.serving.uploads import MOST_BYTES

LIMIT = f"{MOST_ZIPPED // 10**6}mb"
SHOWN = 80  # pictures of an album
FIRST = (
    "The shipped sketches: six things, twelve pictures each. Add pictures of your own, or begin with an empty album."
)


def start() -> Album:
    """The album that a visitor finds."""
    return sketches.clean()


def emptied() -> tuple[Album, str]:
    """An album without anything."""
    return Album(), "The album is empty: name a class and add pictures of it."


def sheet(album: Album) -> list[tuple[np.ndarray, str]]:
    """The first pictures of an album with their classes."""
    places = range(min(SHOWN, len(album.pictures)))
    return [(album.pictures[place].sized(112), album.called(place)) for place in places]


def with_files(album: Album, name: str, paths: Sequence[str] | None) -> tuple[Album, str]:
    """An album with more pictures of a class, and what became of the files."""
    paths = list(paths or [])
    if not paths:
        return album, "No file has come."
    if not name.strip() and not (len(paths) == 1 and paths[0].lower().endswith(".zip")):
        return album, "Give the class a name first."
    files = [File(Path(path).name, contents(path, MOST_BYTES)) for path in paths]
    return filed(album, received(files, name.strip()))


def with_zip(album: Album, path: str | None) -> tuple[Album, str]:
    """An album with the pictures of a zip: a folder for each class, or a classifier that was taken away."""
    if not path:
        return album, "No file has come."
    return filed(album, unzipped(contents(path, MOST_ZIPPED)))


def contents(path: str, most: int) -> bytes:
    """A file's bytes, no more of them than show that it is too large; none where it is gone."""
    try:
        with Path(path).open("rb") as file:
            return file.read(most + 1)
    except OSError:
        return b""


def filed(album: Album, reading) -> tuple[Album, str]:
    """An album with what a reading brings, in words; nothing is lost where it brings nothing."""
    try:
        came = finished(reading)
        album = came.into(album)
    except ValueError as refusal:
        return album, str(refusal)
    count = len(came.pictures)
    told = [f"{wording.counted(count, 'picture')} {'was' if count == 1 else 'were'} added.", *came.told]
    return album, " ".join(told)


def with_shot(album: Album, name: str, path: str | None) -> tuple[Album, str]:
    """An album with a camera's picture."""
    return with_files(album, name, [path] if path else None)


def renamed(album: Album, old: str, new: str) -> tuple[Album, str]:
    """An album with another name for a class; nothing is trained again."""
    if old not in album.names or not new.strip():
        return album, "Choose a class and give it a new name."
    return album.renamed(album.names.index(old), new), f"“{old}” is now “{new.strip()}”; no training was needed."


def counted(album: Album) -> list[list]:
    """A row for each class: its name and how many pictures it has."""
    return [[name, count] for name, count in zip(album.names, album.counts, strict=True)]


def learn(album: Album, augmentation: bool, seed: float):
    """Train, in steps (sentence, warnings); the last one has the result."""
    if album.lacks:
        yield album.lacks, ""
        return
    settings = settings_of(augmentation, seed)
    for fraction, message in looked_at(album.pictures, settings.side, settings.augmentation):
        yield f"{fraction:.0%}: {message}", ""
    try:
        found = trained(album, settings)
    except ValueError as refusal:
        yield str(refusal), ""
        return
    right, count = found.study.score
    low, high = found.study.accuracy_interval
    told = f"{right} of {count} held-out pictures are answered right: expect {low:.0%} to {high:.0%}."
    yield told, warnings(found)


def settings_of(augmentation: bool, seed: float) -> Settings:
    """What a screen says, as settings."""
    return Settings(augmentation=bool(augmentation), seed=int(seed or 0) % 10_000)


def warnings(found: Trained) -> str:
    """What is wrong with the pictures, as a list."""
    lines = [f"- **{doubt.name}.** {doubt.sentence}" for doubt in doubts.doubts(found)]
    return "\n".join(lines) or "No warnings: no near-duplicates, no blur, no suspects."


def classify(
    album: Album, path: str | None, augmentation: bool = False, seed: float = 0
) -> tuple[str, dict[str, float], np.ndarray | None, list[tuple[np.ndarray, str]]]:
    """What is said of a picture: the sentence, probabilities by class, the heat, and the pictures it is like."""
    if not path:
        return "", {}, None, []
    if album.lacks:
        return album.lacks, {}, None, []
    try:
        picture = read(Path(path).name, contents(path, MOST_BYTES))
        return explained(trained(album, settings_of(augmentation, seed)), picture)
    except ValueError as refusal:
        return str(refusal), {}, None, []


def explained(found: Trained, picture: Picture) -> tuple[str, dict[str, float], np.ndarray, list]:
    """The same of a picture that could be read."""
    reply = answered(found, picture)
    heat = heated(picture.pixels, attention(found, picture, reply.place))
    near = [(each.picture.sized(112), f"{each.name} ({each.cosine:.2f})") for each in alike(found, reply)]
    named = {NONE: 1.0} if reply.refused else reply.named
    return reply.sentence, named, heat, near


def pack(album: Album, augmentation: bool, seed: float, with_pictures: bool):
    """Write the zip, in steps (sentence, path); the last one has the path."""
    if album.lacks:
        yield album.lacks, None
        return
    work = exported(album, settings_of(augmentation, seed), bool(with_pictures))
    try:
        while True:
            fraction, message = next(work)
            yield f"{fraction:.0%}: {message}", None
    except StopIteration as end:
        made = end.value
    except ValueError as refusal:
        yield str(refusal), None
        return
    path = Path(tempfile.mkdtemp(prefix="classifier-")) / "classifier.zip"
    path.write_bytes(made.content)
    yield made.sentence, str(path)
