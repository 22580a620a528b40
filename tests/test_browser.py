"""What a person does, in Chromium: open, read, move a slider, play, share a link, come back tomorrow."""

import ast
import random
import re
from importlib.resources import files

import pytest
from browser import hub, looking, served
from playwright.sync_api import expect
from test_arrows import CORE, parsed

from core.lessons import curriculum
from core.serving.files import PLOTLY

TOPICS = curriculum.topics()
every_page = pytest.mark.parametrize("topic", TOPICS, ids=[topic.key for topic in TOPICS])
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def url():
    with served(*hub()) as address:
        yield address


def drawn(page, times: int = 1) -> None:
    """Wait until the first stage has drawn (that many times)."""
    page.wait_for_function(
        f"Number(document.querySelector('.rl-stage')?.dataset.drawn ?? 0) >= {times}", timeout=120_000
    )


def value(slider) -> int:
    """Where a slider stands."""
    return int(slider.evaluate("one => one.value ?? one.getAttribute('aria-valuenow')"))


def serious(page) -> list[str]:
    """What axe finds serious or critical, and headings that skip a level."""
    page.evaluate(AXE)
    found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:160]}"
        for one in found
        if one["impact"] in ("serious", "critical") or one["id"] == "heading-order"
    ]


@every_page
def test_a_cold_link_opens_the_page_in_its_frame(url, topic):
    with looking() as (page, watch):
        page.goto(f"{url}/{topic.slug}")
        drawn(page)
        assert page.locator("h1", has_text=topic.title).count() == 1
        assert page.locator(".rl-contents").count() == 1 and page.get_by_role("dialog").count() == 0
        assert not serious(page)
        assert page.locator(".katex-error").count() == 0
        page.set_viewport_size({"width": 390, "height": 844})
        narrow(page)
        assert not serious(page)
        watch.clean()


def narrow(page) -> None:
    """Wait until nothing sticks out at the side."""
    page.wait_for_function("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_the_figures_script_knows_every_kind_of_trace_that_core_draws():
    """It is a part of plotly.js; a kind that is not in it would be drawn as a scatter plot, without a word."""
    import plotly.graph_objects as go
    from plotly.basedatatypes import BaseTraceType

    parts = {name: getattr(go, name) for name in dir(go)}
    kinds = {
        name.lower() for name, part in parts.items() if isinstance(part, type) and BaseTraceType in part.__mro__[1:]
    }
    pairs = (
        pair
        for path in CORE
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Dict)
        for pair in zip(node.keys, node.values, strict=True)
    )
    named = {
        value.value for key, value in pairs if getattr(key, "value", "") == "type" and isinstance(value, ast.Constant)
    }
    with looking() as (page, _):
        page.add_script_tag(path=PLOTLY.path)
        known = set(page.evaluate("Object.keys(Plotly.PlotSchema.get().traces)"))
    assert {"scatter", "heatmap", "bar"} <= named & kinds <= known


@pytest.mark.parametrize("chapter", sorted({topic.path.parent.name for topic in TOPICS}))
def test_a_phone_opens_it_in_the_dark_without_sideways_scrolling(url, chapter, seed):
    """One page of each chapter, by the seed: every page was narrowed above."""
    topic = random.Random(seed).choice([topic for topic in TOPICS if topic.path.parent.name == chapter])
    with looking(390, 844, dark=True, touch=True) as (page, watch):
        page.goto(f"{url}/{topic.slug}")
        drawn(page)
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
        watch.clean()


def test_home_paints_links_and_asks_nobody(url):
    with looking() as (page, watch):
        page.goto(url)
        page.get_by_test_id("stAppViewContainer").get_by_text(
            "Your progress stays in this browser"
        ).wait_for()  # the end
        expect(page.locator(".rl-chapter")).to_have_count(10)  # the browser may show it after what follows it
        assert not serious(page)
        page.get_by_role("link", name=TOPICS[0].title).last.click()
        drawn(page)
        watch.clean()


def test_a_copied_link_reopens_the_experiment(url):
    topic = curriculum.topic("what-is-deep-learning")
    with looking() as (page, _):
        page.goto(f"{url}/{topic.slug}")
        drawn(page)
        slider = page.get_by_role("slider", name="Hidden layers").first
        before = value(slider)
        slider.focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_url(re.compile("hidden_layers"))
        drawn(page, 2)
        link = page.url
    with looking() as (page, _):
        page.goto(link)
        drawn(page)
        assert value(page.get_by_role("slider", name="Hidden layers").first) == before + 1


@pytest.mark.parametrize("nonsense", ["hidden_layers=999", "hidden_layers=nan", "data=%3Cscript%3E", "seed=-4&x[]=%00"])
def test_nonsense_in_the_address_opens_the_page_all_the_same(url, nonsense):
    with looking() as (page, watch):
        page.goto(f"{url}/what-is-deep-learning?what_is_deep_learning.{nonsense}")
        drawn(page)
        assert page.get_by_test_id("stException").count() == 0
        watch.clean()


