"""The search of the course: what it finds for questions it was not made from, and what it does not know."""

import pytest
from course_questions import COVERED, NOT_COVERED

from core.lessons import curriculum
from core.projects.chatbot import course, passages

pytestmark = pytest.mark.filterwarnings("ignore:Using `httpx`", "ignore::DeprecationWarning")

MARGIN = 0.1  # new pages move a share that was measured once; three standard errors of 114 answers are as much


def test_the_index_is_what_the_pages_say_now():
    assert not passages.outdated(), "write it anew: python -m core.projects.chatbot.course"
    assert set(passages.written()) == {passages.digest(row.text) for row in passages.passages()}


@pytest.fixture(scope="module")
def meanings() -> None:
    if not course.sentences.available():
        pytest.skip("the sentence model's package is not installed")
    for _ in course.prepared():
        pass


@pytest.mark.usefixtures("meanings")
@pytest.mark.parametrize("by_meaning", [True, False])
def test_the_share_of_questions_that_find_their_page_is_the_one_the_page_states(by_meaning, monkeypatch):
    if not by_meaning:
        monkeypatch.setattr(course, "MODELS", {})
    asked = [(question, slug) for slug, questions in COVERED.items() for question in questions]
    assert set(COVERED) == {topic.slug for topic in curriculum.topics()} and min(map(len, COVERED.values())) >= 2
    found = [(slug, course.search(question)) for question, slug in asked]
    nearest = sum(answer.pages[0].slug == slug for slug, answer in found) / len(asked)
    cited = sum(slug in [hit.slug for hit in answer.cited] for slug, answer in found) / len(asked)
    stated = course.MEASURED[by_meaning]
    assert abs(nearest - stated.nearest) < MARGIN and abs(cited - stated.cited) < MARGIN, (nearest, cited)
    assert len(asked) == course.TRIED and (cited >= 0.9 or not by_meaning), "what the search is built for"
    assert f"{stated.nearest:.0%}" in course.honest() and f"{stated.cited:.0%}" in course.honest()


@pytest.mark.usefixtures("meanings")
def test_what_no_page_answers_is_not_covered():
    wrong = [(question, found.pages[0]) for question in NOT_COVERED if (found := course.search(question)).covered]
    assert len(wrong) <= len(NOT_COVERED) / 8, wrong


@pytest.mark.parametrize("text", ["", "🤖", "<script>", "x" * 5000, "\x00"])
def test_the_search_bears_anything(text):
    found = course.search(text)
    assert not found.covered or found.cited
