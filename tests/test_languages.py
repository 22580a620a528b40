"""The hub in other languages: how a text is found in a catalogue, and what a language still lacks."""

import re
from pathlib import Path

import polib
import pytest
from browser import hub, looking, served, until
from pages_under_test import HUB
from playwright.sync_api import expect
from streamlit.testing.v1 import AppTest

from core.lessons import curriculum, glossary, search
from core.lessons.languages import ENGLISH, FOLDER, PARTS, Language, catalogue, codes, language
from core.topics.linear_algebra.views import VIEWS
from deploy.languages import visits

OTHERS = [code for code in codes() if code != ENGLISH]
every_language = pytest.mark.parametrize("code", OTHERS)
LESSONS = [topic for topic in curriculum.topics() if topic.chapter <= 3]
every_lesson = pytest.mark.parametrize("topic", LESSONS, ids=[topic.key for topic in LESSONS])
COMPONENTS = ("stage", "tour", "search", "map")  # what the kit, the front pages and these lessons draw with


@pytest.fixture
def tongue(tmp_path: Path) -> Language:
    """A language with a few sentences."""
    known = {
        "English": "Deutsch",
        "spiral": "Spirale",
        "Now: %(data)s, %(units)s hidden units.": "Jetzt: %(units)s verdeckte Einheiten, %(data)s.",
        "%(n)s steps": "%(n)s Schritte",
        "1 step": "1 Schritt",
        "%(n)s of %(all)s": "%(n)s von %(all)s",
        "Step on.": "Weiter.",
        "held out": "zurückgehalten",
        "%": " %",
        ",": "\u202f",
    }
    catalogue = polib.POFile()
    catalogue.extend(polib.POEntry(msgid=english, msgstr=said) for english, said in known.items())
    catalogue.save(str(tmp_path / "kit.po"))
    return Language(tmp_path)


@pytest.mark.parametrize(
    ("english", "said"),
    [
        ("spiral", "Spirale"),
        ("Now: spiral, 48 hidden units.", "Jetzt: 48 verdeckte Einheiten, Spirale."),
        ("1 step", "1 Schritt"),
        ("21 steps", "21 Schritte"),
        ("2 of 3", "2 von 3"),
        ("Step on. Now: spiral, 3 hidden units.", "Weiter. Jetzt: 3 verdeckte Einheiten, Spirale."),
        ("- Step on.\n- 2 steps", "- Weiter.\n- 2 Schritte"),
        ("- [ ] Step on.\n- [x] 2 steps", "- [ ] Weiter.\n- [x] 2 Schritte"),
        ("(%{x:.2f})<extra>held out</extra>", "(%{x:.2f})<extra>zurückgehalten</extra>"),
        (":material/flag: Step on.", ":material/flag: Weiter."),
        ("Now: spiral 0.25, 48 hidden units.", "Jetzt: 48 verdeckte Einheiten, Spirale 0.25."),
        ("held<br>out", "zurückgehalten"),
        ("2<br>steps", "2<br>Schritte"),
        ("Now: held out; spiral, 3 hidden units.", "Jetzt: 3 verdeckte Einheiten, zurückgehalten; Spirale."),
        ("$$\\frac{1}{2}$$", "$$\\frac{1}{2}$$"),
        ("held out · 3 steps", "zurückgehalten · 3 Schritte"),
        ("$\\alpha_{ij}$ = 0.31", "$\\alpha_{ij}$ = 0.31"),
        ("b = max(x, 2) + sin(x)", "b = max(x, 2) + sin(x)"),
        ("∂L/∂w₁₂ = ∂L/∂z₁ · x₂", "∂L/∂w₁₂ = ∂L/∂z₁ · x₂"),
        (
            "Step on.\n\n```python\nfor step in range(3):\n    pass\n```\nheld out",
            "Weiter.\n\n```python\nfor step in range(3):\n    pass\n```\nzurückgehalten",
        ),
        ("95% of 3", "95 % von 3"),
        ("`5%` · **95%**: %{y:.0%}", "`5%` · **95 %**: %{y:.0%}"),
        ("20,000 of 3", "20\u202f000 von 3"),
        ("`1,000` $1,000$ “1,234” 0,123 1,000", "`1,000` $1,000$ “1,234” 0,123 1\u202f000"),
        ("", ""),
    ],
)
def test_a_text_is_said_sentence_by_sentence_with_what_is_put_in(tongue, english, said):
    assert tongue.said(english).text == said
    assert not tongue.said(english).unknown


def test_what_no_catalogue_knows_stays_english_and_is_named(tongue):
    found = tongue.said("Step on. Nobody translated this. Now: moons, 3 hidden units.")
    assert found.text == "Weiter. Nobody translated this. Jetzt: 3 verdeckte Einheiten, moons."
    assert found.unknown == ("Nobody translated this.", "moons")


