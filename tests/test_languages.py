"""The hub in other languages: how a text is found in a catalogue, and what a language still lacks."""

import json
import re
from pathlib import Path

import polib
import pytest
from pages_under_test import HUB
from streamlit.testing.v1 import AppTest

from core.lessons import curriculum
from core.lessons.languages import ENGLISH, FOLDER, PARTS, Language, catalogue, codes, language
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
        "Step on.": "Weiter.",
        "held out": "zurückgehalten",
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
        ("Step on. Now: spiral, 3 hidden units.", "Weiter. Jetzt: 3 verdeckte Einheiten, Spirale."),
        ("- Step on.\n- 2 steps", "- Weiter.\n- 2 Schritte"),
        ("(%{x:.2f})<extra>held out</extra>", "(%{x:.2f})<extra>zurückgehalten</extra>"),
        (":material/flag: Step on.", ":material/flag: Weiter."),
        ("held out · 3 steps", "zurückgehalten · 3 Schritte"),
        ("$\\alpha_{ij}$ = 0.31", "$\\alpha_{ij}$ = 0.31"),
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


def test_text_that_a_learner_typed_goes_through_as_it_is(tongue):
    hostile = "<script>alert(1)</script> %(n)s {x} \\frac{a}{b} 🙂 " + "a" * 5000
    assert tongue.said(hostile).text == hostile


def test_a_damaged_catalogue_is_named(tmp_path):
    (tmp_path / "kit.po").write_text('msgid "a\nmsgstr', encoding="utf-8")
    with pytest.raises(ValueError, match="kit.po"):
        Language(tmp_path)


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
def test_a_choice_keeps_its_value_whatever_it_is_called(code):
    """The value stays the English word: links, presets and programs go on working."""
    topic = curriculum.topic("what-is-deep-learning")
    app = AppTest.from_file(str(HUB), default_timeout=120)
    app.session_state["lang"] = code
    app.run()
    app.switch_page(str(topic.path.relative_to(HUB.parent)))
    app.run()
    data = next(each for each in app.segmented_control if each.key == "what_is_deep_learning.data")
    assert data.value == "spiral" and "spiral" not in json.dumps([str(option) for option in data.options])
