"""The object detection page as a person uses it, in Chromium: by mouse and keys, with files of all kinds."""

import io
import re

import numpy as np
import pytest
from browser import hub, looking, served, until
from PIL import Image
from test_detection_labels import huge, picture, yolo

from core.projects.detection.drawings import shipped
from core.projects.detection.scenes import scene

READY = "document.querySelector('.rl-detector')?.dataset.ready"


@pytest.fixture(scope="module")
def url():
    with served(*hub()) as address:
        yield f"{address}/object-detection"


@pytest.fixture
def opened(url):
    """The page with a scene looked at, and nothing to complain about at the end."""
    with looking(1280, 1300) as (page, watch):
        page.goto(url)
        page.wait_for_function(READY, timeout=90_000)
        yield page
        watch.clean()


def said(page, name: str) -> str:
    return page.evaluate(f"document.querySelector('.rl-detector').dataset.{name} ?? ''")


def view(page, name: str) -> None:
    page.get_by_role("radio", name=name, exact=True).or_(
        page.get_by_role("button", name=name, exact=True)
    ).first.click()


def choose(page, label: str, option: str) -> None:
    """Pick an option of one of the page's lists."""
    page.get_by_role("combobox", name=re.compile(label)).first.click()
    page.get_by_role("option", name=option).click()


