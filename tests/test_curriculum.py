"""The curriculum: read from pages and roadmap alone; mistakes name their file; a checklist survives its trip."""

import random
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from core.lessons import curriculum
from core.lessons.curriculum import LARGEST_IMPORT, ROOT

PAGE = '''r"""Dropout

Silence random units while a network trains,
and it stops leaning on any one of them.

Each unit is kept with probability $1-p$.

A second paragraph with `Roadmap: no section`.

Roadmap:
- Dropout, L1/L2, Early Stopping, Data Augmentation
- Understand overfitting and
  underfitting

Reading:
- Goodfellow et al., chapter 7
"""
'''


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A small project: the real roadmap and three pages of two chapters."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "roadmap.md").write_bytes((ROOT / "assets" / "roadmap.md").read_bytes())
    write(tmp_path, "03_training/05_regularization.py", PAGE)
    write(tmp_path, "01_foundations/02_ml_vs_dl.py", page("ML against DL", "Learn the difference between ML and DL"))
    write(tmp_path, "01_foundations/01_what_is_it.py", page("What is it", "Study biological vs artificial neurons"))
    return tmp_path


def write(site: Path, place: str, text: str) -> None:
    path = site / "pages" / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def page(title: str, line: str, needs: str | None = None) -> str:
    section = "" if needs is None else f"Needs: {needs}\n\n"
    return f'"""{title}\n\nA promise.\n\nAn idea.\n\n{section}Roadmap:\n- {line}\n"""\n'


def test_every_checkbox_of_the_roadmap_is_a_line_and_texts_are_unique():
    rows = re.findall(r"^ *- \[ \] (.*)$", (ROOT / "assets" / "roadmap.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert [line.text for line in curriculum.lines()] == rows
    assert len(set(rows)) == len(rows), "ticks are kept by text, so two lines must not read alike"


def test_nested_lines_know_their_parent():
    by_text = {line.text: line for line in curriculum.lines()}
    assert by_text["RMSProp, Adam, Nadam"].parent == "Learn optimization algorithms:"
    assert by_text["RMSProp, Adam, Nadam"].depth == 1
    assert by_text["Understand overfitting and underfitting"].parent is None
    assert by_text["Normalize your inputs"].chapter == 10
    assert all(line.parent in by_text for line in curriculum.lines() if line.depth)


def test_chapters_are_the_ten_headings():
    chapters = curriculum.chapters()
    assert [chapter.number for chapter in chapters] == list(range(1, 11))
    assert chapters[0].title == "Foundations of Deep Learning" and chapters[0].emoji == "🟢"
    assert sum((chapter.lines for chapter in chapters), ()) == curriculum.lines()


def test_a_page_is_its_docstring(site: Path):
    topic = curriculum.topic("regularization", site)
    assert (topic.title, topic.chapter, topic.key) == ("Dropout", 3, "regularization")
    assert topic.promise == "Silence random units while a network trains, and it stops leaning on any one of them."
    assert topic.idea.startswith("Each unit") and topic.idea.endswith("`Roadmap: no section`.")
    assert [line.text for line in topic.lines][1] == "Understand overfitting and underfitting"
    assert topic.reading == ("Goodfellow et al., chapter 7",)
    assert curriculum.topic(topic.path, site) is topic


def test_pages_come_in_the_order_of_their_numbers(site: Path):
    topics = curriculum.topics(site)
    assert [topic.slug for topic in topics] == ["what-is-it", "ml-vs-dl", "regularization"]
    assert curriculum.chapters(site)[0].topics == topics[:2]


def test_coming_is_what_no_page_names(site: Path):
    covered = {line.text for topic in curriculum.topics(site) for line in topic.lines}
    assert {line.text for line in curriculum.coming(site)} == {line.text for line in curriculum.lines(site)} - covered
    assert len(covered) == 4


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("x = 1\n", "title"),
        ('"""Only a title"""\n', "title"),
        ('"""Title\n\nPromise.\n\nRoadmap:\n- Normalize your inputs\n"""\n', "idea"),
        ('"""Title\n\nPromise.\n\nIdea.\n"""\n', "Roadmap"),
        ('"""Title\n\nPromise.\n\nIdea.\n\nRoadmap:\nNormalize your inputs\n"""\n', "item"),
        (page("Title", "Normalise your inputs"), "Normalise"),
        ('"""Title\n', "Python"),
        ('"""\0"""\n', "Python"),
    ],
)
def test_a_malformed_page_is_named(site: Path, text: str, complaint: str):
    write(site, "10_bonus/01_broken.py", text)
    with pytest.raises(ValueError, match=complaint) as raised:
        curriculum.topics(site)
    assert "01_broken.py" in str(raised.value)


def test_the_page_that_the_contributors_guide_shows_is_a_page(site: Path):
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    block = re.search(r"( +)```python\n(.*?)```", guide, re.DOTALL)
    assert block
    write(site, "10_bonus/09_example.py", re.sub(rf"(?m)^{block[1]}", "", block[2]))
    assert curriculum.topic("example", site).title == "Dropout"


@pytest.mark.parametrize(
    "needs", ["nowhere", "regularization", "example", "ml-vs-dl, later", "", "ml-vs-dl what-is-it"]
)
def test_a_page_that_needs_none_of_those_before_it_is_named(site: Path, needs: str):
    write(site, "02_mathematics/01_example.py", page("Example", "Normalize your inputs", needs))
    with pytest.raises(ValueError, match="needs /") as raised:
        curriculum.topics(site)
    assert "01_example.py" in str(raised.value)


