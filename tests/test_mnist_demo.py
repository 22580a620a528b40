"""The digit demo in a browser and as a Space: drawn on with mouse, touch and keys, assembled, installed, called."""

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from browser import looking
from demos_under_test import pinned, started
from PIL import Image, ImageDraw

from demos import spaces
from demos.space_checks import SpaceError, faults

SEVEN = [(0.28, 0.25), (0.72, 0.25), (0.6, 0.45), (0.5, 0.65), (0.42, 0.82)]
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:gradio_client", "ignore::ResourceWarning")


@pytest.fixture(scope="module")
def demo() -> Iterator[str]:
    """The demo as people start it."""
    with started(sys.executable, spaces.ROOT, "-m", "demos.mnist.app") as address:
        yield address


def pad(page, address: str) -> dict:
    """Opens the demo; where its canvas is, once nothing moves or covers it any more."""
    page.goto(address)
    canvas = page.locator("#pad canvas")
    canvas.hover(timeout=90_000)
    return canvas.bounding_box()


def answered(page, text: str) -> None:
    """Waits until the answer begins with ``text``."""
    page.wait_for_function(
        "text => document.querySelector('#answer textarea').value.startsWith(text)", arg=text, timeout=60_000
    )


def drawn(page, box: dict, points=SEVEN) -> None:
    """Draws with the mouse and leaves the button down."""
    at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*at[0])
    page.mouse.down()
    for x, y in at[1:]:
        page.mouse.move(x, y, steps=8)


def test_the_mouse_draws_and_the_answer_follows_while_it_does(demo: str) -> None:
    with looking(1200, 1400) as (page, watch):
        box = pad(page, demo)
        answered(page, "A 3")  # which gives way to the first stroke
        drawn(page, box)
        answered(page, "A 7")  # the button is still down
        page.mouse.up()
        assert "7" in page.locator("#chances").inner_text()
        page.get_by_role("button", name="Undo").click()
        answered(page, "The canvas is empty")
        drawn(page, box)
        page.mouse.up()
        answered(page, "A 7")
        page.get_by_role("button", name="Explain this answer").click()
        page.wait_for_function("document.body.innerText.includes('makes it a 3')", timeout=90_000)
        page.get_by_role("button", name="Clear").click()
        answered(page, "The canvas is empty")
        watch.clean()


def test_an_example_is_put_on_the_pad(demo: str) -> None:
    with looking(1200, 1400) as (page, watch):
        pad(page, demo)
        page.locator("button.thumbnail-item").nth(4).click()
        answered(page, "A 4")
        watch.clean()


def test_a_finger_draws_on_a_phone(demo: str) -> None:
    with looking(390, 844, touch=True) as (page, watch):
        box = pad(page, demo)
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390
        session = page.context.new_cdp_session(page)
        points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in SEVEN]
        between = [
            (a + (c - a) * step / 6, b + (d - b) * step / 6) for (a, b), (c, d) in pairwise(points) for step in range(6)
        ]
        for place, (x, y) in enumerate([*between, points[-1]]):
            kind = "touchMove" if place else "touchStart"
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        answered(page, "A 7")
        watch.clean()


def test_the_keyboard_draws(demo: str) -> None:
    with looking(1200, 1400) as (page, watch):
        pad(page, demo)
        page.locator("#pad canvas").focus()
        for key, times in (("ArrowUp", 14), (" ", 1), ("ArrowDown", 28), (" ", 1)):
            for _ in range(times):
                page.keyboard.press(key)
        answered(page, "A 1")
        page.keyboard.press("c")
        answered(page, "The canvas is empty")
        watch.clean()


# As a Space


@pytest.fixture
def space(tmp_path: Path) -> Path:
    return spaces.assemble("mnist", tmp_path / "space")


def test_a_space_is_complete_and_small(space: Path) -> None:
    assert faults(space) == []
    assert (space / "assets" / "mnist" / "weights.safetensors").is_file()
    assert (space / "core" / "projects" / "mnist" / "recognizer.py").is_file()
    assert not (space / "core" / "training").exists() and not (space / "pages").exists()
    assert not list(space.rglob("__pycache__"))
    assert sum(path.stat().st_size for path in space.rglob("*")) < 5_000_000


FAULTS = {
    "not pinned": lambda space: (space / "requirements.txt").write_text("numpy>=2\n"),
    "names gradio": lambda space: (space / "requirements.txt").open("a").write("gradio==6.31.0\n"),
    "scipy is imported": lambda space: remove(space / "requirements.txt", "scipy==1.17.1\n"),
    "requirements.txt is missing": lambda space: (space / "requirements.txt").unlink(),
    "sdk_version": lambda space: remove(space / "README.md", "sdk_version: 6.31.0\n"),
    "python_version must be set": lambda space: remove(space / "README.md", 'python_version: "3.11"\n'),
    "colorFrom": lambda space: replace(space / "README.md", "colorFrom: blue", "colorFrom: mauve"),
    "60 characters": lambda space: replace(
        space / "README.md", "short_description: ", "short_description: " + "x" * 60
    ),
    "two lines of ---": lambda space: replace(space / "README.md", "---\n", ""),
    "not YAML": lambda space: replace(space / "README.md", "title: ", "title: ["),
    "README.md with": lambda space: (space / "README.md").unlink(),
    "app.py is missing": lambda space: (space / "app.py").unlink(),
    "no module-level demo": lambda space: (space / "app.py").write_text("print('hello')\n"),
    "may run code": lambda space: (space / "assets" / "weights.pt").write_bytes(b"x"),
    "larger than 10 MB": lambda space: (space / "film.mp4").write_bytes(bytes(10_000_001)),
    "a secret": lambda space: (space / ".env").write_text("HF_TOKEN=x"),
}


