"""The contents in the sidebar: every page is there, folds with its chapter, and opens in the visit under way."""

import pytest
from browser import hub, looking, served, settled
from playwright.sync_api import expect

from core.lessons import curriculum

ENTRIES = "[...document.querySelectorAll('.rl-contents a')].map(link => link.dataset.opens)"


@pytest.fixture(scope="module")
def url():
    with served(*hub()) as address:
        yield address


def test_every_page_is_there_once_and_the_one_in_sight_says_so(url):
    topic = curriculum.topic("losses")
    with looking() as (page, watch):
        page.goto(f"{url}/losses")
        page.wait_for_selector(".rl-contents")
        assert page.evaluate(ENTRIES) == ["", "paths", "glossary", *(each.slug for each in curriculum.topics())]
        here = page.locator(".rl-contents [aria-current=page]")
        assert here.all_inner_texts() == [topic.title] and here.is_visible()
        assert page.locator(".rl-contents details[open]").count() == 1
        addresses = page.evaluate("[...document.querySelectorAll('.rl-contents a')].map(link => link.href)")
        assert addresses == [f"{url}/{place}" for place in page.evaluate(ENTRIES)]  # what works without the script
        watch.clean()


def test_a_key_unfolds_a_chapter_and_opens_its_lesson_without_loading_the_hub_anew(url):
    other = curriculum.topic("regularization")
    with looking() as (page, watch):
        page.goto(f"{url}/losses?lang=de")
        page.wait_for_selector(".rl-stage[data-drawn]", timeout=120_000)
        page.evaluate("window.sameVisit = true")
        page.locator(".rl-contents summary", has_text="3 ·").focus()
        page.keyboard.press("Enter")
        link = page.locator(f".rl-contents a[data-opens={other.slug}]")
        link.focus()
        page.keyboard.press("Enter")
        expect(link).to_have_attribute("aria-current", "page", timeout=60_000)
        page.wait_for_url(f"{url}/{other.slug}?lang=de")
        expect(link).to_be_focused()
        expect(page.locator(".rl-head h1")).to_have_text("Regularisierung")
        page.go_back()
        expect(page.locator(".rl-head h1")).to_have_text("Verlustfunktionen", timeout=60_000)
        page.get_by_role("link", name="Roadmap", exact=True).click()
        page.wait_for_selector(".st-key-hero")
        assert page.evaluate("window.sameVisit")
        watch.clean()


def test_on_a_phone_the_sidebar_gives_way_to_the_page_that_was_chosen(url):
    with looking(390, 844, touch=True) as (page, _):
        page.goto(f"{url}/losses")
        page.wait_for_selector(".rl-stage[data-drawn]", timeout=120_000)
        page.get_by_test_id("stExpandSidebarButton").click()
        page.get_by_role("link", name="Gradient descent").first.click()
        expect(page.locator(".rl-head h1")).to_have_text("Gradient descent", timeout=60_000)
        expect(page.locator(".rl-contents a").first).not_to_be_in_viewport()


def test_a_link_in_a_text_opens_its_page_in_the_same_visit(url):
    with looking() as (page, watch):
        page.goto(f"{url}/glossary?lang=de")
        settled(page)
        page.wait_for_function("window.roadmapLabSearch?.box?.root.isConnected")
        page.evaluate("window.sameVisit = true")
        page.get_by_test_id("stMarkdownContainer").get_by_role("link", name="Verlustfunktionen").first.click()
        expect(page.locator(".rl-head h1")).to_have_text("Verlustfunktionen", timeout=60_000)
        page.wait_for_url(f"{url}/losses?lang=de")
        assert page.evaluate("window.sameVisit")
        watch.clean()


def test_a_page_whose_address_sets_controls_is_left_like_any_other(url):
    with looking() as (page, watch):
        page.goto(f"{url}/reading?reading.book=CS231n")
        page.wait_for_selector(".rl-stage[data-drawn]", timeout=120_000)
        settled(page)
        page.evaluate("document.querySelector('.rl-contents a[data-opens=losses]').click()")
        expect(page.locator(".rl-head h1")).to_have_text("Loss functions", timeout=60_000)
        page.wait_for_url(f"{url}/losses")
        watch.clean()