def as_png(values: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(values).save(file, "PNG")
    return file.getvalue()


def test_sliders_answer_while_the_server_cannot_be_reached(opened):
    before = said(opened, "kept")
    opened.context.set_offline(True)
    slider = opened.locator(".rl-detector [name=confidence]")
    slider.focus()
    opened.keyboard.press("Home")
    loose = said(opened, "kept")
    assert len(loose.split(",")) >= len(before.split(","))
    iou = opened.locator(".rl-detector [name=iou]")
    iou.focus()
    opened.keyboard.press("End")
    assert int(said(opened, "suppressed")) == 0
    opened.keyboard.press("Home")
    assert int(said(opened, "suppressed")) > 0
    opened.context.set_offline(False)


def test_a_box_that_is_looked_at_opens_its_cell_in_the_grid(opened):
    opened.locator(".rl-detector [name=confidence]").focus()
    opened.keyboard.press("Home")  # so that there is a box, whatever the weights
    opened.locator(".rl-detector canvas").focus()
    opened.keyboard.press("ArrowRight")
    words = opened.locator(".rl-d-said").inner_text()
    row, column, stride = re.search(r"row (\d+), column (\d+) of the grid with stride (\d+)", words).groups()
    opened.wait_for_timeout(1000)  # the page learns which box it was
    view(opened, "Grid")
    opened.get_by_text(f"from row {row}, column {column} of the grid with stride {stride}").wait_for(timeout=60_000)


def test_true_boxes_outlive_a_change_of_view_and_are_judged_there(opened):
    opened.get_by_role("button", name="Take the scene").click()
    count = said(opened, "truth")
    assert int(count) > 0 and opened.locator(".rl-d-score").is_visible()
    opened.wait_for_timeout(1000)
    view(opened, "Average precision")
    opened.get_by_text("What is the average precision of").first.wait_for(timeout=60_000)
    view(opened, "Detect")
    opened.wait_for_function(READY, timeout=60_000)
    assert opened.locator(".rl-d-score").is_visible()


def test_a_drawing_is_looked_at(opened):
    first = said(opened, "ready")
    choose(opened, "Picture", "own drawing")
    opened.get_by_text("The sheet is empty").first.wait_for(timeout=60_000)
    pad = opened.locator(".pad canvas")
    box = pad.bounding_box()
    turn = np.linspace(0, 2 * np.pi, 30)
    x, y = box["x"] + box["width"] * (0.5 + 0.3 * np.cos(turn)), box["y"] + box["height"] * (0.5 + 0.3 * np.sin(turn))
    opened.mouse.move(x[0], y[0])
    opened.mouse.down()
    for place in zip(x, y, strict=True):
        opened.mouse.move(*place)
    opened.mouse.up()
    opened.get_by_text("The sheet is empty").first.wait_for(state="detached", timeout=60_000)
    assert said(opened, "ready") != first


def deep() -> bytes:
    return as_png((np.arange(64 * 64).reshape(64, 64) * 16).astype(np.uint16))


FILES = {
    "a scene": (lambda: as_png(scene(shipped(), 3).picture), "boxes are proposed"),
    "text called png": (lambda: b"these are words", "This is not a picture that can be read"),
    "30,000 pixels a side": (huge, "million pixels"),
    "printing colours": (lambda: picture("JPEG", mode="CMYK"), "CMYK"),
    "16 bits": (deep, "16-bit"),
    "a script": (lambda: b"<svg onload='alert(1)'>", "SVG files are programs"),
    "cut off": (lambda: picture()[:80], "damaged or cut off"),
}


def test_files_of_all_kinds_get_a_sentence_and_the_page_goes_on(opened):
    choose(opened, "Picture", "own file")
    opened.get_by_text("There is no picture yet").first.wait_for(timeout=60_000)
    for name, (content, words) in FILES.items():
        field = opened.locator("input[type=file]").first
        field.set_input_files({"name": "picture.png", "mimeType": "image/png", "buffer": content()})
        opened.get_by_text("There is no picture yet").first.wait_for(state="detached", timeout=60_000)
        opened.get_by_text(words).first.wait_for(timeout=60_000)
        assert opened.get_by_test_id("stException").count() == 0, name


def test_a_zip_with_faults_is_answered_with_file_and_line(url):
    with looking() as (page, watch):
        page.goto(f"{url}?object_detection.view=Own+data&object_detection.data=zip+%28YOLO%2C+COCO%29")
        page.get_by_text("it is checked line by line").wait_for(timeout=90_000)
        field = page.locator("input[type=file]").first
        field.set_input_files(
            {"name": "a.zip", "mimeType": "application/zip", "buffer": yolo("7 0.5 0.5 0.2 0.2\n0 9 9 1 1")}
        )
        page.get_by_text("line 2: class 7 does not exist").wait_for(timeout=60_000)
        page.get_by_text("line 3: the box reaches outside the picture").wait_for(timeout=60_000)
        assert page.get_by_role("button", name="Train on these pictures").count() == 0
        watch.clean()


def test_pictures_are_labelled_by_keys_and_can_then_be_trained_on(url):
    with looking(1280, 1200) as (page, watch):
        page.goto(f"{url}?object_detection.view=Own+data&object_detection.data=label+pictures+here")
        page.get_by_text("Send some pictures").wait_for(timeout=90_000)
        files = [
            {"name": f"{number}.png", "mimeType": "image/png", "buffer": as_png(scene(shipped(), number).picture)}
            for number in (1, 2)
        ]
        page.locator("input[type=file]").first.set_input_files(files)
        before = ""
        for number in (1, 2):
            if number == 2:
                view(page, "2: 2.png")
            until(lambda before=before: page.evaluate(READY) not in (None, "", before))
            before = said(page, "ready")
            page.locator(".rl-detector canvas").focus()
            page.keyboard.press("Space")
            for _ in range(4):
                page.keyboard.press("Shift+ArrowRight")
                page.keyboard.press("Shift+ArrowDown")
            page.keyboard.press("Space")
            page.get_by_text(f"{number} boxes in {number} of 2 pictures").wait_for(timeout=60_000)
        page.get_by_role("button", name="Train on these pictures").wait_for(timeout=60_000)
        watch.clean()


def test_a_film_is_looked_through_and_comes_back(url):
    with looking() as (page, watch):
        page.goto(f"{url}?object_detection.view=Film&object_detection.look_at_one_frame_of=9")
        page.get_by_role("button", name="Look at the film").click(timeout=90_000)
        page.get_by_text("frames looked at").first.wait_for(timeout=120_000)
        page.get_by_role("button", name="The film with its boxes").wait_for()
        watch.clean()


def test_a_phone_shows_all_of_it(url):
    with looking(390, 844, touch=True) as (page, watch):
        page.goto(url)
        page.wait_for_function(READY, timeout=90_000)
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(wide) <= 0
        box = page.locator(".rl-detector canvas").bounding_box()
        assert 300 < box["width"] <= 390
        watch.clean()
