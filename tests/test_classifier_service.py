"""The classifier for other programs, and in the forms that screens show: pictures, zips, and whatever else is sent."""

import io
import json
import zipfile
from pathlib import Path

import pytest
from starlette.applications import Starlette

from core.projects.classifier import screen, service, sketches
from core.projects.classifier.gallery import Album
from core.projects.classifier.incoming import MOST_ZIPPED


@pytest.fixture(scope="module")
def client():
    from starlette.testclient import TestClient

    with TestClient(Starlette(routes=service.routes())) as client:
        yield client


def classes(**extra: bytes) -> bytes:
    """A zip of three classes, eight sketches each, and further files by path."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("cat", "fish", "house"):
            for number in range(8):
                archive.writestr(f"{name}/{number}.png", sketches.sketch(name, number).content)
        archive.writestr("?/whiskers.png", sketches.fresh("a new cat").content)
        archive.writestr("?/door key.png", sketches.fresh("a key").content)
        for path, content in extra.items():
            archive.writestr(path, content)
    return file.getvalue()


def test_a_picture_is_answered_by_the_shipped_classes(client):
    reply = client.post(
        "/api/classifier", content=sketches.fresh("a new cat").content, headers={"Content-Type": "image/png"}
    )
    assert reply.status_code == 200
    told = reply.json()
    assert set(told) == set(service.KEYS) and told["answers"][0]["class"] == "cat"
    assert sum(told["answers"][0]["probabilities"].values()) == pytest.approx(1, abs=1e-4)


def test_a_zip_is_learned_from_and_its_question_folder_answered(client):
    body = classes(**{"cat/notes.jpg": b"text", "../out/1.png": sketches.sketch("cat", 3).content})
    for sent in (
        {"content": body, "headers": {"Content-Type": "application/zip"}},
        {"files": {"file": ("c.zip", body)}},
    ):
        told = client.post("/api/classifier", **sent).json()
        assert told["names"] == ["cat", "fish", "house"] and len(told["refused"]) == 2
        answers = {each["picture"]: each["class"] for each in told["answers"]}
        assert answers == {"whiskers.png": "cat", "door key.png": None}
        low, high = told["interval"]
        assert 0 <= low < told["held_out"]["right"] / told["held_out"]["pictures"] <= high <= 1


BAD = {
    "text as a picture": (b"I am not a picture.", "image/png", 422),
    "nothing": (b"", "image/jpeg", 422),
    "no zip": (b"PK\x03\x04 and no more", "application/zip", 422),
    "one class": (None, "application/zip", 422),
    "HTML": (b"<html>", "text/html", 415),
    "too large a picture": (b"\xff\xd8" + bytes(5_000_001), "image/jpeg", 413),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_answered_gets_one_sentence(client, name: str):
    body, kind, status = BAD[name]
    if body is None:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("cat/1.png", sketches.sketch("cat", 0).content)
        body = file.getvalue()
    reply = client.post("/api/classifier", content=body, headers={"Content-Type": kind})
    assert reply.status_code == status and len(reply.json()["error"]) > 15
    assert client.get("/api/classifier").status_code == 405


def test_the_description_fits_what_is_answered(client):
    told = client.get("/api/classifier/openapi.json").json()
    assert told["openapi"].startswith("3.1") and json.dumps(told)
    assert set(told["components"]["schemas"]["Answers"]["required"]) == set(service.KEYS)
    assert str(MOST_ZIPPED // 10**6) in told["paths"]["/api/classifier"]["post"]["description"]


# Screens


def last(steps):
    """What a generator yields at the end."""
    return list(steps)[-1]


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Four cats and a text."""
    for number in range(4):
        (tmp_path / f"{number}.png").write_bytes(sketches.sketch("cat", 50 + number).content)
    (tmp_path / "words.jpg").write_bytes(b"I am not a picture.")
    return sorted(map(str, tmp_path.iterdir()))


def test_a_screen_builds_an_album_step_by_step(files: list[str], tmp_path: Path):
    album, told = screen.emptied()
    assert album == Album() and screen.counted(album) == [] and screen.sheet(album) == []
    assert last(screen.learn(album, False, 0))[0].startswith("Two classes")
    assert screen.classify(album, files[0])[0].startswith("Two classes")
    assert screen.with_files(album, " ", files)[1].startswith("Give the class a name")
    album, told = screen.with_files(album, "cat", files)
    assert album.counts == (4,) and "4 pictures were added" in told and "words.jpg" in told
    assert screen.with_files(album, "cat", files[:1])[1] == "1 picture was added."
    zipped = tmp_path / "more.zip"
    zipped.write_bytes(classes())
    album, _ = screen.with_zip(album, str(zipped))
    assert screen.counted(album)[:2] == [["cat", 12], ["fish", 8]]
    album, told = screen.renamed(album, "cat", "tom")
    assert album.names[0] == "tom" and "no training" in told
    told, warnings = last(screen.learn(album, True, 3))
    assert "held-out pictures are answered right" in told and warnings
    sentence, chances, heat, near = screen.classify(album, files[0])
    assert sentence.startswith("Tom") and max(chances, key=chances.get) == "tom"
    assert heat.shape == (224, 224, 3) and len(near) == 6


def test_a_screen_says_what_is_wrong_and_keeps_the_album(files: list[str], tmp_path: Path):
    album = screen.start()
    (tmp_path / "no.zip").write_bytes(b"nothing")
    for ways in (
        screen.with_zip(album, str(tmp_path / "no.zip")), screen.with_zip(album, None),
        screen.with_files(album, "x", []), screen.with_files(album, "x", [str(tmp_path / "gone.png")]),
        screen.with_shot(album, "x", None), screen.renamed(album, "nobody", "x"), screen.renamed(album, "cat", " "),
    ):  # fmt: skip
        assert ways[0] == album and ways[1].strip()
    assert "not a picture" in screen.classify(album, files[-1])[0]
    assert screen.classify(album, None) == ("", {}, None, [])
