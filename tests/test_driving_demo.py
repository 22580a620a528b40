"""The driving demo in a browser, through gradio_client and as a Space.

That a Space installs in a fresh environment is tested with the digit demo, whose way of being assembled it shares; here
the Space's folder runs alone in this environment.
"""

import json
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from browser import looking, until
from demos_under_test import pinned, started

from core.projects.driving import live, stream
from core.projects.driving.stream import CHUNK, measured, streamed
from demos import spaces
from demos.space_checks import faults

FLOOR = 850  # points on one unseen track
CALM = ("network", 0, 0, 0, 0, "rgb")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:gradio_client", "ignore::ResourceWarning")


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return spaces.assemble("driving", tmp_path_factory.mktemp("driving") / "space")


@pytest.fixture(scope="module")
def demo(space: Path) -> Iterator[str]:
    """The Space as the platform starts it: its own folder, nothing of the project beside it."""
    with started(sys.executable, space, "app.py") as address:
        yield address


def test_the_space_is_complete_and_small(space: Path) -> None:
    assert faults(space) == []
    assert (space / "assets" / "driving" / "driver.safetensors").is_file()
    assert not (space / "core" / "training").exists() and not (space / "pages").exists()
    assert sum(path.stat().st_size for path in space.rglob("*")) < 5_000_000
    assert pinned("driving")


def test_programs_are_answered(demo: str, seed: int) -> None:
    from gradio_client import Client
    from gradio_client.exceptions import AppError

    client = Client(demo, verbose=False)
    track = 100 + seed % 190_000
    told = client.predict(track, *CALM, api_name="/drive")
    assert told["finished"] and told["score"] >= FLOOR and told["expert_score"] >= FLOOR
    named = client.view_api(return_format="dict")["named_endpoints"]
    assert set(named) == {"/drive"}
    with pytest.raises(AppError, match="maximum"):
        client.predict(track, "network", 1e9, 0, 0, 0, "rgb", api_name="/drive")


def test_the_drive_is_seen_and_can_be_stopped(demo: str) -> None:
    with looking(1280, 1100) as (page, watch):
        page.goto(demo)
        film, word = page.get_by_label("A recorded lap"), page.locator(".cp-word")
        film.wait_for(timeout=90_000)  # nobody is met by an empty field
        assert "Press “Drive”" in word.inner_text() and "A recorded lap of the network" in word.inner_text()
        page.get_by_role("button", name="Drive", exact=True).click()
        page.wait_for_function("Number(document.querySelector('.cockpit')?.dataset.position) >= 60", timeout=120_000)
        assert not film.is_visible() and not word.is_visible()
        page.get_by_role("button", name="Stop").click()
        page.wait_for_timeout(1500)
        frames = page.locator(".cockpit").get_attribute("data-frames")
        page.wait_for_timeout(2500)
        assert page.locator(".cockpit").get_attribute("data-frames") == frames
        page.get_by_label("Moment of the drive").focus()
        page.keyboard.press("Home")
        page.wait_for_function("document.querySelector('.cockpit').dataset.position === '0'")
        watch.clean()


def test_chunks_overlap_so_that_one_may_be_missed(seed: int) -> None:
    chunks = []
    for text, _ in streamed(seed, *CALM):
        chunks.append(json.loads(text))
        if len(chunks) == 3:
            break
    ends = [one["first"] + len(one["messages"]) for one in chunks]
    assert chunks[2]["first"] == ends[0] < ends[1] < ends[2]
    assert len({one["drive"] for one in chunks}) == 1 and ends[2] >= 3 * CHUNK - 1


def test_the_third_visitor_is_told_the_place_and_watches_a_recorded_lap(seed: int) -> None:
    visitors = [streamed(seed, *CALM) for _ in range(3)]
    try:
        for visitor in visitors[:2]:
            next(visitor)
        text, sentence = next(visitors[2])
        assert "you are number 1 in line" in sentence
        (message,) = json.loads(text)["messages"]
        assert message["waiting"] == sentence and message["meanwhile"]
        visitors[0].close()  # stops: the third drives
        while "Step" not in sentence:
            text, sentence = next(visitors[2])
    finally:
        for visitor in visitors:
            visitor.close()
    until(lambda: stream.POOL.running == 0)


def test_after_the_last_frame_the_film_is_announced(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "STEPS", 60)
    monkeypatch.setattr(live, "drive", partial(live.drive, steps=60))
    said = list(streamed(seed, *CALM))
    sentences = [sentence for _, sentence in said]
    assert any("The video is being made: 50%" in sentence or "60%" in sentence for sentence in sentences)
    assert "Not finished" in sentences[-1] and "being made" not in sentences[-1]
    assert list(json.loads(said[-1][0])["messages"][-1]) == ["video"]


@pytest.mark.parametrize(
    "settings",
    [
        (-1, *CALM), (None, *CALM), (1e300, *CALM), ("<b>", *CALM), (7, "ghost", 0, 0, 0, 0, "rgb"),
        (7, ["cnn"], 0, 0, 0, 0, "rgb"), (7, "network", 0, 99, 0, 0, "rgb"), (7, "network", 0, 0, "dark", 0, "rgb"),
        (7, "network", 0, 0, 0, float("nan"), "rgb"), (7, "network", 0, 0, 0, 0, "xyz"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_answered_with_a_sentence(settings: tuple) -> None:
    ((nothing, sentence),) = streamed(*settings)
    assert nothing == "" and sentence.endswith(".") and len(sentence) < 200
    assert measured(*settings)["error"] == sentence
