"""The playground as a person uses it, in Chromium: drag, click, play, fork, edit, compare, take away, share."""

import re
import subprocess
import sys

import pytest
from browser import hub, looking, served, settled

STAGE = ".rl-stage"


@pytest.fixture(scope="module")
def url(compilation):  # compiled here once, so that the hub finds it on disk
    with served(*hub()) as address:
        yield f"{address}/mlp"


def drawn(page, times: int = 1) -> None:
    """Wait until the first stage has drawn (that many times)."""
    page.wait_for_function(f"Number(document.querySelector('{STAGE}')?.dataset.drawn ?? 0) >= {times}", timeout=90_000)


def value(slider) -> str:
    return slider.get_attribute("aria-valuenow") or slider.input_value()


def test_dragging_a_slider_trains_another_network_and_its_link_reopens_it(url):
    with looking() as (page, watch):
        page.goto(url)
        drawn(page)
        settled(page)
        slider = page.get_by_role("slider", name="Units per layer").first
        box = slider.bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.down()
        page.mouse.move(box["x"] + 60, box["y"] + box["height"] / 2, steps=4)
        page.mouse.up()
        page.wait_for_url(re.compile(r"mlp\.units_per_layer=\d+"))
        drawn(page, 2)
        units = int(re.search(r"units_per_layer=(\d+)", page.url)[1])
        assert units > 8
        page.wait_for_selector(f"[aria-label*='layers of 2, {units}, {units}, 2 units']", timeout=90_000)
        link = page.url
        watch.clean()
    with looking() as (page, _):
        page.goto(link)
        page.wait_for_selector(f"[aria-label*='layers of 2, {units}, {units}, 2 units']", timeout=90_000)


def test_points_are_set_by_clicks_and_trained_on(url):
    with looking() as (page, watch):
        page.goto(f"{url}?mlp.data=own+points&mlp.points=o1_1o1.5_1b-1_-1")
        page.get_by_text("at least two points of two colours").wait_for(timeout=90_000)
        drawn(page)
        settled(page)
        page.get_by_role("combobox", name=re.compile("New point")).click()
        page.keyboard.type("blue")
        page.keyboard.press("Enter")
        settled(page)
        plane = page.locator(f"{STAGE} .js-plotly-plot").first
        box = plane.bounding_box()
        plane.click(position={"x": box["width"] * 0.42, "y": box["height"] * 0.62})
        page.wait_for_url(re.compile(r"b-?[\d.]+_-?[\d.]+b"), timeout=90_000)
        page.wait_for_selector("[aria-label*='coloured by what the network answers']", timeout=90_000)
        watch.clean()


def test_a_run_is_played_and_scrubbed_without_the_server_and_forked(url):
    with looking() as (page, watch):
        page.goto(url)
        drawn(page)
        settled(page)
        page.context.set_offline(True)
        stage = page.locator(STAGE).first
        stage.locator("input").focus()
        page.keyboard.press("Home")
        assert stage.get_attribute("data-position") == "0"
        stage.get_by_role("button", name="Play").press("Enter")
        page.wait_for_function(f"Number(document.querySelector('{STAGE}').dataset.position) > 4")
        stage.get_by_role("button", name="Pause").press("Enter")
        page.context.set_offline(False)
        page.wait_for_timeout(500)
        page.get_by_text("Fork this run").click()
        page.get_by_role("slider", name="From epoch").wait_for(timeout=90_000)
        page.wait_for_function(f"document.querySelectorAll('{STAGE}').length === 2", timeout=90_000)
        page.wait_for_selector("text=Held-out loss (fork)", state="attached", timeout=90_000)
        assert not watch.outside


def test_a_weight_changed_by_hand_changes_the_score(url):
    with looking() as (page, watch):
        page.goto(f"{url}?mlp.view=By+hand")
        drawn(page)
        settled(page)
        row = page.get_by_role("row", name=re.compile("changed by hand"))
        before = row.inner_text()
        slider = page.get_by_role("slider", name="Change by").first
        slider.focus()
        page.keyboard.press("End")
        page.wait_for_url(re.compile("change_by=5"))
        page.wait_for_function("text => ![...document.querySelectorAll('tr')].some(row => row.innerText === text)",
                               arg=before, timeout=90_000)  # fmt: skip
        assert row.inner_text() != before
        assert page.get_by_text("now.").count() >= 1
        watch.clean()


def test_the_four_beats_show_their_formulas(url):
    with looking() as (page, watch):
        for beat in ("1+forward", "2+loss", "3+backward", "4+update"):
            page.goto(f"{url}?mlp.view=One+step&mlp.beat={beat}&mlp.layer=2")
            page.get_by_text(re.compile(f"{beat[2:].capitalize()}\\.")).first.wait_for(timeout=90_000)
            page.wait_for_selector(".katex", timeout=90_000)
        watch.clean()


def test_the_program_taken_away_repeats_the_loss_on_screen(url, tmp_path):
    with looking() as (page, watch):
        page.goto(f"{url}?mlp.view=Scores&mlp.epochs=40&mlp.inputs=x&mlp.inputs=y&mlp.inputs=xy")
        drawn(page)
        settled(page)
        shown = float(page.get_by_role("row", name=re.compile("end, epoch 40")).locator("td").nth(1).inner_text())
        page.get_by_text("Show the program that made this").click()
        with page.expect_download(timeout=90_000) as download:
            page.get_by_role("button", name="Python file").click()
        download.value.save_as(tmp_path / "experiment.py")
        watch.clean()
    command = [sys.executable, "-I", str(tmp_path / "experiment.py")]
    said = subprocess.run(command, capture_output=True, text=True, timeout=200, cwd=tmp_path, check=True).stdout
    assert float(re.findall(r"'train loss': ([^\s,}]+)", said)[-1]) == pytest.approx(shown, rel=0.02, abs=1e-3)


def test_a_teachers_link_hides_controls_that_keep_their_values(url):
    with looking() as (page, watch):
        page.goto(f"{url}?mlp.data=circle&hide=data,units_per_layer")
        drawn(page)
        settled(page)
        assert not page.get_by_role("slider", name="Units per layer").first.is_visible()
        assert page.get_by_role("slider", name="Hidden layers").first.is_visible()
        assert not page.get_by_text("Data", exact=True).first.is_visible()
        page.wait_for_selector("text=Now: circle")
        watch.clean()


def test_weights_and_run_are_downloaded_and_the_link_names_the_hidden(url):
    with looking() as (page, watch):
        page.goto(f"{url}?mlp.view=Take+away")
        page.get_by_text("Link to what is on screen").click(timeout=90_000)
        page.get_by_role("combobox", name="Hide from learners").fill("Noise")
        page.get_by_role("option", name="Noise").wait_for()
        page.keyboard.press("Enter")  # a click can come to nothing while the list still opens
        page.get_by_text(re.compile("hide=noise")).wait_for(timeout=90_000)
        page.keyboard.press("Escape")  # an open list hides everything else from a screen reader
        for name, ending in (("safetensors", "weights.safetensors"), ("JSON", "weights.json"), ("CSV", "run.csv")):
            with page.expect_download(timeout=90_000) as download:
                page.get_by_role("button", name=re.compile(name)).click()
            assert download.value.suggested_filename == ending
        watch.clean()


def test_a_phone_shows_every_view_without_sideways_scrolling(url):
    with looking(390, 844, touch=True) as (page, watch):
        for view in ("Units", "Compare", "One+step", "Scores"):
            page.goto(f"{url}?mlp.view={view}")
            drawn(page)
            settled(page)
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, view
        watch.clean()
