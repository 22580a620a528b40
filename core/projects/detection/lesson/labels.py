"""A learner's labelled pictures, from a zip in YOLO's or COCO's format; what is wrong is said with file and line."""

import functools
import io
import json
import math
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from PIL import Image

from core.data.refusals import short
from core.projects.detection.lesson.seen import Truth
from core.projects.detection.lesson.sources import reduced
from core.serving.uploads import MOST_BYTES, Refused, opened

MOST_ZIPPED = 20_000_000  # bytes of the zip
MOST_UNPACKED = 200_000_000  # bytes of all that is read from it
MOST_ENTRIES, MOST_PICTURES, MOST_CLASSES, MOST_BOXES = 5000, 300, 100, 300
MOST_YAML = 100_000  # characters of a list of names
MOST_PROBLEMS = 20  # that are told at once
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp")
EDGE = 0.01  # of the picture: labels may stick out by so much, as rounding leaves them


@dataclass(frozen=True, eq=False)
class Labelled:
    """A picture in RGB and the objects in it, in its pixels."""

    name: str
    picture: Image.Image
    truth: tuple[Truth, ...]


@dataclass(frozen=True, eq=False)
class Collection:
    """Labelled pictures, the names of their classes, and what was done to make them readable. Two are never equal."""

    names: tuple[str, ...]
    examples: tuple[Labelled, ...]
    notes: tuple[str, ...] = ()

    @property
    def provenance(self) -> str:
        return f"Labelled pictures · {len(self.examples)} of them, as they are"

    @property
    def sentence(self) -> str:
        """How many there are of everything."""
        objects = sum(len(one.truth) for one in self.examples)
        named = ", ".join(self.names[:8]) + (f" and {len(self.names) - 8} more" if len(self.names) > 8 else "")
        return f"{len(self.examples)} pictures with {objects} objects of {len(self.names)} classes: {named}."


class Problems(ValueError):
    """A zip that cannot be used; ``problems`` are sentences, each naming the file and, where there is one, the line."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems[:1]))
        self.problems = problems


@dataclass
class Ledger:
    """Collects what is wrong until there is too much of it."""

    problems: list[str] = field(default_factory=list)

    def add(self, sentence: str) -> None:
        """Keep one sentence; raises ``Problems`` once there are enough."""
        self.problems.append(sentence)
        if len(self.problems) >= MOST_PROBLEMS:
            raise Problems([*self.problems, "There may be more: mend these first."])

    def check(self) -> None:
        """Raise ``Problems`` if anything is wrong."""
        if self.problems:
            raise Problems(self.problems)


@functools.lru_cache(maxsize=4)
def collection(file: bytes) -> Collection:
    """The labelled pictures in a zip. Nothing is unpacked to disk. Raises ``Problems``."""
    files = Files(file)
    tables = [name for name in files.names if name.lower().endswith(".json")]
    for name in tables:
        if (table := coco(files, name)) is not None:
            return from_coco(files, name, table)
    return from_yolo(files)


class Files:
    """The files in a zip by their paths; what could harm is refused before anything is read."""

    def __init__(self, file: bytes) -> None:
        if not file:
            raise Problems(["The file is empty: it has no bytes."])
        if len(file) > MOST_ZIPPED:
            raise Problems([f"The zip has {len(file) / 1e6:.0f} MB; at most {MOST_ZIPPED / 1e6:.0f} MB are read."])
        try:
            self.zip = zipfile.ZipFile(io.BytesIO(file))
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
            raise Problems(["This is not a zip, or it is damaged: pack the folder again."]) from None
        self.left = MOST_UNPACKED
        self.entries = {one.filename: one for one in self.zip.infolist() if not one.is_dir()}
        self.entries = {name: one for name, one in self.entries.items() if "__MACOSX/" not in name}
        self.names = sorted(self.entries)
        self.check()

    def check(self) -> None:
        """Raises ``Problems`` for paths that lead out of the folder, for bombs and for locked files."""
        if len(self.entries) > MOST_ENTRIES:
            raise Problems([f"The zip holds {len(self.entries):,} files; at most {MOST_ENTRIES:,} are read."])
        for name, entry in self.entries.items():
            if name.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", name) or ":" in name[:3]:
                raise Problems([f"The path {short(name)} leads out of the zip's own folder: nothing was read."])
            if entry.flag_bits & 1:
                raise Problems([f"{short(name)} is locked with a password: pack the folder without one."])
        total = sum(entry.file_size for entry in self.entries.values())
        if total > MOST_UNPACKED:
            raise Problems([
                f"The zip would unpack to {total / 1e6:,.0f} MB; at most {MOST_UNPACKED / 1e6:.0f} MB are read."
            ])  # fmt: skip

    def read(self, name: str, most: int = MOST_BYTES) -> bytes:
        """A file's bytes; no more are unpacked than the limits allow, whatever the zip says. Raises ``Problems``."""
        try:
            with self.zip.open(name) as file:
                content = file.read(min(most, self.left) + 1)
        except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError, ValueError):
            raise Problems([f"{short(name)} is damaged in the zip: pack the folder again."]) from None
        except Exception as error:  # zlib.error has no better base
            raise Problems([f"{short(name)} is damaged in the zip ({type(error).__name__})."]) from None
        self.left -= len(content)
        if len(content) > most:
            raise Problems([f"{short(name)} has more than {most / 1e6:.0f} MB."])
        if self.left < 0:
            raise Problems([f"The zip unpacks to more than {MOST_UNPACKED / 1e6:.0f} MB."])
        return content

    def text(self, name: str) -> str:
        """A text file. Raises ``Problems``."""
        try:
            return self.read(name).decode("utf-8-sig")
        except UnicodeDecodeError:
            raise Problems([f"{short(name)} is not text in UTF-8."]) from None

    def pictures(self) -> list[str]:
        """The paths of all pictures. Raises ``Problems`` for none or too many."""
        found = [name for name in self.names if name.lower().endswith(PICTURES)]
        if not found:
            raise Problems(["The zip holds no picture (PNG, JPEG, WebP, GIF or BMP)."])
        if len(found) > MOST_PICTURES:
            raise Problems([f"The zip holds {len(found)} pictures; at most {MOST_PICTURES} are trained on here."])
        return found

    def picture(self, name: str, ledger: Ledger, notes: list[str]) -> Image.Image | None:
        """A picture in RGB, upright; None if it cannot be read, which the ledger then says."""
        try:
            picture, done = opened(self.read(name))
        except Refused as refusal:
            return ledger.add(f"{short(name)}: {refusal}")
        notes += [f"{short(name)}: {sentence}" for sentence in done]
        return picture


