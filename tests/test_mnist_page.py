"""The digit recognizer's page as a person uses it, in Chromium: by mouse, finger and keys, and by no friend."""

import base64
import io
import re

import pytest
from browser import hub, looking, served
from PIL import Image
from playwright.sync_api import expect

SEVEN = [(0.25, 0.2), (0.75, 0.2), (0.66, 0.4), (0.56, 0.6), (0.46, 0.84)]
ONE = [(0.5, 0.15), (0.5, 0.5), (0.5, 0.85)]


@pytest.fixture(scope="module")
def url():
    with served(*hub()) as address:
        yield f"{address}/digit-recognizer"


@pytest.fixture
def opened(url):
    """The page with its example read, and nothing to complain about at the end."""
    with looking() as (page, watch):
        page.goto(url)
        says(page, "A 3,")
        yield page
        watch.clean()


def says(page, start: str) -> None:
    """Wait until the answer begins with some words."""
    page.locator("[data-testid=stMarkdown] strong", has_text=re.compile("^" + re.escape(start))).first.wait_for(
        timeout=60_000
    )


def canvas(page):
    """The pad's canvas, in sight."""
    found = page.locator(".pad canvas")
    found.wait_for(timeout=60_000)
    found.scroll_into_view_if_needed()
    return found


def stroke(page, points: list[tuple[float, float]], lift: bool = True) -> None:
    """Draw a line with the mouse; points in shares of the canvas."""
    box = canvas(page).bounding_box()
    place = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*place[0])
    page.mouse.down()
    for x, y in place[1:]:
        page.mouse.move(x, y, steps=6)
    if lift:
        page.mouse.up()


def tool(page, name: str):
    return page.locator(".pad button", has_text=name)


def test_the_first_view_is_an_example_read(opened):
    opened.locator(".rl-stage [role=img][aria-label*='the most probable are 3']").wait_for(timeout=60_000)
    opened.get_by_text("What the network sees: 28 × 28").wait_for(timeout=60_000)


def test_a_mouse_draws_a_seven_and_the_answer_follows_while_the_stroke_grows(opened):
    tool(opened, "Clear").click()
    opened.get_by_text("The canvas is empty: draw one digit.").wait_for()
    stroke(opened, SEVEN[:2], lift=False)  # a bar so far, the button still down
    opened.get_by_text("The canvas is empty: draw one digit.").wait_for(state="detached", timeout=30_000)
    box = canvas(opened).bounding_box()
    for x, y in SEVEN[2:]:
        opened.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=6)
    says(opened, "A 7,")
    opened.mouse.up()
    stroke(opened, [(0.3, 0.55), (0.7, 0.55)])
    tool(opened, "Undo").click()
    says(opened, "A 7,")
    tool(opened, "Undo").click()
    opened.get_by_text("The canvas is empty: draw one digit.").wait_for()


def test_keys_alone_draw_a_one_and_undo_it(opened):
    pad = canvas(opened)
    pad.focus()
    opened.keyboard.press("c")
    opened.get_by_text("The canvas is empty: draw one digit.").wait_for()
    for _ in range(4):
        opened.keyboard.press("Shift+ArrowUp")
    opened.keyboard.press("Space")
    for _ in range(8):
        opened.keyboard.press("Shift+ArrowDown")
    opened.keyboard.press("Space")
    says(opened, "A 1,")
    assert pad.evaluate("one => one === document.activeElement"), "the pad keeps the focus while the page answers"
    opened.keyboard.press("u")
    opened.get_by_text("The canvas is empty: draw one digit.").wait_for()


def test_a_finger_draws_on_a_phone_without_moving_the_page(url):
    with looking(390, 844, touch=True) as (page, watch):
        page.goto(url)
        says(page, "A 3,")
        tool(page, "Clear").tap()
        page.get_by_text("The canvas is empty: draw one digit.").wait_for()
        box = canvas(page).bounding_box()
        session = page.context.new_cdp_session(page)
        place = [{"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]} for x, y in ONE]
        session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [place[0]]})
        for point in place[1:]:
            session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        says(page, "A 1,")
        assert canvas(page).bounding_box() == box
        watch.clean()


def test_another_example_takes_the_pad_and_its_link_reopens_it(opened):
    stroke(opened, [(0.1, 0.9), (0.9, 0.9)])
    opened.get_by_role("combobox", name=re.compile("Start from")).click()
    opened.keyboard.type("8")
    opened.keyboard.press("Enter")
    says(opened, "An 8,")
    opened.wait_for_url(re.compile("start_from=8"))
    with looking() as (page, _):
        page.goto(opened.url)
        says(page, "An 8,")


