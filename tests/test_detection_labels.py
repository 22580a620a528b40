"""Learners' labelled pictures: zips in two formats, and every way in which they are wrong."""

import io
import json
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image

from core.projects.detection.lesson import labels, own
from core.projects.detection.lesson.labels import Labelled, Problems, collection
from core.projects.detection.lesson.seen import Truth

YAML = "names: [cat, dog]\n"


def picture(kind: str = "PNG", size: tuple[int, int] = (80, 60), mode: str = "RGB", **more) -> bytes:
    file = io.BytesIO()
    Image.new(mode, size, 90).save(file, kind, **more)
    return file.getvalue()


def packed(**files: bytes | str) -> bytes:
    """A zip; ``__`` in a name is a slash, ``_dot_`` a point."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in files.items():
            out.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return file.getvalue()


def yolo(line: str = "0 0.5 0.5 0.2 0.4", **more: bytes | str) -> bytes:
    """Two labelled pictures in YOLO's format, one of them with another line."""
    good = {
        "data_dot_yaml": YAML, "images__a_dot_png": picture(), "labels__a_dot_txt": "1 0.5 0.5 0.5 0.5\n",
        "images__b_dot_png": picture(), "labels__b_dot_txt": f"0 0.3 0.3 0.2 0.2\n{line}\n",
    }  # fmt: skip
    return packed(**{**good, **more})


def coco(**changes) -> bytes:
    """The same in COCO's format."""
    table = {
        "images": [{"id": 1, "file_name": "a.png"}, {"id": 2, "file_name": "b.png"}],
        "categories": [{"id": 7, "name": "cat"}, {"id": 9, "name": "dog"}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 9, "bbox": [20, 15, 40, 30]},
            {"id": 2, "image_id": 2, "category_id": 7, "bbox": [10, 10, 20, 20]},
        ],
    }
    table |= changes
    return packed(a_dot_png=picture(), b_dot_png=picture(), labels_dot_json=json.dumps(table))


def problems(file: bytes) -> list[str]:
    with pytest.raises(Problems) as found:
        collection(file)
    return found.value.problems


def test_both_formats_say_the_same():
    for file in (yolo(""), coco()):
        found = collection(file)
        assert found.names == ("cat", "dog") and len(found.examples) == 2
        first = found.examples[0].truth[0]
        assert first.label == 1 and np.allclose(first.box, (20, 15, 60, 45))


def test_labels_that_are_written_come_back(seed):
    draw = np.random.default_rng(seed)
    size = 320, 200
    rows = []
    for label in range(2):
        low = draw.uniform(0, 0.5, 2) * size
        rows.append(Truth(label, (*low.tolist(), *(low + draw.uniform(10, 90, 2)).tolist())))
    from core.projects.detection.lesson.school import lines_of

    one = Labelled("x", Image.new("RGB", size), tuple(rows))
    back = [labels.object_in(line, size, ("cat", "dog")) for line in lines_of(one).splitlines()]
    assert [each.label for each in back] == [0, 1]
    assert np.allclose([each.box for each in back], [each.box for each in rows], atol=1e-3)


def test_an_outline_is_boxed_in():
    found = collection(yolo("0 0.1 0.2 0.4 0.2 0.4 0.9"))
    assert np.allclose(found.examples[1].truth[1].box, (8, 12, 32, 54))


def test_names_may_be_numbered_or_a_text_file_or_missing():
    assert collection(yolo("", data_dot_yaml="path: .\nnames:\n  0: cat\n  1: dog\n")).names == ("cat", "dog")
    files = {"a_dot_png": picture(), "a_dot_txt": "1 0.5 0.5 0.5 0.5", "b_dot_jpg": picture("JPEG")}
    files |= {"b_dot_txt": "0 0.5 0.5 0.5 0.5"}
    assert collection(packed(classes_dot_txt="cat\ndog\n", **files)).names == ("cat", "dog")
    assert collection(packed(**files)).names == ("class 0", "class 1")


