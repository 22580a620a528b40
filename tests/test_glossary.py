"""The glossary says what the lessons say, and the search finds it: without the server, by key alone."""

import gzip
import re
import unicodedata
from pathlib import Path

import pytest
from browser import hub, looking, served
from playwright.sync_api import expect
from starlette.applications import Starlette
from starlette.testclient import TestClient
from test_browser import drawn, narrow, serious

from core.lessons import curriculum
from core.lessons.books import BOOKS
from core.lessons.curriculum import ROOT, Topic
from core.lessons.glossary import SYMBOLS, TERMS, entries
from core.lessons.search import INDEX, lessons, terms
from core.serving import files

every_page = pytest.mark.parametrize("topic", curriculum.topics(), ids=lambda topic: topic.slug)
FORMULA = re.compile(r"\$\$.*?\$\$|\$[^$]*\$", re.DOTALL)
EMPHASIS = re.compile(r"\*\*([^*]+)\*\*|\*([^*]+)\*")
TOKEN = re.compile(r"\\mathbb\{[A-Z]\}|\\[A-Za-z]+|TP|FP|FN|[A-Za-z]")
# What every reader of a formula knows, or what only sets it: no glossary explains it.
ORDINARY = {
    *(r"\frac", r"\tfrac", r"\sqrt", r"\log", r"\ln", r"\cos", r"\tanh", r"\max", r"\min", r"\cdot", r"\times", r"\le"),
    *(r"\ne", r"\in", r"\approx", r"\dots", r"\hat", r"\bar", r"\tilde", r"\dot", r"\quad", r"\qquad", r"\left"),
    *(r"\right", r"\big", r"\Big", r"\bigl", r"\bigr", r"\text", r"\mathrm", r"\textstyle", r"\underbrace"),
    *(r"\rVert", r"\rfloor"),
}
WRITTEN = {
    r"\varphi": "φ", r"\phi": "ϕ", r"\varepsilon": "ε", r"\ell": "ℓ", r"\sum": "∑", r"\prod": "∏", r"\partial": "∂",
    r"\nabla": "∇", r"\odot": "⊙", r"\mathbb{E}": "𝔼", r"\mathbb{R}": "ℝ", r"\top": "⊤", r"\propto": "∝",
    r"\leftarrow": "←", r"\lfloor": "⌊ ⌋", r"\lVert": "‖ ‖", r"\cap": "∩", r"\cup": "∪",
}  # fmt: skip


def symbols(topic: Topic) -> set[str]:
    """The symbols in the formulas of a page's idea, as the glossary writes them; words in them are none."""
    formulas = " ".join(FORMULA.findall(topic.idea))
    formulas = re.sub(r"\\(text|mathrm)\{[^}]*\}|_\{[a-z]{3,}\}", " ", formulas)
    return {written(token) for token in TOKEN.findall(formulas) if token not in ORDINARY}


def written(token: str) -> str:
    """A symbol of TeX as a character."""
    if token in WRITTEN or token[0] != "\\":
        return WRITTEN.get(token, token)
    name = token[1:].upper().replace("LAMBDA", "LAMDA")
    return unicodedata.lookup(f"GREEK {'CAPITAL' if token[1].isupper() else 'SMALL'} LETTER {name}")


def prose(topic: Topic) -> str:
    """What a page's docstring says in words."""
    text = " ".join([topic.title, topic.promise, topic.idea, *(line.text for line in topic.lines)])
    return " ".join(text.replace("*", "").casefold().split())


@every_page
def test_every_symbol_of_a_page_s_formulas_is_in_the_glossary(topic):
    known = {entry.name for entry in entries() if entry.kind == SYMBOLS and topic in entry.lessons}
    assert symbols(topic) == known, "assets/glossary.md: a symbol of this page that it lacks, or one too many"


@every_page
def test_every_term_that_a_page_sets_apart_is_in_the_glossary(topic):
    titles = {book.title.casefold() for book in BOOKS}
    names = [entry.name.casefold() for entry in entries() if entry.kind == TERMS]
    for pair in EMPHASIS.findall(FORMULA.sub("", topic.idea)):
        term = " ".join("".join(pair).casefold().split())
        assert term in titles or any(term in name or name in term for name in names), term


@pytest.mark.parametrize("entry", [entry for entry in entries() if entry.kind == TERMS], ids=lambda entry: entry.name)
def test_a_term_stands_in_the_lesson_that_defines_it(entry):
    word = re.sub(r" \(.*\)", "", entry.name).casefold()
    assert all(word in prose(topic) for topic in entry.lessons)


def test_every_entry_is_a_symbol_or_a_term_said_once_and_short():
    said = [(entry.name, entry.meaning) for entry in entries()]
    assert len(set(said)) == len(said) > 400 and {entry.kind for entry in entries()} == {SYMBOLS, TERMS}
    assert max(len(entry.meaning) for entry in entries()) <= 130
    assert len({entry.name for entry in entries() if entry.kind == TERMS}) == len(terms()) - sum(
        entry.kind == SYMBOLS for entry in entries()
    )


