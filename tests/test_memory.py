"""The learner's progress: several tabs of one browser, whichever is oldest."""

import json

import pytest
from browser import hub, looking, served

from core.lessons import curriculum
from pages.ui.memory import LONGEST, Record, sound


def told(entries: dict, applied: int = 0) -> str:
    """What a browser says."""
    return json.dumps({"record": entries, "applied": applied})


def test_what_another_tab_took_away_stays_away():
    record = Record()
    record.hear(told({"tick:a": True, "tick:b": True}))
    record.set("tick:c", True)
    record.hear(told({"tick:a": False, "tick:b": True}))  # the other tab's; our change is still under way
    assert record.entries == {"tick:a": False, "tick:b": True, "tick:c": True}
    record.hear(told({"tick:a": False, "tick:b": True, "tick:c": False}, applied=1))  # unticked after it arrived
    assert record.entries["tick:c"] is False
    assert [change.name for change in record.changes.values()] == ["tick:c"]  # and nothing else is ever sent


def test_a_gentle_change_gives_way_and_the_lower_best_stays():
    record = Record()
    record.set("tick:a", True, gently=True)
    record.set("tick:b", True, gently=True)
    record.set("best:x", 7)
    record.hear(told({"tick:a": False, "best:x": 5}))
    assert record.entries == {"tick:a": False, "tick:b": True, "best:x": 5}


@pytest.mark.parametrize(
    "text",
    ["", "{", "7", "[]", "null", '"x"', '{"record": 3}', '{"record": {"tick:x": {"a": 1}, "rm": true}, "applied": "1"}',
     "[" * 5000, "x" * (LONGEST + 1)],
)  # fmt: skip
def test_a_damaged_text_is_an_empty_record(text):
    assert sound(text) == ({}, 0)


@pytest.fixture(scope="module")
def url():
    with served(*hub()) as address:
        yield address


def box(page, line: str):
    """The label of a roadmap line's box."""
    return page.get_by_role("checkbox", name=line, exact=True).locator("xpath=ancestor::label")


def opened(page, url: str, done: int) -> None:
    """The front page with its checklist open, and so many lines done."""
    page.goto(url)
    page.get_by_text("Your roadmap: tick lines").click()
    page.get_by_text(f"{done} of {len(curriculum.lines())} roadmap lines done").wait_for()


def test_a_stale_tab_does_not_bring_back_an_unticked_line(url):
    first, second, third = (line.text for line in curriculum.lines()[:3])
    with looking() as (old, watch):
        old.goto(url)
        old.evaluate(
            "record => localStorage.setItem('roadmap-lab', record)",
            json.dumps({f"tick:{first}": True, f"tick:{second}": True}),
        )
        opened(old, url, 2)
        new = old.context.new_page()
        opened(new, url, 2)
        box(new, first).click()
        new.get_by_text(f"1 of {len(curriculum.lines())} roadmap lines done").wait_for()
        old.get_by_text(f"1 of {len(curriculum.lines())} roadmap lines done").wait_for()  # it hears of it by itself
        box(old, third).click()
        old.get_by_text(f"2 of {len(curriculum.lines())} roadmap lines done").wait_for()
        old.wait_for_function("line => localStorage.getItem('roadmap-lab').includes(line)", arg=third)
        stored = json.loads(old.evaluate("localStorage.getItem('roadmap-lab')"))
        assert stored == {f"tick:{first}": False, f"tick:{second}": True, f"tick:{third}": True}
        watch.clean()
