"""The classifier's demo in a process of its own, as people start it and as a Space."""

import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import looking
from demos_under_test import pinned, started

from core.projects.classifier import sketches
from demos import spaces
from demos.space_checks import faults

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:gradio_client", "ignore::ResourceWarning")


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return spaces.assemble("classifier", tmp_path_factory.mktemp("space") / "space")


@pytest.fixture(scope="module")
def demo(space: Path) -> Iterator[str]:
    """The demo, running from its Space alone."""
    with started(sys.executable, space, "app.py") as address:
        yield address


def test_a_space_is_complete_and_small(space: Path) -> None:
    assert faults(space) == [] and pinned("classifier")
    assert (space / "assets" / "classifier" / "features.safetensors").is_file()
    assert not (space / "core" / "training").exists() and not (space / "pages").exists()
    assert sum(path.stat().st_size for path in space.rglob("*")) < 2_000_000


def test_a_program_brings_classes_trains_and_asks(demo: str, tmp_path: Path) -> None:
    from gradio_client import Client, handle_file

    with zipfile.ZipFile(tmp_path / "own.zip", "w") as archive:
        for name in ("star", "car", "key"):
            for number in range(8):
                archive.writestr(f"things/{name}/{number}.png", sketches.sketch(name, number).content)
    (tmp_path / "q.png").write_bytes(sketches.sketch("key", 77).content)
    (tmp_path / "words.png").write_bytes(b"I am not a picture.")
    client = Client(demo, verbose=False)
    named = set(client.view_api(return_format="dict")["named_endpoints"])
    assert named == {"/add_files", "/add_shot", "/add_zip", "/rename", "/empty", "/train", "/classify", "/pack"}
    client.predict(api_name="/empty")
    assert "24 pictures" in client.predict(handle_file(str(tmp_path / "own.zip")), api_name="/add_zip")
    assert "door key" in client.predict("key", "door key", api_name="/rename")
    assert "held-out pictures are answered right" in client.predict(False, 0, api_name="/train")[0]
    answer = client.predict(handle_file(str(tmp_path / "q.png")), False, 0, api_name="/classify")
    assert answer[0].startswith("Door key") and answer[1]["label"] == "door key" and len(answer[3]) == 6
    wrong = client.predict(handle_file(str(tmp_path / "words.png")), False, 0, api_name="/classify")
    assert "not a picture" in wrong[0]


def test_the_first_view_is_full_and_trains(demo: str) -> None:
    with looking(1280, 1000) as (page, watch):
        page.goto(demo)
        page.wait_for_function(
            "document.querySelectorAll('.thumbnail-item, .gallery-item').length > 30", timeout=90_000
        )
        page.get_by_role("tab", name="2 · Train").click()
        page.get_by_role("button", name="Train", exact=True).click()
        page.wait_for_function(
            "document.querySelector('#score textarea')?.value.includes('held-out pictures are answered right')",
            timeout=120_000,
        )
        watch.clean()
