"""The digit recogniser for strangers: hostile uploads, the HTTP service, what screens show."""

import base64
import gzip
import json
import random

import numpy as np
import pytest
from hostile_pictures import HOSTILE, saved
from PIL import Image
from starlette.applications import Starlette

from core.models.digits import NAMES
from core.projects.mnist import screen
from core.projects.mnist.recognizer import read_file
from core.projects.mnist.service import answer, description, routes
from core.serving.uploads import Refused, opened


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_gets_one_clear_sentence(name: str) -> None:
    file, words = HOSTILE[name]
    with pytest.raises(Refused, match=words) as refusal:
        opened(file)
    said = str(refusal.value)
    assert said[0].isupper() and said.endswith((".", "…")) and "Error" not in said and len(said) < 160


def test_bytes_at_random_never_crash(seeds: list[int]) -> None:
    whole = saved(plain_four())
    for seed in seeds:
        draw = random.Random(seed)
        broken = bytearray(whole)
        for _ in range(draw.randint(1, 30)):
            broken[draw.randrange(len(broken))] = draw.randrange(256)
        try:
            opened(bytes(broken[: draw.randrange(10, len(broken))]))
        except Refused:
            continue


def plain_four() -> Image.Image:
    """A four, black on white, upright."""
    from PIL import ImageDraw

    picture = Image.new("L", (300, 300), 255)
    for line in ([(170, 40), (80, 180), (230, 180)], [(190, 120), (190, 260)]):
        ImageDraw.Draw(picture).line(line, 0, 16, "curve")
    return picture


def test_cmyk_16_bit_and_turned_pictures_are_read_and_say_so() -> None:
    upright = plain_four()
    turned = upright.rotate(90, expand=True)  # counter-clockwise, so the tag asks for a clockwise quarter
    exif = Image.Exif()
    exif[0x0112] = 6
    deep = Image.fromarray(np.asarray(upright).astype(np.uint16) * 257)
    cases = {
        "CMYK": saved(upright.convert("CMYK"), "JPEG"),
        "EXIF": saved(turned, "JPEG", exif=exif),
        "16-bit": saved(deep),
    }
    for word, file in cases.items():
        reading = read_file(file)
        assert reading.digit == 4, word
        assert len(reading.notes) == 1 and word in reading.notes[0]
    assert read_file(saved(upright)).notes == ()


# The service


@pytest.fixture(scope="module")
def client():
    from starlette.testclient import TestClient

    with TestClient(Starlette(routes=routes())) as client:
        yield client


def test_a_picture_and_json_are_read_alike(client) -> None:
    small = plain_four().resize((28, 28), Image.Resampling.LANCZOS)
    by_file = client.post("/api/mnist", content=saved(small), headers={"Content-Type": "image/png"})
    rows = np.asarray(small).tolist()
    by_json = client.post("/api/mnist", json={"pixels": rows})
    by_share = client.post("/api/mnist", json={"pixels": (np.asarray(small) / 255).tolist()})
    assert by_file.status_code == by_json.status_code == by_share.status_code == 200
    assert by_file.json() == by_json.json() == by_share.json()
    assert by_json.json()["digit"] == 4
    assert set(by_json.json()["probabilities"]) == set(NAMES)


ROWS = [[0] * 28 for _ in range(28)]
BAD_JSON = [
    b"", b"{", b"[]", b"null", b"7", b'{"pixels": 7}', b'{"pixels": []}', b'{"pixels": {}}', b"[" * 100_000,
    json.dumps({"pixels": ROWS[1:]}).encode(), json.dumps({"pixels": [[*row, 0] for row in ROWS]}).encode(),
    json.dumps({"pixels": [["0"] * 28] * 28}).encode(), json.dumps({"pixels": [[True] * 28] * 28}).encode(),
    json.dumps({"pixels": [[float("nan")] * 28] * 28}).encode(), json.dumps({"pixels": [[-1] * 28] * 28}).encode(),
    json.dumps({"pixels": [[256] * 28] * 28}).encode(), json.dumps({"pixels": [[10**400] * 28] * 28}).encode(),
    json.dumps({"pixels": [[None] * 28] * 28}).encode(), b"\xff\xfe\x00",
]  # fmt: skip


@pytest.mark.parametrize("place", range(len(BAD_JSON)))
def test_bad_json_gets_422_and_a_sentence(client, place: int) -> None:
    reply = client.post("/api/mnist", content=BAD_JSON[place], headers={"Content-Type": "application/json"})
    assert reply.status_code == 422
    assert "28 rows of 28 numbers" in reply.json()["error"]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bodies_get_4xx_and_the_server_stays_up(client, name: str) -> None:
    reply = client.post("/api/mnist", content=HOSTILE[name][0], headers={"Content-Type": "image/png"})
    assert reply.status_code == (413 if name == "too many bytes" else 422)
    assert reply.json()["error"].endswith(".")
    assert client.get("/api/openapi.json").status_code == 200