def test_turned_and_printed_pictures_are_made_readable():
    exif = Image.Exif()
    exif[0x0112] = 6
    turned, printed = picture("JPEG", (80, 60), exif=exif.tobytes()), picture("JPEG", mode="CMYK")
    deep = io.BytesIO()
    Image.fromarray(np.full((60, 80), 40_000, np.uint16)).save(deep, "PNG")
    found = collection(yolo("", images__a_dot_png=turned, images__b_dot_png=printed, images__c_dot_png=deep.getvalue()))
    assert found.examples[0].picture.size == (60, 80)
    assert all(one.picture.mode == "RGB" for one in found.examples)
    for word in ("EXIF", "CMYK", "16-bit", "have no labels"):
        assert any(word in note for note in found.notes), word


LINES = {
    "0 0.5 0.5 0.2": "4 numbers where five are needed",
    "0 0.5 0.5 0.2 0.2 0.3": "6 numbers where five are needed",
    "2 0.5 0.5 0.2 0.2": "class 2 does not exist: there are 2, numbered 0 to 1",
    "-1 0.5 0.5 0.2 0.2": "“-1” is not a whole number",
    "cat 0.5 0.5 0.2 0.2": "“cat” is not a whole number",
    "0 0.5 x 0.2 0.2": "are not all numbers",
    "0 nan 0.5 0.2 0.2": "not finite",
    "0 0.5 0.5 0 0.2": "width 0",
    "0 0.5 0.5 -0.1 0.2": "width -0.1",
    "0 0.95 0.5 0.2 0.2": "reaches outside the picture",
    "0 50 50 20 20": "reaches outside the picture",
    "0 <script> 0.5 0.2 0.2": "are not all numbers",
}


@pytest.mark.parametrize("line", LINES)
def test_a_wrong_line_is_named_with_its_file_and_number(line):
    (sentence,) = problems(yolo(line))
    assert "labels/b.txt" in sentence and "line 2" in sentence and LINES[line] in sentence, sentence


def test_many_wrong_lines_are_told_together_up_to_a_limit():
    found = problems(yolo("\n".join(["9 0.5 0.5 0.2 0.2"] * 500)))
    assert len(found) == labels.MOST_PROBLEMS + 1 and "There may be more" in found[-1]
    assert len(problems(yolo("9 0.5 0.5 0.2 0.2\n0 2 2 1 1"))) == 2


COCO = {
    "no such picture": ({"images": [{"id": 1, "file_name": "x.png"}, {"id": 2, "file_name": "b.png"}]}, "“x.png”"),
    "no such category": ({"categories": [{"id": 7, "name": "cat"}]}, "annotation 1: category “9” does not exist"),
    "no such image": ({"annotations": [{"image_id": 5, "category_id": 7, "bbox": [1, 1, 2, 2]}]}, "annotation 1"),
    "outside": (
        {"annotations": [{"image_id": 1, "category_id": 7, "bbox": [70, 10, 50, 20]}]},
        "annotation 1: the box reaches outside",
    ),
    "no numbers": ({"annotations": [{"image_id": 1, "category_id": 7, "bbox": "all"}]}, "not four numbers"),
    "no area": ({"annotations": [{"image_id": 1, "category_id": 7, "bbox": [1, 1, 0, 5]}]}, "width 0"),
    "no categories": ({"categories": None}, "no list of categories"),
    "strange": ({"annotations": [None, 7]}, "annotation 1"),
    "twice": ({"categories": [{"id": 7, "name": "cat"}, {"id": 9, "name": "cat"}]}, "“cat” twice"),
}


@pytest.mark.parametrize("kind", COCO)
def test_a_wrong_annotation_is_named(kind):
    changes, words = COCO[kind]
    assert any(words in sentence and "labels.json" in sentence for sentence in problems(coco(**changes)))


def test_damaged_json_is_named_with_its_line():
    (sentence,) = problems(packed(a_dot_png=picture(), labels_dot_json='{"images": [\n{"id": 1,,}]}'))
    assert "labels.json" in sentence and "line 2" in sentence


def bomb() -> bytes:
    """A small zip that unpacks to 300 MB."""
    return packed(data_dot_yaml=YAML, images__a_dot_png=b"\0" * 300_000_000)


def lying() -> bytes:
    """A zip that says its 40 MB picture has ten bytes."""
    file = bytearray(packed(a_dot_png=b"\0" * 40_000_000, a_dot_txt="0 0.5 0.5 0.5 0.5"))
    size = (40_000_000).to_bytes(4, "little")
    return bytes(file.replace(size, (10).to_bytes(4, "little")))


