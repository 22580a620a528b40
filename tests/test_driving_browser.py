"""The page on driving, seen in a browser."""

import json
import time
import urllib.request
from collections.abc import Iterator

import pytest
from browser import hub, looking, served, until


@pytest.fixture(scope="module")
def page_address() -> Iterator[str]:
    with served(*hub()) as address:
        yield address


def driving(address: str) -> int:
    """How many simulators the hub has in use."""
    with urllib.request.urlopen(f"{address}/api/driving") as answer:
        return json.loads(answer.read())["driving"]


def shown(page, frames: int) -> None:
    """Waits until the cockpit shows a frame that late."""
    page.wait_for_function(
        "count => Number(document.querySelector('.cockpit')?.dataset.position) >= count", arg=frames, timeout=90_000
    )


def test_the_page_drives_by_itself_pauses_scrubs_and_frees_the_simulator(page_address):
    with looking() as (page, watch):
        page.goto(f"{page_address}/self-driving")
        shown(page, 60)
        assert driving(page_address) == 1
        page.locator(".cp-road").focus()
        page.keyboard.press("Space")
        here = page.locator(".cockpit").get_attribute("data-position")
        time.sleep(0.5)
        assert page.locator(".cockpit").get_attribute("data-position") == here
        page.get_by_label("Moment of the drive").focus()
        page.keyboard.press("Home")
        page.wait_for_function("document.querySelector('.cockpit').dataset.position === '0'")
        watch.clean()
    until(lambda: driving(page_address) == 0)  # the tab is closed


def test_the_drive_goes_on_in_the_seat_that_a_reload_gives_back(page_address):
    with looking() as (page, watch):
        for _ in range(3):
            page.goto(f"{page_address}/self-driving")
            shown(page, 60)
            assert "connection is gone" not in page.locator(".cockpit").inner_text()
        assert driving(page_address) == 1
        watch.clean()


def test_a_person_drives_by_keyboard_and_frames_are_recorded(page_address):
    with looking() as (page, watch):
        page.goto(f"{page_address}/self-driving?self_driving.view=Teach&self_driving.who_teaches=you")
        page.get_by_role("button", name="Drive", exact=True).click()
        shown(page, 2)
        page.locator(".cp-road").focus()
        page.keyboard.down("ArrowUp")
        page.wait_for_function("Number(document.querySelector('.cp-speed').textContent) > 15", timeout=60_000)
        page.keyboard.down("ArrowRight")
        page.wait_for_function("/\\d{2,}/.test(document.querySelector('.cp-lessons').textContent)", timeout=60_000)
        page.keyboard.up("ArrowRight")
        page.keyboard.up("ArrowUp")
        watch.clean()
    until(lambda: driving(page_address) == 0)


def test_disturbances_reach_the_drive_that_is_under_way(page_address):
    with looking() as (page, watch):
        page.goto(f"{page_address}/self-driving?self_driving.view=Disturb")
        shown(page, 10)
        page.get_by_role("slider", name="Darkness").focus()
        for _ in range(8):
            page.keyboard.press("ArrowRight")
        page.locator(".cp-seen").wait_for(state="visible", timeout=60_000)
        page.get_by_role("button", name="Push ⇢").click()
        page.wait_for_function(
            "Number(document.querySelector('.cockpit').dataset.pushes) === 1", timeout=60_000
        )  # its ring stays on the map
        watch.clean()


def test_a_job_and_the_recorded_frames_survive_a_reload(page_address):
    with looking() as (page, watch):
        page.goto(f"{page_address}/self-driving?self_driving.view=Teach")
        page.get_by_role("button", name="Drive", exact=True).click(timeout=90_000)
        page.wait_for_function("/\\d{3,}/.test(document.querySelector('.cp-lessons')?.textContent)", timeout=120_000)
        page.get_by_role("button", name="Clone a driver from all frames").click()
        page.get_by_role("button", name="Stop").wait_for(timeout=60_000)
        page.reload()
        done = page.get_by_role("button", name="grows more than fivefold")
        page.get_by_role("button", name="Stop").or_(done).first.wait_for(
            timeout=90_000
        )  # the same job, under way or over by now: it takes seconds
        watch.clean()