def test_a_template_of_few_words_does_not_stand_behind_a_sentence_of_many(tongue):
    found = tongue.said("One of the networks was forgotten")
    assert found.text == "One of the networks was forgotten" == found.unknown[0]


def test_text_that_a_learner_typed_goes_through_as_it_is(tongue):
    hostile = "<script>alert(1)</script> %(n)s {x} \\frac{a}{b} 🙂 " + "a" * 5000
    assert tongue.said(hostile).text == hostile


def test_a_damaged_catalogue_is_named(tmp_path):
    (tmp_path / "kit.po").write_text('msgid "a\nmsgstr', encoding="utf-8")
    with pytest.raises(ValueError, match=r"kit\.po"):
        Language(tmp_path)


def test_switching_leaves_files_alone():
    """A field for several files holds a list, which only the browser may set."""
    app = AppTest.from_function(with_files, default_timeout=60)
    app.run()
    app.segmented_control(key="lang").set_value("de").run()
    assert not app.exception
    assert app.session_state["words"] == ["one"] and app.session_state["files"] == []


def with_files() -> None:
    import streamlit as st

    from pages.ui import words

    words.switch()
    st.multiselect("Words", ["one", "two"], ["one"], key="words")
    st.file_uploader("Files", accept_multiple_files=True, key="files")


@every_language
def test_the_front_pages_lack_nothing(code):
    assert visits.of_front(code) == []


@every_language
def test_every_title_and_promise_is_there(code):
    known = language(code)
    for topic in curriculum.topics():
        if topic.slug not in known.lessons:
            assert not known.said(topic.title).unknown and not known.said(topic.promise).unknown, topic.slug


@every_language
@every_lesson
def test_a_lesson_of_the_first_three_chapters_lacks_nothing(code, topic):
    """Every view at its first settings, before and after its questions."""
    lesson = language(code).lessons.get(topic.slug)
    assert lesson, f"assets/languages/{code}/lessons/{topic.slug}.md is lacking"
    assert len(lesson["reading"]) == len(topic.reading)
    for formula in re.findall(r"\$\$.+?\$\$", topic.idea, re.DOTALL):
        assert len(re.findall(r"\$\$.+?\$\$", lesson["idea"], re.DOTALL)) >= 1, formula
    assert visits.of_lesson(code, topic, thorough=False) == []


@pytest.mark.long
@every_language
@every_lesson
def test_a_lesson_lacks_nothing_at_any_end_of_its_controls(code, topic):
    assert visits.of_lesson(code, topic) == []


@every_language
def test_the_search_finds_a_lesson_by_its_title_in_the_language_and_in_english(code):
    topic = curriculum.topic("activations")
    found = next(item for item in search.lessons(code) if item["slug"] == topic.slug)
    assert found["name"] == language(code).told(topic).title != topic.title
    assert found["name"] in found["fields"][0][1] and topic.title in found["fields"][0][1]
    assert search.INDEXES[code].address != search.INDEX.address


@every_language
def test_the_glossary_is_said_and_found_in_the_language_and_in_english(code):
    for entry in glossary.entries():
        said = glossary.told(entry, code)
        assert entry.row in language(code).known and said.meaning, f"glossary.po lacks {entry.row!r}"
        assert said.name == entry.name or entry.kind == glossary.TERMS, f"a symbol has a name of its own: {entry.row!r}"
    found = next(item for item in search.terms(code) if "divergence" in item["fields"][0][1])
    assert found["name"] == "Divergenz" or code != "de"


@every_language
def test_catalogues_are_whole(code):
    """No empty entry, none twice, nothing put in that the sentence does not have."""
    seen: dict[str, str] = {}
    for path in sorted((FOLDER / code).glob("*.po")):
        for entry in polib.pofile(str(path)):
            assert entry.msgstr, f"{path.name}: {entry.msgid!r} is still empty"
            assert entry.msgid not in seen, f"{entry.msgid!r} is in {path.name} and in {seen[entry.msgid]}"
            seen[entry.msgid] = path.name
            names = set(re.findall(r"%\((\w+)\)s", entry.msgid))
            assert set(re.findall(r"%\((\w+)\)s", entry.msgstr)) <= names, entry.msgid