def from_yolo(files: Files) -> Collection:
    """YOLO's format: beside each picture, or in ``labels/`` instead of ``images/``, a text file of the same name with a
    line for each object: class, middle across and down, width, height, in shares of the picture."""
    ledger, notes, examples = Ledger(), [], []
    names = class_names(files)
    for name in files.pictures():
        picture = files.picture(name, ledger, notes)
        if picture is None:
            continue
        labels = next((one for one in beside(name) if one in files.entries), "")
        lines = files.text(labels).splitlines() if labels else []
        truth = [one for one in objects(lines, labels, picture.size, names, ledger) if one]
        examples.append(smaller(name, picture, truth))
    ledger.check()
    return finished(names or numbered(examples), examples, notes)


def beside(name: str) -> Iterator[str]:
    """Where the labels of a picture may lie."""
    path = PurePosixPath(name).with_suffix(".txt")
    parts = path.parts
    for place in reversed([at for at, part in enumerate(parts) if part == "images"]):
        yield str(PurePosixPath(*parts[:place], "labels", *parts[place + 1 :]))
    yield str(path)


def objects(
    lines: list[str], file: str, size: tuple[int, int], names: tuple[str, ...], ledger: Ledger
) -> Iterator[Truth | None]:
    """The objects of one label file, line by line."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield object_in(line, size, names)
        except ValueError as error:
            ledger.add(f"{short(file)}, line {number}: {error}")


def object_in(line: str, size: tuple[int, int], names: tuple[str, ...]) -> Truth:
    """The object in one line, an outline of points being boxed in; ``ValueError`` says what is wrong with it."""
    words = line.split()
    if len(words) < 5 or (len(words) > 5 and len(words) % 2 == 0):
        raise ValueError(f"{len(words)} numbers where five are needed (class, x, y, width, height).")
    label = class_in(words[0], names)
    try:
        values = [float(word) for word in words[1:]]
    except ValueError:
        raise ValueError(f"{short(' '.join(words[1:]))} are not all numbers.") from None
    if not all(map(math.isfinite, values)):
        raise ValueError("a number is not finite.")
    if len(values) == 4:
        x, y, wide, high = values
        if wide <= 0 or high <= 0:
            raise ValueError(f"the box has width {wide:g} and height {high:g}; both must be above 0.")
        edges = x - wide / 2, y - high / 2, x + wide / 2, y + high / 2
    else:
        edges = min(values[::2]), min(values[1::2]), max(values[::2]), max(values[1::2])
    return within(label, edges, size)


def class_in(word: str, names: tuple[str, ...]) -> int:
    """A class's number."""
    if not re.fullmatch(r"\d{1,6}", word):
        raise ValueError(f"the class {short(word)} is not a whole number from 0 on.")
    label = int(word)
    if names and label >= len(names):
        raise ValueError(f"class {label} does not exist: there are {len(names)}, numbered 0 to {len(names) - 1}.")
    if label >= MOST_CLASSES:
        raise ValueError(f"class {label} is beyond the {MOST_CLASSES} that are trained on here.")
    return label


