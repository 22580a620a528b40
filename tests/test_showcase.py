"""The hub as a folder of files, opened in Chromium behind a server that knows nothing but files."""

import json
import re
import sys

import pytest
from browser import looking, served

from core.lessons import curriculum
from deploy.showcase import words
from deploy.showcase.__main__ import main

SLUGS = ["perceptron", "optimizers"]
pytestmark = pytest.mark.usefixtures("compilation")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("showcase")
    main([str(place), "--hub", "https://lab.example/", "--only", *SLUGS])
    return place


@pytest.fixture(scope="module")
def url(folder):
    command = (sys.executable, "-m", "http.server", "{port}", "--bind", "127.0.0.1", "--directory", str(folder))
    with served(*command, ready="/") as address:
        yield address


def test_every_view_of_a_lesson_is_there_with_its_words_and_its_program(folder):
    for slug in SLUGS:
        text = (folder / slug / "index.html").read_text(encoding="utf-8")
        topic = next(topic for topic in curriculum.topics() if topic.slug == slug)
        assert topic.title in text and "Predict first" in text and "Challenge" in text
        assert f"https://lab.example/{slug}" in text
        for name in re.findall(r'data-file="(.+?)"', text):
            kept = json.loads((folder / slug / name).read_text(encoding="utf-8"))
            assert kept["data"]["source"].strip()
        programs = list((folder / slug).glob("*.py"))
        assert programs and all(compile(path.read_text(encoding="utf-8"), path.name, "exec") for path in programs)
    front = (folder / "index.html").read_text(encoding="utf-8")
    assert all(f'href="{slug}/"' in front for slug in SLUGS)


def test_a_guess_is_compared_and_the_run_replays_without_the_hub(url):
    with looking() as (page, watch):
        page.goto(f"{url}/optimizers/")
        asked = page.locator(".question").first
        asked.get_by_role("button", name="Momentum").click()
        asked.get_by_text("You said").wait_for()
        page.locator(".rl-stage .main-svg").first.wait_for(timeout=60_000)
        bar = page.get_by_role("group", name="Replay").filter(visible=True).first
        bar.wait_for(timeout=60_000)
        moment = bar.get_by_label("Moment of the training")
        end = moment.input_value()
        bar.get_by_role("button", name="One step back").click()
        assert int(moment.input_value()) == int(end) - 1
        watch.clean()


@pytest.mark.parametrize(("width", "dark"), [(390, False), (1280, True)])
def test_it_fits_a_phone_and_axe_finds_nothing_serious(url, width, dark):
    from axe_playwright_python.sync_playwright import Axe

    with looking(width, dark=dark) as (page, watch):
        for path in ("/", "/perceptron/"):
            page.goto(url + path)
            page.wait_for_load_state("networkidle")
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
            found = Axe().run(page).response["violations"]
            assert [each["id"] for each in found if each["impact"] in ("serious", "critical")] == []
        watch.clean()


def test_words_keep_formulas_and_lose_nothing_else():
    text = words.html("A *loss* $L(w)$ falls:\n\n$$w - \\eta \\nabla L$$\n\n<script>alert(1)</script> for 5 \\$.")
    assert text.count("<math") == 2 and "<em>loss</em>" in text and "<script" not in text
    for topic in curriculum.topics():
        assert "<math" in words.html(topic.idea) or "$" not in topic.idea
        assert words.MARK not in words.html(topic.idea) and "$" not in words.html(topic.idea), topic.slug


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_all_lessons_can_be_written(tmp_path):
    main([str(tmp_path)])
    assert {path.parent.name for path in tmp_path.glob("*/index.html")} == {topic.slug for topic in curriculum.topics()}
