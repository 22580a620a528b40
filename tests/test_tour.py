"""A walk around a lesson, in Chromium: by keyboard, with a control really moved, on every page."""

import pytest
from browser import hub, looking, served, settled
from test_browser import drawn, serious

from core.lessons import curriculum

PLACE, TEXT = ".rl-tour-place", "#rl-tour-text"


@pytest.fixture(scope="module")
def url():
    with served(*hub()) as address:
        yield address


def test_the_keyboard_walks_and_a_control_is_moved(url):
    with looking() as (page, watch):
        page.goto(f"{url}/mlp")
        drawn(page)
        settled(page)
        page.get_by_role("button", name="Show me around").press("Enter")
        box = page.get_by_role("dialog")
        box.get_by_text("1 of 5 · Guess first").wait_for()
        assert page.locator("[data-rl-toured]").get_by_text("Predict first").count() == 1
        page.keyboard.press("ArrowRight")
        box.get_by_text("“Hidden layers” sets up the experiment").wait_for()
        assert not serious(page)
        box.get_by_role("button", name="Move it for me").click()
        page.wait_for_url("**mlp.hidden_layers=3**")
        page.wait_for_timeout(500)
        assert page.locator("[data-rl-toured]").get_by_text("Hidden layers").count() == 1  # the page has run again
        box.get_by_role("button", name="Next").click()  # and the walk goes on
        box.get_by_text("3 of 5 · Look, and rewind").wait_for()
        box.get_by_role("button", name="Play it").click()
        page.get_by_role("button", name="Pause").first.wait_for()
        box.press("Escape")
        assert page.locator("[data-rl-toured]").count() == 0 and not box.is_visible()
        assert page.get_by_role("button", name="Show me around").evaluate("each => each === document.activeElement")
        watch.clean()


def test_a_walk_begun_too_early_grows_with_the_page(url):
    """While the first training goes on there is no challenge yet."""
    with looking() as (page, watch):
        page.goto(f"{url}/mlp")
        drawn(page)
        settled(page)
        page.evaluate("""() => {
          const those = [...document.querySelectorAll("[class*='st-key-challenge-']")];
          const named = those.map(each => each.className);
          those.forEach(each => each.className = "");
          window.back = () => those.forEach((each, place) => each.className = named[place]);
        }""")
        page.get_by_role("button", name="Show me around").click()
        box = page.get_by_role("dialog")
        box.get_by_text("1 of 4 · Guess first").wait_for()
        page.evaluate("() => { window.back(); document.querySelector('[data-testid=stMain]').append('') }")
        box.get_by_text("1 of 5 · Guess first").wait_for()
        watch.clean()


@pytest.mark.parametrize("every", [9, pytest.param(1, marks=[pytest.mark.long, pytest.mark.timeout(1800)])])
def test_every_lesson_has_three_steps_or_more(url, every):
    with looking(390, 844) as (page, watch):
        for topic in curriculum.topics()[::every]:
            page.goto(f"{url}/{topic.slug}")
            drawn(page)
            page.get_by_role("button", name="Show me around").click()
            place = page.locator(PLACE)
            place.wait_for()
            settled(page)
            count = int(place.inner_text().split()[2])
            assert count >= 3, topic.slug
            for _ in range(count - 1):
                page.get_by_role("dialog").get_by_role("button", name="Next").click()
                assert page.locator(TEXT).inner_text().strip() and page.locator("[data-rl-toured]").count() == 1
            box = page.locator(".rl-tour-box").bounding_box()
            assert box and box["x"] >= 0 and box["x"] + box["width"] <= 390
        watch.clean()
