"""What the page on reading shows, and how far a learner has come."""

from collections.abc import Sequence

from core.figures.curves import number
from core.figures.marks import hover
from core.figures.picture import BLUE, GREY, Picture, layout
from core.lessons import curriculum
from core.lessons.view import Shown, View
from core.programs import Program, Step
from core.provenance import ClosedForm
from core.topics.reading.books_view import BOOKS_VIEW, down
from core.topics.reading.plan_view import PLAN

VIEWS: dict[str, View] = {"Books": BOOKS_VIEW, "Plan": PLAN}
SOURCE = ClosedForm("ticked lines of the roadmap")


def shares(ticked: Sequence[str]) -> dict[str, tuple[int, int]]:
    """For every chapter of the roadmap: lines that are ticked, lines in all."""
    known = set(ticked)
    return {
        f"{chapter.number} · {chapter.title}": (sum(line.text in known for line in chapter.lines), len(chapter.lines))
        for chapter in curriculum.chapters()
    }


def progress(ticked: Sequence[str]) -> Shown:
    """How many lines of each chapter are done."""
    found = shares(ticked)
    done, lines = [pair[0] for pair in found.values()], [pair[1] for pair in found.values()]
    series = (("done", done, BLUE, ""), ("open", [b - a for a, b in zip(done, lines, strict=True)], GREY, "/"))
    bars = [
        {"type": "bar", "orientation": "h", "y": list(range(len(found))), "x": values, "name": name,
         "marker": {"color": color, "pattern": {"shape": shape}}, **hover("%{x} lines", name)}
        for name, values, color, shape in series
    ]  # fmt: skip
    plan = layout("Lines of the roadmap", "", 110 + 36 * len(found), barmode="stack", yaxis=down(list(found)))
    words = "; ".join(f"{name}: {a} of {b}" for name, (a, b) in found.items())
    share = number(100 * sum(done) / sum(lines))
    return Shown(
        ((Picture(bars, plan, f"Ticked lines. {words}."),),), f"**{sum(done)} of {sum(lines)} lines**, {share}%."
    )


def program_of_progress(ticked: Sequence[str]) -> Program:
    """The count of ticked lines."""
    found = shares(ticked)
    text = f"lines = {found!r}\nresult = {{'done': sum(done for done, _ in lines.values())}}"
    return Program("Ticked lines", (Step("Lines by chapter", text),), (), {"done": sum(a for a, _ in found.values())})