def replace(path: Path, old: str, new: str) -> None:
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def remove(path: Path, line: str) -> None:
    replace(path, line, "")


@pytest.mark.parametrize("words", FAULTS)
def test_every_fault_is_named(space: Path, words: str) -> None:
    FAULTS[words](space)
    assert any(words in fault for fault in faults(space)), faults(space)


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(SpaceError, match="not empty"):
        spaces.assemble("mnist", tmp_path)
    with pytest.raises(SpaceError, match="no demo 'nonsense'"):
        spaces.assemble("nonsense", tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_the_hub_is_a_docker_space(tmp_path: Path) -> None:
    folder = spaces.assemble("hub", tmp_path / "hub")
    assert faults(folder) == []
    assert (folder / "Home.py").is_file() and list((folder / "pages").glob("*/*.py"))
    replace(folder / "Dockerfile", "7860", "8000")
    assert any("port 7860" in fault for fault in faults(folder))
    (folder / "constraints.txt").unlink()
    assert any("copies constraints.txt" in fault for fault in faults(folder))


def test_large_files_are_listed_for_git_lfs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spaces, "LARGE", 300_000)
    folder = spaces.assemble("mnist", tmp_path / "space")
    assert "assets/mnist/weights.safetensors filter=lfs" in (folder / ".gitattributes").read_text()


class Hub:
    """Stands where huggingface_hub's client stands and remembers what it was asked."""

    asked: list = []  # noqa: RUF012

    def create_repo(self, *words, **names) -> None:
        self.asked.append(("create", words, names))

    def upload_folder(self, **names) -> None:
        uploaded = {path.relative_to(names["folder_path"]).as_posix() for path in names["folder_path"].rglob("*")}
        self.asked.append(("upload", uploaded, names))


def test_publishing_uploads_a_checked_space(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub, "HfApi", Hub)
    monkeypatch.setattr(huggingface_hub, "get_token", lambda: "hf_test")
    Hub.asked.clear()
    assert spaces.publish("mnist", "me/digits") == "https://huggingface.co/spaces/me/digits"
    (_, words, names), (_, uploaded, where) = Hub.asked
    assert words == ("me/digits",) and names["space_sdk"] == "gradio" and names["repo_type"] == "space"
    assert {"app.py", "README.md", "requirements.txt", "assets/mnist/weights.safetensors"} <= uploaded
    assert where["repo_id"] == "me/digits" and where["repo_type"] == "space"


def test_publishing_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub, "get_token", lambda: None)
    assert spaces.main(["publish", "mnist", "me/digits"]) == 1
    assert "HF_TOKEN" in capsys.readouterr().err
    assert spaces.main(["publish", "mnist", "digits"]) == 1
    assert "owner/name" in capsys.readouterr().err


def test_the_command_assembles(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert spaces.main(["assemble", "mnist", str(tmp_path / "space")]) == 0
    assert "complete Space" in capsys.readouterr().out
    (tmp_path / "space" / "app.py").unlink()
    assert spaces.main(["check", str(tmp_path / "space")]) == 1
    assert "app.py is missing" in capsys.readouterr().err


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[Path]:
    """A fresh environment's folder, gone afterwards: with torch it holds several gigabytes."""
    folder = tmp_path / "environment"
    venv.create(folder, with_pip=True)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_the_space_alone_installs_starts_and_answers(space: Path, environment: Path) -> None:
    from gradio_client import Client, handle_file

    python = environment / "bin" / "python"
    packages = [
        "gradio==" + pinned("mnist"),
        "-r",
        str(space / "requirements.txt"),
    ]  # the platform installs sdk_version
    words = [python, "-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check", *packages]
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(words, env=clean, cwd=space, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    seven = Image.new("L", (280, 280), 255)
    ImageDraw.Draw(seven).line([(280 * x, 280 * y) for x, y in SEVEN], 0, 16, "curve")
    seven.save(space / "seven.png")
    (space / "words.png").write_text("I am not a picture.")
    with started(str(python), space, "app.py") as address:
        client = Client(address, verbose=False)
        files = [handle_file(str(space / name)) for name in ("seven.png", "words.png")]
        rows = client.predict(files, api_name="/read_files")["data"]
        assert [row[1] for row in rows] == ["7", ""] and "not a picture" in rows[1][3]
        assert client.predict("", api_name="/read_drawing")[0].startswith("The canvas is empty")
        named = client.view_api(return_format="dict")["named_endpoints"]
        assert set(named) == {"/read_drawing", "/explain", "/smallest_edit", "/read_files", "/read_photograph"}
