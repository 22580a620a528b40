"""The view of packages: what comes along, and how much room it takes."""

from core.figures.curves import number
from core.figures.marks import hover
from core.figures.picture import BLUE, ORANGE, Picture, layout
from core.lessons import Goal, Question, Scale
from core.lessons.controls import choose
from core.lessons.view import Shown, View
from core.programs import Program, Step
from core.topics.environment.packages import CHOICES, Closure, brought, installed, size_of

CONTROLS = (choose("Install", CHOICES, ("torch",), help="As in `pip install torch`."),)
LISTED, SMALL, LARGE = 12, 5.0, 1000.0


def written(megabytes: float) -> str:
    """A size with its unit."""
    return f"{megabytes:,.0f} MB" if megabytes >= 10 else f"{number(megabytes)} MB"


def measure(install: tuple[str, ...], seed: int) -> Closure:
    """What these packages bring along."""
    if not install:
        raise ValueError("Choose at least one package to install.")
    return installed(install, seed)


def room(found: Closure, is_whole: bool) -> Picture:
    """Megabytes of the largest packages, the rest in one bar; those that were asked for in orange with stripes."""
    sizes = found.sizes if is_whole else {name: found.sizes[name] for name in found.chosen}
    first = dict(list(sizes.items())[:LISTED])
    rest = len(sizes) - len(first)
    bars = {**first, **({f"{rest} more": sum(sizes.values()) - sum(first.values())} if rest else {})}
    asked = [name in found.chosen for name in bars]
    trace = {
        "type": "bar", "orientation": "h", "y": list(bars), "x": list(bars.values()),
        "marker": {"color": [ORANGE if each else BLUE for each in asked],
                   "pattern": {"shape": ["/" if each else "" for each in asked]}},
        "text": [written(size) for size in bars.values()], "textposition": "outside", "cliponaxis": False,
        **hover("%{y}: %{x:,.1f} MB"),
    }  # fmt: skip
    axis = {"autorange": "reversed", "type": "category", "showgrid": False}
    plan = layout("Megabytes on the disk", "", 110 + 30 * len(bars), yaxis=axis, showlegend=False,
                  xaxis={"range": [0, 1.35 * max(bars.values())]}, meta={"dense": True})  # fmt: skip
    words = ", ".join(f"{name} {written(size)}" for name, size in bars.items())
    return Picture([trace], plan, f"What takes room, the largest first: {words}.")


def draw(found: Closure) -> Shown:
    """The whole environment."""
    note = (
        f"Asked for: {', '.join(found.chosen)} (striped), **{written(found.own)}**. With what they need, pip "
        f"installs **{len(found.sizes)} packages**, **{written(found.total)}**."
    )
    return Shown(((room(found, True),),), note)


def before(found: Closure) -> Shown:
    """What was asked for alone."""
    return Shown(((room(found, False),),), "The packages themselves, without what they need.")


def question(found: Closure) -> Question:
    """How many come along?"""
    text = f"`pip install {' '.join(found.chosen)}`: how many packages are installed in all?"
    top = 50 if len(found.sizes) <= 50 else 150
    because = "A package names what it needs, each of those names more, and pip follows all of them."
    return Question(text, Scale(1, top, 1, "packages", 3), len(found.sizes), because)


def goal(found: Closure) -> Goal:
    """A small package with a large family."""
    text = f"Find **one** package of less than **{SMALL:.0f} MB** that brings more than **{LARGE:,.0f} MB** along."
    passed = len(found.chosen) == 1 and found.own < SMALL and found.total > LARGE
    now = f"Now: {len(found.chosen)} chosen, {written(found.own)} bring {written(found.total)}."
    return Goal(text, passed, now)


def program(found: Closure) -> Program:
    """The same walk through the metadata."""
    text = (
        f"names = brought({list(found.chosen)!r})\n"
        'result = {"packages": len(names), "megabytes": sum(map(size_of, names))}'
    )
    shown = {"packages": len(found.sizes), "megabytes": found.total}
    return Program("What packages bring along", (Step("Follow what they need", text),), (brought, size_of), shown)


PACKAGES = View(CONTROLS, measure, draw, (), before, question, goal, program)