def test_other_methods_and_types_are_refused(client) -> None:
    assert client.get("/api/mnist").status_code == 405
    for kind in ("text/plain", "image/svg+xml", ""):
        reply = client.post("/api/mnist", content=b"x", headers={"Content-Type": kind})
        assert reply.status_code == 415 and "Send" in reply.json()["error"]


def test_a_picture_may_come_packed_in_a_form_or_under_another_name(client) -> None:
    file = saved(plain_four(), "JPEG")
    plain = client.post("/api/mnist", content=file, headers={"Content-Type": "image/jpeg"}).json()
    assert plain["digit"] == 4
    packed = {"Content-Type": "image/jpg", "Content-Encoding": "gzip"}
    assert client.post("/api/mnist", content=gzip.compress(file), headers=packed).json() == plain
    assert client.post("/api/mnist", files={"anything": ("four.jpg", file)}).json() == plain
    two = {"one": ("four.jpg", file), "other": ("four.jpg", file)}
    assert client.post("/api/mnist", files=two).status_code == 422
    assert client.post("/api/mnist", files={"text": ("four.txt", b"4")}).status_code == 415


def test_an_empty_canvas_is_422_with_its_sentence(client) -> None:
    assert answer(json.dumps({"pixels": ROWS}).encode(), "application/json") == (
        422,
        {"error": "The canvas is empty: draw one digit."},
    )


def test_the_description_fits_the_answers(client) -> None:
    import jsonschema

    told = client.get("/api/openapi.json").json()
    assert told == description()
    shapes = told["components"]["schemas"]
    good = client.post("/api/mnist", json={"pixels": np.asarray(plain_four().resize((28, 28))).tolist()})
    jsonschema.validate(good.json(), {**told, "$ref": "#/components/schemas/Reading"})  # it names other shapes
    bad = client.post("/api/mnist", content=b"", headers={"Content-Type": "image/png"})
    jsonschema.validate(bad.json(), shapes["Error"])
    asked = told["paths"]["/api/mnist"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    jsonschema.validate({"pixels": ROWS}, asked)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"pixels": ROWS[1:]}, asked)
    answered = set(told["paths"]["/api/mnist"]["post"]["responses"])
    assert {str(good.status_code), str(bad.status_code), "413", "415"} <= answered


# What screens show


def data_url(picture: Image.Image) -> str:
    return "data:image/png;base64," + base64.b64encode(saved(picture)).decode()


def test_a_drawing_is_read_explained_and_changed() -> None:
    url = data_url(plain_four())
    sentence, chances, seen = screen.read_drawing(url)
    assert sentence.startswith("A 4") and max(chances, key=chances.get) == "4" and seen.shape == (224, 224)
    words, speaking, alike = screen.explained(url)
    assert words == sentence and speaking.shape == (224, 224, 3) and len(alike) == 8
    words, edited = screen.changed(url, "9")
    assert "makes it a 9" in words and edited.shape == (224, 224, 3)
    assert "already" in screen.changed(url, "4")[0]


@pytest.mark.parametrize("picture", [None, "", "hello", "data:text/html;base64,aGk=", "data:image/png;base64,%%%"])
def test_what_is_no_drawing_gets_a_sentence(picture: str | None) -> None:
    for words in (screen.read_drawing(picture)[0], screen.explained(picture)[0], screen.changed(picture, "3")[0]):
        assert words.endswith((".", "…"))


def test_many_files_get_a_row_each(tmp_path) -> None:
    (tmp_path / "four.png").write_bytes(saved(plain_four()))
    (tmp_path / "text.png").write_bytes(b"hello")
    paths = [str(tmp_path / name) for name in ("four.png", "text.png", "gone.png")]
    rows = screen.read_files(paths)
    assert [row[0] for row in rows] == ["four.png", "text.png", "gone.png"]
    assert rows[0][1] == "4" and rows[1][1] == "" and "not a picture" in rows[1][3] and "not there" in rows[2][3]
    assert "Only the first" in screen.read_files(paths[:1] * (screen.MOST_FILES + 1))[-1][3]
    assert screen.read_files(None) == []


def test_examples_read_as_their_names() -> None:
    for place, (_, name) in enumerate(screen.examples()):
        sentence, *_ = screen.read_drawing(screen.example(place))
        assert sentence.startswith(f"{'An' if name == '8' else 'A'} {name}")