@every_language
def test_the_scripts_of_the_kit_say_all_in_the_language(code):
    """Each entry stands in a component, and what a component says to people has an entry."""
    folder = FOLDER.parent / "components"
    texts = {path: path.read_text(encoding="utf-8") for path in folder.iterdir() if path.suffix in (".js", ".html")}
    pairs = catalogue([FOLDER / code / f"{PARTS}.po"])
    for english in pairs:
        assert any(english in text for text in texts.values()), f"no component says {english}"
    spoken = re.compile(r'(?<=>)[A-Z][^<>{}=;]*(?=<)|(?<=aria-label=")[^"]+|(?<=")[A-Z][a-z]+ [^"\n]*[a-z][^"\n]*(?=")')
    for path, text in texts.items():
        if path.stem in COMPONENTS:
            for words in spoken.findall(text):
                assert any(words in english for english in pairs), f"{path.name}: {words!r} is not translated"


@every_language
def test_a_visit_opens_every_view_whatever_it_is_called(code, monkeypatch):
    topic, seen = curriculum.topic("linear-algebra"), set()

    def opened(app: AppTest, lacking: dict) -> None:
        app.run()
        assert not app.exception
        seen.add(app.session_state["linear_algebra.view"])

    monkeypatch.setattr(visits, "collect", opened)
    visits.of_lesson(code, topic, thorough=False)
    assert seen == set(VIEWS)


@every_language
def test_a_choice_keeps_its_value_whatever_it_is_called(code):
    """The value stays the English word: links, presets and programs go on working."""
    topic = curriculum.topic("what-is-deep-learning")
    app = AppTest.from_file(str(HUB), default_timeout=120)
    app.session_state["lang"] = code
    app.run()
    app.switch_page(str(topic.path.relative_to(HUB.parent)))
    app.run()
    data = next(each for each in app.selectbox if each.key == "what_is_deep_learning.data")
    assert data.value == "spiral" and "spiral" not in data.options


@pytest.fixture(scope="module")
def url():
    with served(*hub()) as address:
        yield address


def shown(page, title: str, data: str) -> None:
    """Wait until the lesson is there in a language, with its settings."""
    expect(page.locator("h1")).to_have_text(title, timeout=60_000)
    expect(page.get_by_role("combobox").first).to_have_value(data, timeout=60_000)
    expect(page.get_by_role("slider").first).to_have_value("3", timeout=60_000)


@every_language
def test_the_switch_keeps_settings_and_links_keep_the_language(url, code):
    """From English and back; the address says the language, as do links, and opens what it says in any language."""
    known, topic = language(code), curriculum.topic("what-is-deep-learning")
    title, moons = known.told(topic).title, known.said("moons").text
    with looking() as (page, watch):
        page.goto(f"{url}/{topic.slug}?{topic.key}.data=moons&{topic.key}.hidden_layers=3")
        shown(page, topic.title, "moons")
        languages = page.get_by_test_id("stSidebarUserContent")
        languages.get_by_text(known.name).click()
        shown(page, title, moons)
        until(lambda: f"lang={code}" in page.url and f"data={moons}" in page.url)
        until(lambda: page.evaluate("document.documentElement.lang") == code)
        there = page.url
        onward = known.told(curriculum.topic("ml-vs-dl")).title
        page.get_by_test_id("stPageLink").get_by_role("link", name=onward).click(timeout=60_000)
        expect(page.locator("h1")).to_have_text(onward, timeout=60_000)
        until(lambda: f"/ml-vs-dl?lang={code}" in page.url)
        page.goto(there.replace(f"lang={code}", f"lang={ENGLISH}"))  # words of the one, read in the other
        shown(page, topic.title, "moons")
        until(lambda: "data=moons" in page.url)
        page.goto(there)
        shown(page, title, moons)
        languages.get_by_text("English").click()
        shown(page, topic.title, "moons")
        until(lambda: "lang=" not in page.url and "data=moons" in page.url)
        watch.clean()


@every_language
def test_a_run_cut_short_by_the_next_click_keeps_what_was_chosen(url, code):
    known, topic = language(code), curriculum.topic("what-is-deep-learning")
    moons = known.said("moons").text
    with looking() as (page, watch):
        page.goto(f"{url}/{topic.slug}?lang={code}&{topic.key}.data={moons}&{topic.key}.hidden_layers=3")
        shown(page, known.told(topic).title, moons)
        page.get_by_test_id("stSidebarUserContent").get_by_text("English").click()
        page.get_by_role("slider").nth(1).press("ArrowRight")  # before the list of data is drawn anew
        shown(page, topic.title, "moons")
        until(lambda: "data=moons" in page.url)
        watch.clean()


@every_language
def test_a_phone_shows_the_front_page_in_the_language(url, code):
    with looking(width=390, height=844, touch=True) as (page, watch):
        page.goto(f"{url}/?lang={code}")
        expect(page.locator("h1")).to_have_text(language(code).said("Learn deep learning by doing it").text)
        page.wait_for_function("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        watch.clean()
