"""The view of one large kernel against stacked small ones."""

from core.figures.curves import bars
from core.figures.picture import Picture
from core.lessons import Question, Scale
from core.lessons.controls import scale
from core.lessons.view import Later, Shown, View
from core.probes import luck
from core.topics.receptive_field.comparison import (
    LARGE,
    NAMES,
    Comparison,
    Race,
    compare,
    program_of_comparison,
    race,
)
from core.topics.receptive_field.field_view import looks_picture
from core.topics.receptive_field.stacks import MARGIN


def measure(large_kernel: int, maps: int, seed: int) -> Comparison:
    """Both ways, untrained."""
    return compare(large_kernel, maps, seed)


def field_of(pair: Comparison, name: str) -> Picture:
    """Where one of both looks."""
    field = pair.fields[name]
    alt = f"{name}: a box of {field.box} pixels, half of the gradient in the middle {field.core} × {field.core}."
    return looks_picture(field.looks, (MARGIN, MARGIN, field.box), name, alt, field.core)


def rows(pair: Comparison) -> list[dict]:
    """Both side by side."""
    return [
        {"Way": name, "Layers": len(pair.fields[name].stack), "Weights": f"{pair.weights[name]:,}",
         "Box": f"{pair.fields[name].box} × {pair.fields[name].box}",
         "Half of the gradient": f"{pair.fields[name].core} × {pair.fields[name].core}"}
        for name in NAMES
    ]  # fmt: skip


def draw(pair: Comparison) -> Shown:
    """Both fields and what they cost."""
    note = (
        f"Both see {pair.kernel} × {pair.kernel} pixels. The large kernel needs **{pair.ratio:.2f} times** as many "
        f"weights and looks at all pixels alike; the stack has {pair.depth} layers with a ReLU between them and looks "
        "mostly at the middle: many paths lead there, few to a corner. Each weight is one multiplication at every "
        "pixel."
    )
    return Shown((tuple(field_of(pair, name) for name in NAMES),), note, (rows(pair),))


def before(pair: Comparison) -> Shown:
    """Only the large kernel."""
    return Shown(((field_of(pair, LARGE),),))


def question(pair: Comparison) -> Question:
    """How many times the weights?"""
    text = (
        f"One {pair.kernel} × {pair.kernel} kernel, or {pair.depth} layers of 3 × 3, with as many maps below as "
        "above: how many times as many weights has the large one?"
    )
    because = f"{pair.kernel}² / ({pair.depth} · 3²) = {pair.ratio:.2f}, whatever the number of maps."
    return Question(text, Scale(0.5, 4.0, 0.1, "times"), round(pair.ratio, 2), because)


def draw_race(scores: Race) -> Shown:
    """Held-out accuracy of both, and whether it differs."""
    best = max(NAMES, key=lambda name: scores.accuracies[name].mean())
    said = luck.sentence(scores.accuracies, best, "The other is worse by more than seed noise.")
    picture = bars(scores.accuracies, ("", "held-out accuracy"), 300, yaxis={"range": [0, 1.05], "tickformat": ".0%"})
    note = f"Most often right on held-out 8×8 digits: **{best}**. {said}"
    return Shown(((picture,),), note)


COMPARISON = View(
    (scale("Large kernel", (5, 7, 9, 11), 7), scale("Maps", (4, 8, 16, 32, 64, 128), 16)),
    measure,
    draw,
    before=before,
    question=question,
    program=program_of_comparison,
    later=Later(
        "Train both on digits, five seeds",
        race,
        lambda pair: (pair.kernel, pair.source.seeds[0]),
        draw_race,
    ),
)