def within(label: int, edges: tuple[float, ...], size: tuple[int, int]) -> Truth:
    """An object from the edges of its box in shares of the picture; it must lie inside."""
    if min(edges) < -EDGE or max(edges) > 1 + EDGE:
        told = ", ".join(f"{edge:.3g}" for edge in edges)
        raise ValueError(f"the box reaches outside the picture (left, top, right, bottom: {told} of its sides).")
    inside = [min(max(edge, 0.0), 1.0) for edge in edges]
    if inside[2] <= inside[0] or inside[3] <= inside[1]:
        raise ValueError("the box has no area.")
    left, top, right, bottom = (edge * side for edge, side in zip(inside, size * 2, strict=True))
    return Truth(label, (left, top, right, bottom))


def smaller(name: str, picture: Image.Image, truth: list[Truth]) -> Labelled:
    """A labelled picture, made smaller together with its boxes where it is large."""
    reduced_picture = reduced(picture)
    scale = reduced_picture.width / picture.width
    boxes = tuple(Truth(one.label, tuple(edge * scale for edge in one.box)) for one in truth)  # ty: ignore
    return Labelled(name, reduced_picture, boxes)


def finished(names: tuple[str, ...], examples: list[Labelled], notes: list[str]) -> Collection:
    """All of it, if there is enough to train on. Raises ``Problems``."""
    used = [one for one in examples if one.truth]
    if len(used) < 2:
        raise Problems([
            f"{len(examples)} pictures were read, {len(used)} of them with labelled objects; at least two are needed. "
            "In YOLO's format the labels of images/cat.jpg lie in labels/cat.txt."
        ])  # fmt: skip
    if bare := len(examples) - len(used):
        notes = [*notes, f"{bare} pictures have no labels: they teach what is not an object."]
    return Collection(names, tuple(examples), tuple(notes))


def numbered(examples: list[Labelled]) -> tuple[str, ...]:
    """Names for classes that have none."""
    most = max((one.label for each in examples for one in each.truth), default=-1)
    return tuple(f"class {number}" for number in range(most + 1))


def class_names(files: Files) -> tuple[str, ...]:
    """The names in ``data.yaml`` or ``classes.txt``; none if there is neither. Raises ``Problems``."""
    for name in files.names:
        word = PurePosixPath(name).name.lower()
        if word in ("data.yaml", "data.yml", "dataset.yaml"):
            return checked(names_in(files.text(name), name), name)
        if word in ("classes.txt", "obj.names"):
            return checked([line.strip() for line in files.text(name).splitlines() if line.strip()], name)
    return ()


def names_in(text: str, file: str) -> list[str]:
    """The class names in a YAML file: a list, or a mapping from numbers. Raises ``Problems``."""
    import yaml

    try:
        table = yaml.safe_load(text[:MOST_YAML])
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise Problems([f"{short(file)}{line}: this is not YAML."]) from None
    except (ValueError, RecursionError):
        raise Problems([f"{short(file)}: this is not YAML."]) from None
    names = table.get("names") if isinstance(table, dict) else None
    if isinstance(names, dict):
        names = [names.get(number) for number in range(len(names))]
    return [str(name) for name in names] if isinstance(names, list) else []