def test_a_replay_plays_pauses_steps_and_scrubs_without_the_server(url):
    with looking() as (page, _):
        page.goto(f"{url}/what-is-deep-learning")
        drawn(page)
        page.wait_for_timeout(500)
        page.context.set_offline(True)
        stage = page.locator(".rl-stage").first
        bar, position = stage.locator("input"), lambda: int(stage.get_attribute("data-position"))
        end = int(bar.get_attribute("max"))
        assert position() == end >= 20
        bar.focus()
        page.keyboard.press("Home")
        assert position() == 0
        page.keyboard.press("ArrowRight")
        assert position() == 1
        stage.get_by_role("button", name="One step on").press("Enter")
        assert position() == 2
        stage.get_by_role("button", name="Play").press("Enter")
        page.wait_for_function("Number(document.querySelector('.rl-stage').dataset.position) > 6")
        stage.get_by_role("button", name="Pause").click()
        held = position()
        page.wait_for_timeout(400)
        assert position() == held < end


def test_the_moment_looked_at_is_kept_when_a_slider_moves(url):
    painted = "document.querySelector('.rl-stage canvas').toDataURL()"
    with looking() as (page, watch):
        page.goto(f"{url}/what-is-deep-learning")
        drawn(page)
        stage = page.locator(".rl-stage").first
        stage.locator("input").focus()
        page.keyboard.press("Home")
        for _ in range(5):
            page.keyboard.press("ArrowRight")
        early = page.evaluate(painted)
        page.get_by_role("slider", name="Units per layer").first.focus()
        page.keyboard.press("ArrowRight")
        drawn(page, 2)
        assert stage.get_attribute("data-position") == "5"
        other = page.evaluate(painted)
        stage.locator("input").focus()
        page.keyboard.press("End")
        assert len({early, other, page.evaluate(painted)}) == 3, "another network, at that moment and at its end"
        watch.clean()


def test_the_background_shows_both_answers_in_their_colours(url):
    count = """() => {
        const canvas = document.querySelector('.rl-stage canvas');
        const bytes = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data, found = [0, 0, 0];
        for (let at = 0; at < bytes.length; at += 4)
            if (bytes[at + 3]) { found[2]++; if (bytes[at + 3] > 90) found[bytes[at] > bytes[at + 2] ? 0 : 1]++; }
        return found.map(one => one / found[2]);
    }"""
    with looking() as (page, _):
        page.goto(f"{url}/mlp")
        drawn(page)
        orange, blue, _ = page.evaluate(count)
        assert 0.2 < orange < 0.8 and 0.2 < blue < 0.8 and orange + blue > 0.7


def test_progress_stays_in_the_browser_and_survives_a_reload(url):
    line = curriculum.lines()[0].text
    with looking() as (page, watch):
        page.goto(url)
        page.get_by_text("Your roadmap: tick lines").click()
        page.get_by_role("checkbox", name=line).locator("xpath=ancestor::label").click()
        page.wait_for_function("(localStorage.getItem('roadmap-lab') ?? '').includes('tick:')")
        page.reload()
        page.get_by_text(f"1 of {len(curriculum.lines())} roadmap lines done").wait_for()
        page.get_by_text("Your roadmap: tick lines").click()
        with page.expect_download() as download:
            page.get_by_role("button", name="Export as Markdown").click()
        with open(download.value.path(), encoding="utf-8") as file:
            assert f"- [x] {line}" in file.read()
        watch.clean()


def test_an_exported_checklist_comes_back_and_can_then_be_changed_by_hand(url, tmp_path):
    first, second = (line.text for line in curriculum.lines()[:2])
    file = tmp_path / "roadmap.md"
    file.write_text(curriculum.checklist({first, second}), encoding="utf-8")
    with looking() as (page, watch):
        page.goto(url)
        page.get_by_text("Your roadmap: tick lines").click()
        page.locator("input[type=file]").set_input_files(file)
        page.get_by_text("2 ticked lines were taken over").wait_for()
        page.get_by_role("checkbox", name=first).locator("xpath=ancestor::label").click()
        page.get_by_text(f"1 of {len(curriculum.lines())} roadmap lines done").wait_for()
        watch.clean()


@pytest.mark.parametrize("damage", ["{", '{"tick:x": {"a": 1}}', "[1, 2]", '"<script>"', "null"])
def test_damaged_progress_is_ignored(url, damage):
    with looking() as (page, watch):
        page.goto(url)
        page.evaluate("text => localStorage.setItem('roadmap-lab', text)", damage)
        page.reload()
        page.wait_for_selector(".rl-chapter")
        page.get_by_text(f"0 of {len(curriculum.lines())} roadmap lines done").wait_for()
        watch.clean()


def test_the_legend_names_clouds_whose_points_are_painted_behind(url):
    with looking() as (page, watch):
        page.goto(f"{url}/diffusion")
        drawn(page)
        page.get_by_role("button", name="Just show me").click()
        page.wait_for_function("document.querySelector('.legendtext')", timeout=60_000)
        assert {"target", "noised"} <= {name.strip() for name in page.locator(".legendtext").all_text_contents()}
        assert page.locator(".js-plotly-plot").first.locator(".scatterlayer .point").count() == 0
        watch.clean()
