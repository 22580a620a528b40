"""The detector for strangers: hostile pictures and videos, the HTTP service, what screens show."""

import gzip
import json
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from hostile_pictures import HOSTILE, saved
from PIL import Image
from starlette.applications import Starlette

from core.projects.detection import screen, service
from core.projects.detection.drawings import CLASSES
from core.projects.detection.examples import SEEDS, example
from core.projects.detection.video import LARGEST, MOST_FRAMES, VideoError, film, watched
from core.serving import descriptions

JPEG = {"Content-Type": "image/jpeg"}


@pytest.fixture(scope="module")
def client():
    from starlette.testclient import TestClient

    with TestClient(Starlette(routes=[*service.routes(), *descriptions.routes()])) as client:
        yield client


@pytest.fixture(scope="module")
def sheet() -> bytes:
    return saved(Image.fromarray(example(SEEDS["Photographed"]).picture), "JPEG", quality=92)


# The service


def test_a_picture_is_answered_with_boxes(client, sheet: bytes) -> None:
    reply = client.post("/api/detect?confidence=0.01", content=sheet, headers=JPEG)
    assert reply.status_code == 200
    told = reply.json()
    assert (told["width"], told["height"]) == (512, 512) and told["detections"]
    scores = [one["score"] for one in told["detections"]]
    assert scores == sorted(scores, reverse=True) and scores[-1] > 0.01
    assert {one["class"] for one in told["detections"]} <= set(CLASSES)
    assert set(told["milliseconds"]) == {"prepare", "network", "decode"}


def test_settings_are_heeded_and_checked(client, sheet: bytes) -> None:
    counts = [
        len(client.post(f"/api/detect?confidence={sure}", content=sheet, headers=JPEG).json()["detections"])
        for sure in (0.005, 0.05, 0.99)
    ]
    assert counts == sorted(counts, reverse=True) and counts[0] > counts[2]
    for query in ("confidence=2", "confidence=0", "confidence=cat", "iou=-1", "iou=nan", "parts=99", "parts=1e400"):
        reply = client.post(f"/api/detect?{query}", content=sheet, headers=JPEG)
        assert reply.status_code == 422 and "is a number from" in reply.json()["error"]
    assert client.post("/api/detect?parts=2", content=sheet, headers=JPEG).status_code == 200


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pictures_get_4xx_and_the_server_stays_up(client, name: str) -> None:
    reply = client.post("/api/detect", content=HOSTILE[name][0], headers={"Content-Type": "image/png"})
    assert reply.status_code == (413 if name == "too many bytes" else 422)
    assert reply.json()["error"].endswith(".")
    assert client.get("/api/openapi.json").status_code == 200


def test_other_methods_and_types_are_refused(client, sheet: bytes) -> None:
    assert client.get("/api/detect").status_code == 405
    for kind in ("text/plain", "image/svg+xml", "application/json", ""):
        reply = client.post("/api/detect", content=b"x", headers={"Content-Type": kind})
        assert reply.status_code == 415 and "Send" in reply.json()["error"]
    packed = {"Content-Type": "image/jpg", "Content-Encoding": "gzip"}
    assert client.post("/api/detect", content=gzip.compress(sheet), headers=packed).status_code == 200
    assert client.post("/api/detect", files={"any": ("sheet.jpg", sheet)}).status_code == 200


def test_cmyk_16_bit_turned_and_transparent_pictures_are_read_and_say_so(client) -> None:
    upright = Image.fromarray(example(SEEDS["Photographed"]).picture)
    exif = Image.Exif()
    exif[0x0112] = 6
    deep = Image.fromarray(np.asarray(upright.convert("L")).astype(np.uint16) * 257)
    cases = {
        "CMYK": saved(upright.convert("CMYK"), "JPEG"),
        "EXIF": saved(upright.rotate(90, expand=True), "JPEG", exif=exif),
        "16-bit": saved(deep),
    }
    for word, file in cases.items():
        told = client.post("/api/detect", content=file, headers={"Content-Type": "application/octet-stream"}).json()
        assert len(told["notes"]) == 1 and word in told["notes"][0]
    for mode in ("RGBA", "LA", "P", "1", "L"):
        reply = client.post("/api/detect", content=saved(upright.convert(mode)), headers={"Content-Type": "image/png"})
        assert reply.status_code == 200, mode