def checked(names: list[str], file: str) -> tuple[str, ...]:
    """Class names, if they can be used. Raises ``Problems``."""
    if not names:
        raise Problems([f"{short(file)} has no list of class names (names: [cat, dog])."])
    if len(names) > MOST_CLASSES:
        raise Problems([f"{short(file)} names {len(names)} classes; at most {MOST_CLASSES} are trained on here."])
    plain = tuple("".join(sign for sign in name[:40] if sign.isprintable()).strip() for name in names)
    if twice := [name for at, name in enumerate(plain) if name in plain[:at]]:
        raise Problems([f"{short(file)} names the class {short(twice[0])} twice."])
    return plain


def coco(files: Files, name: str) -> dict | None:
    """A JSON file if it looks like COCO's. Raises ``Problems`` for one that is damaged."""
    try:
        table = json.loads(files.read(name, 20_000_000))
    except json.JSONDecodeError as error:
        raise Problems([f"{short(name)}, line {error.lineno}: this is not JSON ({error.msg})."]) from None
    except (UnicodeDecodeError, RecursionError, ValueError):
        raise Problems([f"{short(name)} cannot be read as JSON."]) from None
    is_coco = isinstance(table, dict) and all(isinstance(table.get(key), list) for key in ("images", "annotations"))
    return table if is_coco else None


def from_coco(files: Files, name: str, table: Mapping) -> Collection:
    """COCO's format: one JSON file with ``images``, ``annotations`` (bbox: left, top, width, height in pixels) and
    ``categories``."""
    ledger, notes, examples = Ledger(), [], []
    classes = categories(name, table)
    known = {PurePosixPath(one).name: one for one in files.pictures()}
    listed = [one for one in table["images"] if isinstance(one, dict)]
    by_id = {repr(one.get("id")): one for one in listed}
    own: dict[str, list[tuple[int, dict]]] = {}
    for number, one in enumerate(table["annotations"], start=1):
        if not isinstance(one, dict) or repr(one.get("image_id")) not in by_id:
            ledger.add(f"{short(name)}, annotation {number}: no image has its image_id.")
            continue
        own.setdefault(repr(one["image_id"]), []).append((number, one))
    for key, image in by_id.items():
        path = known.get(PurePosixPath(str(image.get("file_name"))).name)
        if path is None:
            ledger.add(f"{short(name)}: the picture {short(image.get('file_name'))} is not in the zip.")
            continue
        picture = files.picture(path, ledger, notes)
        if picture is not None:
            truth = [one for one in annotated(own.get(key, []), name, picture.size, list(classes), ledger) if one]
            examples.append(smaller(path, picture, truth))
    ledger.check()
    return finished(tuple(classes.values()), examples, notes)


def categories(name: str, table: Mapping) -> dict[str, str]:
    """The names of the classes by their ids, in order. Raises ``Problems``."""
    rows = table.get("categories")
    if not isinstance(rows, list) or not all(isinstance(one, dict) and "id" in one for one in rows):
        raise Problems([f"{short(name)} has no list of categories with ids and names."])
    return dict(
        zip(
            [repr(one["id"]) for one in rows],
            checked([str(one.get("name", one["id"])) for one in rows], name),
            strict=True,
        )
    )


def annotated(
    rows: list[tuple[int, dict]], file: str, size: tuple[int, int], ids: list[str], ledger: Ledger
) -> Iterator[Truth | None]:
    """The objects that a COCO file says are in one picture."""
    for number, one in rows:
        box = one.get("bbox")
        try:
            if repr(one.get("category_id")) not in ids:
                raise ValueError(f"category {short(one.get('category_id'))} does not exist.")
            if not isinstance(box, list) or len(box) != 4 or not all(type(edge) in (int, float) for edge in box):
                raise ValueError("its bbox is not four numbers (left, top, width, height).")
            if not all(map(math.isfinite, box)) or box[2] <= 0 or box[3] <= 0:
                raise ValueError(f"its box has width {box[2]:g} and height {box[3]:g}; both must be above 0.")
            edges = box[0] / size[0], box[1] / size[1], (box[0] + box[2]) / size[0], (box[1] + box[3]) / size[1]
            yield within(ids.index(repr(one["category_id"])), edges, size)
        except ValueError as error:
            ledger.add(f"{short(file)}, annotation {number}: {error}")