def huge() -> bytes:
    """A PNG that says it has 30,000 × 30,000 pixels."""
    head = b"IHDR" + (30_000).to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0"
    chunk = (13).to_bytes(4, "big") + head + zlib.crc32(head).to_bytes(4, "big")
    return b"\x89PNG\r\n\x1a\n" + chunk + picture()[33:]


ZIPS = {
    "nothing": (b"", "empty"),
    "text": (b"these are no labels", "not a zip"),
    "cut off": (yolo()[:-40], "not a zip"),
    "no pictures": (packed(data_dot_yaml=YAML), "holds no picture"),
    "bomb": (bomb, "would unpack to 300 MB"),
    "lying": (lying, "damaged"),
    "a way out": (packed(**{"..__..__etc__passwd_dot_png": picture()}), "leads out of the zip's own folder"),
    "a root": (packed(__tmp__a_dot_png=picture()), "leads out"),
    "a drive": (packed(**{"C:\\a_dot_png": picture()}), "leads out"),
    "a huge picture": (lambda: yolo("", images__a_dot_png=huge()), "million pixels"),
    "text called png": (yolo("", images__a_dot_png="hello"), "images/a.png"),
    "a script": (yolo("", images__a_dot_png="<svg onload=alert(1)>"), "SVG files are programs"),
    "labels that are no text": (yolo("", labels__a_dot_txt=b"\xff\xfe\x00\x80"), "not text in UTF-8"),
    "names that are no YAML": (yolo("", data_dot_yaml="names: [cat\n: :"), "line"),
    "no names": (yolo("", data_dot_yaml="path: here"), "no list of class names"),
    "an object in YAML": (yolo("", data_dot_yaml="names: !!python/object/apply:os.system ['true']"), "not YAML"),
    "no labels": (packed(a_dot_png=picture(), b_dot_png=picture()), "at least two are needed"),
    "too many classes": (yolo("", data_dot_yaml=f"names: [{', '.join(f'c{n}' for n in range(500))}]"), "names 500"),
    "too many pictures": (
        lambda: packed(**{f"i{number}_dot_png": b"x" for number in range(labels.MOST_PICTURES + 1)}), "at most 300",
    ),
    "too many files": (
        lambda: packed(**{f"i{number}_dot_txt": b"" for number in range(labels.MOST_ENTRIES + 1)}), "at most 5,000",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", ZIPS)
def test_a_zip_that_cannot_be_used_is_refused_with_a_sentence(kind):
    file, words = ZIPS[kind]
    found = problems(file() if callable(file) else file)
    assert any(words in sentence for sentence in found), found
    assert all(len(sentence) < 400 for sentence in found)


def test_a_locked_zip_is_refused():
    file = bytearray(yolo())
    at = 0
    while (at := file.find(b"PK\x01\x02", at)) >= 0:  # the list at the end: its flags say that a password is needed
        file[at + 8] |= 1
        at += 4
    assert "password" in problems(bytes(file))[0]


def test_random_damage_never_breaks_out(seeds):
    """Whatever bytes are changed: a collection or problems, nothing else."""
    for seed in seeds:
        draw = np.random.default_rng(seed)
        file = np.frombuffer(yolo(), np.uint8).copy()
        places = draw.integers(0, len(file), int(draw.integers(1, 12)))
        file[places] = draw.integers(0, 256, len(places))
        try:
            collection(file.tobytes())
        except Problems as found:
            assert found.problems and all(found.problems)


def test_pictures_labelled_here_become_a_collection():
    first, second = picture(), picture(size=(90, 50))
    box = Truth(0, (5.0, 5.0, 30.0, 30.0))
    names = own.names_from(" cat ,dog,, ")
    assert names == ("cat", "dog")
    found = own.labelled(names, (("a.png", first), ("b.png", second)), ((box,), (box,)))
    assert len(found.examples) == 2 and found.examples[1].picture.size == (90, 50)
    with pytest.raises(Problems, match="at least two pictures"):
        own.labelled(names, (("a.png", first), ("b.png", second)), ((box,), ()))
    for text in ("", ",", "cat, cat", ",".join(f"c{number}" for number in range(101))):
        with pytest.raises(Problems):
            own.names_from(text)
