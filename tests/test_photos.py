"""Pictures to look at with a kernel: shipped, generated, drawn, sent by strangers."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from core.data import photos
from core.data.photos import PHOTOGRAPHS, SHIPPED, SIDE, drawn, png, sheet, shipped, uploaded


def as_file(picture: Image.Image, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    picture.save(file, kind)
    return file.getvalue()


def as_address(file: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(file).decode()


@pytest.mark.parametrize("name", SHIPPED)
def test_what_is_shipped_is_a_square_of_greys(name):
    photo = shipped(name)
    assert photo.values.shape == (SIDE, SIDE) and 0 <= photo.values.min() < photo.values.max() <= 1
    rows = np.loadtxt(io.StringIO(photo.csv), delimiter=",")
    assert np.allclose(rows / 255, photo.values)
    assert photo.sentence == ""


def test_photographs_are_small_and_their_licences_are_named():
    files = sorted(photos.FOLDER.glob("*.png"))
    assert [file.stem for file in files] == sorted(PHOTOGRAPHS)
    assert sum(file.stat().st_size for file in files) < 200_000
    words = (photos.FOLDER / "README.md").read_text(encoding="utf-8")
    assert all(file.name in words for file in files) and "CC0" in words


def test_a_name_that_is_not_shipped_is_an_error():
    with pytest.raises(ValueError, match=r"no picture '\.\./cat'"):
        shipped("../cat")


def test_a_drawing_is_read_on_white_paper(seed):
    values = np.zeros((400, 400, 4), np.uint8)
    values[100:300, 200:, 3] = 255  # black ink on the right, the rest transparent
    photo = drawn(as_address(as_file(Image.fromarray(values))))
    assert photo.values[48, 10] == 1 and photo.values[48, 80] == 0 and photo.values[5, 80] == 1
    assert photo.sentence == "" and photo.name == "own drawing"


@pytest.mark.parametrize("picture", ["", None, sheet()])
def test_an_empty_sheet_says_so(picture):
    photo = drawn(picture)
    assert "empty" in photo.sentence and (photo.values == 1).all()


@pytest.mark.parametrize("picture", ["<script>", "data:image/png;base64,!!", 7, {"a": 1}, "data:image/png;base64,AAAA"])
def test_what_is_no_drawing_gets_one_sentence(picture):
    photo = drawn(picture)
    assert photo.sentence.endswith(".") or photo.sentence.endswith("…")
    assert (photo.values == 1).all()


def test_a_file_is_cut_to_its_middle_square(seed):
    values = np.zeros((120, 300), np.uint8)
    values[:, 90:210] = np.random.default_rng(seed).integers(0, 255, (120, 120))
    photo = uploaded(as_file(Image.fromarray(values)))
    middle = Image.fromarray(values[:, 90:210]).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    assert np.array_equal(np.asarray(middle), (photo.values * 255).round().astype(np.uint8))
    assert "300 × 120" in photo.sentence and "middle square" in photo.sentence


@pytest.mark.parametrize("file", [b"GIF89a", b"<svg></svg>", b"\x80\x04K\x01.", b"PK\x03\x04" + bytes(50)])
def test_a_file_that_is_no_picture_gets_one_sentence(file):
    photo = uploaded(file)
    assert photo.pixels == shipped("cat").pixels and 10 < len(photo.sentence) < 160


def test_no_file_yet():
    assert "No file yet" in uploaded(b"").sentence


def test_a_photo_survives_as_png(seed):
    photo = shipped("coins")
    assert uploaded(png(photo)).pixels == photo.pixels
