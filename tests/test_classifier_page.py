"""The classifier's page as a person uses it, in Chromium: own pictures by file and zip, renamed, removed, refused."""

import re
import zipfile
from pathlib import Path

import pytest
from browser import hub, looking, served, settled

from core.projects.classifier import sketches

OWN = "?image_classifier.pictures=your+pictures"


@pytest.fixture(scope="module")
def url():
    with served(*hub()) as address:
        yield f"{address}/image-classifier"


@pytest.fixture
def things(tmp_path: Path) -> Path:
    """A zip of three classes, ten sketches each; a text that says it is a picture, and a path that leads out."""
    place = tmp_path / "things.zip"
    with zipfile.ZipFile(place, "w") as archive:
        for name in ("star", "car", "key"):
            for number in range(10):
                archive.writestr(f"{name}/{number}.png", sketches.sketch(name, number).content)
        archive.writestr("car/words.jpg", b"I am not a picture.")
        archive.writestr("../out/1.png", sketches.sketch("car", 1).content)
    return place


def answered(page, words: str) -> None:
    """Wait until a sentence on the stage begins with some words."""
    page.locator("[data-testid=stMarkdown] strong", has_text=re.compile("^" + words)).first.wait_for(timeout=90_000)


def bring(page, things: Path) -> None:
    """Hand over a zip."""
    page.get_by_text("No pictures yet.").wait_for(timeout=90_000)
    page.get_by_role("tab", name="Zip or folder").click()
    page.locator("input[type=file][accept*=zip]").first.set_input_files(things)


def test_the_first_view_is_a_picture_answered_and_explained(url):
    with looking() as (page, watch):
        page.goto(url)
        answered(page, "Cat")
        page.locator(".rl-stage [role=img][aria-label*='Grad-CAM for']").first.wait_for(timeout=60_000)
        page.locator(".rl-stage [role=img][aria-label*='Most alike among the training pictures']").first.wait_for()
        watch.clean()


def test_a_zip_is_learned_from_and_what_is_refused_is_named(url, things):
    with looking() as (page, watch):
        page.goto(url + OWN)
        bring(page, things)
        page.get_by_text("Grad-CAM").or_(page.locator("[aria-label*='Grad-CAM for']")).first.wait_for(timeout=90_000)
        page.get_by_text("This is not a picture that can be read").wait_for()
        page.get_by_text("leads out of the folder").wait_for()
        page.get_by_label("Name of class 1").fill("sun")
        page.keyboard.press("Enter")
        page.locator("[aria-label*='Probability of each of 3 answers'][aria-label*='sun']").wait_for(timeout=60_000)
        page.reload()  # the album belongs to the tab
        page.get_by_label("Name of class 1").wait_for(timeout=90_000)
        assert page.get_by_label("Name of class 1").input_value() == "sun"
        page.get_by_role("button", name="Remove all").click()
        page.get_by_text("No pictures yet.").wait_for(timeout=60_000)
        watch.clean()


def test_files_go_to_the_class_that_is_named(url, tmp_path):
    paths = []
    for number in range(3):
        paths.append(tmp_path / f"{number}.png")
        paths[-1].write_bytes(sketches.sketch("cat", 30 + number).content)
    (tmp_path / "empty.png").write_bytes(b"")
    with looking() as (page, watch):
        page.goto(url + OWN)
        page.get_by_text("No pictures yet.").wait_for(timeout=90_000)
        page.get_by_label("Class", exact=True).fill("tom")
        page.keyboard.press("Enter")
        files = page.get_by_test_id("stFileUploader").filter(has_text="Pictures of this class")
        files.locator("input[type=file]:not([disabled])").wait_for(state="attached", timeout=60_000)
        settled(page)
        page.wait_for_timeout(500)  # nobody chooses files sooner, and Streamlit may still be drawing the field anew
        with page.expect_file_chooser() as chosen:
            files.get_by_role("button", name="Upload", exact=True).click()
        chosen.value.set_files([*paths, tmp_path / "empty.png"])
        page.get_by_text("Two classes are the least").wait_for(timeout=60_000)
        page.get_by_text("The file is empty").wait_for(timeout=60_000)
        assert page.get_by_label("Name of class 1").input_value() == "tom"
        page.locator("[aria-label*='Pictures by class: 3 of tom']").wait_for(timeout=60_000)
        watch.clean()


def test_a_file_of_the_learners_is_asked_about(url, tmp_path):
    (tmp_path / "house.png").write_bytes(sketches.sketch("house", 90).content)
    (tmp_path / "words.png").write_bytes(b"I am not a picture.")
    with looking() as (page, watch):
        page.goto(f"{url}?image_classifier.try_it_on=own+file")
        field = page.locator("input[type=file]").first
        field.wait_for(state="attached", timeout=90_000)
        field.set_input_files(tmp_path / "house.png")
        answered(page, "House")
        field.set_input_files(tmp_path / "words.png")
        page.get_by_text("This is not a picture that can be read").wait_for(timeout=60_000)
        watch.clean()
