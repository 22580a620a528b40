"""The detection demo in a browser and as a Space: looked at, its sliders moved, assembled, called."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import looking
from demos_under_test import pinned, started
from PIL import Image

from core.projects.detection.examples import SEEDS, example
from demos import spaces
from demos.space_checks import faults

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:gradio_client", "ignore::ResourceWarning")


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's complete Space."""
    return spaces.assemble("yolo", tmp_path_factory.mktemp("yolo") / "space")


@pytest.fixture(scope="module")
def demo(space: Path) -> Iterator[str]:
    """The Space as the platform starts it: its own files alone."""
    with started(sys.executable, space, "app.py") as address:
        yield address


def test_a_space_is_complete_and_small(space: Path) -> None:
    assert faults(space) == [] and pinned("yolo")
    assert (space / "assets" / "detection" / "model.safetensors").is_file()
    assert (space / "core" / "projects" / "detection" / "detector.py").is_file()
    assert not (space / "core" / "topics").exists() and not (space / "pages").exists()
    assert not (space / "assets" / "mnist").exists()
    assert sum(path.stat().st_size for path in space.rglob("*")) < 8_000_000


def test_other_programs_are_answered(demo: str, tmp_path: Path) -> None:
    from gradio_client import Client, handle_file

    Image.fromarray(example(SEEDS["Photographed"]).picture).save(tmp_path / "sheet.png")
    (tmp_path / "words.png").write_text("I am not a picture.")
    client = Client(demo, verbose=False)
    told = client.predict(handle_file(str(tmp_path / "sheet.png")), 0.05, 0.5, api_name="/detect")
    assert told["width"] == 512 and told["detections"]
    refused = client.predict(handle_file(str(tmp_path / "words.png")), 0.05, 0.5, api_name="/detect")
    assert "not a picture" in refused["error"]
    named = client.view_api(return_format="dict")["named_endpoints"]
    assert set(named) == {"/detect", "/detect_video"}


def test_sliders_act_on_what_was_proposed(demo: str) -> None:
    """An example is looked at; then confidence moves, and the sentence on what the network did stays the same."""
    with looking(1200, 1500) as (page, watch):
        page.goto(demo)
        page.wait_for_function("document.querySelector('#speed textarea')?.value.includes('ms')", timeout=90_000)
        first = page.locator("#speed textarea").input_value()  # of the picture that the demo begins with
        page.locator("#examples button.thumbnail-item").nth(1).click(timeout=90_000)
        page.wait_for_function(
            "first => document.querySelector('#speed textarea').value !== first", arg=first, timeout=90_000
        )
        page.wait_for_function("document.querySelector('#found textarea').value.length > 9", timeout=60_000)
        speed = page.locator("#speed textarea").input_value()
        before = page.locator("#found textarea").input_value()
        slider = page.locator("#confidence input[type=number]")
        slider.fill("0.05")
        slider.press("Enter")
        page.wait_for_function(
            "before => document.querySelector('#found textarea').value !== before", arg=before, timeout=60_000
        )
        assert "found" in page.locator("#found textarea").input_value()
        assert page.locator("#speed textarea").input_value() == speed
        watch.clean()