def test_what_is_needed_by_way_of_others_is_needed_too(site: Path):
    write(site, "01_foundations/02_ml_vs_dl.py", page("Both", "Learn the difference between ML and DL", "what-is-it"))
    write(site, "10_bonus/01_last.py", page("Last", "Normalize your inputs", "ml-vs-dl"))
    last = curriculum.topic("last", site)
    assert last.needs == ("ml-vs-dl",) and last.idea == "An idea."
    assert [topic.slug for topic in curriculum.needed([last], site)] == ["what-is-it", "ml-vs-dl"]
    assert curriculum.needed([curriculum.topic("regularization", site)], site) == ()


def test_nothing_is_needed_twice_and_no_lesson_needs_itself():
    pages = {topic.slug: topic for topic in curriculum.topics()}
    TopologicalSorter({slug: topic.needs for slug, topic in pages.items()}).prepare()
    for topic in pages.values():
        for slug in topic.needs:
            others = curriculum.needed([pages[other] for other in topic.needs if other != slug])
            assert pages[slug] not in others, f"{topic.path}: {slug} is needed by what else it needs"


def test_two_pages_of_one_name_are_refused(site: Path):
    write(site, "10_bonus/01_ml_vs_dl.py", page("Twin", "Normalize your inputs"))
    with pytest.raises(ValueError, match="/ml-vs-dl"):
        curriculum.topics(site)


def test_an_unknown_place_is_refused(site: Path):
    with pytest.raises(ValueError, match="nowhere"):
        curriculum.topic("nowhere", site)


def test_a_checklist_without_ticks_is_the_roadmap_byte_for_byte():
    assert curriculum.checklist(set()).encode() == (ROOT / "assets" / "roadmap.md").read_bytes()


def test_a_checklist_round_trips(seeds: list[int]):
    texts = [line.text for line in curriculum.lines()]
    for seed in seeds:
        draw = random.Random(seed)
        done = set(draw.sample(texts, draw.randrange(len(texts) + 1)))
        again = curriculum.checklist(done)
        assert curriculum.ticked(again) == curriculum.Ticks(frozenset(done), ())
        assert again.replace("- [x]", "- [ ]") == curriculum.checklist(set())
        assert again.count("- [x]") == len(done)


def test_a_reader_s_own_lines_are_reported_and_survive_the_next_trip():
    first = curriculum.ticked("- [x] Normalize your inputs\n- [x] Read a paper\n- [ ] Sleep\n")
    assert first.lines == {"Normalize your inputs"} and first.unknown == ("Read a paper",)
    assert curriculum.ticked(curriculum.checklist({*first.lines, *first.unknown})) == first


@pytest.mark.parametrize(
    "row",
    ["* [X] Normalize  your inputs  ", "\t+ [x]  NORMALIZE your INPUTS\r", "\ufeff- [✓] Normalize your inputs\u200b"],
)
def test_an_import_forgives_spelling(row: str):
    assert curriculum.ticked(row.encode()).lines == {"Normalize your inputs"}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "not UTF-8"),
        (b"PK\0\0- [x] Normalize your inputs", "binary"),
        (b"- [x] " + b"a" * LARGEST_IMPORT, "larger than 64 KB"),
        ("- [x] a\n" * LARGEST_IMPORT, "larger than 64 KB"),
    ],
)
def test_a_hostile_import_is_refused_in_a_sentence(content: bytes | str, sentence: str):
    with pytest.raises(ValueError, match=sentence):
        curriculum.ticked(content)


def test_random_text_never_breaks_the_import_and_its_export_imports_the_same(seeds: list[int]):
    for seed in seeds:
        draw = random.Random(seed)
        alphabet = "- [x]\n\t*+X✓é\u2028\u200d\x1b<script>'\"`#:" + chr(draw.randrange(0x20, 0xD800))
        rows = ["".join(draw.choices(alphabet, k=draw.randrange(40))) for _ in range(100)]
        ticks = curriculum.ticked("\n".join(f"- [x] {row}" if draw.random() < 0.5 else row for row in rows))
        again = curriculum.ticked(curriculum.checklist({*ticks.lines, *ticks.unknown}))
        assert again.lines == ticks.lines and set(again.unknown) == set(ticks.unknown)
        assert all(len(text.splitlines()) == 1 for text in ticks.unknown)


def test_the_table_of_contents_needs_the_standard_library_only():
    code = "import sys; before = set(sys.modules); import core.lessons.curriculum as c; c.topics(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    tops = {name.partition(".")[0] for name in loaded.stdout.split()}
    assert not tops & {"torch", "numpy", "streamlit", "plotly", "gradio"}


@pytest.mark.parametrize("topic", curriculum.topics(), ids=lambda topic: topic.slug)
def test_the_record_of_a_page_is_short(topic: curriculum.Topic):
    prose = re.sub(r"\$[^$]*\$", " ", topic.idea)
    assert len(prose.split()) <= 120, f"{topic.path}: the idea has {len(prose.split())} words"
    assert topic.promise.endswith((".", "?", "!")) and len(topic.promise) <= 200, topic.path
    assert len(topic.title) <= 60 and not topic.title.endswith("."), topic.path
