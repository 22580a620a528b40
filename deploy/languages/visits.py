"""A visit in another language: every view of a page, its questions open and answered, every end of every control."""

from collections.abc import Iterator
from pathlib import Path

from streamlit.testing.v1 import AppTest

from core.lessons.curriculum import Topic
from core.lessons.languages import ENGLISH
from deploy.walking import controls, views
from pages.ui.witness import watching
from pages.ui.words import KEY

HUB = Path(__file__).resolve().parents[2] / "pages" / "hub.py"
FRONT = ("home.py", "paths.py", "glossary.py")
QUESTIONS = 8  # that a view may ask, one after another
PATIENCE = 300  # seconds for a run


def of_lesson(code: str, topic: Topic, thorough: bool = True) -> list[str]:
    """The sentences of a lesson that a language lacks, each once. ``thorough``: with every end and option of every
    control, one after another; else at its first settings only. Raises ``RuntimeError`` where the page fails."""
    lacking: dict[str, None] = {}
    plain, app = (in_language(each, str(topic.path.relative_to(HUB.parent))) for each in (ENGLISH, code))
    for view in views(plain, topic):
        for each in (plain, app) if view else ():
            each.session_state[f"{topic.key}.view"] = view
        plain.run()
        for _ in answers(plain):
            plain.run()
        collect(app, lacking)
        for _ in answers(app):
            collect(app, lacking)
        for key, values in controls(plain, topic).items() if thorough else ():  # in English, as their values are
            if key not in app.session_state:
                continue
            before = app.session_state[key]
            for value in values:
                if value != before:
                    app.session_state[key] = value
                    collect(app, lacking)
                    for _ in answers(app):
                        collect(app, lacking)
            app.session_state[key] = before
    return list(lacking)


def of_front(code: str) -> list[str]:
    """The sentences that a language lacks on the pages that are no lessons."""
    lacking: dict[str, None] = {}
    for page in FRONT:
        app = in_language(code, page)
        app.session_state["checklist"] = True  # the drawer with the roadmap's lines is open
        app.session_state["placement"] = True  # and the one with questions
        collect(app, lacking)
        for _ in answers(app):
            collect(app, lacking)
    return list(lacking)


def in_language(code: str, page: str) -> AppTest:
    """The hub in a language, about to open one of its pages."""
    app = AppTest.from_file(str(HUB), default_timeout=PATIENCE)
    app.session_state[KEY] = code
    app.run()
    app.switch_page(page)
    return app.run()


def answers(app: AppTest) -> Iterator[None]:
    """Press what shows an answer, as long as there is something to press."""
    for _ in range(QUESTIONS):
        skips = [button for button in app.button if button.key and button.key.endswith(".skip")]
        if not skips:
            return
        skips[0].click()
        yield


def collect(app: AppTest, lacking: dict[str, None]) -> None:
    """Run the page, and note what its language lacks."""
    with watching() as seen:
        app.run()
    if app.exception:
        raise RuntimeError(app.exception[0].message)
    lacking |= dict.fromkeys(sentence for kind, sentence, *_ in seen if kind == "unsaid")