def test_a_drawing_stays_while_the_views_change(opened):
    tool(opened, "Clear").click()
    stroke(opened, SEVEN)
    says(opened, "A 7,")
    for view, sign in (("Feature maps", "Convolution 1 of 6"), ("Why", "integrated gradients")):
        opened.get_by_role("radio", name=view).or_(opened.get_by_role("button", name=view)).first.click()
        opened.get_by_text(sign).first.wait_for(timeout=60_000)
    opened.get_by_role("radio", name="Answer").or_(opened.get_by_role("button", name="Answer")).first.click()
    says(opened, "A 7,")


def test_a_cell_of_the_table_opens_its_pictures_by_click(url):
    with looking() as (page, watch):
        page.goto(f"{url}?digit_recognizer.view=Mistakes")
        page.get_by_text("are read right").first.wait_for(timeout=60_000)
        plot = page.locator(".rl-stage .js-plotly-plot").first
        plot.wait_for()
        page.wait_for_timeout(500)
        area = page.locator(".rl-stage .nsewdrag").first.bounding_box()
        page.mouse.click(area["x"] + area["width"] * 0.65, area["y"] + area["height"] * 0.65)
        page.get_by_text(re.compile(r"pictures of a 6 are read right")).wait_for(timeout=60_000)
        expect(page.locator(".rl-stage [role=img][aria-label*='pictures of a 6 answered 6']")).to_have_count(1)
        watch.clean()


def test_a_training_is_started_watched_and_replayed(url):
    with looking() as (page, watch):
        page.goto(f"{url}?digit_recognizer.view=Train&digit_recognizer.epochs=6&digit_recognizer.training_images=500")
        page.get_by_role("button", name="Train on digits 8×8 now").click(timeout=60_000)
        page.get_by_text("read", exact=False).filter(has_text="held-out digits").first.wait_for(timeout=90_000)
        page.wait_for_selector("[data-test-script-state=notRunning]", timeout=60_000)  # else the stage is drawn anew
        page.wait_for_timeout(1000)
        bar = page.locator(".rl-stage .rl-bar input").first
        bar.focus()
        page.keyboard.press("Home")
        page.wait_for_function("document.querySelector('.rl-stage').dataset.position === '0'")
        watch.clean()


def test_a_long_training_can_be_stopped(url):
    with looking() as (page, _):
        page.goto(f"{url}?digit_recognizer.view=Train&digit_recognizer.epochs=30&digit_recognizer.filters=16")
        page.get_by_role("button", name="Train on digits 8×8 now").click(timeout=60_000)
        page.get_by_role("button", name="Stop").click(timeout=60_000)
        page.get_by_role("button", name="Train on digits 8×8 now").wait_for(timeout=60_000)


def bomb() -> str:
    """A small file that unpacks to 81 million pixels, as a data URL."""
    file = io.BytesIO()
    Image.new("L", (9000, 9000)).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


FORGED = """
const real = HTMLCanvasElement.prototype.toDataURL;
HTMLCanvasElement.prototype.toDataURL = function () {
  return "sent" in window && this.width === 400 ? window.sent : real.call(this); // figures use canvases, too
};
"""
INKED = """() => {
  const canvas = document.querySelector(".pad canvas");
  const pixels = canvas?.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return pixels?.data.some((value) => value > 0);
}"""
HOSTILE = {
    "a number": ("7", "Send a picture as a data URL"),
    "a list": ("[[], {}]", "Send a picture as a data URL"),
    "an object": ("{picture: '3'}", "Send a picture as a data URL"),
    "a script": ("'<img src=x onerror=alert(1)>'", "Send a picture as a data URL"),
    "no base64": ("'data:image/png;base64,%%é%%'", "not base64"),
    "no picture": ("'data:image/png;base64,' + btoa('a text')", "not a picture"),
    "too long": ("'data:image/png;base64,' + 'A'.repeat(3000000)", "larger than this canvas"),
    "a bomb": (None, "million pixels"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_stranger_sends_in_place_of_a_drawing_gets_one_sentence(url, name):
    sent, words = HOSTILE[name]
    with looking() as (page, watch):
        page.add_init_script(FORGED)
        page.goto(url)
        says(page, "A 3,")
        page.wait_for_function(INKED)  # the example is on the pad, so that whatever comes next is new
        page.evaluate(f"() => {{ window.sent = {sent or repr(bomb())}; }}")
        stroke(page, ONE)
        page.get_by_text(words).first.wait_for(timeout=60_000)
        assert page.get_by_test_id("stException").count() == 0
        page.reload()
        says(page, "A 3,")
        watch.clean()
