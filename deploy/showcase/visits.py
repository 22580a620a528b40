"""A visit of every view of a lesson at its first settings, with its questions answered, and what is seen there."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from streamlit.testing.v1 import AppTest

from core.lessons.curriculum import Topic
from core.lessons.goal import Goal
from core.lessons.question import Question
from core.programs import Program, program_of
from core.training import Run
from pages.ui.witness import watching

HUB = Path(__file__).resolve().parents[2] / "pages" / "hub.py"
QUESTIONS = 5  # that a view may ask, one after another
SHOWN = ("note", "pictures", "table")
PATIENCE = 300  # seconds for a view


@dataclass(frozen=True)
class Scene:
    """What one ``view`` of a lesson shows ``before`` its questions are answered, and then: ``parts``, in order, are
    ("note", text), ("pictures", pictures, source, weights), ("table", rows) or ("question", question)."""

    view: str
    before: tuple[tuple, ...]
    parts: tuple[tuple, ...]
    goals: tuple[Goal, ...]
    program: Program | None

    @property
    def questions(self) -> tuple[Question, ...]:
        """What is asked."""
        return tuple(part[1] for part in self.parts if part[0] == "question")

    @property
    def stages(self) -> tuple[tuple, ...]:
        """Rows of pictures: (pictures, source, weights)."""
        return tuple(part[1:] for part in self.parts if part[0] == "pictures")


def scenes(topic: Topic) -> Iterator[Scene]:
    """All views of a lesson that show a picture without anything being sent or begun. Raises ``RuntimeError`` where
    the page fails."""
    app = AppTest.from_file(str(HUB), default_timeout=PATIENCE).run()
    app.switch_page(str(topic.path.relative_to(HUB.parent)))
    app.run()
    key = f"{topic.key}.view"
    views = next((list(pills.options) for pills in app.pills if pills.key == key), [""])
    for view in views:
        if view:
            app.session_state[key] = view
        scene = seen(app, view, topic)
        if scene.stages:
            yield scene


def seen(app: AppTest, view: str, topic: Topic) -> Scene:
    """A view as it is once everything is answered."""
    first = parts = look(app, topic)
    for _ in range(QUESTIONS):
        skips = [button for button in app.button if button.key and button.key.endswith(".skip")]
        if not skips:
            break
        skips[0].click()
        parts = look(app, topic)
    programs = [program for kind, *rest in parts if kind == "programs" for program in rest[0]]
    program = programs[-1] if programs else None
    return Scene(
        view,
        tuple(part for part in first if part[0] in SHOWN),
        tuple(part for part in parts if part[0] in (*SHOWN, "question")),
        tuple(part[1] for part in parts if part[0] == "goal"),
        program_of(program) if isinstance(program, Run) else program,
    )


def look(app: AppTest, topic: Topic) -> list[tuple]:
    """Run the page, and what it shows."""
    with watching() as parts:
        app.run()
    if app.exception:
        raise RuntimeError(f"/{topic.slug}: {app.exception[0].message}")
    return parts