def test_the_description_fits_the_answers(client, sheet: bytes) -> None:
    import jsonschema

    told = client.get("/api/openapi.json").json()
    assert told == descriptions.description() and {"/api/mnist", "/api/detect"} <= set(told["paths"])
    good = client.post("/api/detect?confidence=0.01", content=sheet, headers=JPEG)
    jsonschema.validate(good.json(), {**told, "$ref": "#/components/schemas/Detections"})
    bad = client.post("/api/detect", content=b"", headers=JPEG)
    jsonschema.validate(bad.json(), told["components"]["schemas"]["Error"])
    assert {"200", "413", "415", "422"} == set(told["paths"]["/api/detect"]["post"]["responses"])


# Videos


def made(path: Path, frames: int, rate: float = 10, size: tuple[int, int] = (64, 48), code: str = "VP80") -> Path:
    """A video of a moving square."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*code), rate, size)
    for number in range(frames):
        picture = np.full((size[1], size[0], 3), 255, np.uint8)
        left = number % (size[0] - 20)
        cv2.rectangle(picture, (left, 10), (left + 15, 25), (0, 0, 0), 2)
        writer.write(picture)
    writer.release()
    return path


def frames_of(path: Path) -> int:
    reader = cv2.VideoCapture(str(path))
    count = 0
    while reader.read()[0]:
        count += 1
    reader.release()
    return count


def test_a_video_comes_back_with_every_frame(tmp_path: Path) -> None:
    source, out = made(tmp_path / "in.webm", 7), tmp_path / "out.webm"
    seen = list(watched(source, out, every=2))
    assert [one.number for one in seen] == [0, 2, 4, 6] and seen[-1].share == 1
    assert all(one.share <= other.share for one, other in pairwise(seen))
    assert frames_of(out) == 7


def test_a_video_stopped_half_way_is_whole_up_to_there(tmp_path: Path) -> None:
    source, out = made(tmp_path / "in.webm", 30), tmp_path / "out.webm"
    seen = []
    for one in watched(source, out, stopped=lambda: len(seen) >= 5):
        seen.append(one)
    assert len(seen) == 5 and frames_of(out) == 5
    closed = watched(source, out)
    next(closed)
    closed.close()
    assert frames_of(out) == 1


def test_a_large_video_comes_back_smaller(tmp_path: Path) -> None:
    source, out = made(tmp_path / "in.avi", 1, size=(1282, 722), code="MJPG"), tmp_path / "out.webm"
    list(watched(source, out))
    assert max(film(out).size) <= LARGEST and all(length % 2 == 0 for length in film(out).size)


def test_hostile_videos_get_one_clear_sentence(tmp_path: Path) -> None:
    long = made(tmp_path / "long.avi", 200, rate=1, size=(16, 16), code="MJPG")
    hours = made(tmp_path / "hours.avi", 3, size=(16, 16), code="MJPG").read_bytes()
    place = hours.index(b"avih") + 8 + 16  # dwTotalFrames
    stream = hours.index(b"strh") + 8 + 32  # dwLength
    count = (10 * 3600 * 10).to_bytes(4, "little")
    hours = hours[:place] + count + hours[place + 4 : stream] + count + hours[stream + 4 :]
    whole = made(tmp_path / "in.webm", 9).read_bytes()
    cases = {
        "text.mp4": (b"I am not a video.", "not a video"),
        "empty.mp4": (b"", "no bytes"),
        "picture.mp4": (saved(Image.new("RGB", (9, 9))), "not a video"),
        "list.mp4": (b"#EXTM3U\nfile:///etc/passwd\n", "not a video"),
        "concat.mp4": (b"ffconcat version 1.0\nfile /etc/passwd\n", "not a video"),
        "head.mp4": (b"\0\0\0\x18ftypmp42" + bytes(200), "damaged"),
        "head.webm": (whole[:60], "damaged"),
        "long.avi": (long.read_bytes(), "3 minutes long"),
        "hours.avi": (hours, "10.0 hours long"),
    }
    for name, (content, words) in cases.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(VideoError, match=words) as refusal:
            list(watched(path, tmp_path / "out.webm"))
        said = str(refusal.value)
        assert said[0].isupper() and said.endswith(".") and len(said) < 160, name
    assert MOST_FRAMES < 10_000


# What screens show


@pytest.fixture
def path(sheet: bytes, tmp_path: Path) -> str:
    (tmp_path / "sheet.jpg").write_bytes(sheet)
    return str(tmp_path / "sheet.jpg")


def test_a_picture_is_looked_at_once_and_settled_often(path: str) -> None:
    looked, sentence = screen.look(path)
    assert looked is not None and "boxes proposed" in sentence and "ms" in sentence
    picture, words, rows, lost = screen.shown(looked, 0.02, 0.5, None, True)
    assert picture is not None and picture.shape == (512, 512, 3) and "found" in words
    assert len(rows) >= 1 and all(len(row) == len(screen.COLUMNS) for row in rows)
    assert lost and all(len(row) == len(screen.SUPPRESSED_COLUMNS) and row[2] > 0.5 for row in lost)
    assert all(row[1] <= row[4] for row in lost)
    plain = screen.shown(looked, 0.02, 0.5, None, False)[0]
    assert (picture != plain).any()
    assert "Nothing is found" in screen.shown(looked, 0.999, 0.5, None, False)[1]
    assert "Nothing is found" in screen.shown(looked, 0.02, 0.5, ["no such class"], False)[1]
    assert screen.shown(None, 0.5, 0.5, None, True) == (None, "", [], [])


def test_refusals_reach_the_screen(tmp_path: Path, path: str) -> None:
    (tmp_path / "words.jpg").write_text("I am not a picture.")
    assert screen.look(None) == (None, screen.NOTHING)
    assert "not a picture" in screen.look(str(tmp_path / "words.jpg"))[1]
    assert "not there any more" in screen.look(str(tmp_path / "gone.png"))[1]
    assert "publishes no" in screen.look(path, "nonsense")[1]
    assert "would be downloaded" in screen.offered("yolo11m.pt") and "AGPL-3.0" in screen.offered("")
    assert "Name a model" in screen.offered("?")
    assert "error" in screen.described_file(str(tmp_path / "words.jpg"))
    assert set(screen.described_file(path)) == {"width", "height", "detections", "notes"}


def test_results_are_taken_away_in_every_format(path: str) -> None:
    looked, _ = screen.look(path)
    for kind, ending in screen.FORMATS.items():
        file = Path(str(screen.exported(looked, 0.02, 0.5, None, kind)))
        assert file.suffix == f".{ending}" and file.stat().st_size > 0
    assert json.loads(Path(str(screen.exported(looked, 0.02, 0.5, [], "COCO"))).read_text())["annotations"]
    assert screen.exported(None, 0.5, 0.5, None, "JSON") is None
    assert screen.exported(looked, 0.5, 0.5, None, "../../x") is None


def test_drawn_sheets_and_webcam_frames_are_looked_at() -> None:
    assert screen.drawn_sheet(None) is None
    assert screen.drawn_sheet({"composite": np.full((20, 20, 3), 255, np.uint8)}) is None
    canvas = np.full((200, 200, 4), 255, np.uint8)
    cv2.circle(canvas, (90, 90), 50, (0, 0, 0, 255), 4)
    path = screen.drawn_sheet({"composite": canvas})
    assert path and screen.look(path)[0] is not None
    assert screen.glimpsed(None, 0.3, 0.5) is None
    frame = screen.glimpsed(canvas[..., :3], 0.3, 0.5)
    assert frame is not None and frame.shape == (200, 200, 3)


def test_a_video_on_screen_tells_its_progress_and_can_be_stopped(tmp_path: Path) -> None:
    source = str(made(tmp_path / "in.webm", 12))
    told = list(screen.filmed(source, 0.3, 0.5, 3, "one"))
    assert len(told) == 5 and all("% of 12 frames" in words for _, words, _ in told[:-1])
    assert told[-1][2] and frames_of(Path(told[-1][2])) == 12 and "4 frames looked at" in told[-1][1]
    running = screen.filmed(source, 0.3, 0.5, 1, "two")
    next(running)
    screen.stop("somebody else")
    next(running)
    screen.stop("two")
    *_, last = running
    assert last[2] and frames_of(Path(last[2])) == 2
    assert "not a video" in next(screen.filmed(__file__, 0.3, 0.5, 1))[1]
    assert list(screen.filmed(None, 0.3, 0.5, 1)) == [(None, "Give a video.", None)]


def test_examples_are_files_with_captions() -> None:
    made = screen.example_files()
    assert [caption for _, caption in made] == list(SEEDS)
    assert all(screen.look(path)[0] is not None for path, _ in made)


def test_a_film_s_summary_counts_frames_and_no_thing_twice_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = screen.shipped().names[0], screen.shipped().names[1]
    seen = [[0.0, 0.0, 1.0], [0.0], []]
    frames = [SimpleNamespace(picture=None, share=1.0, left=0.0, found=SimpleNamespace(classes=each)) for each in seen]
    monkeypatch.setattr(screen, "film", lambda path: SimpleNamespace(frames=3))
    monkeypatch.setattr(screen, "watched", lambda *given: iter(frames))
    *_, (_, words, _) = screen.filmed("in.webm", 0.3, 0.5, 1)
    assert words == f"3 frames looked at. Found, in frames: {first} (2), {second} (1)."