@pytest.mark.parametrize(
    "row", ["- x — a thing", "- x — a thing (nowhere)", "- x: a thing (mlp)", "- x — a (mlp, none)"]
)
def test_a_row_that_is_no_entry_is_named(tmp_path: Path, row: str):
    (tmp_path / "assets").mkdir()
    (tmp_path / "pages" / "04_architectures").mkdir(parents=True)
    (tmp_path / "assets" / "roadmap.md").write_bytes((ROOT / "assets" / "roadmap.md").read_bytes())
    page = '"""MLP\n\nA promise.\n\nAn idea.\n\nRoadmap:\n- Normalize your inputs\n"""\n'
    (tmp_path / "pages" / "04_architectures" / "01_mlp.py").write_text(page, encoding="utf-8")
    file = tmp_path / "assets" / "glossary.md"
    file.write_text("## Terms\n\n- net — a thing (mlp)\n", encoding="utf-8")
    assert [entry.name for entry in entries(tmp_path)] == ["net"]
    entries.cache_clear()
    file.write_text(f"## Terms\n\n{row}\n", encoding="utf-8")
    with pytest.raises(ValueError, match="glossary") as raised:
        entries(tmp_path)
    assert row in str(raised.value)


def test_the_index_has_every_lesson_and_entry_and_is_fetched_once():
    assert [item["slug"] for item in lessons()] == [topic.slug for topic in curriculum.topics()]
    assert [item["name"] for item in terms()] == [entry.name for entry in entries()]
    with TestClient(Starlette(routes=files.routes([INDEX]))) as client:
        for packing in ("gzip", "identity"):
            reply = client.get(f"/{INDEX.address}", headers={"Accept-Encoding": packing})
            assert reply.json() == [*lessons(), *terms()] and "immutable" in reply.headers["Cache-Control"]
    assert gzip.decompress(INDEX.packed) == INDEX.content and len(INDEX.packed) < 50_000
    assert files.Made("search.json", lambda: b"[]", "application/json").address != INDEX.address


@pytest.fixture(scope="module")
def url():
    with served(*hub()) as address:
        yield address


def asked(page, text: str) -> list[str]:
    """The names that the box finds."""
    box = page.get_by_role("combobox", name="Search lessons")
    box.fill("")
    box.press_sequentially(text)
    expect(page.locator(".rl-s-said")).not_to_be_empty(timeout=30_000)
    return page.locator(".rl-search li strong").all_inner_texts()


def test_slash_goes_to_the_box_and_keys_choose_what_it_finds_without_the_server(url):
    with looking() as (page, watch):
        page.goto(url)
        expect(page.get_by_role("combobox", name="Search lessons")).to_be_visible()
        page.keyboard.press("/")
        page.keyboard.type("drop")
        expect(page.get_by_role("option").first).to_be_visible(timeout=60_000)  # the hub may still be warming
        page.context.set_offline(True)
        assert asked(page, "dropout")[0] == "dropout"
        assert asked(page, "GRADIENT desc")[0] == "Gradient descent", "upper or lower case, whole words or beginnings"
        assert asked(page, "eta")[0] == "η" and asked(page, "η")[0] == "η" and "∂" in asked(page, "∂")
        assert asked(page, "dropout quux") == asked(page, "<img src=x onerror=alert(1)>") == asked(page, "?!") == []
        assert "<img src=x onerror=alert(1)>" in (
            asked(page, "<img src=x onerror=alert(1)>") or page.inner_text(".rl-s-said")
        )
        assert asked(page, "receptive field")
        page.context.set_offline(False)
        assert not serious(page)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowUp")
        chosen = page.locator("li[aria-selected=true]")
        assert page.evaluate("document.activeElement.getAttribute('aria-activedescendant')") == chosen.get_attribute(
            "id"
        )
        assert "rceptive" not in chosen.inner_text() and "eceptive" in chosen.inner_text()
        page.keyboard.press("Enter")
        page.wait_for_url("**/receptive-field")
        watch.clean()


def test_on_a_lesson_the_box_opens_over_the_page_and_closes_again(url):
    with looking(390, 844, dark=True) as (page, watch):
        page.goto(f"{url}/gradient-descent")
        drawn(page)
        expect(page.locator(".rl-search input")).to_have_count(1)
        page.keyboard.press("/")
        assert asked(page, "stride")[0] == "stride"
        narrow(page)
        assert not serious(page)
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.get_by_role("spinbutton").first.focus()
        page.keyboard.press("/")
        expect(page.get_by_role("dialog")).to_have_count(0)  # who types a slash means a slash
        page.locator("h1").first.click()
        page.keyboard.press("/")
        asked(page, "stride")
        page.get_by_role("option").first.click()
        page.wait_for_url("**/convolution")
        watch.clean()


@pytest.mark.parametrize("kind", [TERMS, SYMBOLS])
def test_the_glossary_can_be_read_on_a_telephone(url, kind):
    with looking(390, 844, dark=kind == TERMS) as (page, watch):
        page.goto(f"{url}/glossary?glossary.show={kind}")
        rows = page.get_by_test_id("stMarkdownContainer").locator("li")
        expect(rows).to_have_count(sum(entry.kind == kind for entry in entries()))
        narrow(page)
        assert not serious(page)
        watch.clean()
